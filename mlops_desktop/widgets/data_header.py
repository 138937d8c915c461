"""The header of a data table: title, type, a small chart of the values, and a field to filter."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape

from PySide6.QtCore import QEvent, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QHelpEvent, QPainter, QResizeEvent
from PySide6.QtWidgets import QToolTip, QWidget

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.figures import percent
from mlops_desktop.core.profile import ColumnProfile
from mlops_desktop.widgets.filter_row import FIELD_HEIGHT, FilterRow, Filters
from mlops_desktop.widgets.header import Header
from mlops_desktop.widgets.theme import app_theme

_TITLE, _CHART, _PADDING = 44, 24, 8
_TOP = 8
_HEIGHT = _TITLE + _CHART + FIELD_HEIGHT + 10


@dataclass(frozen=True, slots=True)
class HeaderChart:
    """bars: counts, in the order of the values, or of the most frequent ones and then all others
    (other). missing: the share of rows without a value. words: the same as a sentence."""

    bars: tuple[float, ...]
    missing: float
    words: str
    other: bool = False


def chart_of(column: ColumnProfile) -> HeaderChart:
    """What a column's profile looks like in a few pixels."""
    missing = column.missing / column.rows if column.rows else 0.0
    about = "" if column.distinct_exact else "about "
    words = f"{about}{column.distinct:,} values"
    if column.missing:
        words += f", {column.missing:,} missing ({percent(missing)})"
    if column.numbers is not None and column.type is not ColumnType.BOOLEAN:
        return HeaderChart(tuple(column.numbers.counts), missing, words)
    top = column.top[:_TOP]
    there = column.rows - column.missing
    if top:
        share = percent(top[0].count / max(1, there), whole=True)
        words += f"; most often {top[0].value or '(no text)'} ({share})"
    rest = there - sum(item.count for item in top)
    bars = tuple(float(item.count) for item in top)
    return HeaderChart((*bars, rest) if rest > 0 else bars, missing, words, other=rest > 0)


class DataHeader(Header):
    """sorts: (column, descending), the first one first."""

    def __init__(self, parent: QWidget, filters: Filters) -> None:
        super().__init__(parent)
        self.row = FilterRow(self, filters)
        self._charts: Mapping[str, HeaderChart] = {}
        self._sorts: dict[int, tuple[str, bool]] = {}

    def set_charts(self, charts: Mapping[str, HeaderChart]) -> None:
        """By the title of the column."""
        self._charts = charts
        self.viewport().update()

    def set_sorts(self, sorts: tuple[tuple[int, bool], ...]) -> None:
        many = len(sorts) > 1
        self._sorts = {
            column: (str(rank) if many else "", descending)
            for rank, (column, descending) in enumerate(sorts, 1)
        }
        self.viewport().update()

    def direction(self, section: int) -> bool | None:
        found = self._sorts.get(section)
        return None if found is None else found[1]

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), _HEIGHT)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.row.setGeometry(0, _HEIGHT - FIELD_HEIGHT - 6, self.width(), FIELD_HEIGHT + 4)
        self.row.place()

    def paintSection(  # noqa: N802 - Qt's name
        self,
        painter: QPainter,
        rect: QRect,
        logicalIndex: int,  # noqa: N803 - Qt's name
    ) -> None:
        theme = app_theme()
        painter.save()
        painter.fillRect(rect, theme.color("surface"))
        painter.setPen(theme.color("divider"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.drawLine(rect.right(), rect.top() + 6, rect.right(), rect.bottom())
        title = QRect(rect.left(), rect.top(), rect.width(), _TITLE)
        self.paint_title(painter, title, logicalIndex, self._sorts.get(logicalIndex, ("",))[0])
        chart = self._charts.get(self._title(logicalIndex))
        if chart is not None:
            left, width = rect.left() + _PADDING, rect.width() - 2 * _PADDING
            _paint_chart(painter, QRect(left, rect.top() + _TITLE, width, _CHART), chart)
        painter.restore()

    def viewportEvent(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            section = self.logicalIndexAt(event.pos())
            chart = self._charts.get(self._title(section)) if section >= 0 else None
            if chart is not None:
                text = escape(f"{self._title(section)}: {chart.words}")
                QToolTip.showText(event.globalPos(), f"<qt>{text}</qt>", self)
                return True
        return super().viewportEvent(event)

    def _title(self, section: int) -> str:
        return str(self.model().headerData(section, Qt.Orientation.Horizontal) or "")


def _paint_chart(painter: QPainter, place: QRect, chart: HeaderChart) -> None:
    """Bars on a line; where values are missing, their share of the line is drawn as a warning."""
    theme, count = app_theme(), len(chart.bars)
    floor = place.bottom() - 3
    if count:
        high, pitch = max(*chart.bars, 1.0), min(16.0, place.width() / count)
        gap = 2 if pitch > 8 else int(pitch > 3)
        for number, value in enumerate(chart.bars):
            if value:
                tall = max(1.0, value / high * (floor - place.top() - 2))
                left, wide = place.left() + number * pitch, max(1.0, pitch - gap)
                bar = QRectF(left, floor - tall, wide, tall)
                rest = chart.other and number == count - 1
                painter.fillRect(bar, theme.color("border") if rest else theme.series(0))
    painter.fillRect(QRect(place.left(), floor, place.width(), 1), theme.color("divider"))
    if chart.missing:
        wide = max(2.0, chart.missing * place.width())
        painter.fillRect(QRectF(place.left(), floor + 1, wide, 2), theme.color("warn"))
