"""The Changes tab: what turned another version into this one, in words, rows and distributions."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLabel,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.actions import changes
from mlops_desktop.core.changes import Changes, ColumnChangeKind
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.errors import UserError
from mlops_desktop.panels.datasets.changed_rows import RowsSection
from mlops_desktop.panels.datasets.column_changes import ColumnsSection
from mlops_desktop.panels.datasets.compare_with import CompareWith
from mlops_desktop.panels.datasets.shifts import ShiftsSection
from mlops_desktop.panels.datasets.tab import VersionTab
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.cards import Card, EmptyState, label
from mlops_desktop.widgets.progress import JobRow
from mlops_desktop.work.job import Job, JobState
from mlops_desktop.work.jobs import Jobs

_LOADING, _EMPTY, _SAME, _FULL = range(4)
_ROWS, _COLUMNS, _SHIFTS = range(3)


class ChangesTab(VersionTab):
    """Compares when it is seen. The versions of this dataset come first in the chooser."""

    help_topic = "changes"

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__(jobs, workspace)
        self.found: Changes | None = None
        self._job: Job | None = None
        self._progress: JobRow | None = None
        self._asked = ""  # The version to compare with, as the history's menu named it.
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.choice = CompareWith()
        self.choice.wanted.connect(self._compare)
        column.addWidget(self.choice)
        self._error = ErrorBox()
        self._error.setObjectName("changes-error")
        column.addWidget(self._error)
        self._stack = QStackedWidget()
        loading = QWidget()
        self._loading = QVBoxLayout(loading)
        self._loading.setAlignment(Qt.AlignmentFlag.AlignTop)
        self._stack.addWidget(loading)
        self._empty = EmptyState("git-compare", "")
        self._stack.addWidget(self._empty)
        self._same = EmptyState("circle-check", "")
        self._stack.addWidget(self._same)
        self._stack.addWidget(self._build_full())
        column.addWidget(self._stack, 1)

    def _build_full(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._how = label(muted=True, wrap=True)
        column.addWidget(self._how)
        across = QHBoxLayout()
        across.setSpacing(12)
        self._sections = QStackedWidget()
        self.rows = RowsSection(self.jobs, self.workspace)
        self.rows.failed.connect(self._error.show_error)
        self.rows.after.column_chosen.connect(self._tell_column)
        self.columns = ColumnsSection()
        self.columns.column_wanted.connect(self._show_column)
        self.shifts = ShiftsSection()
        self._cards: list[tuple[Card, QLabel]] = []
        for title, section, name in (
            (self.tr("Rows"), self.rows, "changes-rows"),
            (self.tr("Columns"), self.columns, "changes-columns"),
            (self.tr("Distributions"), self.shifts, "changes-distributions"),
        ):
            card = Card(title, clickable=True)
            card.setObjectName(name)
            said = label(wrap=True)
            card.body.setSpacing(2)
            card.body.setContentsMargins(16, 8, 16, 8)
            card.add(said)
            card.body.addStretch(1)
            number = len(self._cards)
            card.clicked.connect(lambda number=number: self.show_section(number))
            across.addWidget(card, 1)
            self._cards.append((card, said))
            self._sections.addWidget(section)
        column.addLayout(across)
        column.addWidget(self._sections, 1)
        return page

    def load(self) -> None:
        version = self.version
        assert version is not None
        self._stop()
        self.found = None
        self._error.show_error(None)
        self._stack.setCurrentIndex(_LOADING)
        self.jobs.run(
            self,
            lambda store: changes.comparable(store, version),
            lambda others: self._show_others(version, others),
            self._fail,
        )

    def compare_with(self, ref: str) -> None:
        """Compare with that version, once the tab is seen."""
        self._asked = ref
        if self.version is not None:
            self.show_version(self.version, self.versions)

    def show_section(self, number: int) -> None:
        self._sections.setCurrentIndex(number)
        for place, (card, _) in enumerate(self._cards):
            card.set_chosen(place == number)

    def _show_others(self, version: DatasetVersion, others: list[DatasetVersion]) -> None:
        if self.version is None or self.version.id != version.id:
            return  # Another one was chosen meanwhile.
        asked, self._asked = self._asked, ""
        at_once = self.choice.set_versions(version, others)
        if self.choice.choose(asked) or at_once:
            self._compare(None)
            return
        said = self.tr("{0} is the first version: nothing has changed yet.").format(version.ref)
        more = self.tr("Choose another version above to compare it with.")
        self._empty.set_sentence(f"{said} {more}" if others else said)
        self._stack.setCurrentIndex(_EMPTY)

    def _compare(self, key: tuple[str, ...] | None) -> None:
        version, other = self.version, self.choice.chosen()
        if version is None or other is None:
            return
        self._stop()
        self._error.show_error(None)
        self._job = self.jobs.start(
            self,
            self.tr("Compare {0} with {1}").format(version.ref, other),
            lambda lane, context: changes.changes(lane, other, version.ref, key, context),
            self._show_changes,
            self._fail,
            quiet=True,
        )
        self._progress = JobRow(self._job)
        self._progress.setObjectName("changes-progress")
        self._loading.addWidget(self._progress)
        self._job.finished.connect(partial(self._on_finished, self._job))
        self._stack.setCurrentIndex(_LOADING)

    def _stop(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.cancel()
            self._drop_progress()

    def _on_finished(self, job: Job) -> None:
        if job is not self._job:
            return  # Another comparison was asked for meanwhile.
        self._job = None
        self._drop_progress()
        if job.state is JobState.CANCELLED:
            self._empty.set_sentence(self.tr("Stopped. Choose a version to compare with again."))
            self._stack.setCurrentIndex(_EMPTY)

    def _drop_progress(self) -> None:
        if self._progress is not None:
            self._loading.removeWidget(self._progress)
            self._progress.hide()
            self._progress.deleteLater()
            self._progress = None

    def _fail(self, error: UserError) -> None:
        self._error.show_error(error)
        self._stack.setCurrentIndex(_FULL if self.found is not None else _EMPTY)
        self._empty.set_sentence(self.tr("There is no comparison to show."))

    def _show_changes(self, found: Changes) -> None:
        version, other = self.version, self.choice.chosen()
        if version is None or (found.before.ref, found.after.ref) != (other, version.ref):
            return  # Another one was chosen meanwhile.
        self.found = found
        self.choice.set_keys(found)
        if found.nothing:
            again = self.tr("{0} and {1} hold the same rows.")
            moved = self.tr("{0} and {1} hold the same rows, in another order.")
            self._same.set_sentence(
                (moved if found.reordered else again).format(found.before.ref, found.after.ref)
            )
            self._stack.setCurrentIndex(_SAME)
            return
        self._how.setText(self._counts(found))
        self._say(found)
        self.rows.show_changes(found)
        self.columns.show_changes(found)
        self.shifts.show_changes(found)
        some_rows = bool(found.changed or found.added or found.removed)
        self.show_section(_ROWS if some_rows else _COLUMNS)
        self._stack.setCurrentIndex(_FULL)

    def _tell_column(self, number: int) -> None:
        columns = self.rows.after.pages.columns
        if number < len(columns) and self.version is not None:
            name = columns[number].title
            if self.version.column(name) is not None:
                self.column_chosen.emit(name)

    def _show_column(self, name: str) -> None:
        self.rows.show_column(name)
        self.show_section(_ROWS)

    def _counts(self, found: Changes) -> str:
        said = self.tr("{0} rows and {1} columns, now {2} and {3}").format(
            f"{found.before.rows:,}",
            f"{len(found.before.columns):,}",
            f"{found.after.rows:,}",
            f"{len(found.after.columns):,}",
        )
        return f"{said}; {found.matched_words().replace('`', '')}."

    def _say(self, found: Changes) -> None:
        """The cards that lead to the sections, each in words."""
        sure = [shift for shift in found.shifts if shift.sure]
        shifted = self.tr("no clear shift")
        if sure:
            text = self.tr("{0} shifted, most {1}") if len(sure) > 1 else self.tr("{1} shifted")
            shifted = text.format(len(sure), sure[0].column)
        kinds = [change.kind for change in found.columns]
        columns = [(kinds.count(kind), kind.value) for kind in ColumnChangeKind]
        words = (
            self._counted(
                (found.added, self.tr("added")),
                (found.removed, self.tr("removed")),
                (found.changed, self.tr("changed")),
            )
            or self.tr("all the same"),
            self._counted(*columns, (len(found.cells), self.tr("edited")))
            or self.tr("all the same"),
            shifted,
        )
        for (card, said), text in zip(self._cards, words, strict=True):
            said.setText(text)
            card.setAccessibleName(f"{card.title.text()}: {text}")

    @staticmethod
    def _counted(*parts: tuple[int, str]) -> str:
        """'12 added, 3 removed'"""
        return ", ".join(f"{count:,} {word}" for count, word in parts if count)
