"""The child that answers every row of a dataset version or file with a model, batch by batch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from mlops_desktop.blobs import exports, manifests, modelfiles, objects
from mlops_desktop.blobs.readers import formats
from mlops_desktop.blobs.readers.reading import Contradiction, Reading, Seen
from mlops_desktop.child import runner, storing
from mlops_desktop.child.ahead import ahead
from mlops_desktop.child.no_pandas import refuse_pandas
from mlops_desktop.core.datasets import Column, ColumnType, ImportOptions
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.jsonable import from_plain
from mlops_desktop.ml.scoring import Scorer
from mlops_desktop.paths import Workspace

_CELLS = 1 << 20  # Answered at a time: the memory does not grow with the table.
_EXPECTED = {
    ColumnType.INTEGER: "a whole number",
    ColumnType.NUMBER: "a number",
    ColumnType.BOOLEAN: "true or false",
    ColumnType.DATETIME: "a date",
    ColumnType.TEXT: "text",
}


def main(job_file: Path) -> int:
    refuse_pandas()
    return runner.run(score, job_file)


def score(job: runner.Job, folder: Path, reporter: runner.Reporter) -> runner.Job:
    """Job and result are as actions/scoring.py writes and reads them."""
    plain: Any = job
    workspace = Workspace(Path(plain["workspace"]))
    report = storing.throttled(reporter)
    report(0, "Loading the model")
    card = modelfiles.read_card(workspace, plain["files"])
    onnx = objects.get_bytes(workspace, plain["files"][modelfiles.ONNX])
    scorer = Scorer(plain["model"], card, onnx, os.cpu_count() or 1)
    source = _Stored(workspace, plain["manifest"]) if "manifest" in plain else _File(plain, scorer)
    scorer.check(source.columns)
    columns = scorer.output_columns(source.columns)
    if "target" in plain:
        rows = _write_file(Path(plain["target"]), columns, source, scorer, report)
        return {"rows": rows, "sha256": source.sha256}
    known = [manifests.read(workspace, name) for name in plain["known"]]
    reading = storing.part(report, 0, 0.7)
    written = storing.write(workspace, folder, columns, _answers(source, scorer, reading), known)
    result = storing.publish(written, (), storing.part(report, 0.7, 1))
    return {**result, "sha256": source.sha256}


class _Stored:
    """A dataset version."""

    sha256 = ""

    def __init__(self, workspace: Workspace, manifest: str) -> None:
        self._workspace = workspace
        self._manifest = manifests.read(workspace, manifest)
        self.columns = self._manifest.columns

    def batches(self, report: storing.Report) -> Iterator[pa.RecordBatch]:
        step = max(1, _CELLS // max(1, len(self.columns)))
        for start in range(0, self._manifest.rows, step):
            report(start / self._manifest.rows, f"{start:,} of {self._manifest.rows:,} rows")
            rows = manifests.read_rows(self._workspace, self._manifest, start, step)
            yield from rows.combine_chunks().to_batches()


class _File:
    """A file of any format that can be imported; its inputs are read as the types they had."""

    def __init__(self, job: Any, scorer: Scorer) -> None:
        self._path = Path(job["path"])
        options = from_plain(ImportOptions, job["options"])
        found = formats.open_file(self._path, options, _quiet, sample=True).columns
        names = {column.name for column in found}
        fields = scorer.signature.inputs
        types = {field.name: field.type for field in fields if field.name in names}
        self._wanted = types
        options = replace(options, types={**types, **options.types})
        self._reading: Reading = formats.open_file(self._path, options, _quiet)
        self.columns: tuple[Column, ...] = self._reading.columns
        self.sha256 = ""

    def batches(self, report: storing.Report) -> Iterator[pa.RecordBatch]:
        seen = Seen()
        try:
            yield from self._reading.batches(seen, report)
        except Contradiction as found:
            self._check()
            raise UserError(
                f"The columns of {self._path.name} are not of one type each.",
                why="A row further down is of another type than the first ones.",
                hint="Import it as a dataset first: the app then looks at every row.",
            ) from found
        self._check()
        self.sha256 = seen.sha256

    def _check(self) -> None:
        for name, value in self._reading.misfits.items():
            if name in self._wanted:
                raise UserError(
                    f"{self._path.name}: {name!r} holds something that is not "
                    f"{_EXPECTED[self._wanted[name]]}, as the model takes it ({value}).",
                    hint="Correct it, or leave the cell empty where the value is not known.",
                )


def _answers(
    source: _Stored | _File, scorer: Scorer, report: storing.Report
) -> Iterator[pa.RecordBatch]:
    """Rows are read and answered in a thread of its own, while those before them are written."""

    def answered() -> Iterator[pa.RecordBatch]:
        rows = 0
        for batch in source.batches(report):
            if batch.num_rows:
                yield scorer.answered(batch, rows)
            rows += batch.num_rows

    return ahead(answered())


def _write_file(
    target: Path,
    columns: tuple[Column, ...],
    source: _Stored | _File,
    scorer: Scorer,
    report: storing.Report,
) -> int:
    rows = 0
    with exports.table_file(target, columns) as writer:
        for batch in _answers(source, scorer, report):
            writer.write_batch(batch)
            rows += batch.num_rows
    return rows


def _quiet(_fraction: float, _text: str) -> None:
    """A look at the head of a file takes a moment."""
