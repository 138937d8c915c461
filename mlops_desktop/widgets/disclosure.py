"""A part of a page that is folded away until somebody wants it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mlops_desktop.widgets.buttons import Button
from mlops_desktop.widgets.icons import set_icon


class Disclosure(QWidget):
    """A line that folds its content out and in; closed at first. toggled(whether it is open)."""

    toggled = Signal(bool)

    def __init__(self, title: str, content: QWidget) -> None:
        super().__init__()
        self._content = content
        self.button = Button("", kind="link", clicked=self._toggle)
        self.set_title(title)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.button, 0, Qt.AlignmentFlag.AlignLeft)
        column.addWidget(content, 1)
        self.set_open(open_=False)

    def set_title(self, title: str) -> None:
        self.button.setText(f" {title}")
        self.button.setAccessibleName(title)

    @property
    def is_open(self) -> bool:
        return not self._content.isHidden()

    def set_open(self, *, open_: bool) -> None:
        self._content.setVisible(open_)
        self.toggled.emit(open_)
        set_icon(self.button, "chevron-down" if open_ else "chevron-right", "accent")

    def _toggle(self) -> None:
        self.set_open(open_=not self.is_open)
