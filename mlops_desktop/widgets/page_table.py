"""A table of any size: rows come in pages, asked for when they are looked at."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView

from mlops_desktop.widgets.cells import ROW_HEIGHT, Cell, CellDelegate
from mlops_desktop.widgets.header import NOTE_ROLE, Header

PAGE_ROWS = 200
_KEPT_PAGES = 40
_ASKED_AT_ONCE = 3
_SETTLE_MS = 20
_Index = QModelIndex | QPersistentModelIndex
Rows = Sequence[Sequence[object]]
Fetch = Callable[[int, int, Callable[[Rows], None]], None]


@dataclass(frozen=True, slots=True)
class PageColumn:
    """number: stands right. note: a small second line of the header, such as the type."""

    title: str
    number: bool = False
    note: str = ""


class PageModel(QAbstractTableModel):
    """fetch(first_row, count, done) is called on the GUI thread and must answer later by
    done(rows). Values may be anything with a str(); None and NaN are missing.
    """

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns: tuple[PageColumn, ...] = ()
        self._count = 0
        self._fetch: Fetch | None = None
        self._pages: OrderedDict[int, Rows] = OrderedDict()
        self._wanted: OrderedDict[int, None] = OrderedDict()
        self._asked: set[int] = set()
        self._generation = 0
        self._marked: Callable[[int, int], bool] = _never
        # Dragging the scroll bar passes many pages: only the last ones are worth asking for.
        self._settle = QTimer(self, interval=_SETTLE_MS, singleShot=True)
        self._settle.timeout.connect(self._ask)

    def set_source(self, columns: Sequence[PageColumn], row_count: int, fetch: Fetch) -> None:
        self.beginResetModel()
        self.columns, self._count, self._fetch = tuple(columns), row_count, fetch
        self._generation += 1
        self._pages.clear()
        self._wanted.clear()
        self._asked.clear()
        self.endResetModel()

    def set_marked(self, marked: Callable[[int, int], bool]) -> None:
        """marked(row, column): which cells to tint, such as those that a recipe changed."""
        self._marked = marked
        self._tell(0, self._count)

    def value(self, row: int, column: int) -> object:
        """The value if its page is here; else None, and the page is asked for."""
        page = self._page(row // PAGE_ROWS)
        at = row % PAGE_ROWS
        return page[at][column] if page is not None and at < len(page) else None

    def cell(self, row: int, column: int) -> Cell:
        number = self.columns[column].number
        page = self._page(row // PAGE_ROWS)
        at = row % PAGE_ROWS
        if page is None or at >= len(page):
            return Cell("\u2026", number, muted=True)
        value, marked = page[at][column], self._marked(row, column)
        # NaN is the one value that differs from itself.
        if value is None or value != value:
            return Cell(self.tr("missing"), number, muted=True, marked=marked)
        return Cell(shown(value), number, marked=marked)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else self._count

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.cell(index.row(), index.column()).text
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
            return f"{section + 1:,}" if role == Qt.ItemDataRole.DisplayRole else None
        column = self.columns[section]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{column.title}: {column.note}" if column.note else column.title
        if role == NOTE_ROLE:
            return column.note
        if role == Qt.ItemDataRole.TextAlignmentRole:
            left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
            return right if column.number else left
        return None

    def _page(self, number: int) -> Rows | None:
        page = self._pages.get(number)
        if page is not None:
            self._pages.move_to_end(number)
        elif number not in self._asked:
            self._wanted[number] = None
            self._wanted.move_to_end(number)
            if not self._settle.isActive():
                self._settle.start()
        return page

    def _ask(self) -> None:
        wanted = list(self._wanted)[-_ASKED_AT_ONCE:]
        self._wanted.clear()
        for number in wanted:
            if self._fetch is not None and number not in self._asked:
                self._asked.add(number)
                first = number * PAGE_ROWS
                count = min(PAGE_ROWS, self._count - first)
                self._fetch(first, count, partial(self._take, self._generation, number))

    def _take(self, generation: int, number: int, rows: Rows) -> None:
        if generation != self._generation:
            return
        self._asked.discard(number)
        self._pages[number] = rows
        while len(self._pages) > _KEPT_PAGES:
            self._pages.popitem(last=False)
        self._tell(number * PAGE_ROWS, len(rows))

    def _tell(self, first: int, count: int) -> None:
        if count and self.columns:
            last = self.index(min(self._count, first + count) - 1, len(self.columns) - 1)
            self.dataChanged.emit(self.index(first, 0), last)


def _never(row: int, column: int) -> bool:  # noqa: ARG001 - marks no cell
    return False


class PageTable(QTableView):
    """column_chosen(index) follows the current cell and clicks on a header;
    sort_wanted(index, descending) asks the owner for another source.
    """

    column_chosen = Signal(int)
    sort_wanted = Signal(int, bool)

    def __init__(self, name: str) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setProperty("bare", True)
        self.pages = PageModel(self)
        self.setModel(self.pages)
        self.setItemDelegate(CellDelegate(self.pages, self))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        down, across = self.verticalHeader(), Header(self)
        self.setHorizontalHeader(across)
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        down.setDefaultSectionSize(ROW_HEIGHT)
        down.setHighlightSections(False)
        across.setDefaultSectionSize(120)
        across.sectionClicked.connect(self.column_chosen)
        across.sectionDoubleClicked.connect(self._sort)
        self._sorted = (-1, False)
        self.selectionModel().currentColumnChanged.connect(
            lambda now, _: self.column_chosen.emit(now.column())
        )

    def set_source(self, columns: Sequence[PageColumn], row_count: int, fetch: Fetch) -> None:
        same = tuple(columns) == self.pages.columns
        at = self.verticalScrollBar().value() if same else 0
        self.pages.set_source(columns, row_count, fetch)
        self.verticalScrollBar().setValue(at)
        if not same:
            metrics = self.fontMetrics()
            for number, column in enumerate(columns):
                wide = metrics.horizontalAdvance(column.title) * 11 // 10 + 36
                self.setColumnWidth(number, max(88, min(280, wide)))

    def set_marked(self, marked: Callable[[int, int], bool]) -> None:
        self.pages.set_marked(marked)

    def show_row(self, row: int) -> None:
        """Scroll to a row and make it current, such as the first bad value of a check."""
        index = self.pages.index(row, max(0, self.currentIndex().column()))
        self.setCurrentIndex(index)
        self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def _sort(self, column: int) -> None:
        descending = self._sorted == (column, False)
        self._sorted = (column, descending)
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self.horizontalHeader().setSortIndicatorShown(True)
        self.horizontalHeader().setSortIndicator(column, order)
        self.sort_wanted.emit(column, descending)


def shown(value: object) -> str:
    """A value as a person reads it, without hiding digits that are there."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.10g}"
    return str(value)
