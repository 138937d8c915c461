"""The first columns of a table, kept in sight over its left edge while the others scroll."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtWidgets import QAbstractItemView, QFrame, QHeaderView, QTableView

from mlops_desktop.widgets.cells import ROW_HEIGHT
from mlops_desktop.widgets.data_header import DataHeader
from mlops_desktop.widgets.theme import app_theme, follow_theme

_LEAST_ROOM = 160  # Pixels that stay for the columns that scroll.


class FrozenColumns(QTableView):
    """Shows the same model and selection as the table below it. It never has the focus."""

    def __init__(self, table: QTableView, header: DataHeader) -> None:
        super().__init__(table)
        self._table = table
        self.count = 0
        self.setObjectName("frozen-columns")
        self.setAccessibleName(self.tr("Frozen columns"))
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setStyleSheet("QTableView#frozen-columns { border: none; border-radius: 0; }")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalHeader(header)
        self.setModel(table.model())
        self.setSelectionModel(table.selectionModel())
        self.setItemDelegate(table.itemDelegate())
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setAutoScroll(False)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        down = self.verticalHeader()
        down.hide()
        down.setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        down.setDefaultSectionSize(ROW_HEIGHT)
        self._edge = QFrame(table)
        follow_theme(self, lambda _: self._take_color())
        ours, theirs = self.verticalScrollBar(), table.verticalScrollBar()
        ours.valueChanged.connect(theirs.setValue)
        theirs.valueChanged.connect(ours.setValue)
        table.horizontalHeader().sectionResized.connect(self._take_width)
        header.sectionResized.connect(self._give_width)
        self.hide()
        self._edge.hide()

    def freeze(self, count: int) -> None:
        """Keep the first so many columns in sight."""
        self.count = count
        for column in range(count):
            self.setColumnWidth(column, self._table.columnWidth(column))
        self.place()

    def width_taken(self) -> int:
        """Pixels of the table's viewport that lie below."""
        return self.width() if self.count else 0

    def place(self) -> None:
        """Lie where the first columns are when nothing is scrolled."""
        view, down = self._table.viewport(), self._table.verticalHeader()
        total = sum(self.columnWidth(column) for column in range(self.count))
        width = min(total, max(0, view.width() - _LEAST_ROOM))
        self.setVisible(width > 0)
        self._edge.setVisible(width > 0)
        top = view.geometry().top() - self._table.horizontalHeader().height()
        height = view.height() + self._table.horizontalHeader().height()
        left = down.geometry().right() + 1
        self.setGeometry(left, top, width, height)
        self._edge.setGeometry(left + width - 1, top, 2, height)
        self.verticalScrollBar().setValue(self._table.verticalScrollBar().value())
        self.raise_()
        self._edge.raise_()

    def scrollTo(  # noqa: N802 - Qt's name
        self,
        index: QModelIndex | QPersistentModelIndex,
        hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible,
    ) -> None:
        """The table below scrolls, and this one follows it."""

    def _take_width(self, column: int, _: int, now: int) -> None:
        if column < self.count and self.columnWidth(column) != now:
            self.setColumnWidth(column, now)
        self.place()

    def _give_width(self, column: int, _: int, now: int) -> None:
        if column < self.count and self._table.columnWidth(column) != now:
            self._table.setColumnWidth(column, now)

    def _take_color(self) -> None:
        self._edge.setStyleSheet(f"background: {app_theme().color('border').name()};")
