"""Lines over numbers or time, with a crosshair, markers and a threshold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import QPointF, Qt, Signal
from PySide6.QtGui import QColor

from mlops_desktop.widgets.plot import Floats, Plot
from mlops_desktop.widgets.plot_card import LegendEntry
from mlops_desktop.widgets.theme import Theme, app_theme

_FINE_POINTS = 20_000
_BOLD_POINTS = 100
_TABLE_ROWS = 5_000
_STYLES = (
    Qt.PenStyle.SolidLine,
    Qt.PenStyle.DashLine,
    Qt.PenStyle.DotLine,
    Qt.PenStyle.DashDotLine,
)


@dataclass(frozen=True, slots=True)
class Series:
    """One line. x: numbers, or seconds since 1970 on a date axis. NaN in y leaves a gap.

    color: a token or #RRGGBB; without it the next of the theme's series.
    """

    name: str
    x: Floats
    y: Floats
    dashed: bool = False
    markers: bool = False
    color: str = ""


class LinePlot(Plot):
    """Lines with a crosshair, version markers and a threshold. Call set_series at most 10 times
    a second; while hidden it only remembers the data.

    hovered(x) follows the crosshair, for plots that share it.
    from_zero: the vertical axis begins there, as it should for counts. log_y: it is logarithmic.
    """

    hovered = Signal(float)

    def __init__(
        self,
        title: str,
        x_label: str = "",
        y_label: str = "",
        *,
        dates: bool = False,
        from_zero: bool = False,
        log_y: bool = False,
    ) -> None:
        self._away = False  # The user looks at a range of their own.
        self._leader: LinePlot | None = None
        self._series: tuple[Series, ...] = ()
        self._lines: list[pg.PlotDataItem] = []
        self._markers: list[tuple[float, str]] = []
        self._marker_items: list[pg.InfiniteLine] = []
        self._threshold: tuple[float, str] | None = None
        self._threshold_item: pg.InfiniteLine | None = None
        super().__init__(title, x_label, y_label, dates, log_y)
        self._cross = pg.InfiniteLine(angle=90, movable=False)
        self._cross.setPen(pg.mkPen(app_theme().color("muted")))
        self._cross.hide()
        self.item.addItem(self._cross, ignoreBounds=True)
        if from_zero:
            # This line is not seen, but the automatic range includes it.
            self.item.vb.setLimits(yMin=0)
            self.item.addItem(pg.InfiniteLine(0, 0, pen=pg.mkPen(None)))
        # Held, since a proxy that is collected no longer listens.
        self._moves = pg.SignalProxy(
            self.view.scene().sigMouseMoved, rateLimit=30, slot=self._mouse_moved
        )
        self.item.vb.sigRangeChangedManually.connect(self._user_zoomed)

    def set_series(self, series: Sequence[Series]) -> None:
        self._series = tuple(series)
        self.touch()

    def set_markers(self, markers: Sequence[tuple[float, str]]) -> None:
        """Vertical dotted lines with a label, such as the moment that v2 went live."""
        self._markers = list(markers)
        self._draw_markers()

    def set_threshold(self, y: float | None, text: str = "") -> None:
        """A dashed horizontal line with its label; None takes it away."""
        self._threshold = None if y is None else (y, text)
        self._draw_threshold()

    def set_x_range(self, start: float, end: float) -> None:
        self.item.setXRange(start, end, padding=0)

    def follow(self, start: float, end: float) -> None:
        """The range as time goes on, unless the user looks at another; a double click goes on."""
        if not self._away:
            self.set_x_range(start, end)

    def show_everything(self) -> None:
        self._away = False
        if self._leader is None:
            super().show_everything()
        else:
            self.item.enableAutoRange(y=True)
            self._leader.show_everything()

    def link_x(self, other: LinePlot) -> None:
        """Follow another plot's horizontal range, zoom it along, and share the crosshair.

        pyqtgraph's own links line plots up by their places on the screen, which shifts the range
        of one that is beside the other or not laid out yet.
        """
        mine, theirs = self.item.getViewBox(), other.item.getViewBox()
        mine.enableAutoRange(x=False)
        self._leader = other
        theirs.sigXRangeChanged.connect(lambda _view, span: mine.setXRange(*span, padding=0))
        mine.sigRangeChangedManually.connect(lambda _axes: other.look_at(*mine.viewRange()[0]))
        self.hovered.connect(other.show_cross)
        other.hovered.connect(self.show_cross)

    def look_at(self, start: float, end: float) -> None:
        """As if the user had zoomed there."""
        self._away = True
        self.set_x_range(start, end)

    def show_cross(self, x: float) -> None:
        """Move the crosshair to x and read out the values there; NaN hides it."""
        if not np.isfinite(x):
            self._cross.hide()
            self.set_readout("")
            return
        self._cross.setPos(x)
        self._cross.show()
        self.set_readout(self._values_at(x))

    def table(self) -> tuple[Sequence[str], Sequence[tuple[object, ...]]]:
        """Every x of any series once, with each series' value; the newest rows of very many."""
        titles = [
            self.x_label or (self.tr("time") if self.dates else "x"),
            *(s.name for s in self._series),
        ]
        lookups = [dict(zip(s.x.tolist(), s.y.tolist(), strict=True)) for s in self._series]
        xs = sorted({x for lookup in lookups for x in lookup})[-_TABLE_ROWS:]
        shown = [(self._x_text(x) if self.dates else x) for x in xs]
        return titles, [
            (text, *(lookup.get(x) for lookup in lookups))
            for text, x in zip(shown, xs, strict=True)
        ]

    def redraw(self) -> None:
        points = sum(len(series.x) for series in self._series)
        while len(self._lines) < len(self._series):
            line = pg.PlotDataItem()
            line.setDownsampling(auto=True, method="peak")
            self.item.addItem(line)
            self._lines.append(line)
        for line in self._lines[len(self._series) :]:
            line.setData([], [])
        for number, series in enumerate(self._series):
            self._draw_line(self._lines[number], number, series, points)
        self.legend.set_entries(
            [
                LegendEntry(s.name, self._color(n), self._style(n))
                for n, s in enumerate(self._series)
            ]
        )

    def restyle(self, theme: Theme) -> None:
        super().restyle(theme)
        if hasattr(self, "_cross"):
            self._cross.setPen(pg.mkPen(theme.color("muted")))
            self._draw_markers()
            self._draw_threshold()

    def _draw_line(self, line: pg.PlotDataItem, number: int, series: Series, points: int) -> None:
        clean = bool(np.isfinite(series.y).all())
        line.opts["antialias"] = points <= _FINE_POINTS
        # Wide pens are slow: 40 ms a frame for 200 points that go up and down, where thin ones
        # take 1. So only few points get one.
        # pyqtgraph's pens count the pixels of the screen, however small these are.
        width = 1.6 * self.devicePixelRatioF() if points <= _BOLD_POINTS else 1
        line.setPen(pg.mkPen(self._color(number), width=width, style=self._style(number)))
        marked = series.markers and len(series.x) <= 500
        line.setClipToView(not marked)
        line.setSymbol("o" if marked else None)
        if marked:
            line.setSymbolSize(5)
            line.setSymbolPen(None)
            line.setSymbolBrush(self._color(number))
        line.setData(
            series.x,
            series.y,
            connect="all" if clean else "finite",
            skipFiniteCheck=clean,
        )

    def _draw_markers(self) -> None:
        theme = app_theme()
        for old in self._marker_items:
            self.item.removeItem(old)
        pen = pg.mkPen(theme.color("muted"), style=Qt.PenStyle.DotLine)
        self._marker_items = [
            _labelled(pg.InfiniteLine(x, 90, pen=pen), text, theme.color("muted"), 0.94)
            for x, text in self._markers
        ]
        for line in self._marker_items:
            self.item.addItem(line, ignoreBounds=True)

    def _draw_threshold(self) -> None:
        theme = app_theme()
        if self._threshold_item is not None:
            self.item.removeItem(self._threshold_item)
            self._threshold_item = None
        if self._threshold is not None:
            y, text = self._threshold
            pen = pg.mkPen(theme.color("text"), style=Qt.PenStyle.DashLine)
            line = _labelled(pg.InfiniteLine(y, 0, pen=pen), text, theme.color("text"), 0.06)
            self.item.addItem(line)
            self._threshold_item = line

    def _color(self, number: int) -> QColor:
        series = self._series[number]
        theme = app_theme()
        return theme.color(series.color) if series.color else theme.series(number)

    def _style(self, number: int) -> Qt.PenStyle:
        if self._series[number].dashed:
            return Qt.PenStyle.DashLine
        return _STYLES[(number // 5) % len(_STYLES)]

    def _x_text(self, x: float) -> str:
        if not self.dates:
            return f"{x:.6g}"
        return datetime.fromtimestamp(x).astimezone().strftime("%Y-%m-%d %H:%M")

    def _values_at(self, x: float) -> str:
        parts = []
        for series in self._series:
            if len(series.x):
                at = int(np.clip(np.searchsorted(series.x, x), 0, len(series.x) - 1))
                if at and abs(series.x[at - 1] - x) < abs(series.x[at] - x):
                    at -= 1
                value = "no value" if np.isnan(series.y[at]) else f"{series.y[at]:.4g}"
                name = f"{series.name} " if len(self._series) > 1 else ""
                parts.append(f"{name}{value}")
        return f"{self._x_text(x)}:  {',  '.join(parts)}" if parts else ""

    def _mouse_moved(self, args: tuple[QPointF]) -> None:
        inside = self.item.vb.sceneBoundingRect().contains(args[0])
        x = self.item.vb.mapSceneToView(args[0]).x() if inside else float("nan")
        self.show_cross(x)
        self.hovered.emit(x)

    def _user_zoomed(self, _: object) -> None:
        self._away = True


def _labelled(line: pg.InfiniteLine, text: str, color: QColor, at: float) -> pg.InfiniteLine:
    if text:
        # Of the two sides of the line, the one that is nearer to the middle of the view.
        anchors = [(0, 0), (1, 0) if line.angle == 90 else (0, 1)]
        ground = app_theme().color("surface")
        ground.setAlphaF(0.8)
        line.label = pg.InfLineLabel(
            line, text, position=at, color=color, fill=ground, anchors=anchors
        )
        line.label.setFont(app_theme().font(9))
    return line
