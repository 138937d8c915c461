"""Fitting one algorithm within a time budget: the final model first, then cross-validation.

The model that is stored is the one that was evaluated: it is trained on the training part only,
and never again on the held-out rows.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_desktop.core.datasets import DataWarning, WarningKind
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.runs import Algorithm
from mlops_desktop.ml import evaluate, graph, pipeline
from mlops_desktop.ml.modelio import estimator_scores
from mlops_desktop.ml.problem import Problem

FOREST_BATCH = 10  # Trees fitted between two looks at the clock.
BOOSTING_BATCH = 25


@dataclass(frozen=True, slots=True)
class Fitted:
    """folds: the goal metric in each fold that was run."""

    pipeline: Any
    folds: tuple[float, ...]
    warnings: tuple[DataWarning, ...]


def fit(
    problem: Problem,
    algorithm: Algorithm,
    *,
    threads: int = 1,
    deadline: float = float("inf"),
    tell: Callable[[float, str], None],
    measured: Callable[[int, float], None],
) -> Fitted:
    """Fit on the training part, then on each fold while there is time.

    deadline: by time.monotonic(). Ensembles grow in batches and stop at it; a fold begins only
    if it should end in time. What was cut short is said in the warnings. tell gets a fraction of
    this work in 0..1 and a text; measured the metric of each fold.
    """
    warnings: list[DataWarning] = []
    begun = time.monotonic()
    parts = problem.parts
    final, short = _fit_one(
        problem,
        algorithm,
        parts.train,
        threads=threads,
        deadline=deadline,
        tell=partial(_inside, tell, 0.0, 0.3, "Fitting"),
    )
    if short:
        warnings.append(_cut(short))
    took = time.monotonic() - begun
    folds: list[float] = []
    for number, (train, test) in enumerate(parts.folds, start=1):
        share = took * max(0.2, len(train) / max(1, len(parts.train)))
        if time.monotonic() + share > deadline:
            warnings.append(
                _cut(f"Only {number - 1} of {len(parts.folds)} cross-validation folds were run.")
            )
            break
        left = share * (len(parts.folds) - number + 1)
        text = f"Fold {number} of {len(parts.folds)}, {_about(left)} left"
        at = 0.3 + 0.7 * (number - 1) / len(parts.folds)
        tell(at, text)
        fitted, _ = _fit_one(
            problem,
            algorithm,
            train,
            threads=threads,
            deadline=deadline,
            tell=partial(_inside, tell, at, 0.7 / len(parts.folds), text),
        )
        value = evaluate.value(problem.metric, answers(problem, fitted, test))
        if np.isfinite(value):
            folds.append(value)
            measured(number, value)
    return Fitted(final, tuple(folds), tuple(warnings))


def _inside(
    tell: Callable[[float, str], None], start: float, width: float, text: str, part: float
) -> None:
    tell(start + width * part, text)


def answers(problem: Problem, fitted: Any, rows: npt.NDArray[np.intp]) -> evaluate.Answers:
    """What the pipeline says of some rows, beside the truth."""
    X = fitted["encode"].transform(problem.frame.iloc[rows])
    return given(problem, scores_of(problem, fitted["model"], X), rows)


def given(
    problem: Problem, scores: npt.NDArray[np.float64], rows: npt.NDArray[np.intp]
) -> evaluate.Answers:
    """Scores of some rows beside the truth."""
    signature = problem.signature
    positive = signature.classes.index(signature.positive) if signature.positive else 0
    return evaluate.Answers(problem.target[rows], scores, problem.task, positive)


def scores_of(problem: Problem, estimator: Any, X: Any) -> npt.NDArray[np.float64]:
    """Numbers [rows, 1] or probabilities [rows, classes], 0 for a class that it never saw."""
    scores = estimator_scores(estimator, X)
    classes = problem.signature.classes
    if not classes or scores.shape[1] == len(classes):
        return scores
    whole = np.zeros((len(scores), len(classes)))
    whole[:, [classes.index(str(name)) for name in estimator.classes_]] = scores
    return whole


def _fit_one(
    problem: Problem,
    algorithm: Algorithm,
    rows: npt.NDArray[np.intp],
    *,
    threads: int,
    deadline: float,
    tell: Callable[[float], None],
) -> tuple[Any, str]:
    """A fitted pipeline, and what was cut short, if anything."""
    frame, target = problem.frame.iloc[rows], problem.labels[rows]
    whole = pipeline.build(
        algorithm,
        problem.task,
        problem.features,
        frame,
        seed=problem.spec.seed,
        threads=threads,
        parameters=problem.spec.parameters,
    )
    try:
        X = whole["encode"].fit_transform(frame)
        short = _grow(whole["model"], X, target, deadline, tell)
    except (ValueError, TypeError) as error:
        if not problem.spec.parameters:
            raise
        raise UserError(f"{algorithm.title} refused its parameters.", why=str(error)) from error
    graph.round_thresholds(whole["model"])
    return whole, short


def _grow(model: Any, X: Any, target: Any, deadline: float, tell: Callable[[float], None]) -> str:
    """Fit an ensemble in batches while there is time, any other model at once."""
    known = model.get_params()
    if "n_estimators" in known:
        setting, unit, batch = "n_estimators", "trees", FOREST_BATCH
    elif "max_iter" in known and "max_leaf_nodes" in known:
        setting, unit, batch = "max_iter", "rounds of boosting", BOOSTING_BATCH
    else:
        model.fit(X, target)
        tell(1.0)
        return ""
    wanted = int(known[setting])
    model.set_params(warm_start=True)
    size, short = 0, ""
    while size < wanted:
        begun = time.monotonic()
        size = min(wanted, size + batch)
        model.set_params(**{setting: size})
        model.fit(X, target)
        tell(size / wanted)
        if getattr(model, "n_iter_", size) < size:
            break  # Early stopping has spoken.
        if size < wanted and 2 * time.monotonic() - begun > deadline:
            short = f"{size} of {wanted} {unit} were fitted."
            break
    model.set_params(warm_start=False)
    if "n_jobs" in known:
        # Sums over trees in several threads come in any order, so they differ in the last digit.
        model.set_params(n_jobs=None)
    return short


def _cut(what: str) -> DataWarning:
    return DataWarning(
        WarningKind.BUDGET,
        (),
        what,
        "The time budget was used up.",
        "Train again with a larger budget.",
        answered=True,
    )


def _about(seconds: float) -> str:
    if seconds < 10:
        return "some seconds"
    if seconds < 90:
        return f"about {round(seconds, -1):.0f} seconds"
    return f"about {seconds / 60:.0f} minutes"
