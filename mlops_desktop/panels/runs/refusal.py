"""Why a training was refused, and the way round it that a person may take with a reason."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mlops_desktop.actions import checks
from mlops_desktop.core.errors import ChecksFailed, UserError
from mlops_desktop.core.places import DataPlace
from mlops_desktop.widgets.banner import Banner, ErrorBox
from mlops_desktop.widgets.buttons import link
from mlops_desktop.widgets.inline_ask import InlineAsk
from mlops_desktop.work.jobs import Jobs


class Refusal(QWidget):
    """Hidden until show_error(). overridden(reason): go on although a check failed.
    checks_wanted(DataPlace): the checks of that version are to be shown. changed: something else,
    or nothing, is refused now.
    """

    overridden = Signal(str)
    checks_wanted = Signal(object)
    changed = Signal()

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._ref = ""
        self.blocking: ChecksFailed | None = None
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.box = ErrorBox()
        self.box.setObjectName("train-error")
        see = link(self.tr("See the checks"), self._see)
        see.setObjectName("see-checks")
        anyway = link(self.tr("Train anyway\u2026"), self._open_ask)
        anyway.setObjectName("train-anyway")
        self.blocked = Banner("error", "", [see, anyway])
        self.blocked.setObjectName("train-blocked")
        self.ask = InlineAsk(
            self.tr("Reason"),
            self.tr("Train despite the checks"),
            self.tr("why the data is good enough"),
        )
        self.ask.line.setObjectName("despite-reason")
        self.ask.button.setObjectName("train-despite")
        self.ask.answered.connect(self.overridden)
        for part in (self.box, self.blocked, self.ask):
            column.addWidget(part)
        self.hide()

    def show_error(self, error: UserError | None, ref: str | None = None) -> None:
        """Show it, or nothing for None. What a check blocks is told in two lines: the checks of
        the version, ref, tell the rest.
        """
        self._ref = self._ref if ref is None else ref
        self.blocking = error if isinstance(error, ChecksFailed) else None
        self.box.show_error(None if self.blocking else error)
        self.blocked.setVisible(self.blocking is not None)
        if self.blocking is not None:
            first = self.blocking.why.partition(". ")[0].rstrip(".")
            self.blocked.say(self.blocking.what, f"{first}.")
            self.blocked.setAccessibleName(str(error))
        self.ask.hide()
        self.setVisible(error is not None)

    def _see(self) -> None:
        self.checks_wanted.emit(DataPlace(self._ref, "checks"))

    def _open_ask(self) -> None:
        self.ask.ask()

    def showEvent(self, event: QShowEvent) -> None:
        """Back from the checks: what blocked the version may be mended."""
        super().showEvent(event)
        if self.blocking is not None and self._ref:
            self._jobs.run(self, lambda store: checks.refusal(store, self._ref), self._on_checked)

    def _on_checked(self, error: ChecksFailed | None) -> None:
        if str(error) != str(self.blocking):
            self.show_error(error)
            self.changed.emit()
