"""The child that applies a recipe to stored versions, and stores what comes out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from mlops_desktop.blobs import manifests
from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.child import runner, storing
from mlops_desktop.child.no_pandas import refuse_pandas
from mlops_desktop.core.datasets import Column, DataWarning, WarningKind
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.core.recipes import Step
from mlops_desktop.ml import recipe
from mlops_desktop.ml.raw_rows import Prepared
from mlops_desktop.paths import Workspace

_BATCH_ROWS = 16_384
_BLOCK_ROWS = 1 << 17
_STORED = 0.6  # The part of the whole until the new version is written.


@dataclass(frozen=True, slots=True)
class StoredRows:
    """The rows of a stored version, of which some chunks are in memory at a time."""

    workspace: Workspace
    manifest: Manifest

    @property
    def columns(self) -> tuple[Column, ...]:
        return self.manifest.columns

    @property
    def num_rows(self) -> int:
        return self.manifest.rows

    def blocks(self, names: Sequence[str]) -> Iterator[pa.Table]:
        start = rows = 0
        for number, chunk in enumerate(self.manifest.chunks, 1):
            rows += chunk.rows
            if rows >= _BLOCK_ROWS or number == len(self.manifest.chunks):
                yield manifests.read_rows(self.workspace, self.manifest, start, rows, names)
                start, rows = start + rows, 0


def main(job_file: Path) -> int:
    refuse_pandas()
    return runner.run(prepare, job_file)


def prepare(job: runner.Job, folder: Path, reporter: runner.Reporter) -> runner.Job:
    """Job and result are as actions/recipes.py writes and reads them."""
    plain: Any = job
    workspace = Workspace(Path(plain["workspace"]))
    report = storing.throttled(reporter)
    raw = StoredRows(workspace, manifests.read(workspace, plain["parent"]))
    others = {
        name: StoredRows(workspace, manifests.read(workspace, manifest))
        for name, manifest in plain["others"].items()
    }
    report(0, "Fitting the steps")
    found = recipe.fit(raw, [from_plain(Step, step) for step in plain["steps"]], others)
    if not found.num_rows:
        raise UserError(
            "The steps leave no row.", hint="Look at the preview: which step drops them all?"
        )
    known: list[Manifest] = [manifests.read(workspace, name) for name in plain["known"]]
    batches = _batches(found, storing.part(report, 0.2, _STORED))
    written = storing.write(workspace, folder, found.columns, batches, known)
    raw_columns = [from_plain(Column, column) for column in plain["root"]]
    all_steps = [from_plain(Step, step) for step in plain["chain"]]
    made = recipe.sources(raw_columns, all_steps)
    result = storing.publish(
        written,
        (),
        storing.part(report, _STORED, 1),
        meant=lambda warning: _is_meant(warning, made),
    )
    learnt = [{"kind": step.kind.value, "learnt": step.learnt} for step in found.fitted]
    before = raw.num_rows + sum(other.num_rows for other in others.values())
    return {**result, "rows_before": before, "learnt": to_plain(learnt)}


def _batches(found: Prepared, report: storing.Report) -> Iterator[pa.RecordBatch]:
    done = 0
    for block in found.blocks():
        yield from block.to_batches(max_chunksize=_BATCH_ROWS)
        done += block.num_rows
        report(done / found.num_rows, f"Applying the steps: {done:,} rows")


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
