"""The frame that every panel shares: a title, the actions beside it, and a body below."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
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


def scrolled(content: QWidget) -> QScrollArea:
    """content in a frameless area that scrolls up and down, on the window's ground."""
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setWidget(content)
    area.viewport().setAutoFillBackground(False)
    content.setAutoFillBackground(False)
    return area
