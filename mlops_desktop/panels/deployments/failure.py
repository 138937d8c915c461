"""What went wrong with a deployment: the error, the end of its log, and a way to go on."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPlainTextEdit, QVBoxLayout, QWidget

from mlops_desktop.core.errors import UserError
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import primary, secondary
from mlops_desktop.widgets.theme import app_theme

_LINES, _FEWEST_LINES = 6, 2


class FailureBox(QWidget):
    """Hidden until show_error(). again_wanted(), port_wanted(): how it is to be started."""

    again_wanted = Signal()
    port_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._again = primary(self.tr("Start again"), "rotate-cw", self.again_wanted.emit)
        self._again.setObjectName("start-again")
        self._port = secondary(self.tr("Another port"), "", self.port_wanted.emit)
        self._port.setObjectName("another-port")
        self.box = ErrorBox(actions=(self._again, self._port))
        self.box.setObjectName("deployment-error")
        self._log = QPlainTextEdit(readOnly=True)
        self._log.setObjectName("failure-log")
        self._log.setAccessibleName(self.tr("The end of the log"))
        self._log.setFont(app_theme().monospace(9))
        self._log.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.box)
        column.addWidget(self._log)
        self.hide()

    def show_error(self, error: UserError, *, can_start: bool) -> None:
        self.box.show_error(error)
        self._again.setVisible(can_start)
        self._port.setVisible(can_start)
        self._log.setVisible(bool(self._log.toPlainText()))
        self.show()

    @property
    def offers_start(self) -> bool:
        """It tells of a server that is gone, not of a change that one refused."""
        return not self.isHidden() and not self._again.isHidden()

    def show_log(self, text: str) -> None:
        """The last lines, where there are any."""
        lines = text.strip().splitlines()
        shown, line = min(len(lines), _LINES), self._log.fontMetrics().lineSpacing()
        self._log.setMaximumHeight(16 + shown * line)
        self._log.setMinimumHeight(16 + min(shown, _FEWEST_LINES) * line)
        self._log.setPlainText("\n".join(lines[-40:]))
        self._log.setVisible(bool(lines))
        bar = self._log.verticalScrollBar()
        bar.setValue(bar.maximum())

    def clear(self) -> None:
        self._log.clear()
        self.hide()
