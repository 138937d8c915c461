"""Choosing several columns: a list with a tick for each, and a field that finds one of many."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.widgets.cards import label

_SEARCHED_FROM = 8
_TICKED = Qt.CheckState.Checked


class ColumnPicker(QWidget):
    """changed() after each tick."""

    changed = Signal()

    def __init__(self, name: str) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._count = label(muted=True)
        self._find = QLineEdit(placeholderText=self.tr("Find a column"), clearButtonEnabled=True)
        self._find.setAccessibleName(self.tr("Find a column"))
        self._find.textChanged.connect(self._filter)
        above = QHBoxLayout()
        above.setSpacing(8)
        above.addWidget(self._count)
        above.addWidget(self._find, 1)
        column.addLayout(above)
        self.list = QTreeWidget()
        self.list.setAccessibleName(name)
        self.list.setRootIsDecorated(False)
        self.list.setHeaderHidden(True)
        self.list.setUniformRowHeights(True)
        self.list.setStyleSheet("QTreeView::item { min-height: 24px; }")
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setMinimumHeight(104)
        self.list.itemChanged.connect(self._on_changed)
        column.addWidget(self.list, 1)

    def set_columns(self, names: Sequence[str], chosen: Collection[str] = ()) -> None:
        """Show these names. Of `chosen`, those that are not among them are shown, too."""
        blocked = self.list.blockSignals(True)
        self.list.clear()
        self._find.clear()
        for name in [*names, *(name for name in chosen if name not in names)]:
            item = QTreeWidgetItem(self.list, [name])
            item.setCheckState(0, _TICKED if name in chosen else Qt.CheckState.Unchecked)
        self.list.blockSignals(blocked)
        self._find.setVisible(len(names) >= _SEARCHED_FROM)
        self._tell()

    def chosen(self) -> tuple[str, ...]:
        """The ticked names, in the order of the list."""
        return tuple(item.text(0) for item in self._items() if item.checkState(0) == _TICKED)

    def _items(self) -> list[QTreeWidgetItem]:
        found = (self.list.topLevelItem(n) for n in range(self.list.topLevelItemCount()))
        return [item for item in found if item is not None]

    def _filter(self, text: str) -> None:
        wanted = text.strip().casefold()
        for item in self._items():
            item.setHidden(wanted not in item.text(0).casefold())

    def _on_changed(self) -> None:
        self._tell()
        self.changed.emit()

    def _tell(self) -> None:
        self._count.setText(self.tr("{0} chosen").format(len(self.chosen())))
