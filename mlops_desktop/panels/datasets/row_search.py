"""Which rows of a version the Table tab is to show: what is asked of them, and the search."""

from __future__ import annotations

from PySide6.QtCore import QObject, Signal

from mlops_desktop.actions import table_views
from mlops_desktop.actions.table_views import View
from mlops_desktop.core.datasets import Column, DatasetVersion
from mlops_desktop.core.filter_syntax import parse
from mlops_desktop.core.table_filters import FilterError
from mlops_desktop.paths import Workspace
from mlops_desktop.work.job import Job
from mlops_desktop.work.jobs import Jobs


class RowSearch(QObject):
    """filters: column -> what was typed. sort: (column, descending), the first one first.

    found(View) answers the last question alone. working(fraction or None) until ended().
    """

    found = Signal(object)
    failed = Signal(object)
    working = Signal(object)
    ended = Signal()

    def __init__(self, jobs: Jobs, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._workspace = jobs, workspace
        self._version: DatasetVersion | None = None
        self._job: Job | None = None
        self._question = 0
        self._answered: tuple[dict[str, str], tuple[tuple[str, bool], ...]] = ({}, ())
        self.filters: dict[str, str] = {}
        self.sort: tuple[tuple[str, bool], ...] = ()

    def show_version(self, version: DatasetVersion) -> None:
        """Ask the same of another version, as far as its dataset and its columns are the same."""
        before, self._version = self._version, version
        same = before is not None and before.dataset == version.dataset
        kept = set(before.columns) & set(version.columns) if before is not None and same else set()
        names = {column.name for column in kept}
        self.filters = {name: text for name, text in self.filters.items() if name in names}
        self.sort = tuple(key for key in self.sort if key[0] in names)
        self._answered = ({}, ())
        self.found.emit(View(version.rows))
        if self.filters or self.sort:
            self._look()
        else:
            self._cancel()

    def set_filter(self, column: Column, text: str) -> str:
        """What is wrong with the text; empty where nothing is, and then the rows are looked for."""
        try:
            parse(column, text)
        except FilterError as error:
            return str(error)
        text = text.strip()
        if text != self.filters.get(column.name, ""):
            filters = {**self.filters, column.name: text}
            self.filters = {name: asked for name, asked in filters.items() if asked}
            self._look()
        return ""

    def set_sort(self, sort: tuple[tuple[str, bool], ...]) -> None:
        self.sort = sort
        self._look()

    def clear(self) -> None:
        """Ask nothing."""
        self.filters, self.sort = {}, ()
        self._look()

    def stop(self) -> None:
        """Ask again what the rows that are shown answer."""
        self._cancel()
        self.filters, self.sort = dict(self._answered[0]), self._answered[1]

    def _cancel(self) -> None:
        self._question += 1
        job, self._job = self._job, None
        if job is not None:
            job.cancel()
            self.ended.emit()

    def _look(self) -> None:
        version, filters, sort = self._version, dict(self.filters), self.sort
        assert version is not None
        self._cancel()
        question = self._question
        job = self._jobs.start(
            self,
            "",
            lambda _lane, context: table_views.view(
                self._workspace, version, filters, sort, context
            ),
            lambda view: self._take(question, view),
            self.failed.emit,
            quiet=True,
        )
        self._job = job
        job.changed.connect(lambda: self._tell(job))
        job.finished.connect(lambda: self._end(job))
        self.working.emit(None)

    def _take(self, question: int, view: View) -> None:
        if self._question == question:
            self._answered = (dict(self.filters), self.sort)
            self.found.emit(view)

    def _tell(self, job: Job) -> None:
        if self._job is job and job.active:
            self.working.emit(job.fraction)

    def _end(self, job: Job) -> None:
        if self._job is job:
            self._job = None
            self.ended.emit()
