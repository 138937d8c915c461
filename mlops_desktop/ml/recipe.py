"""A recipe on tables: checked against columns, applied, its feature steps fitted and run.

Feature steps are fitted into `FittedStep`s (`ml/fitted.py`), which `features_on_table` here and
`ml/row_features.py` in a server run with the same answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from mlops_desktop.core.datasets import Column
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.expressions import quoted
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.ml.arrow_vectors import columns_of, features_on_table
from mlops_desktop.ml.expressions import INTEGER, NUMBER, SPOKEN, unknown_column
from mlops_desktop.ml.fitted import FittedStep, needed, sources_of
from mlops_desktop.ml.raw_rows import Places, Prepared, RawRows, TableRows, whole
from mlops_desktop.ml.steps import rows
from mlops_desktop.ml.steps.learning import PreparedLearner
from mlops_desktop.ml.steps.planning import FEATURES, ROWS, located, planned

__all__ = [
    "Applied",
    "Checked",
    "FittedStep",
    "apply",
    "check",
    "columns_of",
    "features_on_table",
    "fit",
    "fit_features",
    "needed",
    "outline",
    "sources",
]


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
    below = {name: TableRows(other) for name, other in (others or {}).items()}
    found = fit(TableRows(table), steps, below)
    places = np.arange(found.all_rows) if found.places is None else found.places
    return Applied(whole(found.blocks(), found.columns), places, tuple(found.fitted))


def fit(raw: RawRows, steps: Sequence[Step], others: Mapping[str, RawRows]) -> Prepared:
    """What the steps make of raw rows, of which each step reads only the columns that it needs.
    others: the rows to concatenate, by what the steps call them.

    Raises UserError as check() does.
    """
    check(raw.columns, steps, {name: other.columns for name, other in others.items()})
    return _fit(Prepared([raw]), _on(steps), others)


def fit_features(table: pa.Table, steps: Sequence[Step]) -> tuple[FittedStep, ...]:
    """The feature steps, fitted on the rows of a raw table; other steps are left out.

    Raises UserError as check() does.
    """
    features = ((number, step) for number, step in _on(steps) if step.kind in FEATURES)
    return tuple(_fit(Prepared([TableRows(table)]), features, {}).fitted)


def _fit(
    found: Prepared, steps: Iterable[tuple[int, Step]], others: Mapping[str, RawRows]
) -> Prepared:
    for number, step in steps:
        try:
            plan = planned(step, found.columns, PreparedLearner(found))
            if step.kind is StepKind.CONCATENATE:
                found.below(others[plan.settings["dataset"]])
            elif step.kind in ROWS:
                found.keep(ROWS[step.kind](plan, found))
            else:
                found.fitted.append(FEATURES[step.kind](plan))
        except UserError as error:
            raise located(error, number, step) from error
    return found


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
