"""How columns are spread before and after: one painted line a column, so that many cost nothing."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
)
from PySide6.QtGui import QFont, QPainter, QPen, QPolygonF
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
)

from mlops_desktop.core import clock
from mlops_desktop.core.changes import Shift, Spread
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.figures import percent
from mlops_desktop.widgets.cells import paint_pill
from mlops_desktop.widgets.row_model import Kind
from mlops_desktop.widgets.theme import app_theme, follow_theme

_Index = QModelIndex | QPersistentModelIndex
_HEIGHT, _CHART, _GAP = 120, 300, 8
_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
_TOP, _MIDDLE = Qt.AlignmentFlag.AlignTop, Qt.AlignmentFlag.AlignVCenter
_WRAP = Qt.TextFlag.TextWordWrap
_BARS = 5  # Of categories.
_FEWEST_EDGES = 4  # Two outermost bars and one between, by which they are measured.
KINDS: dict[str, Kind] = {"small": "info", "medium": "warn", "large": "error"}


class ShiftList(QListView):
    """Words and the test at the left, the spread at the right: bars after, an outline before."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._shifts = _Shifts(self)
        self.setModel(self._shifts)
        self.setItemDelegate(_Face(self))
        self.setAccessibleName(name)
        self.setProperty("bare", True)
        self.setUniformItemSizes(True)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setStyleSheet("QListView { background: transparent; border: none; }")
        follow_theme(self, lambda _: self.viewport().update())

    def set_shifts(self, shifts: Sequence[Shift]) -> None:
        self._shifts.show(shifts)


