"""The trainings that this window began: one job a run, which supervises its process."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QObject, Signal

from mlops_desktop.actions import runs
from mlops_desktop.core.runs import Algorithm, Run, TrainSpec
from mlops_desktop.panels.runs.words import algorithm_name
from mlops_desktop.work.job import Job, JobState
from mlops_desktop.work.jobs import Jobs


class Trainings(QObject):
    """begun(runs) in the order of their start; refused(UserError) where none could begin;
    failed(run_id, UserError)."""

    begun = Signal(object)
    refused = Signal(object)
    failed = Signal(int, object)

    def __init__(self, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._running: dict[int, Job] = {}

    def job(self, run_id: int) -> Job | None:
        return self._running.get(run_id)

    def begin(self, spec: TrainSpec, despite_checks: str) -> None:
        self._jobs.start(
            self,
            "",
            lambda lane, context: runs.begin(lane, spec, context, despite_checks=despite_checks),
            self.supervise,
            self.refused.emit,
            quiet=True,
        )

    def supervise(self, queued: list[Run]) -> None:
        """The slow ones first, so that none of them is left alone at the end."""
        slowest_first = sorted(queued, key=lambda run: -list(Algorithm).index(run.algorithm))
        for run in slowest_first:
            self._supervise(run)
        self.begun.emit(slowest_first)

    def stop(self, run_id: int) -> None:
        if run_id in self._running:
            self._running[run_id].cancel()

    def _supervise(self, run: Run) -> None:
        title = self.tr("Train {0} on {1}@{2}").format(
            algorithm_name(run.algorithm), run.spec.dataset, run.spec.version
        )
        job = self._jobs.start(
            self,
            title,
            lambda lane, context: runs.supervise_or_raise(lane, run.id, context),
            None,
            partial(self.failed.emit, run.id),
            pool="training",
        )
        self._running[run.id] = job
        job.finished.connect(partial(self._on_ended, run.id, job))

    def _on_ended(self, run_id: int, job: Job) -> None:
        self._running.pop(run_id, None)
        if job.state is JobState.CANCELLED:
            # A job that was still queued never came to tell the store.
            self._jobs.run(self, lambda store: runs.cancel_queued(store, run_id))
