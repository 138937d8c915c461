"""The training program on a table: its files, its budget, and the same numbers again."""

from __future__ import annotations

import json
import time
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from mlops_desktop.blobs import modelfiles
from mlops_desktop.child.train import train_table
from mlops_desktop.core.evaluation import Evaluation
from mlops_desktop.core.jsonable import from_plain
from mlops_desktop.core.models import Signature
from mlops_desktop.core.runs import Algorithm, Task, metrics_for
from tests.problems import mixed_table, spec_for


class _Reporter:
    """Keeps what a child would report."""

    def __init__(self) -> None:
        self.told: list[tuple[float | None, str]] = []
        self.values: list[float] = []

    def progress(self, fraction: float | None, text: str) -> None:
        self.told.append((fraction, text))

    def measured(self, name: str, step: int, value: float) -> None:  # noqa: ARG002
        self.values.append(value)


def _trained(
    task: Task,
    algorithm: Algorithm,
    *,
    budget_s: float = 60.0,
    reporter: _Reporter | None = None,
    **spec: Any,
) -> tuple[dict[str, Any], dict[str, bytes]]:
    return train_table(
        mixed_table(),
        spec_for(task, **spec),
        algorithm,
        reporter or _Reporter(),  # type: ignore[arg-type]
        threads=1,
        deadline=time.monotonic() + budget_s,
    )


@pytest.mark.parametrize("task", Task)
def test_that_a_run_leaves_every_file_and_they_fit_together(task: Task) -> None:
    reporter = _Reporter()
    result, files = _trained(task, Algorithm.GRADIENT_BOOSTING, reporter=reporter)
    assert set(files) == set(modelfiles.ALL)
    card = json.loads(files[modelfiles.CARD])
    signature = from_plain(Signature, card["signature"])
    assert signature.task is task
    evaluation = from_plain(Evaluation, json.loads(files[modelfiles.EVALUATION]))
    assert set(evaluation.metrics) == set(metrics_for(task)) == set(result["metrics"])
    goal = evaluation.metrics[result["metric"]]
    assert (goal.value, goal.low, goal.high) == (result["value"], result["low"], result["high"])
    assert result["low"] < result["value"] < result["high"]
    assert len(evaluation.folds) == 5
    assert list(evaluation.folds) == reporter.values
    assert "better than always guessing" in evaluation.verdict.lower()
    heldout = parquet.read_table(pa.BufferReader(files[modelfiles.HELDOUT]))
    assert heldout.num_rows == evaluation.split.heldout_rows == evaluation.parity.rows
    assert evaluation.importance[0].column == "area"
    if task is Task.REGRESSION:
        assert len(evaluation.residuals) == heldout.num_rows
    else:
        assert sum(map(sum, evaluation.confusion)) == heldout.num_rows
    if task is Task.BINARY:
        assert evaluation.roc is not None
        assert (evaluation.roc.x[0], evaluation.roc.y[0]) == (0.0, 0.0)
        assert (evaluation.roc.x[-1], evaluation.roc.y[-1]) == (1.0, 1.0)
        assert sum(item.rows for item in evaluation.calibration) == heldout.num_rows


def test_that_progress_only_grows_and_names_the_folds() -> None:
    reporter = _Reporter()
    _trained(Task.REGRESSION, Algorithm.RANDOM_FOREST, reporter=reporter)
    fractions = [fraction for fraction, _ in reporter.told if fraction is not None]
    assert all(later > before - 1e-9 for before, later in pairwise(fractions))
    assert 0.0 <= fractions[0] < fractions[-1] <= 1.0
    assert any(text.startswith("Fold 3 of 5") for _, text in reporter.told)


@pytest.mark.parametrize("algorithm", [Algorithm.RANDOM_FOREST, Algorithm.GRADIENT_BOOSTING])
def test_that_the_same_request_gives_the_same_numbers(algorithm: Algorithm) -> None:
    (one, files), (two, again) = (_trained(Task.BINARY, algorithm, seed=7) for _ in range(2))
    assert one == two
    for name in (modelfiles.ONNX, modelfiles.CARD, modelfiles.HELDOUT, modelfiles.REFERENCE):
        assert files[name] == again[name]
    other, _ = _trained(Task.BINARY, algorithm, seed=8)
    assert other["value"] != one["value"]


def test_that_a_spent_budget_cuts_trees_and_folds_and_says_so() -> None:
    result, files = _trained(Task.REGRESSION, Algorithm.RANDOM_FOREST, budget_s=0.0)
    said = [w["what"] for w in result["warnings"] if w["kind"] == "budget"]
    assert said == [
        "10 of 100 trees were fitted.",
        "Only 0 of 5 cross-validation folds were run.",
    ]
    assert result["value"] is not None
    assert json.loads(files[modelfiles.EVALUATION])["folds"] == []


def test_that_parameters_reach_the_estimator_and_bad_ones_are_the_users_to_mend() -> None:
    small, files = _trained(
        Task.REGRESSION, Algorithm.RANDOM_FOREST, parameters={"n_estimators": 3}
    )
    _, usual = _trained(Task.REGRESSION, Algorithm.RANDOM_FOREST)
    assert len(files[modelfiles.ONNX]) < len(usual[modelfiles.ONNX]) / 10
    assert small["value"] is not None
    with pytest.raises(Exception, match="Random forest refused its parameters"):
        _trained(Task.REGRESSION, Algorithm.RANDOM_FOREST, parameters={"max_depth": "deep"})


def test_that_the_baseline_says_that_it_is_no_better_than_guessing() -> None:
    for task in Task:
        _, files = _trained(task, Algorithm.BASELINE)
        verdict = json.loads(files[modelfiles.EVALUATION])["verdict"]
        assert "no better than always guessing" in verdict.lower()
