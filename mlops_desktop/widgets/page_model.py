"""The model of a table of any size: windows of it come when they are looked at."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from html import escape

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
)

from mlops_desktop.widgets.cells import Cell
from mlops_desktop.widgets.header import NOTE_ROLE

PAGE_ROWS = 200
_KEPT_CELLS = 200_000
_ASKED_AT_ONCE = 6
_SETTLE_MS = 20
_Index = QModelIndex | QPersistentModelIndex
Rows = Sequence[Sequence[object]]
Fetch = Callable[[int, int, Callable[[Rows], None]], None]


@dataclass(frozen=True, slots=True)
class PageColumn:
    """number: stands right. note: a small second line of the header, such as the type.
    least: the width in pixels that its values need, whatever the title.
    """

    title: str
    number: bool = False
    note: str = ""
    least: int = 88


@dataclass(frozen=True, slots=True)
class Window:
    """Some columns of rows [first, first + count)."""

    first: int
    count: int
    columns: range


FetchWindow = Callable[[Window, Callable[[Rows], None]], None]


class PageModel(QAbstractTableModel):
    """Values may be anything with a str(); None and NaN are missing."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns: tuple[PageColumn, ...] = ()
        self._count = 0
        self._fetch: FetchWindow | None = None
        self._page_rows, self._block = PAGE_ROWS, 1
        self._row_number: Callable[[int], int] = _counted
        self._pages: OrderedDict[tuple[int, int], Rows] = OrderedDict()
        self._wanted: OrderedDict[tuple[int, int], None] = OrderedDict()
        self._asked: set[tuple[int, int]] = set()
        self._generation = 0
        self._marked: Callable[[int, int], bool | str] = _never
        # Dragging the scroll bar passes many pages: only the last ones are worth asking for.
        self._settle = QTimer(self, interval=_SETTLE_MS, singleShot=True)
        self._settle.timeout.connect(self._ask)

    def set_source(self, columns: Sequence[PageColumn], row_count: int, fetch: Fetch) -> None:
        """fetch(first_row, count, done) is called on the GUI thread and must answer later by
        done(rows), with all columns; done(()) where it failed."""

        def part(window: Window, done: Callable[[Rows], None]) -> None:
            at = slice(window.columns.start, window.columns.stop)
            fetch(window.first, window.count, lambda rows: done([row[at] for row in rows]))

        self.set_windows(columns, row_count, part, block=len(columns))

    def set_windows(
        self,
        columns: Sequence[PageColumn],
        row_count: int,
        fetch: FetchWindow,
        *,
        block: int,
        page_rows: int = PAGE_ROWS,
        row_number: Callable[[int], int] | None = None,
    ) -> None:
        """As set_source(), for wide tables: done(rows) has only the columns of the window.

        block: so many columns are asked for at once. row_number: what stands before a row.
        """
        self.beginResetModel()
        self.columns, self._count, self._fetch = tuple(columns), row_count, fetch
        self._block, self._page_rows = max(1, block), page_rows
        self._row_number = row_number or _counted
        self._generation += 1
        self._pages.clear()
        self._wanted.clear()
        self._asked.clear()
        self.endResetModel()

    def set_marked(self, marked: Callable[[int, int], bool | str]) -> None:
        """marked(row, column): which cells to tint, such as those that a recipe changed; see
        Cell."""
        self._marked = marked
        self._tell(0, self._count, range(len(self.columns)))

    def set_notes(self, notes: Sequence[str]) -> None:
        """Another small second line for each column; the rows stay."""
        pairs = zip(self.columns, notes, strict=True)
        self.columns = tuple(replace(column, note=note) for column, note in pairs)
        self.headerDataChanged.emit(Qt.Orientation.Horizontal, 0, len(self.columns) - 1)

    def value(self, row: int, column: int) -> object:
        """The value if its page is here; else None, and the page is asked for."""
        found = self._found(row, column)
        return found[0] if found else None

    def cell(self, row: int, column: int) -> Cell:
        number = self.columns[column].number
        found = self._found(row, column)
        if found is None:
            return Cell("\u2026", number, muted=True)
        value, marked = found[0], self._marked(row, column)
        if is_missing(value):
            return Cell(self.tr("missing"), number, muted=True, marked=marked)
        return Cell(shown(value), number, marked=marked)

    def fetch(self, window: Window, done: Callable[[Rows], None]) -> None:
        """Ask for any window, such as one to be copied."""
        if self._fetch is not None:
            self._fetch(window, done)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role == Qt.ItemDataRole.DisplayRole:
            return self.cell(index.row(), index.column()).text
        if role == Qt.ItemDataRole.AccessibleTextRole:
            cell = self.cell(index.row(), index.column())
            return self.tr("{0}, changed").format(cell.text) if cell.marked else cell.text
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        if orientation == Qt.Orientation.Vertical:
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return right
            wanted = role == Qt.ItemDataRole.DisplayRole
            return f"{self._row_number(section):,}" if wanted else None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            text = f"{column.title}: {column.note}" if column.note else column.title
            return f"<qt>{escape(text)}</qt>"  # Else Qt would look for markup in it.
        if role == NOTE_ROLE:
            return column.note
        if role == Qt.ItemDataRole.TextAlignmentRole:
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            return right if column.number else left
        return None

    def _found(self, row: int, column: int) -> tuple[object] | None:
        """The value in a tuple; None where its page is not here, and then it is asked for."""
        key = (row // self._page_rows, column // self._block)
        page = self._pages.get(key)
        if page is not None:
            self._pages.move_to_end(key)
            at = row % self._page_rows
            return (page[at][column % self._block],) if at < len(page) else None
        if key not in self._asked:
            self._wanted[key] = None
            self._wanted.move_to_end(key)
            if not self._settle.isActive():
                self._settle.start()
        return None

    def _ask(self) -> None:
        while len(self._wanted) > _ASKED_AT_ONCE:
            self._wanted.popitem(last=False)
        # What is asked for meanwhile waits, so that a fast scroll leaves no queue behind.
        while self._wanted and len(self._asked) < _ASKED_AT_ONCE:
            key, _ = self._wanted.popitem()
            if self._fetch is not None and key not in self._asked:
                self._asked.add(key)
                page, block = key
                first = page * self._page_rows
                count = min(self._page_rows, self._count - first)
                end = min(len(self.columns), (block + 1) * self._block)
                window = Window(first, count, range(block * self._block, end))
                self._fetch(window, partial(self._take, self._generation, key, window))

    def _take(self, generation: int, key: tuple[int, int], window: Window, rows: Rows) -> None:
        if generation != self._generation:
            return
        self._asked.discard(key)
        self._pages[key] = rows
        kept = max(12, _KEPT_CELLS // (self._page_rows * self._block))
        while len(self._pages) > kept:
            self._pages.popitem(last=False)
        self._tell(window.first, len(rows), window.columns)
        if self._wanted:
            self._settle.start()

    def _tell(self, first: int, count: int, columns: range) -> None:
        if count and columns:
            last = self.index(min(self._count, first + count) - 1, columns[-1])
            self.dataChanged.emit(self.index(first, columns[0]), last)


def _never(row: int, column: int) -> bool:  # noqa: ARG001 - marks no cell
    return False


def _counted(row: int) -> int:
    return row + 1


def is_missing(value: object) -> bool:
    """None and NaN, the one value that differs from itself."""
    return value is None or value != value


def shown(value: object) -> str:
    """A value as a person reads it, without hiding digits that are there."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)
