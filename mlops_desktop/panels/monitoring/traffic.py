"""Predictions and latency: a window at a time, or second by second while it is live."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from mlops_desktop.core.deployments import LiveStats
from mlops_desktop.core.monitoring import Window
from mlops_desktop.widgets.error_chart import start_s, version_starts
from mlops_desktop.widgets.line_plot import LinePlot, Series

_LIVE_S = 300


class Traffic(QStackedWidget):
    """show_windows() for the past, add_live() once a second for now; set_live() chooses."""

    def __init__(self) -> None:
        super().__init__()
        self.counts = LinePlot(self.tr("Predictions per window"), dates=True, from_zero=True)
        self.latency = LinePlot(self.tr("Latency per row"), dates=True, from_zero=True)
        self.rate = LinePlot(self.tr("Predictions per second, live"), dates=True, from_zero=True)
        self.live_latency = LinePlot(
            self.tr("Latency per request, live"), dates=True, from_zero=True
        )
        self._live: deque[tuple[float, float, float, float]] = deque(maxlen=_LIVE_S)
        self.live_latency.link_x(self.rate)
        self.addWidget(_stacked(self.counts, self.latency))
        self.addWidget(_stacked(self.rate, self.live_latency))
        self.clear_live()

    def set_live(self, live: bool) -> None:
        self.setCurrentIndex(1 if live else 0)

    def show_windows(self, windows: Sequence[Window]) -> None:
        x = np.array([start_s(window) for window in windows])
        rows = np.array([float(window.rows) for window in windows])
        labelled = np.array([float(window.labelled) for window in windows])
        self.counts.set_series(
            [
                Series(self.tr("predictions"), x, rows, markers=True),
                Series(self.tr("with labels"), x, labelled, dashed=True),
            ]
        )
        self.counts.set_markers(version_starts(windows))
        p50 = np.array([_known(window.latency_p50_us) for window in windows])
        p95 = np.array([_known(window.latency_p95_us) for window in windows])
        _show_latency(self.latency, x, p50, p95, markers=True)

    def clear_live(self) -> None:
        self._live.clear()
        self.add_live(None)
        self.rate.say_empty(self.tr("The server is asked each second."))

    def add_live(self, stats: LiveStats | None) -> None:
        """None: the server does not answer, which is a gap in the lines."""
        now = time.time()
        if stats is None:
            self._live.append((now, np.nan, np.nan, np.nan))
        else:
            row = (now, stats.rows_per_s, _known(stats.p50_us), _known(stats.p95_us))
            self._live.append(row)
        x, rate, p50, p95 = np.array(self._live).T
        silent = self.tr("The server does not answer. Start it in Deploy.")
        self.rate.say_empty("" if np.isfinite(rate).any() else silent)
        self.rate.set_series([Series(self.tr("predictions per second"), x, rate)])
        self.rate.follow(now - _LIVE_S, now)
        asked = np.isfinite(p50).any()
        self.live_latency.say_empty("" if asked else self.tr("Nothing was asked just now."))
        _show_latency(self.live_latency, x, p50, p95)


def _stacked(upper: QWidget, lower: QWidget) -> QWidget:
    page = QWidget()
    column = QVBoxLayout(page)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(12)
    column.addWidget(upper, 1)
    column.addWidget(lower, 1)
    return page


def _show_latency(
    plot: LinePlot,
    x: NDArray[np.float64],
    p50: NDArray[np.float64],
    p95: NDArray[np.float64],
    *,
    markers: bool = False,
) -> None:
    """In the unit that gives figures of a few digits."""
    worst = np.nanmax(p95, initial=0.0)
    unit, scale = ("ms", 1000.0) if worst >= 1000 else ("µs", 1.0)
    plot.set_y_label(unit)
    # The median first, since it is the one to look at.
    plot.set_series(
        [
            Series(plot.tr("half within"), x, p50 / scale, markers=markers),
            Series(plot.tr("95 % within"), x, p95 / scale, markers=markers),
        ]
    )


def _known(value: float | None) -> float:
    return np.nan if value is None else value
