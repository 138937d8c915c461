"""A recipe on tables: checked against columns, applied, its feature steps fitted and run.

Feature steps are fitted into `FittedStep`s (`ml/fitted.py`), which `features_on_table` here and
`ml/row_features.py` in a server run with the same answers.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlops_desktop.core.datasets import Column
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.expressions import quoted
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.ml import arrow_vectors, vectors
from mlops_desktop.ml.arrow_vectors import ARROW_TYPES, columns_of
from mlops_desktop.ml.expressions import INTEGER, NUMBER, SPOKEN, unknown_column
from mlops_desktop.ml.fitted import FittedStep, needed, sources_of
from mlops_desktop.ml.steps import rows
from mlops_desktop.ml.steps.learning import TableLearner
from mlops_desktop.ml.steps.planning import FEATURES, LEARNING, ROWS, located, planned

__all__ = [
    "Applied",
    "Checked",
    "FittedStep",
    "apply",
    "check",
    "columns_of",
    "features_on_table",
    "fit_features",
    "needed",
    "outline",
    "sources",
]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Applied:
    """rows: for each row of `table` its place in the raw table, or behind its end in the
    concatenated ones, in the order of the steps. fitted: the feature steps, on all rows."""

    table: pa.Table
    rows: Places
    fitted: tuple[FittedStep, ...]


@dataclass(frozen=True, slots=True)
class Checked:
    """A step with the columns before and after it, and what is wrong with it."""

    before: tuple[Column, ...]
    after: tuple[Column, ...]
    error: UserError | None


def check(
    columns: Sequence[Column],
    steps: Sequence[Step],
    others: Mapping[str, Sequence[Column]] | None = None,
) -> tuple[Column, ...]:
    """The columns after the steps. others: those of the versions that are concatenated, by what
    the steps call them; not looked at where None.

    Raises UserError that names the step: an unknown column, a wrong type, a bad setting.
    """
    found = tuple(columns)
    for checked in outline(columns, steps, others):
        if checked.error is not None:
            raise checked.error
        found = checked.after
    return found


def sources(columns: Sequence[Column], steps: Sequence[Step]) -> dict[str, frozenset[str]]:
    """For each column that the steps make, all columns on the way to it. Raises as check()."""
    found, fitted = tuple(columns), list[FittedStep]()
    for number, step in _on(steps):
        if step.kind in FEATURES:
            try:
                fitted.append(FEATURES[step.kind](planned(step, found)))
            except UserError as error:
                raise located(error, number, step) from error
            found = fitted[-1].after(found)
    return sources_of(fitted)


def outline(
    columns: Sequence[Column],
    steps: Sequence[Step],
    others: Mapping[str, Sequence[Column]] | None = None,
) -> tuple[Checked, ...]:
    """Each step with the columns around it and its error, for who edits them. A step that is off
    or at fault leaves the columns as they are."""
    before, featured, found = tuple(columns), False, list[Checked]()
    for number, step in enumerate(steps, 1):
        after, error = before, None
        try:
            if step.on:
                after = _after(step, before, others, featured=featured)
        except UserError as fault:
            error = located(fault, number, step)
        found.append(Checked(before, after, error))
        featured = featured or (step.on and step.kind in FEATURES)
        before = after
    return tuple(found)


def _after(
    step: Step,
    columns: tuple[Column, ...],
    others: Mapping[str, Sequence[Column]] | None,
    *,
    featured: bool,
) -> tuple[Column, ...]:
    plan = planned(step, columns)
    if step.kind in FEATURES:
        return FEATURES[step.kind](plan).after(columns)
    if step.kind is not StepKind.CONCATENATE:
        rows.check(plan)
        return columns
    _check_order(featured)
    name = plan.settings["dataset"]
    if others is not None:
        if name not in others:
            raise UserError(f"There is no version {name!r}.", hint="Choose another one.")
        _check_other(columns, others[name])
    return columns


def apply(
    table: pa.Table, steps: Sequence[Step], others: Mapping[str, pa.Table] | None = None
) -> Applied:
    """The table after all steps. others: the tables to concatenate, by what the steps call them.

    Raises UserError as check() does.
    """
    others = others or {}
    check(columns_of(table), steps, {name: columns_of(other) for name, other in others.items()})
    places: Places = np.arange(table.num_rows)
    end = table.num_rows
    fitted: list[FittedStep] = []
    for number, step in _on(steps):
        try:
            plan = planned(step, columns_of(table), TableLearner(table))
            if step.kind is StepKind.CONCATENATE:
                other = others[plan.settings["dataset"]]
                table = _below(table, other)
                places = np.concatenate([places, np.arange(end, end + other.num_rows)])
                end += other.num_rows
            elif step.kind in ROWS:
                kept = ROWS[step.kind](plan, table)
                table, places = table.take(kept), places[kept]
            else:
                fitted.append(FEATURES[step.kind](plan))
                table = features_on_table(table, fitted[-1:])
        except UserError as error:
            raise located(error, number, step) from error
    return Applied(table, places, tuple(fitted))


def fit_features(table: pa.Table, steps: Sequence[Step]) -> tuple[FittedStep, ...]:
    """The feature steps, fitted on the rows of a raw table; other steps are left out.

    Raises UserError as check() does.
    """
    fitted: list[FittedStep] = []
    wanted = [(number, step) for number, step in _on(steps) if step.kind in FEATURES]
    last = max((i for i, (_, step) in enumerate(wanted) if step.kind in LEARNING), default=-1)
    columns = columns_of(table)
    for place, (number, step) in enumerate(wanted):
        try:
            plan = planned(step, columns, TableLearner(table))
            fitted.append(FEATURES[step.kind](plan))
        except UserError as error:
            raise located(error, number, step) from error
        columns = fitted[-1].after(columns)
        if place < last:  # A later one learns from what this one makes.
            table = features_on_table(table, fitted[-1:])
    return tuple(fitted)


def features_on_table(table: pa.Table, fitted: Sequence[FittedStep]) -> pa.Table:
    """The table after the fitted steps; columns that no step makes stay as they are, whatever
    they hold. Raises KeyError where a column is not there."""
    for step in fitted:
        read = arrow_vectors.reader(table)
        made = {
            made.column.name: arrow_vectors.array(
                vectors.evaluate(made.expression, read), table.num_rows
            )
            for made in step.makes
        }
        after = step.after(columns_of(table))
        arrays = [made[c.name] if c.name in made else table[c.name] for c in after]
        table = pa.table(arrays, names=[column.name for column in after])
    return table


def _on(steps: Sequence[Step]) -> Iterator[tuple[int, Step]]:
    return ((number, step) for number, step in enumerate(steps, 1) if step.on)


def _check_order(featured: bool) -> None:
    if featured:
        raise UserError(
            "It comes after a feature step.",
            why="The rows of the other version have none of the changes that were made before.",
            hint="Move it up, before the first step that changes columns.",
        )


def _check_other(columns: Sequence[Column], other: Sequence[Column]) -> None:
    types = {column.name: column.type for column in other}
    for column in columns:
        if column.name not in types:
            raise unknown_column(column.name, types, " in the other version")
        found = types[column.name]
        if found is not column.type and (found, column.type) != (INTEGER, NUMBER):
            raise UserError(
                f"{quoted(column.name)} holds {SPOKEN[column.type]}, in the other version "
                f"{SPOKEN[found]}.",
                hint="Import one of them again with the type of the other.",
            )


def _below(table: pa.Table, other: pa.Table) -> pa.Table:
    schema = pa.schema([(c.name, ARROW_TYPES[c.type]) for c in columns_of(table)])
    return pa.concat_tables([table.cast(schema), other.select(schema.names).cast(schema)])
