"""The Table tab: every row of a version, filtered and sorted by column, whatever their number."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import Qt
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QMenu, QVBoxLayout

from mlops_desktop.actions import datasets
from mlops_desktop.actions.table_views import View
from mlops_desktop.core.datasets import Column, ColumnType, DatasetVersion
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.filter_syntax import exactly, parse
from mlops_desktop.core.profile import Profile
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.core.table_filters import condition
from mlops_desktop.panels.datasets.row_search import RowSearch
from mlops_desktop.panels.datasets.tab import VersionTab
from mlops_desktop.panels.datasets.table_rows import page_columns, read_window
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import secondary
from mlops_desktop.widgets.cards import Card, EmptyState, label
from mlops_desktop.widgets.choice import choice
from mlops_desktop.widgets.data_header import chart_of
from mlops_desktop.widgets.data_table import DataTable, Sorts
from mlops_desktop.widgets.filter_bar import FilterBar
from mlops_desktop.widgets.page_model import PAGE_ROWS, Rows, Window
from mlops_desktop.work.jobs import Jobs

_WIDTHS = {ColumnType.DATETIME: 144, ColumnType.TEXT: 128}
_MOST_ROWS = 70_000_000  # Qt counts the pixels of a table in 32 bits.
_BLOCK = 24  # Columns that are read at once.
_SORTED_ROWS = 32  # Of a page: sorted rows lie anywhere, so that each may take a chunk of its own.
_FILTER, _SORT = "filter ", "sort "  # What a chip stands for, before the column's name.
_EXAMPLES = {
    ColumnType.INTEGER: "5, >5, 1..9",
    ColumnType.NUMBER: "5, >5, 1..9",
    ColumnType.BOOLEAN: "yes, no",
    ColumnType.TEXT: "part, =all, ^start",
    ColumnType.DATETIME: "2024-01, >2024",
}


class TableTab(VersionTab):
    """The filters, the order and the frozen columns stay where the next version has them, too."""

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__(jobs, workspace)
        self._columns: tuple[Column, ...] = ()
        self._units: Mapping[str, str] = {}
        self._view = View(0)
        self._base = 0  # The row of the view that is the table's first.
        self.search = RowSearch(jobs, workspace, self)
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(self._build_above())
        self._error = ErrorBox()
        column.addWidget(self._error)
        self.bar = FilterBar()
        self.bar.removed.connect(self._remove)
        self.bar.cleared.connect(self._clear)
        self.bar.keep_wanted.connect(self._keep)
        self.bar.stopped.connect(self._stop)
        column.addWidget(self.bar)
        self.search.found.connect(self._show_view)
        self.search.failed.connect(self._error.show_error)
        self.search.working.connect(self.bar.show_progress)
        self.search.ended.connect(self.bar.end_progress)
        self._build_table()
        card = Card()
        card.body.setContentsMargins(1, 1, 1, 1)
        card.body.addWidget(self.table)
        column.addWidget(card, 1)

    def _build_above(self) -> QHBoxLayout:
        self._size = label(muted=True)
        self.row_field = QLineEdit(placeholderText=self.tr("number"))
        self.row_field.setObjectName("go-to-row")
        self.row_field.setFixedWidth(96)
        self.row_field.returnPressed.connect(self._go_to_row)
        self.column_field = choice("go-to-column", searched=True)
        self.column_field.setMinimumWidth(96)  # Narrower beside the inspector.
        self.column_field.setMaximumWidth(180)
        above = QHBoxLayout()
        above.setSpacing(8)
        above.addWidget(self._size, 1)
        for text, field in (
            (self.tr("Go to row"), self.row_field),
            (self.tr("Column"), self.column_field),
        ):
            words = label(text, muted=True)
            words.setBuddy(field)
            field.setAccessibleName(text)
            above.addWidget(words)
            above.addWidget(field)
        return above

    def _build_table(self) -> None:
        self.table = DataTable(self.tr("Rows"))
        self.table.setObjectName("rows-table")
        self.table.filters.typed.connect(self._on_typed)
        self.table.sort_wanted.connect(self._on_sort)
        self.table.column_chosen.connect(self._on_column)
        self.table.header_menu.connect(self._add_to_header_menu)
        self.table.cell_menu.connect(self._add_to_cell_menu)
        self.table.told.connect(self.toast)
        self.column_field.activated.connect(self.table.show_column)
        clear = secondary(self.tr("Clear filters"), "x", self._clear)
        clear.setObjectName("clear-filters-of-none")
        self.table.set_empty(EmptyState("list-filter", self.tr("No row fits."), clear))

    def load(self) -> None:
        version = self.version
        assert version is not None
        self._error.show_error(None)
        self.row_field.clear()
        self.row_field.setValidator(QIntValidator(1, min(version.rows, 2**31 - 1), self))
        if version.columns != self._columns:
            self._show_columns(version)
        self.search.show_version(version)
        self._show_texts()
        self.jobs.start(
            self,
            "",
            lambda _lane, _context: datasets.profile(self.workspace, version),
            lambda profile: self._show_profile(version, profile),
            self.failed.emit,
            quiet=True,
        )

    def focus_filter(self) -> None:
        self.table.focus_filter()

    def _show_columns(self, version: DatasetVersion) -> None:
        self._columns = version.columns
        names = [column.name for column in version.columns]
        self.column_field.clear()
        self.column_field.addItems(names)
        self.table.freeze(0)
        self.table.show_all_columns()
        self.table.set_charts({})
        self.table.filters.set_columns(names, [_EXAMPLES[c.type] for c in version.columns])

    def _show_profile(self, version: DatasetVersion, profile: Profile) -> None:
        if self.version is version:
            self.table.set_charts({column.name: chart_of(column) for column in profile.columns})

    def show_units(self, found: Mapping[str, str]) -> None:
        """The units of columns by name."""
        self._units, pages = found, self.table.pages
        if [column.title for column in pages.columns] == [column.name for column in self._columns]:
            pages.set_notes([column.note for column in page_columns(self._columns, found)])

    def _show_view(self, view: View, base: int = 0) -> None:
        version = self.version
        assert version is not None
        self._error.show_error(None)
        place = max(0, self.table.currentIndex().column())
        beside = self.table.horizontalScrollBar().value()
        self._view, self._base = view, base
        before = self.table.pages.columns
        self.table.show_numbers_to(version.rows)
        self.table.set_windows(
            page_columns(version.columns, self._units),
            min(view.count - base, _MOST_ROWS),
            lambda window, done: self._fetch(version, view, base, window, done),
            block=_BLOCK,
            page_rows=_SORTED_ROWS if view.sort else PAGE_ROWS,
            row_number=lambda row: view.number(base + row) + 1,
        )
        if before != self.table.pages.columns:
            self.table.horizontalScrollBar().setValue(0)
            for number, column in enumerate(version.columns):
                least = _WIDTHS.get(column.type, 112)
                self.table.setColumnWidth(number, max(least, self.table.columnWidth(number)))
        elif view.count:
            self.table.setCurrentIndex(self.table.pages.index(0, place))
            self.table.horizontalScrollBar().setValue(beside)
        self.table.show_sorts(tuple((self._place(name), down) for name, down in view.sort))
        self.table.show_empty(bool(view.filters) and not view.count)
        self._show_words(version, view)

    def _show_words(self, version: DatasetVersion, view: View) -> None:
        size = self.tr("{0} rows, {1} columns").format(f"{version.rows:,}", len(version.columns))
        if view.count > _MOST_ROWS:
            said = self.tr("; here {0} to {1}, Go to row reaches all")
            size += said.format(f"{self._base + 1:,}", f"{self._base + _MOST_ROWS:,}")
        self._size.setText(size)
        chips = [(f"{_FILTER}{found.column.name}", str(found)) for found in view.filters]
        up, down = self.tr("sorted by {0}"), self.tr("sorted by {0}, greatest first")
        chips += [
            (f"{_SORT}{name}", (down if descending else up).format(name))
            for name, descending in view.sort
        ]
        count = self.tr("{0} of {1} rows").format(f"{view.count:,}", f"{version.rows:,}")
        self.bar.show_filters(count, chips, filtered=bool(view.filters))

    def _show_texts(self) -> None:
        filters = {self._place(name): text for name, text in self.search.filters.items()}
        self.table.filters.set_texts(filters)

    def _place(self, name: str) -> int:
        return next(n for n, column in enumerate(self._columns) if column.name == name)

    def _on_typed(self, place: int, text: str) -> None:
        errors = {k: error for k, error in self.table.filters.errors.items() if k != place}
        error = self.search.set_filter(self._columns[place], text)
        self.table.filters.set_errors(errors | {place: error} if error else errors)

    def _on_sort(self, sorts: Sorts) -> None:
        self.search.set_sort(tuple((self._columns[place].name, down) for place, down in sorts))

    def _remove(self, chip: str) -> None:
        if chip.startswith(_FILTER):
            self._set_filter(chip.removeprefix(_FILTER), "")
        else:
            name = chip.removeprefix(_SORT)
            self.search.set_sort(tuple(key for key in self.search.sort if key[0] != name))

    def _set_filter(self, name: str, text: str) -> None:
        """As if it had been typed."""
        filters, place = self.table.filters, self._place(name)
        filters.set_texts({**filters.texts, place: text})
        self._on_typed(place, text)

    def _clear(self) -> None:
        self.search.clear()
        self._show_texts()
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _stop(self) -> None:
        self.search.stop()
        self._show_texts()

    def _keep(self) -> None:
        where = condition(self._view.filters)
        self.steps_wanted.emit((Step(StepKind.FILTER, {"where": where}),))

    def _add_to_header_menu(self, menu: QMenu, place: int) -> None:
        menu.addSeparator()
        show = menu.addAction(self.tr("Show its profile"))
        show.triggered.connect(lambda _: self._on_column(place))
        show.triggered.connect(lambda _: self.inspector_wanted.emit())

    def _add_to_cell_menu(self, menu: QMenu, row: int, place: int) -> None:
        column = self._columns[place]
        same = exactly(column, self.table.pages.value(row, place))
        for text in (same, "!empty" if same == "empty" else f"!{same}"):
            words = self.tr("Only rows where {0}").format(str(parse(column, text))[:80])
            only = menu.addAction(words.replace("&", "&&"))
            only.triggered.connect(lambda _, text=text: self._set_filter(column.name, text))

    def _on_column(self, place: int) -> None:
        if 0 <= place < len(self._columns):
            self.column_chosen.emit(self._columns[place].name)

    def _go_to_row(self) -> None:
        if not self.row_field.hasAcceptableInput():
            return
        number = int(self.row_field.text())
        place = self._view.place(number - 1)
        if place is None:
            text = self.tr("Row {0} is not among the rows that fit.")
            self.toast.emit(text.format(f"{number:,}"))
            return
        if not self._base <= place < self._base + _MOST_ROWS:
            latest = max(0, self._view.count - _MOST_ROWS)
            self._show_view(self._view, min(latest, max(0, place - _MOST_ROWS // 2)))
        self.table.show_row(place - self._base)
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _fetch(
        self,
        version: DatasetVersion,
        view: View,
        base: int,
        window: Window,
        done: Callable[[Rows], None],
    ) -> None:
        names = [version.columns[place].name for place in window.columns]

        def failed(error: UserError) -> None:
            self._error.show_error(error)
            done(())

        self.jobs.start(
            self,
            "",
            lambda _lane, _context: read_window(
                self.workspace, version, view, base + window.first, window.count, names
            ),
            done,
            failed,
            quiet=True,
        )
