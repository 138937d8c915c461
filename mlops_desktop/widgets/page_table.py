"""A table of any size: rows come in pages, asked for when they are looked at."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from PySide6.QtCore import QItemSelectionRange, Signal
from PySide6.QtGui import QGuiApplication, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from mlops_desktop.widgets.cells import ROW_HEIGHT, CellDelegate
from mlops_desktop.widgets.header import Header
from mlops_desktop.widgets.page_model import (
    PAGE_ROWS,
    Fetch,
    FetchWindow,
    PageColumn,
    PageModel,
    Rows,
    Window,
    is_missing,
    shown,
)

__all__ = ["PAGE_ROWS", "Fetch", "FetchWindow", "PageColumn", "PageTable", "Rows", "Window"]
_MOST_COPIED = 200_000  # Cells.


class PageTable(QTableView):
    """column_chosen(index) follows the current cell and clicks on a header;
    told(text) says what became of a copy.
    """

    column_chosen = Signal(int)
    told = Signal(str)

    def __init__(self, name: str, header: Callable[[QWidget], Header] = Header) -> None:
        super().__init__()
        self.setAccessibleName(name)
        self.setProperty("bare", True)
        self.pages = PageModel(self)
        self.setHorizontalHeader(header(self))
        self.setModel(self.pages)
        self.setItemDelegate(CellDelegate(self.pages, self))
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setCornerButtonEnabled(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        down, across = self.verticalHeader(), self.horizontalHeader()
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        down.setDefaultSectionSize(ROW_HEIGHT)
        down.setHighlightSections(False)
        across.setDefaultSectionSize(120)
        across.sectionClicked.connect(self.column_chosen)
        self.selectionModel().currentColumnChanged.connect(
            lambda now, _: self.column_chosen.emit(now.column()) if now.isValid() else None
        )

    def set_source(self, columns: Sequence[PageColumn], row_count: int, fetch: Fetch) -> None:
        """See PageModel."""
        self._renewed(columns, lambda: self.pages.set_source(columns, row_count, fetch))

    def set_windows(
        self, columns: Sequence[PageColumn], row_count: int, fetch: FetchWindow, **more: Any
    ) -> None:
        """See PageModel."""
        self._renewed(columns, lambda: self.pages.set_windows(columns, row_count, fetch, **more))

    def set_marked(self, marked: Callable[[int, int], bool | str]) -> None:
        self.pages.set_marked(marked)

    def show_numbers_to(self, last: int) -> None:
        """Make room for row numbers up to that one, whichever rows are in sight."""
        room = self.fontMetrics().horizontalAdvance(f"{last:,}") * 11 // 10 + 24
        self.verticalHeader().setFixedWidth(room)

    def show_row(self, row: int) -> None:
        """Scroll to a row and make it current, such as the first bad value of a check."""
        index = self.pages.index(row, max(0, self.currentIndex().column()))
        self.setCurrentIndex(index)
        self.scrollTo(index, QAbstractItemView.ScrollHint.PositionAtCenter)

    def copy_selection(self) -> None:
        """Put what is selected on the clipboard, as lines of cells with tabs between them."""
        chosen = self.selectionModel().selection()
        ranges = [chosen.at(number) for number in range(chosen.count())]
        rows = _merged(ranges)
        columns = sorted({c for part in ranges for c in range(part.left(), part.right() + 1)})
        columns = [column for column in columns if not self.isColumnHidden(column)]
        if not (rows and columns):
            return
        cells = sum(len(part) for part in rows) * (columns[-1] + 1 - columns[0])
        if cells > _MOST_COPIED:
            told = self.tr("{0} cells are too many to copy. Export the version instead.")
            self.told.emit(told.format(f"{cells:,}"))
            return
        _Copy(self.pages, rows, columns, self.told.emit).start()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Copy):
            self.copy_selection()
            return
        super().keyPressEvent(event)

    def keyboardSearch(self, _: str) -> None:  # noqa: N802 - Qt's name
        """Qt would look through every row, which are not here."""

    def _renewed(self, columns: Sequence[PageColumn], renew: Callable[[], None]) -> None:
        same = tuple(columns) == self.pages.columns
        at = self.verticalScrollBar().value() if same else 0
        renew()
        self.verticalScrollBar().setValue(at)
        if not same:
            metrics = self.fontMetrics()
            for number, column in enumerate(columns):
                wide = metrics.horizontalAdvance(column.title) * 11 // 10 + 36
                self.setColumnWidth(number, max(column.least, min(280, wide)))


class _Copy:
    """Collects the windows of a selection, one after the other, and then fills the clipboard."""

    def __init__(
        self,
        pages: PageModel,
        rows: Sequence[range],
        columns: Sequence[int],
        tell: Callable[[str], None],
    ) -> None:
        self._pages, self._tell = pages, tell
        self._columns = [column - columns[0] for column in columns]
        across = range(columns[0], columns[-1] + 1)
        self._waiting = [Window(part.start, len(part), across) for part in reversed(rows)]
        self._lines: list[str] = []

    def start(self) -> None:
        if self._waiting:
            self._pages.fetch(self._waiting.pop(), self._take)
            return
        QGuiApplication.clipboard().setText("\n".join(self._lines))
        one, many = self._pages.tr("Copied 1 row."), self._pages.tr("Copied {0} rows.")
        count = len(self._lines)
        self._tell(one if count == 1 else many.format(f"{count:,}"))

    def _take(self, rows: Rows) -> None:
        self._lines += ["\t".join(_plain(row[c]) for c in self._columns) for row in rows]
        self.start()


def _plain(value: object) -> str:
    """A cell with all its digits; a text that would break the lines stands in quotes."""
    if is_missing(value):
        return ""
    text = str(value) if isinstance(value, float) else shown(value)
    return '"' + text.replace('"', '""') + '"' if set(text) & set('\t\n\r"') else text


def _merged(ranges: Sequence[QItemSelectionRange]) -> list[range]:
    """The rows of a selection, in order, each once."""
    found: list[range] = []
    for part in sorted(ranges, key=lambda part: part.top()):
        if found and part.top() <= found[-1].stop:
            found[-1] = range(found[-1].start, max(found[-1].stop, part.bottom() + 1))
        else:
            found.append(range(part.top(), part.bottom() + 1))
    return found
