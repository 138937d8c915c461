"""Which columns a model learns from: not constants or identifiers, unless they are to be kept."""

from __future__ import annotations

from typing import Any

import pyarrow as pa

from mlops_desktop.core.datasets import Column, ColumnType, DataWarning, WarningKind
from mlops_desktop.core.runs import TrainSpec

_FREE_TEXT = 0.5  # Text with more distinct values than this share of rows is no category.


def choose(
    table: pa.Table, columns: dict[str, Column], spec: TrainSpec, warnings: list[DataWarning]
) -> list[str]:
    """The names of the columns. What is left out is added to the warnings, with the reason."""
    chosen = []
    for name, column in columns.items():
        if name in (spec.target, spec.group_column) or name in spec.exclude:
            continue
        if name == spec.time_column:
            if column.type is ColumnType.DATETIME:
                chosen.append(name)
            continue
        found = _useless(table[name], column.type)
        if found is None or name in spec.keep:
            chosen.append(name)
            continue
        kind, what, why = found
        fix = f"It is left out. Keep it with --keep {name}."
        if kind is WarningKind.CONSTANT and len(table[name].drop_null()):
            # It is asked for and recorded all the same: the day it varies, retraining can use it.
            chosen.append(name)
            fix = "It stays an input, so that retraining can learn from it once it varies."
        warnings.append(DataWarning(kind, (name,), f"{name} {what}", why, fix, answered=True))
    return chosen


def _useless(column: pa.ChunkedArray[Any], kind: ColumnType) -> tuple[WarningKind, str, str] | None:
    present = len(column) - column.null_count
    distinct = len(column.drop_null().unique())
    if distinct == 0:
        return WarningKind.CONSTANT, "has no value at all.", "It can tell nothing."
    if distinct == 1 and column.null_count == 0:
        return WarningKind.CONSTANT, "has the same value in every row.", "It can tell nothing."
    why = "It names rows, and names of rows to come are new."
    if kind is ColumnType.TEXT and distinct == present:
        return WarningKind.IDENTIFIER, "is different in every row, like an identifier.", why
    if kind is ColumnType.TEXT and distinct > _FREE_TEXT * present and distinct > 100:
        return WarningKind.IDENTIFIER, "is different in almost every row, like free text.", why
    if kind is ColumnType.INTEGER and distinct == present == len(column):
        values = column.to_numpy()
        if bool((values[1:] > values[:-1]).all()):
            return WarningKind.IDENTIFIER, "counts up from row to row, like a row number.", why
    return None
