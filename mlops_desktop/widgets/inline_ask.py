"""A question asked where its answer is needed: one line, a button, and a way out."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from mlops_desktop.widgets.buttons import Button


class InlineAsk(QWidget):
    """Hidden until ask(). answered(text) on the button or Enter; Esc closes it."""

    answered = Signal(str)

    def __init__(self, question: str, button: str, placeholder: str = "") -> None:
        super().__init__()
        self.line = QLineEdit()
        self.line.setPlaceholderText(placeholder)
        self.line.setAccessibleName(question)
        words = QLabel(question)
        words.setBuddy(self.line)
        self.button = Button(button, kind="primary", clicked=self._answer)
        self.button.setEnabled(False)
        self.line.returnPressed.connect(self._answer)
        self.line.textChanged.connect(lambda text: self.button.setEnabled(bool(text.strip())))
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 4, 0, 0)
        row.setSpacing(8)
        row.addWidget(words)
        row.addWidget(self.line, 1)
        row.addWidget(self.button)
        row.addWidget(Button(self.tr("Cancel"), clicked=self.hide))
        self.hide()

    def ask(self) -> None:
        """Open it, empty and with the focus."""
        self.line.clear()
        self.show()
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)

    def _answer(self) -> None:
        if text := self.line.text().strip():
            self.answered.emit(text)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.hide()
            return
        super().keyPressEvent(event)
