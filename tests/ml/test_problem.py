"""What is learnt: the task, the columns, the positive class, and what the user must mend."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlops_desktop.core.datasets import WarningKind
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.runs import Task, TrainSpec
from mlops_desktop.ml.problem import Problem, pose
from tests.problems import NEW_YEAR, mixed_table, posed

_N = 120
_X = [float(i * 7 % 31) for i in range(_N)]


def _pose(target: list[Any], spec: dict[str, Any] | None = None, **columns: list[Any]) -> Problem:
    table = pa.table({"x": _X, **columns, "y": target})
    return pose(table, TrainSpec(dataset="d", version=1, target="y", **(spec or {})))


def _cycle(*values: Any) -> list[Any]:
    return [values[i % len(values)] for i in range(_N)]


@pytest.mark.parametrize(
    ("target", "task", "classes", "positive"),
    [
        (_cycle("a", "a", "b"), Task.BINARY, ("a", "b"), "b"),
        (_cycle("Yes", "Yes", "No"), Task.BINARY, ("No", "Yes"), "Yes"),
        (_cycle(True, True, False), Task.BINARY, ("false", "true"), "true"),
        (_cycle(0, 1, 1), Task.BINARY, ("0", "1"), "1"),
        (_cycle(0.0, 1.0, None), Task.BINARY, ("0", "1"), "1"),
        (_cycle(3, 4, 5), Task.MULTICLASS, ("3", "4", "5"), None),
        (_cycle("a", "b", "c"), Task.MULTICLASS, ("a", "b", "c"), None),
        (list(range(_N)), Task.REGRESSION, (), None),
        (_cycle(0.5, 1.0), Task.REGRESSION, (), None),
    ],
)
def test_that_the_targets_values_say_what_the_task_is(
    target: list[Any], task: Task, classes: tuple[str, ...], positive: str | None
) -> None:
    signature = _pose(target).signature
    assert (signature.task, signature.classes, signature.positive) == (task, classes, positive)


@pytest.mark.parametrize(
    ("target", "spec", "message"),
    [
        (_cycle("a", "b"), {"metric": "rmse"}, "RMSE does not fit .* roc_auc"),
        (list(range(_N)), {"metric": "f1"}, "F1 does not fit .* rmse, mae, r2"),
        (_cycle("a", "b", "c"), {"metric": "roc_auc"}, "does not fit .* balanced_accuracy"),
        (_cycle("a", "b"), {"metric": "bogus"}, "no metric 'bogus'"),
        (_cycle("a", "b"), {"positive": "z"}, "'z' is no value of y. Use"),
        (_cycle("a", "b", "c"), {"positive": "a"}, "3 classes"),
        (list(range(_N)), {"positive": "1"}, "no positive class"),
        (_cycle("a"), {}, "the same value in every row"),
        (["z", *_cycle("a", "b")[1:]], {}, "'z' of y has a single row"),
        ([None] * 80 + _cycle("a", "b")[80:], {}, "40 rows .* too few"),
        (_cycle("a", "b"), {"exclude": ("X",)}, "no column 'X' .*Did you mean x"),
        (_cycle("a", "b"), {"time_column": "y"}, "is the target"),
        (_cycle("a", "b"), {"exclude": ("x",)}, "No column is left"),
        ([NEW_YEAR] * _N, {}, "is a date"),
        ([f"t{i // 2}" for i in range(_N)], {"group_column": "x", "time_column": "x"}, "not both"),
    ],
)
def test_that_a_request_that_does_not_fit_says_what_to_do(
    target: list[Any], spec: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        _pose(target, spec)


def test_that_held_out_rows_of_one_class_are_refused() -> None:
    with pytest.raises(UserError, match="Every held-out row has y = b"):
        _pose(["a"] * 60 + ["b"] * 60, {"time_column": "at"}, at=list(range(_N)))


def test_that_rows_without_the_target_are_left_out_and_counted() -> None:
    problem = _pose(_cycle("a", "b", None))
    assert len(problem.rows) == 80
    assert problem.rows[:4].tolist() == [0, 1, 3, 4]
    assert [w.what for w in problem.warnings] == ["y is missing in 40 of 120 rows."]


def test_that_identifiers_and_empty_columns_are_left_out_and_constants_are_named() -> None:
    columns = {
        "name": [f"n{i}" for i in range(_N)],
        "number": [10 * i for i in range(_N)],
        "same": ["s"] * _N,
        "empty": pa.nulls(_N, pa.string()),
        "shuffled": [i * 37 % _N for i in range(_N)],
    }
    problem = _pose(_cycle("a", "b"), **columns)
    assert [field.name for field in problem.signature.inputs] == ["x", "same", "shuffled"]
    kinds = {w.columns[0]: w.kind for w in problem.warnings}
    assert kinds == {
        "name": WarningKind.IDENTIFIER,
        "number": WarningKind.IDENTIFIER,
        "same": WarningKind.CONSTANT,
        "empty": WarningKind.CONSTANT,
    }
    kept = _pose(_cycle("a", "b"), {"keep": ("number",)}, **columns)
    assert "number" in [field.name for field in kept.signature.inputs]


def test_that_a_leak_is_open_until_it_is_kept_and_gone_where_it_is_excluded() -> None:
    target = [float(i) for i in np.random.default_rng(0).gamma(2, 9, _N)]
    half = [value * 0.3 + i % 5 for i, value in enumerate(target)]
    rest = [value - part for value, part in zip(target, half, strict=True)]

    def leaks(**spec: Any) -> list[tuple[tuple[str, ...], bool]]:
        warnings = _pose(target, spec, half=half, rest=rest).warnings
        return [(w.columns, w.answered) for w in warnings if w.kind is WarningKind.LEAK]

    assert leaks() == [(("half", "rest"), False)]
    assert leaks(keep=("half", "rest")) == [(("half", "rest"), True)]
    assert leaks(keep=("half",)) == [(("half", "rest"), False)]
    assert leaks(exclude=("half",)) == []


def test_that_a_time_column_gives_parts_but_never_the_time_itself() -> None:
    at = [NEW_YEAR + timedelta(hours=i) for i in range(_N)]
    problem = _pose(_cycle("a", "b"), {"time_column": "at"}, at=at)
    assert problem.signature.time_column == "at"
    assert [item.name for item in problem.prepared] == ["x", "at day", "at weekday", "at hour"]
    assert problem.parts.kind == "time"
    field = problem.signature.inputs[1]
    assert (field.name, field.example) == ("at", "2023-01-01T00:00:00")


def test_that_a_group_column_is_no_feature() -> None:
    problem = _pose(
        _cycle("a", "b"), {"group_column": "who"}, who=[f"p{i // 4}" for i in range(_N)]
    )
    assert problem.parts.kind == "group"
    assert [field.name for field in problem.signature.inputs] == ["x"]


def test_that_the_signature_shows_one_real_training_row() -> None:
    problem = posed(Task.REGRESSION)
    example = {field.name: field.example for field in problem.signature.inputs}
    example["listed"] = datetime.fromisoformat(str(example["listed"]))
    assert example in mixed_table().select(list(example)).to_pylist()
    town = next(field for field in problem.signature.inputs if field.name == "town")
    assert town.categories is not None
    assert set(town.categories) == {"Ulm", "Köln", "Bonn", "=1+1", ""}


def test_that_infinite_numbers_are_missing_ones() -> None:
    target = [float(i) for i in range(_N - 1)] + [float("inf")]
    extreme = [float("inf"), 1e300, *_X[2:]]
    problem = _pose(target, extreme=extreme)
    assert len(problem.rows) == _N - 1
    assert problem.frame["extreme"].isna().sum() == 2
    assert all(np.isfinite(f.high or 0) for f in problem.signature.inputs)
