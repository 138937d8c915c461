"""The table of a dataset's rows: filter, sort, freeze and hide by column, from its header."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QMenu, QWidget

from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.data_header import DataHeader, HeaderChart
from mlops_desktop.widgets.filter_row import FilterField, Filters
from mlops_desktop.widgets.frozen_columns import FrozenColumns
from mlops_desktop.widgets.page_table import PageTable

_HINT_WIDTH = 300
_Index = QModelIndex | QPersistentModelIndex
Sorts = tuple[tuple[int, bool], ...]


class DataTable(PageTable):
    """filters: what is typed in the row below the header.

    sort_wanted(sorts): (column, descending), the first one first; show_sorts() when it is done.
    header_menu(menu, column), cell_menu(menu, row, column): a menu to add to before it opens.
    """

    sort_wanted = Signal(tuple)
    header_menu = Signal(QMenu, int)
    cell_menu = Signal(QMenu, int, int)
    _built = False  # Qt lays out and scrolls before __init__ has ended.

    def __init__(self, name: str) -> None:
        filters = Filters()
        headers: list[DataHeader] = []

        def header(parent: QWidget) -> DataHeader:
            headers.append(DataHeader(parent, filters))
            return headers[-1]

        super().__init__(name, header)
        filters.setParent(self)
        self.filters, self._sorts = filters, Sorts()
        self._across = headers[0]
        self._frozen_across = DataHeader(self, filters)
        self.frozen = FrozenColumns(self, self._frozen_across)
        self._hint = label(wrap=True, token="error")
        self._hint.setParent(self)
        self._hint.setProperty("popup", True)
        self._hint.setObjectName("filter-error")
        self._hint.setMargin(8)
        self._hint.hide()
        self._empty: QWidget | None = None
        self._built = True
        self._connect()

    def _connect(self) -> None:
        self.horizontalScrollBar().valueChanged.connect(self._across.row.place)
        for view, across in ((self, self._across), (self.frozen, self._frozen_across)):
            across.sectionClicked.connect(self._clicked)
            across.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            across.customContextMenuRequested.connect(
                lambda at, across=across: self._open_header_menu(across, at)
            )
            across.row.stepped.connect(self._step)
            across.row.left.connect(self._leave)
            across.row.hint_wanted.connect(self._show_hint)
            view.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
            view.customContextMenuRequested.connect(
                lambda at, view=view: self._open_cell_menu(view.viewport().mapToGlobal(at))
            )
        self.filters.renewed.connect(self._share_fields)

    def set_charts(self, charts: Mapping[str, HeaderChart]) -> None:
        self._across.set_charts(charts)
        self._frozen_across.set_charts(charts)

    def show_sorts(self, sorts: Sorts) -> None:
        """Show by what the rows are sorted."""
        self._sorts = sorts
        self._across.set_sorts(sorts)
        self._frozen_across.set_sorts(sorts)

    def set_empty(self, widget: QWidget) -> None:
        """What stands in the place of the rows while there are none."""
        self._empty = widget
        widget.setParent(self.viewport())
        widget.hide()

    def show_empty(self, empty: bool) -> None:
        if self._empty is not None:
            self._empty.setVisible(empty)
            self._place()

    def focus_filter(self, column: int | None = None) -> None:
        """Give the focus to the field of a column, the current one where None."""
        if not self.filters.names:
            return
        column = max(0, self.currentIndex().column()) if column is None else column
        self.show_column(column)
        frozen = column < self.frozen.count
        (self._frozen_across if frozen else self._across).row.focus(column)

    def freeze(self, count: int) -> None:
        """Keep the first so many columns in sight."""
        self.frozen.freeze(count)
        self._share_fields()

    def set_hidden(self, column: int, *, hidden: bool) -> None:
        self.setColumnHidden(column, hidden)
        self.frozen.setColumnHidden(column, hidden)
        self._place()
        self._across.row.place()
        self._frozen_across.row.place()

    def show_all_columns(self) -> None:
        for column in range(len(self.pages.columns)):
            if self.isColumnHidden(column):
                self.set_hidden(column, hidden=False)

    def show_column(self, column: int) -> None:
        """Make a column the current one, and scroll until it is in sight."""
        if self.isColumnHidden(column):
            self.set_hidden(column, hidden=False)
        self._bring(column)
        if self.pages.rowCount():
            self.setCurrentIndex(self.pages.index(max(0, self.rowAt(0)), column))

    def sort_by(self, column: int, *, descending: bool | None = None, also: bool = False) -> None:
        """descending None: the next of ascending, descending, not at all. also: after others."""
        before = dict(self._sorts)
        if descending is None:
            wanted = {None: False, False: True, True: None}[before.get(column)]
        else:
            wanted = None if before.get(column) == descending else descending
        rest = before if also else {}
        if wanted is None:
            rest.pop(column, None)
        else:
            rest[column] = wanted
        self.sort_wanted.emit(tuple(rest.items()))

    def scrollTo(  # noqa: N802 - Qt's name
        self,
        index: _Index,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        """Into the part that the frozen columns leave."""
        bar = self.horizontalScrollBar()
        before = bar.value()
        super().scrollTo(index, hint)
        if not self._built:
            return
        if index.column() < self.frozen.count:
            bar.setValue(before)
            return
        covered = self.frozen.width_taken() - self.columnViewportPosition(index.column())
        if covered > 0:
            bar.setValue(bar.value() - covered)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        held, column = event.modifiers(), self.currentIndex().column()
        alt = bool(held & Qt.KeyboardModifier.AltModifier)
        if column >= 0 and alt and event.key() in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            down, shift = event.key() == Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier
            self.sort_by(column, descending=down, also=bool(held & shift))
            return
        super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def updateGeometries(self) -> None:  # noqa: N802 - Qt's name
        super().updateGeometries()
        self._place()

    def column_menu(self, column: int, menu: QMenu) -> None:
        """What can be done with a column, as the entries of a menu."""
        name = self.pages.columns[column].title
        sorted_as = dict(self._sorts).get(column)

        def add(text: str, slot: Callable[[], object], *, ticked: bool | None = None) -> None:
            action = menu.addAction(text.replace("&", "&&"))
            action.triggered.connect(lambda _: slot())
            if ticked is not None:
                action.setCheckable(True)
                action.setChecked(ticked)

        add(
            self.tr("Sort ascending (Alt+Up)"),
            lambda: self.sort_by(column, descending=False),
            ticked=sorted_as is False,
        )
        add(
            self.tr("Sort descending (Alt+Down)"),
            lambda: self.sort_by(column, descending=True),
            ticked=sorted_as is True,
        )
        others = [number for number, _ in self._sorts if number != column]
        if others and sorted_as is None:
            then = self.tr("Within {0}, sort by {1}")
            first = self.pages.columns[others[-1]].title
            add(then.format(first, name), lambda: self.sort_by(column, also=True))
        menu.addSeparator()
        add(self.tr("Keep only rows where\u2026"), lambda: self.focus_filter(column))
        menu.addSeparator()
        add(self.tr("Freeze up to here"), lambda: self.freeze(column + 1))
        if self.frozen.count:
            add(self.tr("Freeze no columns"), lambda: self.freeze(0))
        add(self.tr("Hide the column"), lambda: self.set_hidden(column, hidden=True))
        hidden = sum(self.isColumnHidden(n) for n in range(len(self.pages.columns)))
        if hidden:
            text = self.tr("Show hidden columns ({0})").format(hidden)
            add(text, self.show_all_columns)
        self.header_menu.emit(menu, column)

    def _clicked(self, column: int) -> None:
        # Qt has selected the whole column.
        self.setCurrentIndex(self.pages.index(max(0, self.rowAt(0)), column))
        modifiers = QApplication.keyboardModifiers()
        self.sort_by(column, also=bool(modifiers & Qt.KeyboardModifier.ShiftModifier))

    def _open_header_menu(self, across: DataHeader, at: QPoint) -> None:
        column = across.logicalIndexAt(at)
        if column >= 0:
            menu = QMenu(self)
            menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
            self.column_menu(column, menu)
            menu.popup(across.mapToGlobal(at))

    def _open_cell_menu(self, at: QPoint) -> None:
        index = self.currentIndex()
        if not index.isValid():
            return
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        copy = menu.addAction(self.tr("Copy (Ctrl+C)"))
        copy.triggered.connect(lambda _: self.copy_selection())
        self.cell_menu.emit(menu, index.row(), index.column())
        menu.addSeparator()
        name = self.pages.columns[index.column()].title
        self.column_menu(index.column(), menu.addMenu(name.replace("&", "&&")))
        menu.popup(at)

    def _step(self, column: int, by: int) -> None:
        """From one field to the next that is not hidden."""
        column += by
        while 0 <= column < len(self.pages.columns) and self.isColumnHidden(column):
            column += by
        if 0 <= column < len(self.pages.columns):
            self.focus_filter(column)

    def _leave(self) -> None:
        self.setFocus(Qt.FocusReason.OtherFocusReason)

    def _bring(self, column: int) -> None:
        """Scroll sideways until the column is in sight."""
        if self.pages.rowCount():
            self.scrollTo(self.pages.index(max(0, self.rowAt(0)), column))
            return
        left = self.columnViewportPosition(column)
        bar = self.horizontalScrollBar()
        over = left + self.columnWidth(column) - self.viewport().width()
        if column >= self.frozen.count and (over > 0 or left < self.frozen.width_taken()):
            bar.setValue(bar.value() + (over if over > 0 else left - self.frozen.width_taken()))

    def _share_fields(self) -> None:
        count = len(self.filters.names)
        self._frozen_across.row.set_range(0, self.frozen.count)
        self._across.row.set_range(self.frozen.count, count)

    def _show_hint(self, field: FilterField | None) -> None:
        error = self.filters.errors.get(field.column, "") if field is not None else ""
        self._hint.setVisible(bool(error))
        if field is None or not error:
            return
        row = self._frozen_across.row if field.column < self.frozen.count else self._across.row
        self._hint.setText(error)
        self._hint.setFixedWidth(_HINT_WIDTH)
        self._hint.adjustSize()
        at = self.mapFromGlobal(row.mapToGlobal(field.geometry().bottomLeft()))
        self._hint.move(max(4, min(at.x(), self.width() - _HINT_WIDTH - 4)), at.y() + 6)
        self._hint.raise_()

    def _place(self) -> None:
        if not self._built:
            return
        self.frozen.place()
        if self._empty is not None:
            self._empty.setGeometry(self.viewport().rect())
