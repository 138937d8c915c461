"""What may be asked of a training: columns that exist and fit their part, a metric that fits."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence

from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.runs import DEFAULT_METRIC, METRICS, Task, TrainSpec, metrics_for

RESERVED = ("prediction", "prediction_id")  # What an answer is recorded and written as.


def check_names(columns: Sequence[Column], spec: TrainSpec) -> None:
    """Every column that the request names must exist and fit its part. Raises UserError."""
    types = {column.name: column.type for column in columns}
    named = {
        "--target": [spec.target],
        "--time-column": [spec.time_column] if spec.time_column else [],
        "--group-column": [spec.group_column] if spec.group_column else [],
        "--exclude": spec.exclude,
        "--keep": spec.keep,
    }
    for option, wanted in named.items():
        for name in wanted:
            if name not in types:
                near = [other for other in types if other.casefold() == name.casefold()]
                near = near or difflib.get_close_matches(name, types, n=3, cutoff=0.5)
                hint = f"It has {listed(types)}."
                if near:
                    hint = f"Did you mean {' or '.join(near)}?"
                raise UserError(f"The data has no column {name!r} ({option}).", hint=hint)
            if name == spec.target and option != "--target":
                raise UserError(f"{name} is the target, so it cannot be {option} as well.")
    taken = [name for name in RESERVED if name in types and name != spec.target]
    if taken and not set(taken) <= set(spec.exclude):
        raise UserError(
            f"A column called {' or '.join(taken)} cannot be an input.",
            why="What a model answers is recorded under that name.",
            hint="Leave it out, or rename it in the file and import it again.",
        )
    if types[spec.target] is ColumnType.DATETIME:
        raise UserError(
            f"{spec.target} is a date, which cannot be predicted.",
            hint="Make a number of it first, such as days until then.",
        )
    if spec.time_column and types[spec.time_column] in (ColumnType.TEXT, ColumnType.BOOLEAN):
        raise UserError(
            f"{spec.time_column} is {types[spec.time_column].value}, not a time.",
            hint="Import the file again with that column as a date, or name another one.",
        )
    if spec.time_column and spec.group_column:
        raise UserError(
            "Rows are held out either by time or by group.",
            hint="Name a time column or a group column, not both.",
        )


def check_metric(spec: TrainSpec, task: Task) -> str:
    """The goal metric: the one asked for, or the task's usual one. Raises UserError."""
    if spec.metric is None:
        return DEFAULT_METRIC[task]
    if spec.metric in metrics_for(task):
        return spec.metric
    what = "a number" if task is Task.REGRESSION else "a class"
    if spec.metric not in METRICS:
        raise UserError(
            f"There is no metric {spec.metric!r}.", hint=f"Use {listed(metrics_for(task))}."
        )
    raise UserError(
        f"{METRICS[spec.metric].title} does not fit the target {spec.target}.",
        why=f"It is {what}{', one of two' if task is Task.BINARY else ''}.",
        hint=f"Use {listed(metrics_for(task))}.",
    )


def listed(names: Iterable[object]) -> str:
    """Names in a sentence, at most twelve."""
    shown = [str(name) for name in names]
    return ", ".join(shown[:12]) + (", ..." if len(shown) > 12 else "")
