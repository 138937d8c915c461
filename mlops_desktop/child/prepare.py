"""The child that applies a recipe to stored versions, and stores what comes out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlops_desktop.blobs import manifests
from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.child import runner, storing
from mlops_desktop.child.no_pandas import refuse_pandas
from mlops_desktop.core.datasets import Column, DataWarning, WarningKind
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.core.recipes import Step
from mlops_desktop.ml import recipe
from mlops_desktop.paths import Workspace

_BATCH_ROWS = 16_384


def main(job_file: Path) -> int:
    refuse_pandas()
    return runner.run(prepare, job_file)


def prepare(job: runner.Job, folder: Path, reporter: runner.Reporter) -> runner.Job:
    """Job and result are as actions/recipes.py writes and reads them."""
    plain: Any = job
    workspace = Workspace(Path(plain["workspace"]))
    report = storing.throttled(reporter)
    report(0, "Reading")
    parent = manifests.read(workspace, plain["parent"])
    others = {
        name: manifests.load(workspace, manifests.read(workspace, manifest))
        for name, manifest in plain["others"].items()
    }
    table = manifests.load(workspace, parent)
    report(0.2, "Applying the steps")
    applied = recipe.apply(table, [from_plain(Step, step) for step in plain["steps"]], others)
    if not applied.table.num_rows:
        raise UserError(
            "The steps leave no row.", hint="Look at the preview: which step drops them all?"
        )
    before = table.num_rows + sum(other.num_rows for other in others.values())
    del table, others  # There may be gigabytes of them.
    report(0.4, "Writing")
    known: list[Manifest] = [manifests.read(workspace, name) for name in plain["known"]]
    columns = recipe.columns_of(applied.table)
    batches = applied.table.to_batches(max_chunksize=_BATCH_ROWS)
    written = storing.write(workspace, folder, columns, batches, known)
    raw_columns = [from_plain(Column, column) for column in plain["root"]]
    all_steps = [from_plain(Step, step) for step in plain["chain"]]
    made = recipe.sources(raw_columns, all_steps)
    result = storing.publish(
        workspace,
        written,
        (),
        storing.part(report, 0.6, 1),
        meant=lambda warning: _is_meant(warning, made),
    )
    learnt = [{"kind": step.kind.value, "learnt": step.learnt} for step in applied.fitted]
    return {**result, "rows_before": before, "learnt": to_plain(learnt)}


def _is_meant(warning: DataWarning, made: dict[str, frozenset[str]]) -> bool:
    """A column that the recipe made tells of those that it was made from: no leak by accident.
    (Training looks for columns that tell of its target all the same.)"""
    if warning.kind is not WarningKind.LEAK:
        return False
    return any(
        all(name == new or made.get(name, {name}) <= made[new] for name in warning.columns)
        for new in warning.columns
        if made.get(new)
    )
