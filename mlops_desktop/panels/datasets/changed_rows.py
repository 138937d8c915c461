"""The rows of the Changes tab: before and after side by side, changed cells marked."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.actions import changed_rows
from mlops_desktop.actions.changed_rows import ChangedRows
from mlops_desktop.core.changes import ChangedRow, Changes, RowNumbers, fields
from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.panels.datasets.table_rows import as_shown, page_column
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.cards import Card, heading, label
from mlops_desktop.widgets.cells import AFTER, BEFORE
from mlops_desktop.widgets.page_model import Fetch, PageColumn, Rows
from mlops_desktop.widgets.page_table import PageTable
from mlops_desktop.widgets.profile_face import type_word
from mlops_desktop.work.job import Job
from mlops_desktop.work.jobs import Jobs

_KEPT_ROWS = 20_000
_WIDTHS = {ColumnType.DATETIME: 144, ColumnType.TEXT: 136}
_MOST_ROWS = 70_000_000  # Qt counts the pixels of a table in 32 bits.


class RowsSection(QWidget):
    """failed carries a UserError."""

    failed = Signal(object)

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__()
        self._jobs, self._workspace = jobs, workspace
        self._changes: Changes | None = None
        self._pages = _Pages(self)
        self._job: Job | None = None
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.kinds = QComboBox()
        self.kinds.setObjectName("changed-rows-kind")
        self.kinds.setAccessibleName(self.tr("Which rows"))
        self.kinds.activated.connect(self._show_kind)
        self.inside = QComboBox()
        self.inside.setObjectName("changed-rows-column")
        self.inside.setAccessibleName(self.tr("Rows that changed in"))
        self.inside.activated.connect(self._show_kind)
        self._in = label(self.tr("in"), muted=True)
        self.only_changed = QCheckBox(self.tr("Only changed columns"))
        self.only_changed.setChecked(True)
        self.only_changed.setObjectName("only-changed-columns")
        self.only_changed.toggled.connect(self._show_tables)
        above = QHBoxLayout()
        above.setSpacing(8)
        for part in (self.kinds, self._in, self.inside):
            above.addWidget(part)
        above.addStretch(1)
        above.addWidget(self.only_changed)
        column.addLayout(above)
        across = QHBoxLayout()
        across.setSpacing(12)
        self.before, self.after = PageTable(self.tr("Before")), PageTable(self.tr("After"))
        self._titles = heading(), heading()
        self._cards = []
        for table, title, name in (
            (self.before, self._titles[0], "rows-before"),
            (self.after, self._titles[1], "rows-after"),
        ):
            table.setObjectName(name)
            card = Card()
            card.body.setContentsMargins(1, 8, 1, 1)
            title.setContentsMargins(12, 0, 12, 0)
            card.body.addWidget(title)
            card.body.addWidget(table, 1)
            across.addWidget(card, 1)
            self._cards.append(card)
        self._tie(self.before, self.after)
        self._tie(self.after, self.before)
        column.addLayout(across, 1)

    def _tie(self, table: PageTable, other: PageTable) -> None:
        """What is scrolled, widened or chosen in one is so in the other."""
        table.verticalScrollBar().valueChanged.connect(other.verticalScrollBar().setValue)
        table.horizontalScrollBar().valueChanged.connect(other.horizontalScrollBar().setValue)
        table.horizontalHeader().sectionResized.connect(
            lambda section, _old, wide: other.setColumnWidth(section, wide)
        )
        table.selectionModel().currentChanged.connect(
            lambda now, _: other.setCurrentIndex(other.pages.index(now.row(), now.column()))
        )

    def show_changes(self, found: Changes, column: str = "") -> None:
        """column: of the changed rows, first those that changed there."""
        self._changes = found
        self.kinds.clear()
        for count, words, kind in (
            (found.changed, self.tr("{0} changed rows"), "changed"),
            (found.added, self.tr("{0} added rows"), "added"),
            (found.removed, self.tr("{0} removed rows"), "removed"),
        ):
            if count:
                self.kinds.addItem(words.format(f"{count:,}"), kind)
        self.inside.clear()
        self.inside.addItem(self.tr("any column"), "")
        for name, cells in sorted(found.cells.items(), key=lambda item: -item[1]):
            self.inside.addItem(f"{name} ({cells:,})", name)
        self.inside.setCurrentIndex(max(0, self.inside.findData(column)))
        self._show_kind()

    def show_column(self, name: str) -> None:
        """The changed rows whose value in that column changed."""
        self.kinds.setCurrentIndex(max(0, self.kinds.findData("changed")))
        self.inside.setCurrentIndex(max(0, self.inside.findData(name)))
        self._show_kind()

    def _kind(self) -> str:
        return str(self.kinds.currentData() or "")

    def _show_kind(self) -> None:
        found, changed = self._changes, self._kind() == "changed"
        for part in (self._in, self.inside, self.only_changed):
            part.setVisible(changed)
        if self._job is not None:
            self._job.cancel()
            self._job = None
        if found is None:
            return
        column = str(self.inside.currentData() or "")
        if changed and column and found.cells.get(column) != found.changed:
            self._job = self._jobs.start(
                self,
                self.tr("Find rows that changed in {0}").format(column),
                lambda _lane, context: changed_rows.where_changed(
                    self._workspace, found, column, context
                ),
                self._show_rows,
                self.failed.emit,
                quiet=True,
            )
        else:
            self._show_rows(found)

    def _show_rows(self, found: Changes) -> None:
        self._job = None
        self._pages.show(found, ChangedRows(self._workspace, found), self._kind())
        self._show_tables()

    def _show_tables(self) -> None:
        found, kind = self._pages.changes, self._kind()
        if found is None:
            return
        sides = {"changed": (True, True), "added": (False, True), "removed": (True, False)}
        chosen = self._chosen(found, kind)
        names = fields(found)
        for side, (table, shown) in enumerate(
            zip((self.before, self.after), sides.get(kind, (False, False)), strict=True)
        ):
            self._cards[side].setVisible(shown)
            if not shown:
                table.set_source((), 0, lambda *_: None)  # Else it would ask for its old rows.
                continue
            version = (found.before, found.after)[side]
            word = (self.tr("Before: {0}"), self.tr("After: {0}"))[side]
            self._titles[side].setText(word.format(version.ref))
            columns = [_page_column(names[place], side) for place in chosen]
            numbers = self._numbers(found, kind, side)
            table.set_windows(
                columns,
                min(len(numbers), _MOST_ROWS),
                _windowed(self._fetcher(side, chosen)),
                block=len(columns),
                row_number=partial(_number, numbers),
            )
            table.show_numbers_to(version.rows)
            for number, place in enumerate(chosen):
                column = names[place][side] or names[place][1 - side]
                least = _WIDTHS.get(column.type, 104) if column else 0
                table.setColumnWidth(number, max(least, table.columnWidth(number)))
            table.set_marked(partial(self._mark, side, chosen))

    @staticmethod
    def _numbers(found: Changes, kind: str, side: int) -> RowNumbers:
        rows = found.rows
        if kind == "changed":
            return (rows.changed_before, rows.changed_after)[side]
        return rows.added if kind == "added" else rows.removed

    def _chosen(self, found: Changes, kind: str) -> list[int]:
        """The places of the fields to show: all, or the key and those that changed."""
        names = fields(found)
        if kind != "changed":
            side = 1 if kind == "added" else 0
            return [place for place, both in enumerate(names) if both[side] is not None]
        if not self.only_changed.isChecked():
            return list(range(len(names)))
        # The key, then what changed most, and before that the column that was asked for.
        asked = str(self.inside.currentData() or "")
        order = sorted(found.cells, key=lambda name: (name != asked, -found.cells[name]))
        place = {now.name: number for number, (_, now) in enumerate(names) if now}
        return [place[name] for name in dict.fromkeys((*found.key, *order))]

    def _fetcher(self, side: int, chosen: list[int]) -> Fetch:
        def fetch(first: int, count: int, done: Callable[[Rows], None]) -> None:
            self._pages.ask(
                first,
                count,
                lambda rows: done(
                    [
                        [as_shown(row.before[c] if side == 0 else row.after[c]) for c in chosen]
                        for row in rows
                    ]
                ),
            )

        return fetch

    def _mark(self, side: int, chosen: list[int], row: int, column: int) -> bool | str:
        found = self._pages.row(row)
        if found is None or not found.differs[chosen[column]]:
            return False
        return (BEFORE, AFTER)[side]

    def start(self, work: Callable[[], list[ChangedRow]], then: Callable[..., None]) -> None:
        self._jobs.start(
            self, "", lambda _lane, _context: work(), then, self.failed.emit, quiet=True
        )


class _Pages:
    """Reads each page once for both tables, and keeps the last ones for their marks."""

    def __init__(self, section: RowsSection) -> None:
        self._section = section
        self.changes: Changes | None = None
        self._read: Callable[[int, int], list[ChangedRow]] | None = None
        self._rows: dict[int, ChangedRow] = {}
        self._waiting: dict[tuple[int, int], list[Callable[[list[ChangedRow]], None]]] = {}
        self._generation = 0

    def show(self, found: Changes, rows: ChangedRows, kind: str) -> None:
        self.changes = found
        readers = {"changed": rows.changed, "added": rows.added, "removed": rows.removed}
        self._read = readers.get(kind)
        self._rows, self._waiting = {}, {}
        self._generation += 1

    def row(self, number: int) -> ChangedRow | None:
        return self._rows.get(number)

    def ask(self, first: int, count: int, done: Callable[[list[ChangedRow]], None]) -> None:
        read = self._read
        if read is None:
            return
        here = [self._rows.get(number) for number in range(first, first + count)]
        if all(row is not None for row in here):
            done([row for row in here if row is not None])
            return
        waiting = self._waiting.setdefault((first, count), [])
        waiting.append(done)
        if len(waiting) == 1:
            self._section.start(
                partial(read, first, count), partial(self._take, self._generation, first, count)
            )

    def _take(self, generation: int, first: int, count: int, rows: list[ChangedRow]) -> None:
        if generation != self._generation:
            return
        if len(self._rows) > _KEPT_ROWS:
            self._rows.clear()
        self._rows |= {first + number: row for number, row in enumerate(rows)}
        for done in self._waiting.pop((first, count), []):
            done(rows)


def _windowed(fetch: Fetch) -> Callable[..., None]:
    """A fetch of whole rows as one of windows that are as wide."""
    return lambda window, done: fetch(window.first, window.count, done)


def _number(numbers: RowNumbers, row: int) -> int:
    return int(numbers[row]) + 1


def _page_column(both: tuple[Column | None, Column | None], side: int) -> PageColumn:
    """The column as its side calls it; one that the side lacks is empty."""
    column = both[side]
    if column is None:
        other = both[1 - side]
        assert other is not None
        return PageColumn(other.name, other.type.is_numeric, "\u2013")
    return page_column(column.name, column.type, type_word(column.type))
