"""The child that reads a file into packs, a manifest and a profile; the action adds the row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa

from mlops_desktop.blobs import manifests
from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.blobs.readers import formats
from mlops_desktop.blobs.readers.reading import Contradiction, Progress, Reading, Seen
from mlops_desktop.child import runner, storing
from mlops_desktop.child.ahead import ahead
from mlops_desktop.child.no_pandas import refuse_pandas
from mlops_desktop.child.storing import Written
from mlops_desktop.core.child_command import UNTOLD
from mlops_desktop.core.datasets import ColumnType, DataWarning, ImportOptions
from mlops_desktop.core.errors import Damaged, UserError
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.paths import Workspace

_READING = 0.7  # The part of the whole that reading takes.
_WORDS = {
    ColumnType.INTEGER: "whole numbers",
    ColumnType.NUMBER: "numbers",
    ColumnType.BOOLEAN: "true or false",
    ColumnType.TEXT: "text",
    ColumnType.DATETIME: "dates",
}


@dataclass(frozen=True, slots=True)
class Stored:
    """A table that is on the disk, still in the scratch folder."""

    written: Written
    warnings: list[DataWarning]
    sha256: str
    bytes: int
    options: ImportOptions


def main(job_file: Path) -> int:
    """Most of the start is spent before the job must be known: see actions/early.py."""
    refuse_pandas()
    if job_file == UNTOLD:
        from mlops_desktop.blobs.readers import csv  # noqa: F401, PLC0415  The likely one.
    return runner.run(ingest, runner.told(job_file))


def ingest(job: runner.Job, folder: Path, reporter: runner.Reporter) -> runner.Job:
    """Job and result are as actions/datasets.py writes and reads them."""
    workspace = Workspace(Path(str(job["workspace"])))
    try:
        known = [manifests.read(workspace, name) for name in _texts(job["known"])]
        return _ingest(job, workspace, known, folder, reporter)
    except Damaged:
        if "append_to" in job:
            raise
        # What is stored anew shares nothing with a damaged version, and mends its blobs.
        return _ingest(job, workspace, [], folder, reporter)


def _ingest(
    job: runner.Job,
    workspace: Workspace,
    known: list[Manifest],
    folder: Path,
    reporter: runner.Reporter,
) -> runner.Job:
    path = Path(str(job["path"]))
    report = storing.throttled(reporter)
    options = from_plain(ImportOptions, job["options"])
    reading = storing.part(report, 0, _READING)
    if "append_to" in job:
        kept = manifests.read(workspace, str(job["append_to"]))
        stored = _append(workspace, path, folder, [kept, *known], options, reading)
    else:
        stored = _store(workspace, path, folder, known, options, reading)
    looking = storing.part(report, _READING, 1)
    return {
        **storing.publish(stored.written, stored.warnings, looking),
        "options": to_plain(stored.options),
        "sha256": stored.sha256,
        "bytes": stored.bytes,
    }


def _store(
    workspace: Workspace,
    path: Path,
    folder: Path,
    known: list[Manifest],
    options: ImportOptions,
    report: Progress,
) -> Stored:
    reading = formats.open_file(path, options, report)
    while True:
        seen = Seen()
        try:
            batches = ahead(reading.batches(seen, report))
            written = storing.write(workspace, folder, reading.columns, batches, known)
        except Contradiction as found:
            reading = found.reading
            continue
        return Stored(written, list(reading.warnings), seen.sha256, seen.bytes, reading.options)


def _append(
    workspace: Workspace,
    path: Path,
    folder: Path,
    known: list[Manifest],
    options: ImportOptions,
    report: Progress,
) -> Stored:
    """The rows of the first known version, then those of the file, which must have its columns."""
    kept = known[0]
    types = {column.name: column.type for column in kept.columns}
    names = [column.name for column in formats.open_file(path, options, report).columns]
    _check_columns(path, names, list(types))
    reading = formats.open_file(path, replace(options, types=types), report)
    while True:
        seen = Seen()
        try:
            batches = ahead(_in_order(reading, list(types), seen, report))
            written = storing.write(workspace, folder, kept.columns, batches, known, kept)
        except Contradiction as found:
            reading = found.reading
            continue
        for name, misfit in reading.misfits.items():
            raise UserError(
                f"Column {name!r} holds {_WORDS[types[name]]} so far, which {misfit} of "
                f"{path.name} is not.",
                hint="Correct the file; nothing of it was added.",
            )
        return Stored(written, list(reading.warnings), seen.sha256, seen.bytes, reading.options)


def _in_order(
    reading: Reading, names: list[str], seen: Seen, report: Progress
) -> Iterator[pa.RecordBatch]:
    for batch in reading.batches(seen, report):
        yield batch.select(names)


def _check_columns(path: Path, names: list[str], wanted: list[str]) -> None:
    missing = [name for name in wanted if name not in names]
    more = [name for name in names if name not in wanted]
    if not missing and not more:
        return
    said = [f"it lacks {_listed(missing)}"] if missing else []
    said += [f"it has {_listed(more)} besides"] if more else []
    raise UserError(
        f"{path.name} does not have the same columns: {', and '.join(said)}.",
        hint="Rows can be added from a file with the same columns, in any order; nothing was "
        "changed.",
    )


def _listed(names: list[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return f"{shown} and {len(names) - 5} more" if len(names) > 5 else shown


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
