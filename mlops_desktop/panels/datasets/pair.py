"""Two columns against each other: as points, as boxes by category, or as shares."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.core.figures import percent
from mlops_desktop.core.profile import Pair
from mlops_desktop.widgets.box_plot import BoxPlot
from mlops_desktop.widgets.buttons import IconButton
from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.matrix_map import MatrixMap
from mlops_desktop.widgets.plot_card import PlotCard


class PairView(QWidget):
    """Shows one pair at a time; closed is for whoever made room for it."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("pair-view")
        self.chart: PlotCard | None = None
        self._note = label(muted=True)
        close = IconButton("x", self.tr("Close this pair"), self.closed.emit)
        close.setObjectName("close-pair")
        above = QHBoxLayout()
        above.addWidget(self._note, 1)
        above.addWidget(close)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(4)
        self._column.addLayout(above)

    def show_pair(self, pair: Pair, units: Mapping[str, str]) -> None:
        """units: of columns by name, for the axes."""
        if self.chart is not None:
            self.chart.hide()
            self._column.removeWidget(self.chart)
            self.chart.deleteLater()
        self.chart = self._chart(pair, units)
        self.chart.setObjectName("pair-chart")
        self._column.addWidget(self.chart, 1)
        rows = self.tr("{0} rows with both").format(f"{pair.rows:,}")
        some = self.tr("{0} of {1} rows with both").format(f"{len(pair.x):,}", f"{pair.rows:,}")
        self._note.setText(some if pair.sampled else rows)

    def _chart(self, pair: Pair, units: Mapping[str, str]) -> PlotCard:
        x, y = _with_unit(pair.x_name, units), _with_unit(pair.y_name, units)
        if pair.boxes:
            boxes = BoxPlot(self.tr("{0} by {1}").format(pair.y_name, pair.x_name))
            named = [replace(box, name=box.name or self.tr("(empty)")) for box in pair.boxes]
            boxes.set_boxes(named, x, y)
            return boxes
        if pair.shares:
            return self._shares(pair)
        # Slow to load, and not needed by who only reads.
        from mlops_desktop.widgets.scatter_plot import ScatterPlot  # noqa: PLC0415

        title = self.tr("{0} against {1}").format(pair.y_name, pair.x_name)
        points = ScatterPlot(title, x, y, dates=pair.x_is_time)
        points.set_points(np.array(pair.x), np.array(pair.y))
        return points

    def _shares(self, pair: Pair) -> PlotCard:
        rows = [name or self.tr("(empty)") for name in pair.x_names]
        columns = [name or self.tr("(empty)") for name in pair.y_names]

        def describe(row: int, column: int) -> str:
            return self.tr("{0} of {1} have {2}").format(
                percent(pair.shares[row][column]), rows[row], columns[column]
            )

        title = self.tr("{0} for each {1}").format(pair.y_name, pair.x_name)
        shares = MatrixMap(title, describe, percent=True, corner=pair.x_name)
        shares.set_values(rows, columns, np.array(pair.shares))
        return shares


def _with_unit(name: str, units: Mapping[str, str]) -> str:
    return f"{name} ({units[name]})" if name in units else name
