"""Columns at a glance: one painted card a column, so that a thousand of them cost nothing."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFont, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from mlops_desktop.core import clock
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.profile import ColumnProfile
from mlops_desktop.widgets.theme import app_theme, follow_theme

_Index = QModelIndex | QPersistentModelIndex
_LEAST_WIDTH, _HEIGHT, _GAP = 236, 156, 12
_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_FEW = 12  # A column with so few values gets a bar a value.
_TOP = 4
_WORDS = {
    ColumnType.INTEGER: "whole number",
    ColumnType.NUMBER: "number",
    ColumnType.BOOLEAN: "yes or no",
    ColumnType.TEXT: "text",
    ColumnType.DATETIME: "date",
}


def type_word(kind: ColumnType) -> str:
    """What a person calls the type."""
    return _WORDS[kind]


class ProfileView(QListView):
    """Cards in as many columns as fit; arrow keys move between them."""

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

    def set_columns(self, columns: Sequence[ColumnProfile], marks: dict[str, str]) -> None:
        """marks: a word for a column that deserves a look, such as the kind of its warning."""
        self._columns.show(columns, marks)

    def set_filter(self, text: str) -> int:
        """Show columns whose name holds the text; the answer is how many."""
        self._columns.filter(text)
        return self._columns.rowCount()

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

    def show(self, columns: Sequence[ColumnProfile], marks: dict[str, str]) -> None:
        self._all, self.marks = tuple(columns), marks
        self.filter(self._text)

    def filter(self, text: str) -> None:
        self._text = text.strip().casefold()
        self.beginResetModel()
        self._shown = [c for c in self._all if self._text in c.name.casefold()]
        self.endResetModel()

    def column(self, row: int) -> ColumnProfile:
        return self._shown[row]

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        column = self._shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return column.name
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{column.name}, {_facts(column)}, {_range(column)}"
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
        column, theme = model.column(index.row()), app_theme()
        mark = model.marks.get(column.name, "")
        card = option.rect.adjusted(0, 0, -_GAP, -_GAP)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.setPen(theme.color("accent" if chosen else "divider"))
        painter.setBrush(theme.color("surface"))
        painter.drawRoundedRect(QRectF(card).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        inner = card.adjusted(12, 10, -12, -8)
        self._paint_head(painter, inner, column, mark)
        chart = inner.adjusted(0, 42, 0, -22)
        if column.numbers is None or column.type is ColumnType.BOOLEAN:
            self._paint_top(painter, chart.adjusted(0, 0, 0, 22), column)
        else:
            self._paint_bars(painter, chart, column)
            painter.setFont(theme.font(9))
            painter.setPen(theme.color("muted"))
            below = QRect(inner.left(), inner.bottom() - 17, inner.width(), 18)
            painter.drawText(below, _LEFT | _MIDDLE, _cut(painter, _range(column), below.width()))
        painter.restore()

    @staticmethod
    def _paint_head(painter: QPainter, inner: QRect, column: ColumnProfile, mark: str) -> None:
        theme = app_theme()
        first = QRect(inner.left(), inner.top(), inner.width(), 18)
        room = first.width()
        if mark:
            painter.setFont(theme.font(9, QFont.Weight.DemiBold))
            painter.setPen(theme.color("warn"))
            painter.drawText(first, _RIGHT | _MIDDLE, mark)
            room -= painter.fontMetrics().horizontalAdvance(mark) + 8
        painter.setFont(theme.font(weight=QFont.Weight.DemiBold))
        painter.setPen(theme.color("text"))
        painter.drawText(first, _LEFT | _MIDDLE, _cut(painter, column.name, room))
        painter.setFont(theme.font(9))
        painter.setPen(theme.color("muted"))
        second = first.translated(0, 18)
        painter.drawText(second, _LEFT | _MIDDLE, _cut(painter, _facts(column), second.width()))

    @staticmethod
    def _paint_bars(painter: QPainter, chart: QRect, column: ColumnProfile) -> None:
        counts = _counts(column)
        if not counts:
            return
        theme, high = app_theme(), max(*counts, 1)
        pitch = chart.width() / len(counts)
        gap = 4 if pitch > 24 else int(pitch > 3)
        color = theme.series(0)
        for number, count in enumerate(counts):
            if count:
                tall = max(1.0, count / high * chart.height())
                left = chart.left() + number * pitch
                bar = QRectF(left, chart.bottom() + 1 - tall, max(1.0, pitch - gap), tall)
                painter.fillRect(bar, color)
        painter.setPen(theme.color("divider"))
        painter.drawLine(chart.left(), chart.bottom() + 1, chart.right(), chart.bottom() + 1)

    @staticmethod
    def _paint_top(painter: QPainter, chart: QRect, column: ColumnProfile) -> None:
        theme = app_theme()
        painter.setFont(theme.font(9))
        there = max(1, column.rows - column.missing)
        rest = there - sum(item.count for item in column.top[:_TOP])
        bars = [(item.value, item.count, 0) for item in column.top[:_TOP]]
        if rest > 0 and column.distinct > len(bars):
            bars = bars[: _TOP - 1]
            others = there - sum(count for _, count, _ in bars)
            more = "about " if not column.distinct_exact else ""
            bars.append((f"{more}{column.distinct - len(bars):,} others", others, 1))
        names = min(round(chart.width() * 0.45), 96)
        for number, (name, count, other) in enumerate(bars):
            row = QRect(chart.left(), chart.top() + number * 20, chart.width(), 18)
            painter.setPen(theme.color("muted" if other else "text"))
            painter.drawText(row, _LEFT | _MIDDLE, _cut(painter, name or "(empty)", names))
            share = count / there
            room = row.width() - names - 8 - 46
            bar = QRectF(row.left() + names + 8, row.top() + 4, max(1.0, share * room), 10)
            painter.fillRect(bar, theme.color("border") if other else theme.series(0))
            painter.setPen(theme.color("muted"))
            painter.drawText(row, _RIGHT | _MIDDLE, _percent(share))


def _counts(column: ColumnProfile) -> list[int]:
    """Bars without air: one a value where there are few, else the bins of the histogram."""
    there = column.rows - column.missing
    if column.distinct <= _FEW and sum(item.count for item in column.top) == there:
        try:
            return [t.count for t in sorted(column.top, key=lambda item: float(item.value))]
        except ValueError:
            pass  # Dates: their bins tell where the gaps are.
    return list(column.numbers.counts) if column.numbers else []


def _facts(column: ColumnProfile) -> str:
    missing = (
        "none missing"
        if not column.missing
        else f"{column.missing:,} missing ({_percent(column.missing / max(1, column.rows))})"
    )
    about = "" if column.distinct_exact else "about "
    return f"{type_word(column.type)}, {about}{column.distinct:,} values, {missing}"


def _range(column: ColumnProfile) -> str:
    numbers = column.numbers
    if numbers is None:
        return ", ".join(item.value for item in column.top[:_TOP])
    middle = numbers.quantiles[len(numbers.quantiles) // 2]
    if column.type is ColumnType.DATETIME:
        return f"{_day(numbers.low)} to {_day(numbers.high)}"
    return f"{_short(numbers.low)} to {_short(numbers.high)}, median {_short(middle)}"


def _day(microseconds: float) -> str:
    return clock.to_iso(round(microseconds))[:10]


def _short(value: float) -> str:
    whole = float(value).is_integer() and abs(value) < 1e9
    return f"{value:,.0f}" if whole else f"{value:,.4g}"


def _percent(share: float) -> str:
    return "< 1 %" if 0 < share < 0.01 else f"{share:.0%}".replace("%", " %")


def _cut(painter: QPainter, text: str, width: int) -> str:
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)
