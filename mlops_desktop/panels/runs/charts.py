"""The Overview and Curves tabs of a run. Imports the plots, so it is loaded late."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.actions.run_details import RunDetails
from mlops_desktop.core.evaluation import Evaluation, Importance
from mlops_desktop.core.runs import METRICS
from mlops_desktop.panels.runs.words import metric_title
from mlops_desktop.widgets.bar_plot import Bar, BarPlot
from mlops_desktop.widgets.confusion_matrix import ConfusionMatrix
from mlops_desktop.widgets.line_plot import LinePlot, Series
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.widgets.plot_card import PlotCard
from mlops_desktop.widgets.scatter_plot import ScatterPlot

_BARS = 12
_LEAST_HEIGHT = 232


class Overview(QWidget):
    """Answers against the truth, and the columns that they rest on."""

    def __init__(self) -> None:
        super().__init__()
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(12)
        self.scatter = ScatterPlot(self.tr("Predicted against actual"), diagonal=True)
        self.matrix = ConfusionMatrix(self.tr("Actual against predicted"))
        self.importance = BarPlot(self.tr("What matters"), "", self.tr("column"))
        for chart in (self.scatter, self.matrix, self.importance):
            across.addWidget(chart, 1)

    def show_details(self, details: RunDetails) -> None:
        found = details.evaluation
        assert found is not None
        target = details.run.spec.target
        self.scatter.setVisible(not found.classes)
        self.matrix.setVisible(bool(found.classes))
        if found.classes:
            self.matrix.set_counts(found.classes, np.array(found.confusion))
        else:
            self.scatter.item.setLabel("bottom", self.tr("actual {0}").format(target))
            self.scatter.item.setLabel("left", self.tr("predicted {0}").format(target))
            self.scatter.set_points(*_points(found))
        better_high = METRICS[found.metric].higher_is_better
        words = (
            self.tr("{0} lost by shuffling") if better_high else self.tr("{0} added by shuffling")
        )
        self.importance.set_bars(
            [_bar(item, found.importance[0].mean) for item in found.importance[:_BARS]],
            words.format(metric_title(found.metric)),
        )


class Curves(QWidget):
    """What the goal metric alone does not tell: thresholds, errors, and the folds."""

    def __init__(self) -> None:
        super().__init__()
        self._inside = QWidget()
        self._grid = QGridLayout(self._inside)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(12)
        self._charts: dict[str, PlotCard] = {}
        self._wanted: list[Callable[[RunDetails], PlotCard]] = []
        self._placed = 0
        self._details: RunDetails | None = None
        # A plot takes 30 ms to make, so they come one by one.
        self._turn = QTimer(self, interval=0)
        self._turn.timeout.connect(self._place_next)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(self._inside))

    def show_details(self, details: RunDetails) -> None:
        found = details.evaluation
        assert found is not None
        self._details, self._placed = details, 0
        self._wanted = [
            chart
            for chart, there in (
                (self._roc, found.roc),
                (self._recall, found.precision_recall),
                (self._calibration, found.calibration),
                (self._residuals, found.residuals),
                (self._folds, len(details.folds) > 1),
            )
            if there
        ]
        for old in self._charts.values():
            self._grid.removeWidget(old)
            old.hide()
        across = self._across()
        rows = -(-len(self._wanted) // across)
        # A layout of texts that wrap forgets the least height of what it holds.
        self._inside.setMinimumHeight(rows * (_LEAST_HEIGHT + 12) - 12)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, across - 1)
        self._turn.start()

    def _across(self) -> int:
        return 2 if len(self._wanted) > 2 else 1

    def _place_next(self) -> None:
        at, across = self._placed, self._across()
        if at >= len(self._wanted) or self._details is None:
            self._turn.stop()
            return
        chart = self._wanted[at](self._details)
        wide = across if at == len(self._wanted) - 1 and at % across == 0 else 1
        self._grid.addWidget(chart, at // across, at % across, 1, wide)
        chart.setMinimumHeight(_LEAST_HEIGHT)
        chart.show()
        self._placed += 1

    def _lines(self, title: str, x_label: str, y_label: str) -> LinePlot:
        chart = self._charts.get(title) or LinePlot(title, x_label, y_label)
        self._charts[title] = chart
        assert isinstance(chart, LinePlot)
        return chart

    def _roc(self, details: RunDetails) -> PlotCard:
        curve = _found(details).roc
        assert curve is not None
        chart = self._lines(
            self.tr("Found against false alarms (ROC)"),
            self.tr("false alarms (share)"),
            self.tr("found (share)"),
        )
        chart.set_series([_line(self.tr("run"), curve.x, curve.y), _even(self.tr("chance"))])
        return chart

    def _recall(self, details: RunDetails) -> PlotCard:
        curve = _found(details).precision_recall
        assert curve is not None
        chart = self._lines(
            self.tr("Right alarms against found (PR)"),
            self.tr("found (share)"),
            self.tr("right alarms (share)"),
        )
        chart.set_series([_line(self.tr("run"), curve.x, curve.y)])
        return chart

    def _calibration(self, details: RunDetails) -> PlotCard:
        bins = _found(details).calibration
        chart = self._lines(self.tr("Said against true chance"), self.tr("said"), self.tr("true"))
        said = _floats([item.predicted for item in bins])
        true = _floats([item.actual for item in bins])
        run = Series(self.tr("run"), said, true, markers=True)
        chart.set_series([run, _even(self.tr("ideal"))])
        return chart

    def _residuals(self, details: RunDetails) -> PlotCard:
        title = self.tr("Error against predicted")
        chart = self._charts.get(title) or ScatterPlot(title)
        self._charts[title] = chart
        assert isinstance(chart, ScatterPlot)
        actual, predicted = _points(_found(details))
        target = details.run.spec.target
        chart.item.setLabel("bottom", self.tr("predicted {0}").format(target))
        chart.item.setLabel("left", self.tr("actual minus predicted"))
        chart.set_points(predicted, actual - predicted)
        return chart

    def _folds(self, details: RunDetails) -> PlotCard:
        chart = self._lines(self.tr("Folds of the cross-validation"), self.tr("fold"), "")
        show_folds(chart, details.folds, _found(details).metric)
        return chart


def fold_plot(title: str) -> LinePlot:
    """One point a fold, as they come."""
    return LinePlot(title, "fold")


def show_folds(plot: LinePlot, folds: Sequence[float], metric: str | None) -> None:
    steps = _floats(range(1, len(folds) + 1))
    plot.item.setLabel("left", metric_title(metric))
    plot.item.getAxis("bottom").setTicks([[(n, str(n)) for n in range(1, len(folds) + 1)]])
    plot.set_series([Series(metric_title(metric), steps, _floats(folds), markers=True)])


def _bar(item: Importance, most: float) -> Bar:
    """Less than a thousandth of the most important one is nothing."""
    counts = item.mean > most / 1000
    return Bar(item.column, item.mean if counts else 0.0, f"{item.mean:.3g}" if counts else "0")


def _found(details: RunDetails) -> Evaluation:
    assert details.evaluation is not None
    return details.evaluation


def _even(name: str) -> Series:
    """The diagonal that a line is compared with."""
    return Series(name, _floats((0, 1)), _floats((0, 1)), dashed=True, color="muted")


def _points(found: Evaluation) -> tuple[np.ndarray, np.ndarray]:
    return (
        _floats([r.actual for r in found.residuals]),
        _floats([r.predicted for r in found.residuals]),
    )


def _line(name: str, x: Sequence[float], y: Sequence[float]) -> Series:
    return Series(name, _floats(x), _floats(y))


def _floats(values: Sequence[float]) -> np.ndarray:
    return np.asarray(values, np.float64)
