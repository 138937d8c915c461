"""The frame that every panel shares: a title, the actions beside it, and a body below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QScrollArea, QVBoxLayout, QWidget

from mlops_desktop.widgets.cards import heading


class Page(QWidget):
    """Subclass it for a panel: fill `body`; `header` takes more widgets left of the actions."""

    def __init__(self, title: str, actions: Sequence[QWidget] = ()) -> None:
        super().__init__()
        self.setAccessibleName(title)
        self.title: QLabel = heading(title, 1)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(24, 16, 24, 16)
        self.body.setSpacing(12)
        self.header = QHBoxLayout()
        self.header.setSpacing(12)
        self.header.addWidget(self.title)
        self.header.addStretch(1)
        for action in actions:
            self.header.addWidget(action)
        self.title.setMinimumHeight(32)
        self.body.addLayout(self.header)

    def minimumSizeHint(self) -> QSize:
        # Else a text that wraps would make the window grow, as if it were ever narrower.
        return QSize(super().minimumSizeHint().width(), 0)


def scrolled(content: QWidget) -> QScrollArea:
    """content in a frameless area that scrolls up and down, on the window's ground."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    holder = _Tall(content)
    area.setWidget(holder)
    for part in (area.viewport(), holder, content):
        part.setAutoFillBackground(False)
    return area


class _Tall(QWidget):
    """As high as its content needs at its width. Qt would ask for what a narrower one needs."""

    def __init__(self, content: QWidget) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(content)

    def minimumSizeHint(self) -> QSize:
        least = super().minimumSizeHint()
        return QSize(least.width(), 0) if self.hasHeightForWidth() else least
