"""What line and scatter plots share: pyqtgraph in the theme's colours. Slow to load, so late."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter

from mlops_desktop.widgets.plot_card import PlotCard
from mlops_desktop.widgets.theme import Theme, app_theme

Floats = NDArray[np.float64]
_WIDE_DECADES = 4


class Plot(PlotCard):
    """A pyqtgraph plot with axes, grid and zoom by dragging; a double click shows everything.

    log_y: the vertical axis is logarithmic, over one decade at least.
    """

    def __init__(
        self, title: str, x_label: str, y_label: str, dates: bool = False, log_y: bool = False
    ) -> None:
        super().__init__(title)
        self.dates = dates
        self.x_label, self.y_label = x_label, y_label
        axes: dict[str, pg.AxisItem] = {"bottom": _Dates()} if dates else {}
        if log_y:
            axes["left"] = _Decades("left")
        self.view = pg.PlotWidget(axisItems=axes, background=None)
        self.item = self.view.getPlotItem()
        self.item.setMenuEnabled(False)
        self.item.hideButtons()
        self.item.setLabel("bottom", x_label or None)
        self.item.setLabel("left", y_label or None)
        for side in ("bottom", "left"):
            axis = self.item.getAxis(side)
            axis.enableAutoSIPrefix(False)
            axis.setStyle(tickLength=0, tickTextOffset=8)
        self.item.showGrid(y=True, alpha=0.25)
        if log_y:
            self.item.setLogMode(y=True)
            self.item.vb.setLimits(minYRange=1)
        self.view.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.view.setMinimumHeight(90)
        self.set_chart(self.view)
        self.view.scene().sigMouseClicked.connect(self._clicked)
        self.restyle(app_theme())

    def restyle(self, theme: Theme) -> None:
        if not hasattr(self, "view"):
            return
        self.view.setBackground(theme.color("surface"))
        muted = theme.color("muted")
        for side in ("bottom", "left"):
            axis = self.item.getAxis(side)
            axis.setPen(pg.mkPen(theme.color("divider")))
            axis.setTextPen(pg.mkPen(muted))
            axis.setTickFont(theme.font(9))
            axis.label.setFont(theme.font(9))
            axis.labelStyle = {"color": muted.name()}
            axis.setLabel(axis.labelText)

    def set_y_label(self, text: str) -> None:
        self.y_label = text
        self.item.setLabel("left", text or None)

    def show_everything(self) -> None:
        self.item.enableAutoRange()

    def _clicked(self, event: object) -> None:
        if getattr(event, "double", lambda: False)():
            self.show_everything()


class _Dates(pg.DateAxisItem):  # type: ignore[misc]
    """Without the small words that would lie on large ones, such as the 2nd on the month's name."""

    def generateDrawSpecs(self, p: QPainter) -> Any:  # noqa: N802 - pyqtgraph's name
        specs = super().generateDrawSpecs(p)
        if specs is None:
            return None
        axis, ticks, texts = specs
        kept: list[Any] = []
        for text in texts:  # The large ones come first.
            around = text[0].adjusted(-4, 0, 4, 0)
            if not any(around.intersects(other[0]) for other in kept):
                kept.append(text)
        return axis, ticks, kept


class _Decades(pg.AxisItem):  # type: ignore[misc]
    """0.1, 0.2, 0.5, 1 where pyqtgraph would write all nine digits of a power of ten."""

    def logTickValues(  # noqa: N802 - pyqtgraph's name
        self, low: float, high: float, _size: float, _ticks: object
    ) -> list[tuple[float | None, list[float]]]:
        steps = (1,) if high - low > _WIDE_DECADES else (1, 2, 5)
        decades = range(math.floor(low), math.ceil(high) + 1)
        values = [decade + math.log10(step) for decade in decades for step in steps]
        return [(None, [value for value in values if low <= value <= high])]

    def logTickStrings(  # noqa: N802 - pyqtgraph's name
        self, values: Sequence[float], scale: float, _spacing: float
    ) -> list[str]:
        figures = [10**value * scale for value in values]
        return [f"{figure:,.0f}" if figure >= 1000 else f"{figure:.3g}" for figure in figures]
