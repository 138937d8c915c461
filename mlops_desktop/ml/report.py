"""The evaluation of a run: metrics, curves, importance, and the verdict in words."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_desktop.core.errors import UserError
from mlops_desktop.core.evaluation import (
    CalibrationBin,
    Curve,
    Evaluation,
    Importance,
    Interval,
    Residual,
    Split,
)
from mlops_desktop.core.runs import METRICS, Task, metrics_for
from mlops_desktop.ml import evaluate
from mlops_desktop.ml.export import Exported
from mlops_desktop.ml.problem import Problem
from mlops_desktop.ml.train import Fitted, given, scores_of

POINTS = 2000  # Residuals that are kept for plots.
CURVE_POINTS = 200
_IMPORTANCE_ROWS = 2000
_IMPORTANCE_REPEATS = 3
_IMPORTANCE_SECONDS = 5.0


def evaluation(problem: Problem, fitted: Fitted, exported: Exported) -> Evaluation:
    """Everything that is shown of the run, from the served answers on held-out rows."""
    heldout = problem.parts.heldout
    answers = given(problem, exported.served, heldout)
    baseline = given(problem, _constant(problem), heldout)
    metrics = {
        name: Interval(value)
        for name in metrics_for(problem.task)
        if np.isfinite(value := evaluate.value(name, answers))
    }
    if problem.metric not in metrics:
        raise UserError(
            f"{METRICS[problem.metric].title} is not defined on the held-out rows.",
            hint="Use more rows or another metric.",
        )
    metrics[problem.metric] = evaluate.interval(problem.metric, answers, problem.spec.seed)
    base = {name: evaluate.value(name, baseline) for name in metrics}
    parts = problem.parts
    binary = problem.task is Task.BINARY
    return Evaluation(
        metric=problem.metric,
        metrics=metrics,
        baseline={name: value for name, value in base.items() if np.isfinite(value)},
        verdict=verdict(problem, answers, baseline, metrics[problem.metric]),
        split=Split(
            parts.kind, len(parts.train), len(heldout), _moment_text(problem), parts.dropped
        ),
        parity=exported.parity,
        latency_us=exported.latency_us,
        folds=fitted.folds,
        classes=problem.signature.classes,
        positive=problem.signature.positive,
        confusion=_confusion(answers) if problem.task is not Task.REGRESSION else (),
        roc=_roc(answers) if binary else None,
        precision_recall=_precision_recall(answers) if binary else None,
        calibration=_calibration(answers) if binary else (),
        residuals=() if problem.signature.classes else _residuals(problem, answers),
        importance=_importance(problem, fitted.pipeline),
    )


def verdict(
    problem: Problem, answers: evaluate.Answers, baseline: evaluate.Answers, goal: Interval
) -> str:
    """What the run is worth, for who has never heard of its metric."""
    metric = METRICS[problem.metric]
    base = evaluate.value(problem.metric, baseline)
    worst = goal.low if metric.higher_is_better else goal.high
    assert worst is not None
    # Served numbers are float32, so the baseline itself may seem better by their rounding.
    maybe = metric.better(goal.value, base) and not np.isclose(goal.value, base, rtol=1e-5)
    surely = maybe and metric.better(worst, base)
    match problem.task:
        case Task.REGRESSION:
            return _number_verdict(answers, baseline, surely=surely, maybe=maybe)
        case Task.BINARY:
            said = _binary_verdict(problem, answers)
        case _:
            right = evaluate.value("accuracy", answers)
            usual = problem.signature.classes[int(baseline.predicted[0])]
            always = evaluate.value("accuracy", baseline)
            said = (
                f"Right in {100 * right:.0f} of 100 rows; always guessing {usual} is right in "
                f"{100 * always:.0f}."
            )
    return f"{said} {_compared(surely=surely, maybe=maybe)}"


def _number_verdict(
    answers: evaluate.Answers, baseline: evaluate.Answers, *, surely: bool, maybe: bool
) -> str:
    off = float(np.median(np.abs(answers.actual - answers.predicted)))
    guess = float(np.median(np.abs(baseline.actual - baseline.predicted)))
    said = f"Off by {_shown(off)} in a typical row"
    if not maybe:
        return f"{said}, no better than always guessing the mean."
    doubt = "" if surely else ", though that may be chance"
    if off > 0 and guess / off >= 1.05:
        return f"{said}, {guess / off:.2g} times better than always guessing the mean{doubt}."
    return f"{said}. Better than always guessing the mean{doubt}."


def _shown(number: float) -> str:
    return f"{number:,.0f}" if number >= 100 else f"{number:.3g}"


def _binary_verdict(problem: Problem, answers: evaluate.Answers) -> str:
    alarm, true = answers.predicted == answers.positive, answers.actual == answers.positive
    name = f"rows with {problem.spec.target} = {problem.signature.positive}"
    found = 100 * np.mean(alarm[true])
    if not alarm.any():
        return f"Finds none of the {name} at even odds."
    false = float(np.mean(~true[alarm]))
    if false < 0.01:
        alarms = "hardly an alarm is false"
    else:
        alarms = f"{100 * false:.0f} of 100 alarms are false"
    return f"Finds {found:.0f} of 100 {name}; {alarms}."


def _compared(*, surely: bool, maybe: bool) -> str:
    if surely:
        return "Better than always guessing (95 % sure)."
    return "Perhaps better than always guessing." if maybe else "No better than always guessing."


def _constant(problem: Problem) -> npt.NDArray[np.float64]:
    """The baseline's answers: the training mean, or the training shares of the classes."""
    known, rows = problem.target[problem.parts.train], len(problem.parts.heldout)
    if problem.task is Task.REGRESSION:
        return np.full((rows, 1), known.mean())
    shares = np.bincount(known, minlength=len(problem.signature.classes)) / len(known)
    return np.tile(shares, (rows, 1))


