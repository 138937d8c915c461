"""Watching a deployment as it answers: counts new predictions, and asks the server how it does."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer, Signal

from mlops_desktop.actions import deployments, monitoring
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import UserError
from mlops_desktop.paths import Workspace
from mlops_desktop.work.jobs import Jobs

_TICK_MS = 1000
_FOLD_TICKS = 2


class Live(QObject):
    """measured carries LiveStats, or None where the server does not answer. What folding changes
    is told by Jobs.changed, as every change is.
    """

    measured = Signal(object)
    failed = Signal(object)

    def __init__(self, jobs: Jobs, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._workspace = jobs, workspace
        self._deployment: Deployment | None = None
        self._folding = self._asking = False
        self._ticks = 0
        self._timer = QTimer(self, interval=_TICK_MS)
        self._timer.timeout.connect(self._tick)

    def watch(self, deployment: Deployment | None) -> None:
        self._deployment = deployment

    def set_running(self, running: bool) -> None:
        if running and not self._timer.isActive():
            self._timer.start()
            self._tick()
        elif not running:
            self._timer.stop()

    def fold(self) -> None:
        """Count what was recorded since the last time; one at a time, and quietly."""
        if self._folding or self._deployment is None:
            return
        self._folding = True
        name = self._deployment.name
        self._jobs.start(
            self,
            "",
            lambda lane, context: monitoring.fold(lane, name, context),
            lambda _count: self._folded(),
            self._fold_failed,
            quiet=True,
        )

    def _tick(self) -> None:
        self._ticks += 1
        if self._ticks % _FOLD_TICKS == 0:
            self.fold()
        deployment = self._deployment
        if deployment is None or self._asking:
            return
        self._asking = True
        self._jobs.start(
            self,
            "",
            lambda _lane, _context: deployments.live(self._workspace, deployment),
            self._measured,
            self._ask_failed,
            quiet=True,
        )

    def _folded(self) -> None:
        self._folding = False

    def _fold_failed(self, error: UserError) -> None:
        self._folding = False
        self.failed.emit(error)

    def _measured(self, stats: object) -> None:
        self._asking = False
        if self._timer.isActive():
            self.measured.emit(stats)

    def _ask_failed(self, error: UserError) -> None:
        self._asking = False
        self.failed.emit(error)
