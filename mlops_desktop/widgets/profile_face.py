"""The face of a column's card: its name, facts, histogram or top values, split by a target."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QFont, QPainter, QPen, QPolygonF

from mlops_desktop.core import clock
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.figures import percent
from mlops_desktop.core.profile import ColumnProfile, TargetSplit
from mlops_desktop.widgets.theme import app_theme

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


@dataclass(frozen=True, slots=True)
class Face:
    """What a card shows. mark: a word such as the kind of a warning. means: between which the
    means of a numeric target lie in all columns."""

    column: ColumnProfile
    mark: str = ""
    unit: str = ""
    split: TargetSplit | None = None
    means: tuple[float, float] = (0.0, 1.0)


def type_word(kind: ColumnType) -> str:
    """What a person calls the type."""
    return _WORDS[kind]


def words(column: ColumnProfile, unit: str = "") -> str:
    """The card in words, for a screen reader."""
    return f"{column.name}, {facts(column)}, {span(column, unit)}"


def facts(column: ColumnProfile) -> str:
    """Type, how many values, how many missing."""
    share = percent(column.missing / max(1, column.rows), whole=True)
    missing = "none missing" if not column.missing else f"{column.missing:,} missing ({share})"
    about = "" if column.distinct_exact else "about "
    return f"{type_word(column.type)}, {about}{column.distinct:,} values, {missing}"


def span(column: ColumnProfile, unit: str = "") -> str:
    """From where to where the values go; of texts, how long they are."""
    numbers = column.numbers
    if numbers is None or column.type is ColumnType.BOOLEAN:
        if column.longest is None:
            return ", ".join(item.value for item in column.top[:_TOP])
        long = str(column.longest)
        ends = long if column.shortest == column.longest else f"{column.shortest} to {long}"
        mean = f", {column.mean_length:.3g} on average" if column.mean_length is not None else ""
        one = "character" if ends == "1" else "characters"
        return f"{ends} {one}{mean if column.shortest != column.longest else ''}"
    middle = numbers.quantiles[len(numbers.quantiles) // 2]
    if column.type is ColumnType.DATETIME:
        return f"{value_text(column, numbers.low)} to {value_text(column, numbers.high)}"
    after = f" {unit}" if unit else ""
    ends = f"{value_text(column, numbers.low)} to {value_text(column, numbers.high)}{after}"
    return f"{ends}, median {value_text(column, middle)}"


def value_text(column: ColumnProfile, value: float) -> str:
    """A number of the column as people read it; a time (in microseconds) as its day."""
    if column.type is ColumnType.DATETIME:
        return clock.to_iso(round(value))[:10]
    whole = float(value).is_integer() and abs(value) < 1e9
    return f"{value:,.0f}" if whole else f"{value:,.4g}"


def paint(painter: QPainter, card: QRect, face: Face, *, chosen: bool) -> None:
    """Paint the card with everything on it."""
    theme, column = app_theme(), face.column
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(theme.color("accent" if chosen else "divider"), 2 if chosen else 1))
    painter.setBrush(theme.color("surface"))
    painter.drawRoundedRect(QRectF(card).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
    inner = card.adjusted(12, 10, -12, -8)
    _paint_head(painter, inner, face)
    chart = inner.adjusted(0, 42, 0, -22)
    if column.numbers is None or column.type is ColumnType.BOOLEAN:
        _paint_top(painter, chart, face)
    else:
        _paint_bars(painter, chart, face)
    if column.type is not ColumnType.BOOLEAN:
        painter.setFont(theme.font(9))
        painter.setPen(theme.color("muted"))
        below = QRect(inner.left(), inner.bottom() - 17, inner.width(), 18)
        text = _cut(painter, span(column, face.unit), below.width())
        painter.drawText(below, _LEFT | _MIDDLE, text)
    painter.restore()


def _paint_head(painter: QPainter, inner: QRect, face: Face) -> None:
    theme, mark = app_theme(), face.mark
    first = QRect(inner.left(), inner.top(), inner.width(), 18)
    room = first.width()
    if mark:
        painter.setFont(theme.font(9, QFont.Weight.DemiBold))
        painter.setPen(theme.color("warn"))
        painter.drawText(first, _RIGHT | _MIDDLE, mark)
        room -= painter.fontMetrics().horizontalAdvance(mark) + 8
    painter.setFont(theme.font(weight=QFont.Weight.DemiBold))
    painter.setPen(theme.color("text"))
    painter.drawText(first, _LEFT | _MIDDLE, _cut(painter, face.column.name, room))
    painter.setFont(theme.font(9))
    painter.setPen(theme.color("muted"))
    second = first.translated(0, 18)
    painter.drawText(second, _LEFT | _MIDDLE, _cut(painter, facts(face.column), second.width()))


def _paint_bars(painter: QPainter, chart: QRect, face: Face) -> None:
    """The histogram, its bars in parts where it is split by classes, and a line where by means."""
    theme = app_theme()
    parts = _parts(face)
    if not parts or not parts[0]:
        return
    totals = [sum(bin_) for bin_ in zip(*parts, strict=True)]
    high = max(*totals, 1)
    pitch = chart.width() / len(totals)
    gap = 4 if pitch > 24 else int(pitch > 3)
    for number, total in enumerate(totals):
        left, base = chart.left() + number * pitch, chart.bottom() + 1.0
        # A bar of a few rows among many must still be seen.
        tall = max(1.0, total / high * chart.height()) if total else 0.0
        for series, part in enumerate(parts):
            if part[number]:
                piece = tall * part[number] / total
                bar = QRectF(left, base - piece, max(1.0, pitch - gap), piece)
                painter.fillRect(bar, theme.series(series))
                base -= piece
    painter.setPen(theme.color("divider"))
    painter.drawLine(chart.left(), chart.bottom() + 1, chart.right(), chart.bottom() + 1)
    if face.split is not None and face.split.means:
        _paint_means(painter, chart, face, pitch)


def _paint_means(painter: QPainter, chart: QRect, face: Face, pitch: float) -> None:
    assert face.split is not None
    low, high = face.means
    points = [
        QPointF(
            chart.left() + (number + 0.5) * pitch,
            chart.bottom() - 3 - (mean - low) / ((high - low) or 1.0) * (chart.height() - 6),
        )
        for number, mean in enumerate(face.split.means)
        if mean is not None
    ]
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(QPen(app_theme().color("surface"), 4))
    painter.drawPolyline(QPolygonF(points))
    painter.setPen(QPen(app_theme().series(1), 2))
    painter.drawPolyline(QPolygonF(points))
    if len(points) == 1:
        painter.drawPoint(points[0])
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)


def _paint_top(painter: QPainter, chart: QRect, face: Face) -> None:
    """A bar a value: as long as its share, in parts where it is split by classes."""
    theme, column, split = app_theme(), face.column, face.split
    painter.setFont(theme.font(9))
    there = max(1, column.rows - column.missing)
    rest = there - sum(item.count for item in column.top[:_TOP])
    bars = [(item.value, item.count, [at]) for at, item in enumerate(column.top[:_TOP])]
    if rest > 0 and column.distinct > len(bars):
        bars = bars[: _TOP - 1]
        others = there - sum(count for _, count, _ in bars)
        more = "about " if not column.distinct_exact else ""
        name = f"{more}{column.distinct - len(bars):,} others"
        bars.append((name, others, list(range(len(bars), len(column.top) + 1))))
    names = min(round(chart.width() * 0.45), 96)
    for number, (name, count, places) in enumerate(bars):
        row = QRect(chart.left(), chart.top() + number * 20, chart.width(), 18)
        other = len(places) > 1
        painter.setPen(theme.color("muted" if other else "text"))
        painter.drawText(row, _LEFT | _MIDDLE, _cut(painter, name or "(empty)", names))
        share = count / there
        room = row.width() - names - 8 - 46
        left, wide = row.left() + names + 8.0, max(1.0, share * room)
        said = percent(share, whole=True)
        if split is None or split.means:
            ink = theme.color("border") if other else theme.series(0)
            painter.fillRect(QRectF(left, row.top() + 4, wide, 10), ink)
        else:
            total = max(1, sum(sum(part[at] for at in places) for part in split.counts))
            for series, part in enumerate(split.counts):
                piece = wide * sum(part[at] for at in places) / total
                painter.fillRect(QRectF(left, row.top() + 4, piece, 10), theme.series(series))
                left += piece
        if split is not None and split.means:
            said = _mean_of(split, places)
        painter.setPen(theme.color("muted"))
        painter.drawText(row, _RIGHT | _MIDDLE, said)


def _mean_of(split: TargetSplit, places: list[int]) -> str:
    rows = sum(split.counts[0][at] for at in places)
    total = sum((split.means[at] or 0.0) * split.counts[0][at] for at in places)
    return f"\u00f8 {total / rows:.4g}" if rows else ""


def _parts(face: Face) -> list[list[int]]:
    """Rows of bars to be stacked: one a class, else one; a bar a value where there are few."""
    column, split = face.column, face.split
    if split is not None:
        return [list(part) for part in split.counts]
    there = column.rows - column.missing
    if column.distinct <= _FEW and sum(item.count for item in column.top) == there:
        try:
            return [[t.count for t in sorted(column.top, key=lambda item: float(item.value))]]
        except ValueError:
            pass  # Dates: their bins tell where the gaps are.
    return [list(column.numbers.counts)] if column.numbers else []


def _cut(painter: QPainter, text: str, width: int) -> str:
    return painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, width)
