"""Metrics with their bootstrap intervals, from answers and row weights, all at once.

A resample of the rows is a row of weights (how often each was drawn), so that five hundred
resamples are a few matrix products. The tests compare each metric with scikit-learn's.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_desktop.core.evaluation import Interval
from mlops_desktop.core.runs import Task

RESAMPLES = 1000
_ROWS = 20_000  # More rows than this are sampled for the interval, which is then scaled.
_CELLS = 4_000_000  # Weights held in memory at a time.
Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]


@dataclass(frozen=True, slots=True)
class Answers:
    """What is true and what was said. actual: numbers, or class codes.

    scores: [rows, 1] of numbers, or [rows, classes] of probabilities. positive: a class's code.
    """

    actual: npt.NDArray[Any]
    scores: Floats
    task: Task
    positive: int = 1

    @property
    def predicted(self) -> npt.NDArray[Any]:
        if self.task is Task.REGRESSION:
            return self.scores[:, 0]
        return np.asarray(self.scores.argmax(axis=1))

    def take(self, rows: Rows) -> Answers:
        return replace(self, actual=self.actual[rows], scores=self.scores[rows])


def measure(name: str, answers: Answers, weights: Floats | None = None) -> Floats:
    """A metric for each row of weights [resamples, rows]; NaN where it is not defined."""
    w = np.ones((1, len(answers.actual))) if weights is None else weights
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(_measure(name, answers, w), dtype=np.float64)


def value(name: str, answers: Answers) -> float:
    """A metric on all rows alike; NaN where it is not defined (one class alone, say)."""
    return float(measure(name, answers)[0])


def interval(name: str, answers: Answers, seed: int, resamples: int = RESAMPLES) -> Interval:
    """The metric and its 95 % percentile bootstrap interval (Efron and Tibshirani, 1993).

    Rows are drawn one by one, as if independent: where errors of neighbouring times go together,
    the true interval is wider.
    """
    rng = np.random.default_rng(seed)
    whole = value(name, answers)
    n = len(answers.actual)
    sample = answers
    if n > _ROWS:
        sample = answers.take(rng.permutation(n)[:_ROWS])
    m = len(sample.actual)
    drawn = []
    step = max(1, _CELLS // m)
    for start in range(0, resamples, step):
        count = min(step, resamples - start)
        picks = rng.integers(0, m, (count, m)) + np.arange(count)[:, None] * m
        weights = np.bincount(picks.reshape(-1), minlength=count * m).reshape(count, m)
        drawn.append(measure(name, sample, weights.astype(np.float64)))
    values = np.concatenate(drawn)
    low, high = np.nanquantile(values, [0.025, 0.975])
    if n > _ROWS:
        # The spread shrinks with the root of the rows.
        middle, shrink = value(name, sample), np.sqrt(m / n)
        low, high = whole + (low - middle) * shrink, whole + (high - middle) * shrink
    return Interval(whole, float(min(low, whole)), float(max(high, whole)))


def _measure(name: str, a: Answers, w: Floats) -> Any:
    total = w.sum(axis=1)
    match name:
        case "rmse":
            return np.sqrt(w @ (a.actual - a.predicted) ** 2 / total)
        case "mae":
            return w @ np.abs(a.actual - a.predicted) / total
        case "r2":
            wrong = w @ (a.actual - a.predicted) ** 2
            mean = w @ a.actual / total
            centred = a.actual - a.actual.mean()
            spread = w @ centred**2 - total * (mean - a.actual.mean()) ** 2
            return 1 - wrong / spread
        case "accuracy":
            return w @ (a.actual == a.predicted).astype(float) / total
        case "balanced_accuracy":
            of_class = np.eye(a.scores.shape[1])[a.actual]
            right = (a.actual == a.predicted).astype(float)[:, None] * of_class
            return np.nanmean((w @ right) / (w @ of_class), axis=1)
        case "log_loss":
            said = a.scores[np.arange(len(a.actual)), a.actual]
            return w @ -np.log(np.clip(said, np.finfo(np.float64).eps, 1.0)) / total
        case "f1":
            alarm, true = a.predicted == a.positive, a.actual == a.positive
            hit = w @ (alarm & true).astype(float)
            return 2 * hit / (w @ alarm.astype(float) + w @ true.astype(float))
        case "roc_auc":
            hits, misses = _by_score(a, w)
            below = np.cumsum(misses, axis=1) - misses
            pairs = hits.sum(axis=1) * misses.sum(axis=1)
            return (hits * (below + misses / 2)).sum(axis=1) / pairs
        case "average_precision":
            hits, misses = (part[:, ::-1] for part in _by_score(a, w))
            found = np.cumsum(hits, axis=1)
            alarms = found + np.cumsum(misses, axis=1)
            precision = found / np.maximum(alarms, 1e-300)
            return (hits * precision).sum(axis=1) / hits.sum(axis=1)
        case _:
            raise KeyError(name)


def _by_score(a: Answers, w: Floats) -> tuple[Floats, Floats]:
    """Weights of the positive and of the other rows at each distinct score, lowest first."""
    score = a.scores[:, a.positive]
    order = np.argsort(score, kind="stable")
    true = (a.actual == a.positive)[order]
    starts = np.flatnonzero(np.r_[True, np.diff(score[order]) > 0])
    placed = w[:, order]
    hits = np.add.reduceat(placed * true, starts, axis=1)
    return hits, np.add.reduceat(placed * ~true, starts, axis=1)
