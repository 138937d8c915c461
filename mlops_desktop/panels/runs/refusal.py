"""Why a training was refused, and the way round it that a person may take with a reason."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mlops_desktop.core.errors import ChecksFailed, UserError
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.inline_ask import InlineAsk


class Refusal(QWidget):
    """Hidden until show_error(). overridden(reason): go on although a check failed."""

    overridden = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.box = ErrorBox()
        self.box.setObjectName("train-error")
        self.ask = InlineAsk(
            self.tr("Reason"),
            self.tr("Train despite the checks"),
            self.tr("why the data is good enough"),
        )
        self.ask.line.setObjectName("despite-reason")
        self.ask.button.setObjectName("train-despite")
        self.ask.answered.connect(self.overridden)
        column.addWidget(self.box)
        column.addWidget(self.ask)
        self.hide()

    def show_error(self, error: UserError | None) -> None:
        """Show it, or nothing for None."""
        self.box.show_error(error)
        self.setVisible(error is not None)
        if isinstance(error, ChecksFailed):
            self.ask.ask()
        else:
            self.ask.hide()
