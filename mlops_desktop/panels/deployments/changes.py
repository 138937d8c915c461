"""One change of a deployment at a time, as a job: start, stop, restart, swap."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal

from mlops_desktop.actions import deployments
from mlops_desktop.actions.deployments import Servers
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import UserError
from mlops_desktop.panels.deployments.new import Wanted
from mlops_desktop.work.job import Job
from mlops_desktop.work.jobs import Jobs

Failed = Callable[[UserError], None]


class Changes(QObject):
    """busy(text) while one runs, changed(deployment) after it went well, ended() after any."""

    busy = Signal(str)
    changed = Signal(object)
    ended = Signal()

    def __init__(self, jobs: Jobs, servers: Servers, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._servers = jobs, servers
        self._job: Job | None = None

    @property
    def running(self) -> bool:
        return self._job is not None

    def text(self) -> str:
        return (self._job.text or self._job.title) if self._job is not None else ""

    def cancel(self) -> None:
        if self._job is not None:
            self._job.cancel()

    def start(self, wanted: Wanted, failed: Failed) -> None:
        """Serve a version under a name; one that runs exchanges its version."""
        self._begin(
            self.tr("Start {0}").format(wanted.name),
            lambda lane, context: deployments.start(
                lane,
                wanted.ref,
                wanted.name,
                wanted.port,
                wanted.keep,
                context,
                self._servers,
                wanted.privacy,
            ),
            failed,
        )

    def stop(self, name: str, failed: Failed) -> None:
        self._begin(
            self.tr("Stop {0}").format(name),
            lambda lane, _context: deployments.stop(lane, name),
            failed,
        )

    def restart(self, name: str, failed: Failed) -> None:
        self._begin(
            self.tr("Restart {0}").format(name),
            lambda lane, context: deployments.restart(lane, name, context, self._servers),
            failed,
        )

    def swap(self, name: str, ref: str, failed: Failed) -> None:
        self._begin(
            self.tr("Swap {0} to {1}").format(name, ref),
            lambda lane, _context: deployments.swap(lane, name, ref),
            failed,
        )

    def _begin(
        self, title: str, work: Callable[[Lane, Context], Deployment], failed: Failed
    ) -> None:
        if self._job is not None:
            return
        self._job = self._jobs.start(self, title, work, self.changed.emit, failed)
        self._job.changed.connect(self._tell)
        self._job.finished.connect(self._end)
        self._tell()

    def _tell(self) -> None:
        if self._job is not None and self._job.active:
            self.busy.emit(self.text())

    def _end(self) -> None:
        self._job = None
        self.ended.emit()
