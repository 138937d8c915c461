"""What can be refused of a training at once, by the profile of its data."""

from __future__ import annotations

import math

from mlops_desktop.actions import datasets
from mlops_desktop.core.datasets import ColumnType, DatasetVersion
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.requests import check_metric, check_names, listed
from mlops_desktop.core.runs import MIN_ROWS, Task, TrainSpec, task_of
from mlops_desktop.paths import Workspace


def check_request(workspace: Workspace, version: DatasetVersion, spec: TrainSpec) -> None:
    """Raises UserError where it cannot be trained so; the child looks at every row."""
    check_names(list(version.columns), spec)
    if not 0 < spec.budget_s < math.inf:
        raise UserError("The time budget must be above 0 seconds.", hint="120 is the usual one.")
    if version.rows < MIN_ROWS:
        raise UserError(
            f"{version.ref} has {version.rows} rows, which are too few to train on.",
            hint=f"At least {MIN_ROWS} are needed.",
        )
    column = version.column(spec.target)
    profiled = datasets.profile(workspace, version).column(spec.target)
    assert column is not None
    if profiled is None:
        return
    if profiled.distinct < 2:
        raise UserError(
            f"{spec.target} has the same value in every row.",
            hint="Choose a target that varies.",
        )
    if column.type is ColumnType.NUMBER:
        return  # Whether its values are whole ones is seen only in the rows.
    task = task_of(column.type, profiled.distinct, whole=True)
    assert task is not None
    check_metric(spec, task)
    if spec.positive is not None and task is Task.BINARY:
        known = [item.value for item in profiled.top]
        if len(known) == 2 and spec.positive not in known:
            raise UserError(
                f"{spec.positive!r} is no value of {spec.target}.", hint=f"Use {listed(known)}."
            )
