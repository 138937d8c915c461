"""Columns at a glance: one painted card a column, so that a thousand of them cost nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFocusEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from mlops_desktop.core.profile import ColumnProfile, TargetSplit
from mlops_desktop.widgets import profile_face
from mlops_desktop.widgets.profile_face import Face
from mlops_desktop.widgets.theme import follow_theme

_Index = QModelIndex | QPersistentModelIndex
_LEAST_WIDTH, _HEIGHT, _GAP = 236, 176, 12


class ProfileView(QListView):
    """Cards in as many columns as fit; arrow keys move between them.

    chosen carries the name of the column whose card was clicked or moved to.
    """

    chosen = Signal(str)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._columns = _Columns(self)
        self.setModel(self._columns)
        self.setItemDelegate(_Face(self))
        self.setAccessibleName(name)
        self.setProperty("bare", True)
        self.setViewMode(QListView.ViewMode.IconMode)
        self.setResizeMode(QListView.ResizeMode.Adjust)
        self.setMovement(QListView.Movement.Static)
        self.setUniformItemSizes(True)
        self.setSpacing(0)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setStyleSheet("QListView { background: transparent; border: none; }")
        follow_theme(self, lambda _: self.viewport().update())
        self.selectionModel().currentChanged.connect(self._tell)
        self.clicked.connect(lambda index: self._tell(index, index))

    def set_columns(self, columns: Sequence[ColumnProfile], marks: dict[str, str]) -> None:
        """marks: a word for a column that deserves a look, such as the kind of its warning."""
        self._columns.show(columns, marks)

    def set_splits(self, splits: Mapping[str, TargetSplit]) -> None:
        """Histograms by a target, by the name of the column; empty for none."""
        self._columns.splits = dict(splits)
        means = [m for split in splits.values() for m in split.means if m is not None]
        self._columns.means = (min(means), max(means)) if means else (0.0, 1.0)
        self.viewport().update()

    def set_units(self, units: Mapping[str, str]) -> None:
        """The units of columns by name."""
        self._columns.units = dict(units)
        self.viewport().update()

    def choose(self, name: str) -> None:
        """Make a column the current one, without telling of it."""
        row = self._columns.row_of(name)
        if row is not None and row != self.currentIndex().row():
            index = self._columns.index(row)
            self.selectionModel().blockSignals(True)
            self.selectionModel().setCurrentIndex(
                index, QItemSelectionModel.SelectionFlag.ClearAndSelect
            )
            self.selectionModel().blockSignals(False)
            self.scrollTo(index)
            self.viewport().update()

    def _tell(self, index: QModelIndex, _: QModelIndex) -> None:
        if index.isValid():
            self.chosen.emit(self._columns.column(index.row()).name)

    def set_filter(self, text: str) -> int:
        """Show columns whose name holds the text; the answer is how many."""
        self._columns.filter(text)
        return self._columns.rowCount()

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Whoever comes by a key has a card to start from, which shows where the focus is."""
        super().focusInEvent(event)
        by_key = event.reason() != Qt.FocusReason.MouseFocusReason
        if by_key and not self.currentIndex().isValid() and self._columns.rowCount():
            self.setCurrentIndex(self._columns.index(0))

    def resizeEvent(self, event: QResizeEvent) -> None:
        # Qt wraps a row that is as wide as the view.
        width = self.viewport().width() - 2
        across = max(1, width // _LEAST_WIDTH)
        self.setGridSize(QSize(width // across, _HEIGHT + _GAP))
        super().resizeEvent(event)


class _Columns(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._all: tuple[ColumnProfile, ...] = ()
        self._shown: list[ColumnProfile] = []
        self._text = ""
        self.marks: dict[str, str] = {}
        self.units: dict[str, str] = {}
        self.splits: dict[str, TargetSplit] = {}
        self.means = (0.0, 1.0)

    def show(self, columns: Sequence[ColumnProfile], marks: dict[str, str]) -> None:
        self._all, self.marks = tuple(columns), marks
        self.filter(self._text)

    def filter(self, text: str) -> None:
        self._text = text.strip().casefold()
        self.beginResetModel()
        self._shown = [c for c in self._all if self._text in c.name.casefold()]
        self.endResetModel()

    def row_of(self, name: str) -> int | None:
        return next((row for row, c in enumerate(self._shown) if c.name == name), None)

    def face(self, row: int) -> Face:
        column = self._shown[row]
        return Face(
            column,
            self.marks.get(column.name, ""),
            self.units.get(column.name, ""),
            self.splits.get(column.name),
            self.means,
        )

    def column(self, row: int) -> ColumnProfile:
        return self._shown[row]

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        column = self._shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return profile_face.words(column, self.units.get(column.name, ""))
        return None


class _Face(QStyledItemDelegate):
    def __init__(self, view: ProfileView) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: ARG002
        return self._view.gridSize()

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        assert isinstance(model, _Columns)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        card = option.rect.adjusted(0, 0, -_GAP, -_GAP)
        profile_face.paint(painter, card, model.face(index.row()), chosen=chosen)
