"""Points of two columns, such as predicted against actual values."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyqtgraph as pg
from PySide6.QtCore import Qt
from PySide6.QtGui import QPen

from mlops_desktop.widgets.plot import Floats, Plot
from mlops_desktop.widgets.theme import app_theme


class ScatterPlot(Plot):
    """Predicted against actual, or any two columns."""

    def __init__(
        self,
        title: str,
        x_label: str = "",
        y_label: str = "",
        *,
        diagonal: bool = False,
        dates: bool = False,
    ) -> None:
        self._x: Floats = np.empty(0)
        self._y: Floats = np.empty(0)
        super().__init__(title, x_label, y_label, dates)
        self._points = pg.ScatterPlotItem(size=5, pen=None, hoverable=True, hoverSize=8)
        self.item.addItem(self._points)
        self._diagonal = pg.PlotDataItem() if diagonal else None
        if self._diagonal is not None:
            self.item.addItem(self._diagonal)

    def set_points(self, x: Floats, y: Floats) -> None:
        self._x, self._y = np.asarray(x, float), np.asarray(y, float)
        self.touch()

    def table(self) -> tuple[Sequence[str], Sequence[tuple[object, ...]]]:
        rows = list(zip(self._x.tolist(), self._y.tolist(), strict=True))
        return [self.x_label or "x", self.y_label or "y"], rows

    def redraw(self) -> None:
        theme = app_theme()
        color = theme.series(0)
        color.setAlphaF(0.55 if len(self._x) > 500 else 0.85)
        self._points.setBrush(pg.mkBrush(color))
        self._points.setData(self._x, self._y, brush=pg.mkBrush(color))
        if self._diagonal is not None and len(self._x):
            both = np.concatenate([self._x, self._y])
            ends = [float(np.nanmin(both)), float(np.nanmax(both))]
            pen = QPen(pg.mkPen(theme.color("text"), style=Qt.PenStyle.DashLine))
            self._diagonal.setData(ends, ends, pen=pen)