def _moment_text(problem: Problem) -> str | None:
    cutoff = problem.parts.cutoff
    if cutoff is None:
        return None
    if problem.signature.time_column is None:
        return f"{cutoff:g}"
    return str(np.datetime64(int(cutoff), "us").astype("datetime64[s]"))


def _confusion(answers: evaluate.Answers) -> tuple[tuple[int, ...], ...]:
    count = answers.scores.shape[1]
    cells = np.bincount(answers.actual * count + answers.predicted, minlength=count * count)
    return tuple(tuple(int(n) for n in row) for row in cells.reshape(count, count))


def _ranked(answers: evaluate.Answers) -> tuple[Any, Any]:
    """True and false alarms as the threshold falls, one entry a distinct score."""
    score = answers.scores[:, answers.positive]
    order = np.argsort(-score, kind="stable")
    true = (answers.actual == answers.positive)[order]
    ends = np.r_[np.flatnonzero(np.diff(score[order]) < 0), len(score) - 1]
    return np.cumsum(true)[ends], np.cumsum(~true)[ends]


def _curve(x: Any, y: Any) -> Curve:
    kept = np.unique(np.linspace(0, len(x) - 1, min(CURVE_POINTS, len(x))).astype(int))
    return Curve(_floats(np.asarray(x)[kept]), _floats(np.asarray(y)[kept]))


def _roc(answers: evaluate.Answers) -> Curve:
    hits, misses = _ranked(answers)
    return _curve(np.r_[0, misses] / max(1, misses[-1]), np.r_[0, hits] / max(1, hits[-1]))


def _precision_recall(answers: evaluate.Answers) -> Curve:
    hits, misses = _ranked(answers)
    return _curve(hits / max(1, hits[-1]), hits / (hits + misses))


def _calibration(answers: evaluate.Answers) -> tuple[CalibrationBin, ...]:
    score = answers.scores[:, answers.positive]
    true = answers.actual == answers.positive
    parts = np.array_split(np.argsort(score, kind="stable"), 10)
    return tuple(
        CalibrationBin(float(score[part].mean()), float(true[part].mean()), len(part))
        for part in parts
        if len(part)
    )


def _residuals(problem: Problem, answers: evaluate.Answers) -> tuple[Residual, ...]:
    rows = problem.rows[problem.parts.heldout]
    some = np.linspace(0, len(rows) - 1, min(POINTS, len(rows))).astype(int)
    return tuple(
        Residual(int(rows[i]), float(answers.actual[i]), float(answers.predicted[i])) for i in some
    )


def _importance(problem: Problem, pipeline: Any) -> tuple[Importance, ...]:
    """Permutation importance (Breiman, 2001) of the raw columns, most important first.

    A date's parts are shuffled together. Stops asking after some seconds.
    """
    rng = np.random.default_rng(problem.spec.seed)
    rows = rng.permutation(problem.parts.heldout)[:_IMPORTANCE_ROWS]
    frame = problem.frame.iloc[rows].reset_index(drop=True)
    sign = 1.0 if METRICS[problem.metric].higher_is_better else -1.0

    def goal(changed: Any) -> float:
        X = pipeline["encode"].transform(changed)
        said = scores_of(problem, pipeline["model"], X)
        return sign * evaluate.value(problem.metric, given(problem, said, rows))

    whole, end = goal(frame), time.monotonic() + _IMPORTANCE_SECONDS
    found = []
    for feature in problem.features:
        names = [item.name for item in problem.prepared if item.column == feature.column]
        drops: list[float] = []
        for _ in range(_IMPORTANCE_REPEATS):
            if drops and time.monotonic() > end:
                break
            mixed = frame.copy()
            mixed[names] = frame[names].to_numpy()[rng.permutation(len(rows))]
            drops.append(whole - goal(mixed))
        if np.isfinite(drops).all():
            found.append(Importance(feature.column, float(np.mean(drops)), float(np.std(drops))))
    return tuple(sorted(found, key=lambda item: -item.mean))


def _floats(values: Any) -> tuple[float, ...]:
    return tuple(float(value) for value in values)
