"""Plots: live updates, hidden ones, tables and files."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import numpy as np
import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QHBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from mlops_desktop.widgets.bar_plot import Bar, BarPlot
from mlops_desktop.widgets.confusion_matrix import ConfusionMatrix
from mlops_desktop.widgets.heat_map import HeatMap
from mlops_desktop.widgets.histogram import Histogram
from mlops_desktop.widgets.line_plot import LinePlot, Series
from mlops_desktop.widgets.scatter_plot import ScatterPlot

X = np.arange(50.0)


def test_that_two_thousand_live_updates_keep_the_reference_count_of_none(qtbot: QtBot):
    plot = LinePlot("Loss", "step", "loss")
    qtbot.addWidget(plot)
    plot.resize(400, 300)
    with qtbot.waitExposed(plot):
        plot.show()
    gc.collect()  # Garbage of earlier tests holds None, too.
    before = sys.getrefcount(None)
    for step in range(2_000):
        plot.set_series([Series(name, X, np.sin(X + step)) for name in ("a", "b", "c")])
        if step % 20 == 0:
            qtbot.wait(0)
    assert sys.getrefcount(None) > before - 500


def test_that_a_hidden_plot_draws_only_when_shown(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch):
    plot = LinePlot("Loss")
    qtbot.addWidget(plot)
    draws: list[None] = []
    monkeypatch.setattr(plot, "redraw", lambda: draws.append(None))
    plot.set_series([Series("a", X, X)])
    assert draws == []
    plot.show()
    assert len(draws) == 1


def test_that_the_table_joins_the_series_by_x(qtbot: QtBot):
    plot = LinePlot("Loss", "step")
    qtbot.addWidget(plot)
    plot.set_series([Series("a", X[:2], X[:2]), Series("b", X[1:3], X[1:3])])
    titles, rows = plot.table()
    assert list(titles) == ["step", "a", "b"]
    assert list(rows) == [(0.0, 0.0, None), (1.0, 1.0, 1.0), (2.0, None, 2.0)]


def test_that_a_chart_can_be_shown_as_a_table(qtbot: QtBot):
    chart = BarPlot("What matters", "share")
    qtbot.addWidget(chart)
    chart.set_bars([Bar("hour", 0.6), Bar("temp", -0.2)])
    chart.show()
    chart.show_table(True)
    assert chart._table is not None
    assert chart._table.rows() == (("hour", 0.6), ("temp", -0.2))


@pytest.mark.parametrize("kind", ["png", "svg", "csv"])
def test_that_every_chart_can_be_saved(qtbot: QtBot, tmp_path: Path, kind: str):
    line, points = LinePlot("Line", dates=True), ScatterPlot("Points", diagonal=True)
    line.set_series([Series("a", X, X), Series("b", X, np.where(X == 3, np.nan, X), dashed=True)])
    line.set_markers([(3.0, "v2")])
    line.set_threshold(20.0, "limit")
    points.set_points(X, X)
    bars, matrix, heat = BarPlot("Bars", "x"), ConfusionMatrix("Matrix"), HeatMap("Heat", "PSI")
    bars.set_bars([Bar("a", 1.0), Bar("b", -1.0)])
    matrix.set_counts(["no", "yes"], np.array([[9, 1], [2, 8]]))
    heat.set_values(["a", "b"], [0.0, 9e5], np.array([[0.1, np.nan], [0.2, 0.5]]), 0.25)
    for chart in (line, points, bars, matrix, heat):
        qtbot.addWidget(chart)
        chart.resize(400, 300)
        chart.show()
        path = tmp_path / f"{chart.title.text()}.{kind}"
        chart.save(path)
        assert path.stat().st_size > 20


def test_that_a_click_on_a_cell_says_which(qtbot: QtBot):
    heat = HeatMap("Drift", "PSI")
    qtbot.addWidget(heat)
    heat.set_values(["a", "b"], [0.0, 9e5], np.array([[0.1, 0.3], [0.2, 0.5]]), [0.25, 0.6])
    heat.resize(400, 300)
    heat.show()
    with qtbot.waitSignal(heat.cell_clicked) as told:
        qtbot.mouseClick(
            heat._face, Qt.MouseButton.LeftButton, pos=heat._face.cell(1, 1).center().toPoint()
        )
    assert told.args == [1, 1]
    assert "limit 0.6" in heat.readout.toolTip()


def test_that_a_histogram_paints_counts_and_parts(qtbot: QtBot):
    histogram = Histogram("temp")
    qtbot.addWidget(histogram)
    blank = histogram.grab().toImage()
    histogram.set_counts([[1, 5, 2], [2, 1, 0]], ends=("0", "1"))
    assert histogram.grab().toImage() != blank


def test_that_a_linked_plot_follows_exactly_wherever_it_stands(qtbot: QtBot) -> None:
    row = QWidget()
    across = QHBoxLayout(row)
    first, second = LinePlot("first"), LinePlot("second")
    across.addWidget(first, 3)
    across.addWidget(second, 1)
    second.link_x(first)
    qtbot.addWidget(row)
    row.resize(900, 300)
    row.show()
    first.set_series([Series("a", np.arange(10.0), np.arange(10.0))])
    second.set_series([Series("b", np.arange(3.0), np.arange(3.0))])
    qtbot.waitUntil(lambda: span(first)[1] > 8)
    qtbot.waitUntil(lambda: span(second) == span(first))
    first.set_x_range(2, 4)
    qtbot.waitUntil(lambda: span(second) == [2, 4])


def span(plot: LinePlot) -> list[float]:
    return [float(end) for end in plot.item.getViewBox().viewRange()[0]]


def test_that_a_live_plot_stays_where_the_user_looks_until_a_double_click(qtbot: QtBot) -> None:
    leader, other = LinePlot("rate", from_zero=True), LinePlot("latency", log_y=True)
    other.link_x(leader)
    for plot in (leader, other):
        qtbot.addWidget(plot)
        plot.resize(400, 300)
        plot.show()
        plot.set_series([Series("a", np.arange(10.0), np.arange(1.0, 11.0))])
    leader.follow(0, 10)
    assert span(leader) == [0, 10]
    other.item.getViewBox().setXRange(2, 4, padding=0)
    other.item.getViewBox().sigRangeChangedManually.emit([True, False])
    leader.follow(1, 11)
    assert span(leader) == span(other) == [2, 4]
    other.show_everything()
    leader.follow(1, 11)
    assert span(leader) == span(other) == [1, 11]


def test_that_a_logarithmic_axis_is_written_in_plain_figures(qtbot: QtBot) -> None:
    plot = LinePlot("latency", log_y=True)
    qtbot.addWidget(plot)
    axis = plot.item.getAxis("left")
    assert axis.tickStrings([-2, -1, 0, 1, 3], 1, 1) == ["0.01", "0.1", "1", "10", "1,000"]


def test_that_no_two_words_of_a_date_axis_overlap(qtbot: QtBot) -> None:
    plot = LinePlot("error", dates=True)
    qtbot.addWidget(plot)
    plot.resize(560, 240)
    plot.show()
    axis = plot.item.getAxis("bottom")
    picture = QPixmap(600, 300)
    for days in range(40, 130, 5):
        plot.set_x_range(1_318_500_000, 1_318_500_000 + days * 86_400)
        painter = QPainter(picture)
        specs = axis.generateDrawSpecs(painter)
        painter.end()
        boxes = [text[0] for text in specs[2]]
        assert boxes
        assert not any(one.intersects(two) for n, one in enumerate(boxes) for two in boxes[:n])
