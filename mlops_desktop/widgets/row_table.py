"""The one table for every list of frozen rows: sorts, filters, and keeps what is selected."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Generic, TypeVar

from PySide6.QtCore import QItemSelection, QItemSelectionModel, QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QFont, QFontMetrics, QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QMenu,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from mlops_desktop.widgets.cells import ROW_HEIGHT, CellDelegate
from mlops_desktop.widgets.header import Header
from mlops_desktop.widgets.row_model import Column, RowModel
from mlops_desktop.widgets.theme import app_theme

__all__ = ["Column", "RowTable"]
R = TypeVar("R")
_WIDEST, _ARROW, _PADDING, _MEASURED_ROWS = 320, 40, 20, 40


class RowTable(QTableView, Generic[R]):
    """key(row) names a row across set_rows(); without one the row itself is its name.

    selection_changed and row_activated carry rows, not indexes. A context menu is built by who
    connects to menu_wanted(menu, rows).
    """

    selection_changed = Signal(tuple)
    row_activated = Signal(object)
    menu_wanted = Signal(QMenu, tuple)

    def __init__(
        self,
        columns: Sequence[Column[R]],
        name: str,
        *,
        key: Callable[[R], Hashable] | None = None,
        multiple: bool = False,
        empty_text: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._key: Callable[[R], Hashable] = key or _itself
        self.empty_text = empty_text
        self._sized = False
        self._rows: RowModel[R] = RowModel(columns, self)
        self.setModel(self._rows)
        self.setItemDelegate(CellDelegate(self._rows, self))
        self.setAccessibleName(name)
        self.setProperty("bare", True)
        self._set_up_view(multiple)
        self.selectionModel().selectionChanged.connect(self._tell_selection)
        self.activated.connect(lambda index: self.row_activated.emit(self._rows.row(index.row())))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)

    def _set_up_view(self, multiple: bool) -> None:
        modes = QAbstractItemView.SelectionMode
        self.setSelectionMode(modes.ExtendedSelection if multiple else modes.SingleSelection)
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setShowGrid(False)
        self.setTabKeyNavigation(False)
        self.setWordWrap(False)
        self.setCornerButtonEnabled(False)
        down = self.verticalHeader()
        down.hide()
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        down.setDefaultSectionSize(ROW_HEIGHT)
        across = Header(self)
        self.setHorizontalHeader(across)
        across.setSectionsMovable(True)
        across.setSortIndicatorClearable(True)
        across.setSortIndicator(-1, Qt.SortOrder.AscendingOrder)
        for number, column in enumerate(self._rows.columns):
            if column.stretch:
                across.setSectionResizeMode(number, QHeaderView.ResizeMode.Stretch)
        self.setSortingEnabled(True)

    def rows(self) -> tuple[R, ...]:
        """The rows in the order shown, without those filtered out."""
        return self._rows.shown()

    def set_rows(self, rows: Sequence[R]) -> None:
        """Show other rows. What was selected stays so where its key is still there."""
        self._keeping_selection(lambda: self._rows.set_rows(rows))
        if rows and not self._sized:
            self._sized = True
            self._fit_columns()

    def set_columns(self, columns: Sequence[Column[R]]) -> None:
        self._sized = False
        self._keeping_selection(lambda: self._rows.set_columns(columns))
        if self._rows.rowCount():
            self._sized = True
            self._fit_columns()

    def set_filter(self, text: str) -> None:
        """Show rows that hold every word of text in some column."""
        self._keeping_selection(lambda: self._rows.set_filter(text))

    def selected_rows(self) -> tuple[R, ...]:
        indexes = self.selectionModel().selectedRows()
        return tuple(self._rows.row(number) for number in sorted(i.row() for i in indexes))

    def select(self, keys: Sequence[Hashable]) -> None:
        """Select the rows of these keys, and scroll to the first."""
        self._select(set(keys))
        self._tell_selection()
        if chosen := self.selectionModel().selectedRows():
            self.scrollTo(chosen[0])

    def sort_by(self, column: int, descending: bool = False) -> None:
        order = Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder
        self.sortByColumn(column, order)

    def column_menu(self) -> QMenu:
        """A menu with a tick for each column, to show or hide it."""
        menu = QMenu(self)
        for number, column in enumerate(self._rows.columns):
            action = QAction(column.title, menu, checkable=True)
            action.setChecked(not self.isColumnHidden(number))
            action.toggled.connect(
                lambda shown, number=number: self.setColumnHidden(number, not shown)
            )
            menu.addAction(action)
        return menu

    def _keeping_selection(self, change: Callable[[], None]) -> None:
        kept = {self._key(row) for row in self.selected_rows()}
        before = self.verticalScrollBar().value()
        selection = self.selectionModel()
        blocked = selection.blockSignals(True)
        change()
        selection.blockSignals(blocked)
        self._select(kept)
        self.verticalScrollBar().setValue(before)
        if kept != {self._key(row) for row in self.selected_rows()}:
            self._tell_selection()

    def _select(self, keys: set[Hashable]) -> None:
        chosen = QItemSelection()
        first: QModelIndex | None = None
        if keys:
            for number, row in enumerate(self._rows.shown()):
                if self._key(row) in keys:
                    index = self._rows.index(number, 0)
                    first = first or index
                    chosen.select(index, index)
        flags = QItemSelectionModel.SelectionFlag
        selection = self.selectionModel()
        blocked = selection.blockSignals(True)
        if first is not None:
            selection.setCurrentIndex(first, flags.NoUpdate)
        selection.select(chosen, flags.ClearAndSelect | flags.Rows)
        selection.blockSignals(blocked)
        self.viewport().update()

    def _tell_selection(self) -> None:
        self.selection_changed.emit(self.selected_rows())

    def _fit_columns(self) -> None:
        bold = QFontMetrics(app_theme().font(weight=QFont.Weight.DemiBold))
        option = QStyleOptionViewItem()
        rows = range(min(_MEASURED_ROWS, self._rows.rowCount()))
        for number, column in enumerate(self._rows.columns):
            title = bold.horizontalAdvance(column.title) + _ARROW
            cells = (self._rows.index(row, number) for row in rows)
            delegate = self.itemDelegate()
            wide = max([title, *(delegate.sizeHint(option, cell).width() + 8 for cell in cells)])
            if not column.stretch:
                # Another language may have a longer title than the width was made for.
                fixed = max(column.width, title - _ARROW + _PADDING) if column.width else 0
                self.setColumnWidth(number, fixed or min(_WIDEST, wide))

    def _open_menu(self, at: QPoint) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.menu_wanted.emit(menu, self.selected_rows())
        if not menu.isEmpty():
            menu.popup(self.viewport().mapToGlobal(at))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and (chosen := self.selected_rows()):
            self.row_activated.emit(chosen[0])
            return
        super().keyPressEvent(event)

    def set_empty_text(self, text: str) -> None:
        """text: what stands in the middle while there are no rows."""
        self.empty_text = text
        self.viewport().update()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.empty_text and not self._rows.rowCount():
            painter = QPainter(self.viewport())
            painter.setPen(app_theme().color("muted"))
            flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(self.viewport().rect().adjusted(16, 0, -16, 0), flags, self.empty_text)


def _itself(row: object) -> Hashable:
    return row