class _Shifts(QAbstractListModel):
    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._shown: tuple[Shift, ...] = ()

    def show(self, shifts: Sequence[Shift]) -> None:
        self.beginResetModel()
        self._shown = tuple(shifts)
        self.endResetModel()

    def shift(self, row: int) -> Shift:
        return self._shown[row]

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._shown)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        shift = self._shown[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return shift.column
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{shift.words}. {shift.size}. {shift.tested}"
        return None


class _Face(QStyledItemDelegate):
    def __init__(self, view: ShiftList) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: ARG002
        return QSize(self._view.viewport().width(), _HEIGHT + _GAP)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        model = index.model()
        assert isinstance(model, _Shifts)
        shift, theme = model.shift(index.row()), app_theme()
        card = option.rect.adjusted(0, 0, -1, -_GAP)
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(theme.color("accent" if chosen else "divider"))
        painter.setBrush(theme.color("surface"))
        painter.drawRoundedRect(QRectF(card).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
        inner = card.adjusted(16, 10, -16, -8)
        wide = min(_CHART, inner.width() // 2)
        _paint_words(painter, inner.adjusted(0, 0, -wide - 16, 0), shift)
        chart = QRect(inner.right() - wide + 1, inner.top(), wide, inner.height())
        if shift.edges:
            _paint_bins(painter, chart, shift)
        else:
            _paint_categories(painter, chart, shift)
        painter.restore()


def _paint_words(painter: QPainter, place: QRect, shift: Shift) -> None:
    theme = app_theme()
    bold = theme.font(weight=QFont.Weight.DemiBold)
    pill_font = theme.font(9, QFont.Weight.DemiBold)
    painter.setFont(pill_font)
    pill = painter.fontMetrics().horizontalAdvance(shift.size) + 20
    painter.setFont(bold)
    painter.setPen(theme.color("text"))
    head = QRect(place.left(), place.top(), place.width(), 20)
    name = _cut(painter, shift.column, head.width() - pill - 8)
    painter.drawText(head, _LEFT | _MIDDLE, name)
    at = head.left() + painter.fontMetrics().horizontalAdvance(name) + 8
    paint_pill(
        painter,
        QRectF(at, head.top(), pill, 20),
        shift.size,
        KINDS.get(shift.size, "neutral"),
        pill_font,
    )
    painter.setFont(theme.font())
    painter.setPen(theme.color("text"))
    words = shift.words.removeprefix(f"`{shift.column}`")
    # After a colon stands a value, which is written as it is.
    words = words[2:] if words.startswith(":") else words[1:2].upper() + words[2:]
    painter.drawText(place.adjusted(0, 26, 0, -20), _LEFT | _TOP | _WRAP, words)
    painter.setFont(theme.font(9))
    painter.setPen(theme.color("muted"))
    below = place.adjusted(0, place.height() - 18, 0, 0)
    painter.drawText(below, _LEFT | _MIDDLE, _cut(painter, shift.tested, below.width()))


def _paint_bins(painter: QPainter, place: QRect, shift: Shift) -> None:
    theme = app_theme()
    chart = place.adjusted(0, 2, 0, -18)
    old, new = _shares(shift.before), _shares(shift.after)
    high = max(*old, *new, 1e-12)
    pitch = chart.width() / len(new)
    floor = chart.bottom() + 1
    steps = []
    for number, (was, now) in enumerate(zip(old, new, strict=True)):
        left = chart.left() + number * pitch
        if now:
            tall = max(1.0, now / high * chart.height())
            bar = QRectF(left, floor - tall, max(1.0, pitch - int(pitch > 3)), tall)
            painter.fillRect(bar, theme.series(0))
        top = floor - was / high * chart.height()
        steps += [QPointF(left, top), QPointF(left + pitch, top)]
    painter.setPen(theme.color("divider"))
    painter.drawLine(chart.left(), floor, chart.right(), floor)
    painter.setPen(QPen(theme.color("text"), 1))
    painter.drawPolyline(QPolygonF(steps))
    painter.setFont(theme.font(8.5))
    painter.setPen(theme.color("muted"))
    below = QRect(place.left(), place.bottom() - 15, place.width(), 16)
    first, last = _ends(shift.type, shift.edges)
    painter.drawText(below, _LEFT | _MIDDLE, first)
    painter.drawText(below, _RIGHT | _MIDDLE, last)


def _paint_categories(painter: QPainter, place: QRect, shift: Shift) -> None:
    theme = app_theme()
    old, new = _shares(shift.before), _shares(shift.after)
    names = [*shift.categories, "missing"]
    rows = [row for row in zip(names, old, new, strict=True) if row[1] or row[2]]
    if len(rows) > _BARS:
        rows.sort(key=lambda row: -abs(row[2] - row[1]))
        kept = rows[:_BARS]
        rows = [row for row in zip(names, old, new, strict=True) if row in kept]
    painter.setFont(theme.font(9))
    pitch = min(20.0, place.height() / max(1, len(rows)))
    widest = round(place.width() * 0.36)
    figures = painter.fontMetrics().horizontalAdvance("100.0 % \u2192 100.0 %") + 4
    room = place.width() - widest - 8 - figures - 6
    high = max((max(row[1:]) for row in rows), default=1.0)
    painter.setBrush(Qt.BrushStyle.NoBrush)
    for number, (name, was, now) in enumerate(rows):
        top = place.top() + number * pitch
        line = QRectF(place.left(), top, place.width(), pitch)
        painter.setPen(theme.color("text"))
        painter.drawText(line, _LEFT | _MIDDLE, _cut(painter, name, widest))
        left = place.left() + widest + 8
        bar = QRectF(left, top + pitch * 0.25, now / high * room, pitch * 0.5)
        painter.fillRect(bar, theme.series(0))
        painter.setPen(QPen(theme.color("text"), 1))
        painter.drawRect(QRectF(left, top + 2.5, was / high * room, pitch - 5))
        painter.setPen(theme.color("muted"))
        painter.drawText(line, _RIGHT | _MIDDLE, f"{percent(was)} \u2192 {percent(now)}")


def _shares(spread: Spread) -> list[float]:
    total = max(1, sum(spread.counts))
    return [count / total for count in spread.counts]


def _ends(kind: ColumnType, edges: Sequence[float]) -> tuple[str, str]:
    """The values at both ends of the bars. An outermost bar that also holds what lies far out is
    no wider than the others: then it is said where it begins."""
    low, high = _value(kind, edges[0], up=True), _value(kind, edges[-1], up=False)
    if len(edges) >= _FEWEST_EDGES:
        pitch = (edges[-2] - edges[1]) / (len(edges) - 3)
        if edges[1] - edges[0] > 1.5 * pitch:
            low = f"< {_value(kind, edges[1], up=False)}"
        if edges[-1] - edges[-2] > 1.5 * pitch:
            high = f"> {_value(kind, edges[-2], up=True)}"
    return low, high


def _value(kind: ColumnType, value: float, *, up: bool) -> str:
    if kind is ColumnType.DATETIME:
        return clock.to_iso(round(value))[:10]
    if kind is ColumnType.INTEGER:
        # The edges of a bin a number lie half beside it.
        value = float(math.ceil(value) if up else math.floor(value))
    whole = value.is_integer() and abs(value) < 1e9
    return f"{value:,.0f}" if whole else f"{value:,.4g}"


def _cut(painter: QPainter, text: str, width: int) -> str:
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)
