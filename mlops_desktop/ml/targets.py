"""The target as an estimator learns it: numbers, or classes with their labels as text."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.requests import listed
from mlops_desktop.core.runs import Task, TrainSpec, task_of
from mlops_desktop.ml.pipeline import numbers_of

_POSITIVE = {"yes", "true", "1", "y", "positive"}


@dataclass(frozen=True, slots=True)
class Target:
    """values: floats, or class codes in the order of classes. labels: floats, or text."""

    task: Task
    values: npt.NDArray[Any]
    labels: npt.NDArray[Any]
    classes: tuple[str, ...] = ()
    positive: str | None = None


def class_labels(column: pa.ChunkedArray[Any]) -> list[str]:
    """Class labels as text: booleans "true"/"false", whole numbers as their digits."""
    return [_label(value) for value in column.to_pylist()]


def _label(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def read_target(column: pa.ChunkedArray[Any], kind: ColumnType, spec: TrainSpec) -> Target:
    """The target without missing values. Raises UserError where it cannot be learnt."""
    distinct = len(column.unique())
    if distinct < 2:
        raise UserError(
            f"{spec.target} has the same value in every row.",
            hint="Choose a target that varies.",
        )
    numbers = numbers_of(column) if kind.is_numeric else None
    task = task_of(
        kind, distinct, whole=numbers is not None and bool((numbers == np.round(numbers)).all())
    )
    assert task is not None
    if task is Task.REGRESSION:
        assert numbers is not None
        if spec.positive is not None:
            raise UserError(f"{spec.target} is a number, so it has no positive class.")
        return Target(task, numbers, numbers)
    labels = np.array(class_labels(column), dtype=str)
    counts = Counter(labels.tolist())
    rare = [name for name, count in counts.items() if count < 2]
    if len(rare) > 0.1 * len(counts) and len(counts) > 100:
        raise UserError(
            f"{spec.target} has {len(counts):,} different texts, too many to be classes.",
            hint="Choose a target with few values.",
        )
    if rare:
        raise UserError(
            f"The class {rare[0]!r} of {spec.target} has a single row.",
            why="A class must be both learnt and tested.",
            hint="Leave such rows out, or join rare classes.",
        )
    classes = sorted(counts)
    positive = _positive(counts, spec) if task is Task.BINARY else None
    if task is Task.MULTICLASS and spec.positive is not None:
        raise UserError(f"{spec.target} has {len(classes)} classes, so none is the positive one.")
    codes = np.searchsorted(np.array(classes), labels)
    return Target(task, codes, labels, tuple(classes), positive)


def _positive(counts: Counter[str], spec: TrainSpec) -> str:
    """The class to find: the one asked for, one that says yes, or the rarer one."""
    if spec.positive is not None:
        if spec.positive not in counts:
            raise UserError(
                f"{spec.positive!r} is no value of {spec.target}.", hint=f"Use {listed(counts)}."
            )
        return spec.positive
    yes = [name for name in counts if name.lower() in _POSITIVE]
    return yes[0] if len(yes) == 1 else min(sorted(counts), key=lambda name: counts[name])
