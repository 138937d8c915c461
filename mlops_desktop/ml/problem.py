"""From a table and what the user asks for to what is learnt: rows, features, target, split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from mlops_desktop.core.datasets import Column, ColumnType, DataWarning, WarningKind
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.models import Signature
from mlops_desktop.core.requests import check_metric, check_names
from mlops_desktop.core.runs import MIN_ROWS, Task, TrainSpec
from mlops_desktop.ml import recipe
from mlops_desktop.ml.arrow_vectors import columns_of
from mlops_desktop.ml.choosing import choose
from mlops_desktop.ml.fitted import FittedStep, needed
from mlops_desktop.ml.inputs import fields_of, present
from mlops_desktop.ml.leaks import find_leaks
from mlops_desktop.ml.origin import Origin
from mlops_desktop.ml.pipeline import (
    Feature,
    Kind,
    Prepared,
    features_of,
    moments_of,
    numbers_of,
    prepare,
    prepared_columns,
)
from mlops_desktop.ml.split import Parts, hold_out
from mlops_desktop.ml.targets import read_target


@dataclass(frozen=True, slots=True)
class Problem:
    """What is learnt. rows: of each row of table and frame, its index in the dataset version.

    table: the signature's raw columns. frame: the prepared features. target: floats or class
    codes in the order of signature.classes. steps: what makes the features' columns of the raw
    ones; empty where they are the same.
    """

    spec: TrainSpec
    metric: str
    rows: npt.NDArray[np.int64]
    table: pa.Table
    features: list[Feature]
    frame: pd.DataFrame
    target: npt.NDArray[Any]
    labels: npt.NDArray[Any]
    parts: Parts
    signature: Signature
    warnings: tuple[DataWarning, ...]
    time: npt.NDArray[Any] | None
    steps: tuple[FittedStep, ...] = ()

    @property
    def task(self) -> Task:
        return self.signature.task

    @property
    def prepared(self) -> list[Prepared]:
        """The columns of the frame."""
        numbers, categories = prepared_columns(self.features)
        return numbers + categories


def pose(table: pa.Table, spec: TrainSpec, origin: Origin | None = None) -> Problem:
    """Check the request against the data and lay out what is learnt. Raises UserError.

    origin: where a recipe made the table, what it was made of. What its steps learn is then
    learnt again, from training rows only.
    """
    columns = {column.name: column for column in columns_of(table)}
    warnings: list[DataWarning] = []
    check_names(list(columns.values()), spec)
    rows = np.flatnonzero(present(table[spec.target]))
    if missing := table.num_rows - len(rows):
        warnings.append(
            DataWarning(
                WarningKind.MISSING,
                (spec.target,),
                f"{spec.target} is missing in {missing:,} of {table.num_rows:,} rows.",
                "A row without the answer teaches nothing.",
                "These rows are left out.",
                answered=True,
            )
        )
        table = table.take(rows)
    if table.num_rows < MIN_ROWS:
        raise UserError(
            f"{table.num_rows} rows with a value of {spec.target} are too few to train on.",
            hint=f"At least {MIN_ROWS} are needed.",
        )
    goal = read_target(table[spec.target], columns[spec.target].type, spec)
    target, classes = goal.values, goal.classes
    metric = check_metric(spec, goal.task)
    names = choose(table, columns, spec, warnings)
    time = _time(table, columns, spec)
    features = features_of(table.select(names))
    if not features:
        raise UserError(
            "No column is left to learn from.",
            why="All are the target, left out, constant, or identifiers.",
            hint="Keep one of them.",
        )
    frame = prepare(table, features)
    parts = hold_out(
        pd.util.hash_pandas_object(frame, index=False).to_numpy(),
        time=time,
        groups=_groups(table, spec),
        strata=target if classes else None,
        seed=spec.seed,
    )
    _check_parts(target, parts, classes, spec.target)
    if parts.dropped:
        warnings.append(
            DataWarning(
                WarningKind.DUPLICATES,
                (),
                f"{parts.dropped:,} rows have the same features as a held-out row.",
                "A row that was learnt from proves nothing when it is asked again.",
                "They are left out of the training part.",
                answered=True,
            )
        )
    warnings += _leaks(table, features, frame, target, spec, classes=bool(classes))
    steps: tuple[FittedStep, ...] = ()
    used, raw = [feature.column for feature in features], table
    if origin is not None:
        raw = origin.raw.take(rows)
        fitted = recipe.fit_features(raw.take(parts.train), origin.steps)
        frame = prepare(recipe.features_on_table(raw, fitted), features)
        needs, steps = needed(fitted, used)
        inputs = list(needs)
        _check_inputs(inputs, spec.target, steps)
    else:
        inputs = list(used)
    time_column = _served_time(raw, spec.time_column)
    if time_column is not None and time_column not in inputs:
        inputs.append(time_column)
    inputs.sort(key=raw.column_names.index)
    signature = Signature(
        inputs=fields_of(raw.select(inputs).take(parts.train)),
        target=spec.target,
        task=goal.task,
        classes=goal.classes,
        positive=goal.positive,
        time_column=time_column,
    )
    return Problem(
        spec=spec,
        metric=metric,
        rows=rows.astype(np.int64),
        table=raw.select(inputs),
        features=features,
        frame=frame,
        target=target,
        labels=goal.labels,
        parts=parts,
        signature=signature,
        warnings=tuple(warnings),
        time=time,
        steps=steps,
    )


def _check_inputs(inputs: list[str], target: str, steps: tuple[FittedStep, ...]) -> None:
    """Nobody who asks for the target can send it."""
    if target not in inputs:
        return
    made = [
        made.column.name
        for step in steps
        for made in step.makes
        if target in [name for name, _ in made.expression.columns]
    ]
    raise UserError(
        f"{', '.join(made)} is computed from {target}, which is to be predicted.",
        why="When the model is asked, that is not known yet.",
        hint=f"Leave it out (--exclude {made[0]}), or take the step out of the recipe.",
    )


def _served_time(raw: pa.Table, name: str | None) -> str | None:
    """The time column as clients send it: windows can be cut by it only where it is one."""
    is_time = name in raw.column_names and pa.types.is_timestamp(raw.schema.field(name).type)
    return name if is_time else None


def _time(table: pa.Table, columns: dict[str, Column], spec: TrainSpec) -> npt.NDArray[Any] | None:
    """Sortable times of the rows; a missing one counts as the oldest."""
    if spec.time_column is None:
        return None
    if columns[spec.time_column].type is ColumnType.DATETIME:
        return np.asarray(moments_of(table[spec.time_column]).astype(np.int64))
    numbers: npt.NDArray[Any] = np.nan_to_num(numbers_of(table[spec.time_column]), nan=-np.inf)
    return numbers


def _groups(table: pa.Table, spec: TrainSpec) -> npt.NDArray[Any] | None:
    if spec.group_column is None:
        return None
    codes = table[spec.group_column].combine_chunks().dictionary_encode(null_encoding="encode")
    return np.asarray(codes.indices.to_numpy())


def _check_parts(
    target: npt.NDArray[Any], parts: Parts, classes: tuple[str, ...], name: str
) -> None:
    if not classes:
        return
    for rows, which in ((parts.train, "training"), (parts.heldout, "held-out")):
        if len(np.unique(target[rows])) < 2:
            only = classes[int(target[rows][0])]
            raise UserError(
                f"Every {which} row has {name} = {only}.",
                why=f"Rows are held out by {parts.kind}.",
                hint="Hold rows out in another way: name no time or group column, or another one.",
            )


def _leaks(
    table: pa.Table,
    features: list[Feature],
    frame: pd.DataFrame,
    target: npt.NDArray[Any],
    spec: TrainSpec,
    *,
    classes: bool,
) -> list[DataWarning]:
    values: dict[str, npt.NDArray[Any]] = {}
    for feature in features:
        if feature.kind is Kind.NUMBER:
            values[feature.column] = frame[feature.column].to_numpy()
        elif feature.kind is Kind.CATEGORY:
            texts = table[feature.column].combine_chunks()
            codes = texts.dictionary_encode(null_encoding="encode").indices
            values[feature.column] = np.asarray(codes.to_numpy(), dtype=np.int64)
    found = []
    for leak in find_leaks(values, target, classes=classes, seed=spec.seed):
        kept = set(leak.columns) <= set(spec.keep)
        almost = "" if leak.share > 0.999999 else "almost "
        what = f"{leak.columns[0]} alone {almost}gives {spec.target}."
        if len(leak.columns) > 1:
            what = f"{' and '.join(leak.columns)} together {almost}give {spec.target}."
        names = " ".join(leak.columns)
        found.append(
            DataWarning(
                WarningKind.LEAK,
                leak.columns,
                what,
                "If it is not known before the target is, the model is useless on new data.",
                f"Leave it out (--exclude) or confirm that it is known in time (--keep): {names}.",
                answered=kept,
            )
        )
    return found
