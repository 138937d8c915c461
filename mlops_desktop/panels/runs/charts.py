"""The Overview and Curves tabs of a run. Imports the plots, so it is loaded late."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.actions.run_details import RunDetails
from mlops_desktop.core.evaluation import Evaluation, Importance
from mlops_desktop.core.runs import METRICS
from mlops_desktop.panels.runs.words import metric_title
from mlops_desktop.widgets.charts import Bar, BarPlot, ConfusionMatrix
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.widgets.plot_card import PlotCard
from mlops_desktop.widgets.plots import LinePlot, ScatterPlot, Series

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
        worse = self.tr("fall") if METRICS[found.metric].higher_is_better else self.tr("rise")
        self.importance.set_bars(
            [_bar(item, found.importance[0].mean) for item in found.importance[:_BARS]],
            self.tr("{0} of {1} when shuffled").format(worse, metric_title(found.metric)),
        )


class Curves(QWidget):
    """What the goal metric alone does not tell: thresholds, errors, and the folds."""

    def __init__(self) -> None:
        super().__init__()
        inside = QWidget()
        self._grid = QGridLayout(inside)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(12)
        alarms, caught = self.tr("false alarms (share)"), self.tr("found (share)")
        self.roc = LinePlot(self.tr("Found against false alarms (ROC)"), alarms, caught)
        self.recall = LinePlot(
            self.tr("Right alarms against found (PR)"), caught, self.tr("right alarms (share)")
        )
        self.calibration = LinePlot(
            self.tr("Said against true chance"), self.tr("said"), self.tr("true")
        )
        self.residuals = ScatterPlot(self.tr("Error against predicted"))
        self.folds = fold_plot(self.tr("Folds of the cross-validation"))
        self._all: tuple[PlotCard, ...] = (
            self.roc,
            self.recall,
            self.calibration,
            self.residuals,
            self.folds,
        )
        for chart in self._all:
            chart.setMinimumHeight(_LEAST_HEIGHT)
        self._inside = inside
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(inside))

    def show_details(self, details: RunDetails) -> None:
        found = details.evaluation
        assert found is not None
        shown: list[PlotCard] = []
        if found.roc is not None:
            even = Series(self.tr("chance"), _floats((0, 1)), _floats((0, 1)), True, color="muted")
            self.roc.set_series([_line(self.tr("run"), found.roc.x, found.roc.y), even])
            shown.append(self.roc)
        if found.precision_recall is not None:
            curve = found.precision_recall
            self.recall.set_series([_line(self.tr("run"), curve.x, curve.y)])
            shown.append(self.recall)
        if found.calibration:
            said = _floats([b.predicted for b in found.calibration])
            true = _floats([b.actual for b in found.calibration])
            ideal = Series(self.tr("ideal"), _floats((0, 1)), _floats((0, 1)), True, color="muted")
            bins = Series(self.tr("run"), said, true, markers=True)
            self.calibration.set_series([bins, ideal])
            shown.append(self.calibration)
        if found.residuals:
            actual, predicted = _points(found)
            target = details.run.spec.target
            self.residuals.item.setLabel("bottom", self.tr("predicted {0}").format(target))
            self.residuals.item.setLabel("left", self.tr("actual minus predicted"))
            self.residuals.set_points(predicted, actual - predicted)
            shown.append(self.residuals)
        if len(details.folds) > 1:
            show_folds(self.folds, details.folds, found.metric)
            shown.append(self.folds)
        for chart in self._all:
            self._grid.removeWidget(chart)
            chart.setVisible(chart in shown)
        across = 2 if len(shown) > 2 else 1
        rows = -(-len(shown) // across)
        # A layout of texts that wrap forgets the least height of what it holds.
        self._inside.setMinimumHeight(rows * (_LEAST_HEIGHT + 12) - 12)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, across - 1)
        for at, chart in enumerate(shown):
            wide = across if at == len(shown) - 1 and at % across == 0 else 1
            self._grid.addWidget(chart, at // across, at % across, 1, wide)


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


def _points(found: Evaluation) -> tuple[np.ndarray, np.ndarray]:
    return (
        _floats([r.actual for r in found.residuals]),
        _floats([r.predicted for r in found.residuals]),
    )


def _line(name: str, x: Sequence[float], y: Sequence[float]) -> Series:
    return Series(name, _floats(x), _floats(y))


def _floats(values: Sequence[float]) -> np.ndarray:
    return np.asarray(values, np.float64)
