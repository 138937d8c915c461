"""Runs actions off the GUI thread and brings their one outcome back to it."""

from __future__ import annotations

import logging
import os
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from PySide6.QtCore import QObject, Qt, QThreadPool, QTimer, Signal
from shiboken6 import isValid

from mlops_desktop.core.errors import Cancelled, UserError
from mlops_desktop.work.job import Job, JobContext, JobState
from mlops_desktop.work.lane import StoreLane

if TYPE_CHECKING:
    from mlops_desktop.actions.lane import Lane
    from mlops_desktop.store.store import Store

T = TypeVar("T")
Pool = Literal["slow", "training"]
_PROGRESS_MS = 100
_KEPT_JOBS = 200
log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Call:
    """Held by the GUI thread alone: it may hold the last reference to a widget."""

    owner: QObject
    work: Callable[..., Any]
    then: Callable[[Any], None] | None
    failed: Callable[[UserError], None] | None
    job: Job | None = None


class Jobs(QObject):
    """The store lane, the training pool and the pool for everything else that is slow."""

    changed = Signal(frozenset)
    user_error = Signal(object)
    crashed = Signal(str)
    job_changed = Signal(object)

    _answered = Signal(int, object, object)
    _begun = Signal(int)
    _poked = Signal(int)
    _told = Signal(object)

    def __init__(self, open_store: Callable[[], Store], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._calls: dict[int, _Call] = {}
        self._jobs: list[Job] = []
        self._contexts: dict[int, JobContext] = {}
        self._next = 1
        self._closing = False
        for signal, slot in (
            (self._answered, self._on_answered),
            (self._begun, self._on_begun),
            (self._poked, self._on_poked),
            (self._told, self.changed.emit),
        ):
            signal.connect(slot, Qt.ConnectionType.QueuedConnection)
        self._lane = StoreLane(open_store, self._told.emit)
        self._pools = {"slow": QThreadPool(self), "training": QThreadPool(self)}
        self._pools["slow"].setMaxThreadCount(8)
        self.set_training_workers(max(1, (os.cpu_count() or 2) - 1))

    @property
    def lane(self) -> Lane:
        """For supervisors that outlive one job. Blocks: never call it on the GUI thread."""
        return self._lane

    def jobs(self) -> list[Job]:
        """Every job of this session, the newest first; long ended ones are forgotten."""
        return self._jobs[::-1]

    def set_training_workers(self, count: int) -> None:
        """How many runs train at once. Each holds one thread, which supervises one process."""
        self._pools["training"].setMaxThreadCount(max(1, count))

    def run(
        self,
        owner: QObject,
        work: Callable[[Store], T],
        then: Callable[[T], None] | None = None,
        failed: Callable[[UserError], None] | None = None,
    ) -> None:
        """Run a short call of an action on the store lane; then(value) on the GUI thread."""
        if self._closing:
            return
        number = self._remember(_Call(owner, work, then, failed))
        self._lane.post(partial(self._run_short, number), partial(self._answered.emit, number))

    def start(
        self,
        owner: QObject,
        title: str,
        work: Callable[[Lane, JobContext], T],
        then: Callable[[T], None] | None = None,
        failed: Callable[[UserError], None] | None = None,
        *,
        pool: Pool = "slow",
        quiet: bool = False,
    ) -> Job:
        """Run a long action on a pool. The job is shown in Activity until it is forgotten.

        quiet: one of the looks that repeat (a health check, a live graph), shown nowhere.
        """
        call = _Call(owner, work, then, failed)
        number = self._remember(call)
        context = JobContext(partial(self._poked.emit, number))
        job = Job(number, title, context, self)
        call.job = job
        self._contexts[number] = context
        if quiet:
            job.finished.connect(job.deleteLater)
        else:
            job.changed.connect(partial(self.job_changed.emit, job))
            self._jobs.append(job)
            self._forget_old()
            self.job_changed.emit(job)
        if self._closing:
            job.cancel()
        else:
            self._pools[pool].start(partial(self._work, number))
        return job

    def shutdown(self, timeout_s: float = 5.0) -> bool:
        """Cancel every job and wait. False if something did not stop in time."""
        self._closing = True
        until = time.monotonic() + timeout_s
        for job in self._jobs:
            job.cancel()
        for context in self._contexts.values():
            context.cancelled.set()
        ended = True
        for pool in self._pools.values():
            pool.clear()
            left_ms = max(1, round(1000 * (until - time.monotonic())))
            ended &= pool.waitForDone(left_ms)
        return self._lane.close(max(0.1, until - time.monotonic())) and ended

    def _remember(self, call: _Call) -> int:
        number, self._next = self._next, self._next + 1
        self._calls[number] = call
        return number

    def _run_short(self, number: int, store: Store) -> object:
        """On the lane's thread. Its references to the call end before the answer goes out."""
        return self._calls[number].work(store)

    def _work(self, number: int) -> None:
        """On a pool thread. Nothing of the call stays referenced here when it is answered."""
        context, call = self._contexts[number], self._calls.get(number)
        if call is None or context.cancelled.is_set():
            call = None
            self._answered.emit(number, None, Cancelled())
            return
        self._begun.emit(number)
        value, error = None, None
        try:
            value = call.work(self._lane, context)
        except BaseException as caught:  # noqa: BLE001 - brought to the caller
            traceback.clear_frames(caught.__traceback__)
            error = caught
        call = None
        self._answered.emit(number, value, error)

    def _on_begun(self, number: int) -> None:
        call = self._calls.get(number)
        if call is not None and call.job is not None:
            call.job.begin()

    def _on_poked(self, number: int) -> None:
        call, context = self._calls.get(number), self._contexts.get(number)
        if call is not None and call.job is not None and context is not None:
            call.job.show_progress()
            # Hold the next poke back, so that a chatty worker costs ten redraws a second.
            QTimer.singleShot(_PROGRESS_MS, call.job, context.release)

    def _on_answered(self, number: int, value: object, error: BaseException | None) -> None:
        call = self._calls.pop(number, None)
        self._contexts.pop(number, None)
        if call is None:
            return
        alive = isValid(call.owner)
        if error is None:
            self._end(call, JobState.DONE)
            if alive and call.then is not None:
                call.then(value)
        elif isinstance(error, Cancelled):
            self._end(call, JobState.CANCELLED)
        elif isinstance(error, UserError):
            self._end(call, JobState.FAILED, error)
            if alive and call.failed is not None:
                call.failed(error)
            elif alive or call.job is not None:
                self.user_error.emit(error)
        else:
            text = "".join(traceback.format_exception(error))
            log.error("action crashed\n%s", text)
            self._end(call, JobState.FAILED, details=text)
            self.crashed.emit(text)

    def _end(
        self,
        call: _Call,
        state: JobState,
        error: UserError | None = None,
        details: str = "",
    ) -> None:
        if call.job is not None:
            call.job.end(state, error, details)

    def _forget_old(self) -> None:
        ended = [job for job in self._jobs if not job.active]
        for job in ended[: max(0, len(self._jobs) - _KEPT_JOBS)]:
            self._jobs.remove(job)
            job.deleteLater()
