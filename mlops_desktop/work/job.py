"""A long piece of work as the user sees it: title, state, progress, and a way to stop it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from enum import StrEnum

from PySide6.QtCore import QObject, Signal

from mlops_desktop.actions.lane import Context
from mlops_desktop.core.errors import UserError


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class JobContext(Context):
    """The worker's end of a job. progress() may be called as often as one likes."""

    def __init__(self, poke: Callable[[], None]) -> None:
        super().__init__()
        self._poke = poke
        self._held = False
        self._new = False
        self._latest: tuple[float | None, str] = (None, "")

    def progress(self, fraction: float | None, text: str) -> None:
        self._latest = (fraction, text)
        self._new = True
        if not self._held:
            self._held = True
            self._poke()

    def take(self) -> tuple[float | None, str]:
        """The newest progress. No poke comes before release()."""
        self._new = False
        return self._latest

    def release(self) -> None:
        """Let the worker poke again, at once if something came meanwhile."""
        self._held = False
        if self._new:
            self._held = True
            self._poke()


class Job(QObject):
    """Lives in the GUI thread. Times are UTC; fraction is 0..1, or None where not known."""

    changed = Signal()
    finished = Signal()

    def __init__(self, number: int, title: str, context: JobContext, parent: QObject) -> None:
        super().__init__(parent)
        self.id = number
        self.title = title
        self.state = JobState.QUEUED
        self.fraction: float | None = None
        self.text = ""
        self.started: datetime | None = None
        self.ended: datetime | None = None
        self.error: UserError | None = None
        self.traceback = ""
        self.stopping = False
        self._context = context

    @property
    def active(self) -> bool:
        return self.state in (JobState.QUEUED, JobState.RUNNING)

    def cancel(self) -> None:
        """Ask to stop. Queued work ends at once; running work at its next checkpoint."""
        if not self.active or self.stopping:
            return
        self._context.cancelled.set()
        self.stopping = True
        if self.state is JobState.QUEUED:
            self.end(JobState.CANCELLED)
        else:
            self.text = self.tr("Stopping…")
            self.changed.emit()

    def begin(self) -> None:
        if self.state is JobState.QUEUED:
            self.state = JobState.RUNNING
            self.started = datetime.now(UTC)
            self.changed.emit()

    def show_progress(self) -> None:
        fraction, text = self._context.take()
        if self.state is JobState.RUNNING and not self.stopping:
            self.fraction, self.text = fraction, text
            self.changed.emit()

    def end(self, state: JobState, error: UserError | None = None, traceback: str = "") -> None:
        if not self.active:
            return
        self.state, self.error, self.traceback = state, error, traceback
        self.ended = datetime.now(UTC)
        self.stopping = False
        if state is JobState.DONE:
            self.fraction = 1.0
        if error is not None:
            self.text = error.what
        self.changed.emit()
        self.finished.emit()
