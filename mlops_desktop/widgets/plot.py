"""What line and scatter plots share: pyqtgraph in the theme's colours. Slow to load, so late."""

from __future__ import annotations

import numpy as np
import pyqtgraph as pg
from numpy.typing import NDArray
from PySide6.QtCore import Qt

from mlops_desktop.widgets.plot_card import PlotCard
from mlops_desktop.widgets.theme import Theme, app_theme

Floats = NDArray[np.float64]


class Plot(PlotCard):
    """A pyqtgraph plot with axes, grid and zoom by dragging; a double click shows everything."""

    def __init__(self, title: str, x_label: str, y_label: str, dates: bool = False) -> None:
        super().__init__(title)
        self.dates = dates
        self.x_label, self.y_label = x_label, y_label
        axes = {"bottom": pg.DateAxisItem()} if dates else {}
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
