"""The literal list of what the step kinds do, and one step looked at with its settings."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mlops_desktop.core.datasets import Column
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.step_settings import complete
from mlops_desktop.core.steps import StepKind
from mlops_desktop.ml.fitted import FittedStep
from mlops_desktop.ml.raw_rows import Places, Prepared
from mlops_desktop.ml.steps import new_columns, rows, values
from mlops_desktop.ml.steps.context import Learner, Planned
from mlops_desktop.ml.steps.learning import NothingLearner

FEATURES: dict[StepKind, Callable[[Planned], FittedStep]] = {
    StepKind.PARSE_NUMBER: values.parse_number,
    StepKind.PARSE_DATE: values.parse_date,
    StepKind.FILL: values.fill,
    StepKind.CLIP: values.clip,
    StepKind.RENAME: new_columns.rename,
    StepKind.CAST: values.cast,
    StepKind.MAP_VALUES: values.map_values,
    StepKind.BIN: new_columns.bin_,
    StepKind.LOG: new_columns.log,
    StepKind.RATIO: new_columns.ratio,
    StepKind.SUM: new_columns.sum_,
    StepKind.DIFFERENCE: new_columns.difference,
    StepKind.DATE_PARTS: new_columns.date_parts,
    StepKind.CYCLIC: new_columns.cyclic,
    StepKind.GROUP_RARE: values.group_rare,
    StepKind.DROP_COLUMNS: new_columns.drop_columns,
    StepKind.FORMULA: new_columns.formula,
}
ROWS: dict[StepKind, Callable[[Planned, Prepared], Places]] = {
    StepKind.FILTER: rows.filter_,
    StepKind.DROP_DUPLICATES: rows.drop_duplicates,
    StepKind.DROP_MISSING: rows.drop_missing,
    StepKind.DROP_OUTLIERS: rows.drop_outliers,
    StepKind.SAMPLE: rows.sample,
}


def planned(step: Step, columns: Iterable[Column], learn: Learner | None = None) -> Planned:
    """The step with complete settings. learn: nothing can be learnt where None."""
    kinds = {column.name: column.type for column in columns}
    return Planned(step.kind, complete(step), kinds, learn or NothingLearner())


def located(error: UserError, number: int, step: Step) -> UserError:
    """The error with the step that it is about. number: from 1."""
    title = f"Step {number} ({step.kind.form.title}): {error.what}"
    return type(error)(title, why=error.why, hint=error.hint)
