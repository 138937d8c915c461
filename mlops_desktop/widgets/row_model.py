"""The model behind a RowTable: frozen rows, columns as functions, and a swapped index."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, Literal, TypeVar

from PySide6.QtCore import (
    QAbstractTableModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
)

from mlops_desktop.widgets.cells import Cell

R = TypeVar("R")
Kind = Literal["ok", "warn", "error", "info", "neutral"]
_Index = QModelIndex | QPersistentModelIndex
_MISSING = "\u2013"


# Without slots: Python 3.11 cannot make Column[Run](...) of a frozen generic that has them.
@dataclass(frozen=True)
class Column(Generic[R]):
    """One column. Sorted by get(row); shown by format(value); drawn as a pill where chip says so.

    align: 'left' or 'right'; without it numbers stand right. chip(row) gives the kind of pill or
    None for plain text.
    """

    title: str
    get: Callable[[R], Any]
    align: Literal["left", "right"] | None = None
    format: Callable[[Any], str] | None = None
    tip: Callable[[R], str] | None = None
    chip: Callable[[R], Kind | None] | None = None
    width: int | None = None
    stretch: bool = False


class RowModel(QAbstractTableModel, Generic[R]):
    """Sorting and filtering only exchange the order: a list of row numbers."""

    def __init__(self, columns: Sequence[Column[R]], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._rows: tuple[R, ...] = ()
        self._order: list[int] = []
        self._texts: list[str] = []
        self._words: list[str] = []
        self._sorted_by: tuple[int, bool] | None = None
        self._right: list[bool] = [column.align == "right" for column in self.columns]
        # The texts to filter in are gathered while idle: a first filter of a million cells would
        # take half a second.
        self._idle = QTimer(self, interval=0)
        self._idle.timeout.connect(self._gather_some)

    def row(self, number: int) -> R:
        return self._rows[self._order[number]]

    def shown(self) -> tuple[R, ...]:
        return tuple(self._rows[number] for number in self._order)

    def set_rows(self, rows: Sequence[R]) -> None:
        self.beginResetModel()
        self._rows = tuple(rows)
        self._texts = []
        self._align()
        self._arrange()
        self.endResetModel()
        self._idle.start()

    def set_columns(self, columns: Sequence[Column[R]]) -> None:
        self.beginResetModel()
        self.columns = tuple(columns)
        self._sorted_by = None
        self._texts = []
        self._align()
        self._arrange()
        self.endResetModel()

    def set_filter(self, text: str) -> None:
        words = text.casefold().split()
        if words != self._words:
            self._words = words
            self.beginResetModel()
            self._arrange()
            self.endResetModel()

    def sort(self, column: int, order: Qt.SortOrder = Qt.SortOrder.AscendingOrder) -> None:
        descending = order == Qt.SortOrder.DescendingOrder
        self._sorted_by = (column, descending) if column >= 0 else None
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        kept = [self._order[index.row()] for index in before]
        self._arrange()
        if before:
            place = {number: at for at, number in enumerate(self._order)}
            after = [self.index(place[n], i.column()) for n, i in zip(kept, before, strict=True)]
            self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def cell(self, row: int, column: int) -> Cell:
        item = self._rows[self._order[row]]
        spec = self.columns[column]
        value = spec.get(item)
        if _is_missing(value):
            return Cell(_MISSING, self._right[column], muted=True)
        kind = spec.chip(item) if spec.chip is not None else None
        return Cell(_text(spec, value), self._right[column], kind=kind or "")

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._order)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return self.cell(index.row(), index.column()).text
        if role == Qt.ItemDataRole.ToolTipRole:
            tip = self.columns[index.column()].tip
            return tip(self.row(index.row())) if tip is not None else None
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return self.columns[section].title
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = (
                Qt.AlignmentFlag.AlignRight if self._right[section] else Qt.AlignmentFlag.AlignLeft
            )
            return side | Qt.AlignmentFlag.AlignVCenter
        return None

    def _align(self) -> None:
        self._right = [
            column.align == "right"
            if column.align
            else any(
                isinstance(value, int | float) and not isinstance(value, bool)
                for value in (column.get(row) for row in self._rows[:50])
            )
            for column in self.columns
        ]

    def _arrange(self) -> None:
        order = list(range(len(self._rows)))
        if self._words:
            self._gather(len(self._rows))
            texts, words = self._texts, self._words
            order = [number for number in order if all(word in texts[number] for word in words)]
        if self._sorted_by is not None:
            column, descending = self._sorted_by
            get = self.columns[column].get
            order = _sorted(order, [get(row) for row in self._rows], descending)
        self._order = order

    def _gather_some(self) -> None:
        self._gather(len(self._texts) + max(1, 5_000 // max(1, len(self.columns))))
        if len(self._texts) >= len(self._rows):
            self._idle.stop()

    def _gather(self, until: int) -> None:
        for row in self._rows[len(self._texts) : until]:
            parts = []
            for column in self.columns:
                value = column.get(row)
                if not _is_missing(value):
                    parts.append(_text(column, value))
            self._texts.append("\n".join(parts).casefold())


def _sorted(order: list[int], values: list[Any], descending: bool) -> list[int]:
    """Numbers by value; missing values last either way; equal ones keep their order."""
    present = [number for number in order if not _is_missing(values[number])]
    missing = [number for number in order if _is_missing(values[number])]
    keys = [value.casefold() if isinstance(value, str) else value for value in values]
    try:
        present.sort(key=keys.__getitem__, reverse=descending)
    except TypeError:
        # Values of several types in one column: compare them as the user reads them.
        present.sort(key=lambda number: str(keys[number]), reverse=descending)
    return present + missing


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _text(column: Column[Any], value: object) -> str:
    if column.format is not None:
        return column.format(value)
    if isinstance(value, float):
        return f"{value:.4g}" if abs(value) < 10_000 else f"{value:,.0f}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, datetime):
        return value.astimezone().strftime("%Y-%m-%d %H:%M")
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
