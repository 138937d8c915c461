"""Features over time as coloured cells: where and when something drifted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QPointF, QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QFontMetrics,
    QImage,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
)

from mlops_desktop.widgets.cell_grid import CellGrid
from mlops_desktop.widgets.plot_card import PlotCard
from mlops_desktop.widgets.theme import app_theme

# Every tenth of matplotlib's viridis (CC0), from low to high.
_VIRIDIS = [
    "#440154",
    "#482475",
    "#414487",
    "#355f8d",
    "#2a788e",
    "#21918c",
    "#22a884",
    "#44bf70",
    "#7ad151",
    "#bddf26",
    "#fde725",
]
_FOOT, _SCALE_WIDTH = 24, 64


class HeatMap(PlotCard):
    """Cells over the limit carry a dot, so that colour is not alone. NaN means too few rows.

    cell_clicked carries (feature, time) indexes; arrow keys and Enter do the same.
    span: the values at the ends of the colours, where one far value must not hide all others.
    """

    cell_clicked = Signal(int, int)

    def __init__(
        self,
        title: str,
        measure: str,
        *,
        span: tuple[float, float] | None = None,
    ) -> None:
        self._features: tuple[str, ...] = ()
        self._times: tuple[float, ...] = ()
        self._values: NDArray[np.float64] = np.zeros((0, 0))
        self._limits: NDArray[np.float64] | None = None
        super().__init__(title)
        self._measure = measure
        self._face = _Cells(span)
        self._face.moved.connect(self._moved)
        self._face.chosen.connect(self.cell_clicked)
        self.set_chart(self._face)

    def set_values(
        self,
        features: Sequence[str],
        times: Sequence[float],
        values: NDArray[np.float64],
        limits: NDArray[np.float64] | float | None = None,
    ) -> None:
        """values[feature, time]; times in seconds since 1970.

        limits: one for all, one a feature, or one a cell; infinite where none is to be marked.
        """
        self._features, self._times = tuple(features), tuple(times)
        self._values = np.asarray(values, float)
        shape = self._values.shape
        if limits is None:
            self._limits = None
        else:
            given = np.asarray(limits, float)
            column = given[:, None] if given.ndim == 1 else given
            self._limits = np.broadcast_to(column, shape)
        self.touch()

    def table(self) -> tuple[Sequence[str], Sequence[tuple[object, ...]]]:
        return ["", *self._features], [
            (self._time_text(time), *self._values[:, at].tolist())
            for at, time in enumerate(self._times)
        ]

    def redraw(self) -> None:
        over = None if self._limits is None else self._values > self._limits
        texts = tuple(self._time_text(time, short=True) for time in self._times)
        self._face.show_values(self._features, texts, self._values, over, self._one_limit())

    def _one_limit(self) -> float | None:
        """The limit that all cells share, to be marked on the scale; infinite ones have none."""
        if self._limits is None:
            return None
        known = np.unique(self._limits[np.isfinite(self._limits)])
        return float(known[0]) if len(known) == 1 else None

    def _time_text(self, time: float, short: bool = False) -> str:
        moment = datetime.fromtimestamp(time).astimezone()
        span_s = self._times[-1] - self._times[0] if self._times else 0
        if not short:
            return moment.strftime("%Y-%m-%d %H:%M")
        return moment.strftime("%H:%M" if span_s < 2 * 86_400 else "%d %b")

    def cell_text(self, feature: int, time: int) -> str:
        """What is said of the cell that the pointer or the arrow keys chose."""
        value = self._values[feature, time]
        shown = self.tr("too few rows") if np.isnan(value) else f"{self._measure} {value:.3g}"
        if self._limits is not None:
            shown += self.tr(", limit {0:.3g}").format(self._limits[feature, time])
        when = self._time_text(self._times[time])
        return f"{self._features[feature]}, {when}:  {shown}"

    def _moved(self, feature: int, time: int) -> None:
        self.set_readout(self.cell_text(feature, time))


class _Cells(CellGrid):
    def __init__(self, span: tuple[float, float] | None) -> None:
        super().__init__()
        self._span = span
        self._ends = (0.0, 1.0)
        self._features: tuple[str, ...] = ()
        self._times: tuple[str, ...] = ()
        self._values: NDArray[np.float64] = np.zeros((0, 0))
        self._over: NDArray[np.bool_] | None = None
        self._limit: float | None = None
        self._image = QImage()
        self.setMouseTracking(True)
        self.setMinimumSize(240, 100)

    def show_values(
        self,
        features: tuple[str, ...],
        times: tuple[str, ...],
        values: NDArray[np.float64],
        over: NDArray[np.bool_] | None,
        limit: float | None,
    ) -> None:
        self._features, self._times = features, times
        self._values, self._over, self._limit = values, over, limit
        self._ends = self._span or _ends(values)
        self._image = _picture(values, self._ends)
        self.set_shape(len(features), len(times))

    def ground(self) -> QRectF:
        metrics = QFontMetrics(app_theme().font(9))
        names = max((metrics.horizontalAdvance(name) for name in self._features), default=0)
        left = min(round(self.width() * 0.3), names) + 10
        return QRectF(left, 4, self.width() - left - _SCALE_WIDTH, self.height() - _FOOT - 4)

    def paintEvent(self, _: QPaintEvent) -> None:
        if not self._values.size:
            return
        theme, painter, ground = app_theme(), QPainter(self), self.ground().toRect()
        painter.fillRect(ground, theme.color("divider"))
        painter.drawImage(ground, self._image)
        painter.setFont(theme.font(9))
        painter.setPen(theme.color("muted"))
        right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for number, name in enumerate(self._features):
            cell = self.cell(number, 0)
            row = QRectF(0, cell.top(), ground.left() - 8, cell.height())
            text = painter.fontMetrics().elidedText(
                name, Qt.TextElideMode.ElideMiddle, round(row.width())
            )
            painter.drawText(row, right, text)
        self._paint_times(painter, ground)
        self._paint_scale(painter, ground)
        self._paint_dots(painter)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(theme.color("text"), 2))
            painter.drawRect(self.cell(*self.at))

    def _paint_times(self, painter: QPainter, ground: QRect) -> None:
        widest = max(painter.fontMetrics().horizontalAdvance(text) for text in self._times) + 16
        step = max(1, -(-len(self._times) * widest // max(1, ground.width())))
        centre = Qt.AlignmentFlag.AlignCenter
        for number in range(0, len(self._times), step):
            middle = self.cell(0, number).center().x()
            place = QRectF(middle - widest / 2, ground.bottom() + 4, widest, _FOOT - 4)
            painter.drawText(place, centre, self._times[number])

    def _paint_scale(self, painter: QPainter, ground: QRect) -> None:
        low, high = self._ends
        ramp = _picture(np.linspace(1, 0, 64)[:, None], (0, 1))
        strip = QRect(ground.right() + 14, ground.top(), 10, ground.height())
        painter.drawImage(strip, ramp)
        words = QRect(strip.right() + 6, strip.top(), 40, strip.height())
        more = "+" if self._span and np.nanmax(self._values, initial=low) > high else ""
        painter.drawText(words, Qt.AlignmentFlag.AlignTop, f"{round(high, 3):g}{more}")
        painter.drawText(words, Qt.AlignmentFlag.AlignBottom, f"{round(low, 3):g}")
        if self._limit is not None and low < self._limit < high:
            y = round(strip.bottom() - strip.height() * (self._limit - low) / (high - low))
            painter.drawLine(strip.left() - 2, y, strip.right() + 3, y)
            painter.drawText(
                QRect(words.left(), y - 10, words.width(), 20),
                Qt.AlignmentFlag.AlignVCenter,
                self.tr("limit"),
            )

    def _paint_dots(self, painter: QPainter) -> None:
        if self._over is None or not self._over.any():
            return
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        size = self.cell(0, 0)
        radius = max(1.5, min(3.0, size.width() / 4, size.height() / 4))
        low, high = self._ends
        dots: tuple[list[QPointF], list[QPointF]] = ([], [])
        for feature, time in np.argwhere(self._over):
            bright = (self._values[feature, time] - low) / (high - low) > 0.5
            dots[int(bright)].append(self.cell(int(feature), int(time)).center())
        for points, color in zip(dots, ("#FFFFFF", "#000000"), strict=True):
            if points:
                painter.setPen(QPen(QColor(color), 2 * radius, c=Qt.PenCapStyle.RoundCap))
                painter.drawPoints(QPolygonF(points))
        painter.restore()


def _ends(values: NDArray[np.float64]) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    return (low, high) if high > low else (low, low + 1.0)


def _picture(values: NDArray[np.float64], ends: tuple[float, float]) -> QImage:
    """One pixel a cell in viridis; NaN is transparent."""
    anchors = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in _VIRIDIS], float)
    low, high = ends
    place = np.nan_to_num(np.clip((values - low) / (high - low), 0, 1)) * (len(anchors) - 1)
    pixels = np.full((*values.shape, 4), 255, np.uint8)
    for channel in range(3):
        line = np.interp(place, np.arange(len(anchors)), anchors[:, channel])
        pixels[..., channel] = line.round()
    pixels[~np.isfinite(values)] = 0
    pixels = np.ascontiguousarray(pixels)
    rows, columns = values.shape
    image = QImage(pixels.data, columns, rows, 4 * columns, QImage.Format.Format_RGBA8888)
    return image.copy()
