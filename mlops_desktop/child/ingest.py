"""The child that reads a file into packs, a manifest and a profile; the action adds the row."""

from __future__ import annotations

import math
import os
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mlops_desktop.blobs import manifests, objects
from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.blobs.rowhash import U64
from mlops_desktop.blobs.tables import TableWriter
from mlops_desktop.blobs.readers import arrowfile, csv
from mlops_desktop.child import runner
from mlops_desktop.core.datasets import Column, ColumnType, DataWarning
from mlops_desktop.core.errors import Damaged
from mlops_desktop.core.jsonable import to_plain
from mlops_desktop.core.profile import ColumnProfile, Profile
from mlops_desktop.ml.profile import profile_column, profile_large
from mlops_desktop.ml.warnings import data_warnings, ranked
from mlops_desktop.paths import Workspace

_READING = 0.7  # The part of the whole that reading takes.
_PROFILED = 0.9
_REPORT_S = 0.1
_EXACT_ROWS = 2_000_000  # Above, profiles look at a sample of the chunks, to bound the memory.
_HEAD_ROWS = 4096
_BLOCK_ROWS = 1 << 20


@dataclass(frozen=True, slots=True)
class Stored:
    """A table that is on the disk, still in the scratch folder."""

    writer: TableWriter
    manifest: Manifest
    hashes: U64
    warnings: list[DataWarning]
    sha256: str
    bytes: int


class _WithoutPandas(MetaPathFinder):
    """pyarrow imports pandas (0.5 s) at the first array it makes, if it can; nothing here does."""

    def find_spec(self, name: str, _path: object, _target: object = None) -> None:
        if name == "pandas":
            raise ImportError("An import does without pandas.")


def main(job_file: Path) -> int:
    sys.meta_path.insert(0, _WithoutPandas())
    pa.scalar(False)  # pyarrow looks for pandas now: two threads that look at once would clash.
    return runner.run(ingest, job_file)


def ingest(job: runner.Job, folder: Path, reporter: runner.Reporter) -> runner.Job:
    """Job and result are as actions/datasets.py writes and reads them."""
    workspace = Workspace(Path(str(job["workspace"])))
    try:
        known = [manifests.read(workspace, name) for name in _texts(job["known"])]
        return _ingest(job, workspace, known, folder, reporter)
    except Damaged:
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
    report = _throttled(reporter)

    def reading(fraction: float, text: str) -> None:
        report(_READING * fraction, text)

    if job["format"] == "arrow":
        stored = _store_arrow(workspace, path, folder, known, reading)
    else:
        wanted = {name: ColumnType(kind) for name, kind in dict(job["types"]).items()}  # type: ignore[call-overload]
        stored = _store_csv(workspace, path, folder, known, wanted, reading)
    manifest = stored.manifest
    duplicates, first_duplicate = _duplicates(stored.hashes)
    staged = stored.writer.staged
    profile = _profile(staged, manifest, duplicates, report)
    report(_PROFILED, "Looking for traps")
    warnings = data_warnings(
        profile,
        manifests.read_rows(staged, manifest, 0, _HEAD_ROWS),
        lambda names: manifests.load(staged, manifest, names),
        first_duplicate,
    )
    stored.writer.publish()
    manifest_name = manifests.save(workspace, manifest)
    profile_name = objects.put_bytes(workspace, manifests.compress_json(to_plain(profile)))
    old = {place for version in known for place in version.places.values()}
    added = sum(place.length for place in set(manifest.places.values()) - old)
    return {
        "manifest": manifest_name,
        "profile": profile_name,
        "rows": manifest.rows,
        "columns": to_plain(manifest.columns),
        "content_hash": manifest.content_hash,
        "warnings": to_plain(ranked([*stored.warnings, *warnings])),
        "stored_bytes": added
        + sum(workspace.blob(name).stat().st_size for name in (manifest_name, profile_name)),
        "sha256": stored.sha256,
        "bytes": stored.bytes,
    }


def _store_csv(
    workspace: Workspace,
    path: Path,
    folder: Path,
    known: list[Manifest],
    wanted: dict[str, ColumnType],
    report: csv.Progress,
) -> Stored:
    reading = csv.prepare(path, wanted, report)
    while True:
        with reading.file.open() as source:
            try:
                batches = csv.read(reading, source, report)
                written = _write(workspace, folder, reading.columns, batches, known)
            except csv.Contradiction as found:
                reading = found.reading
                continue
            return Stored(*written, reading.warnings, source.sha256(), reading.file.size)


def _store_arrow(
    workspace: Workspace,
    path: Path,
    folder: Path,
    known: list[Manifest],
    report: csv.Progress,
) -> Stored:
    with pa.memory_map(str(path)) as file:
        columns, batches = arrowfile.read(pa.ipc.open_file(file), report)
        written = _write(workspace, folder, columns, batches, known)
    return Stored(*written, [], objects.sha256_of(path), path.stat().st_size)


def _write(
    workspace: Workspace,
    folder: Path,
    columns: tuple[Column, ...],
    batches: Iterator[pa.RecordBatch],
    known: list[Manifest],
) -> tuple[TableWriter, Manifest, U64]:
    with TableWriter(workspace, folder, columns, known) as writer:
        hashes = [writer.write(batch) for batch in batches]
        return writer, writer.finish(), np.concatenate([np.zeros(0, np.uint64), *hashes])


def _profile(
    workspace: Workspace,
    manifest: Manifest,
    duplicates: int,
    report: Callable[[float, str], None],
) -> Profile:
    def one(position: int) -> ColumnProfile:
        column = manifest.columns[position]
        every = math.ceil(manifest.rows / _EXACT_ROWS) or 1
        some = list(manifests.parts(workspace, manifest, position, every))
        kind: Any = ARROW_TYPES[column.type]
        sample = pa.chunked_array(some, kind)
        if every == 1:
            return profile_column(column, sample)
        return profile_large(column, sample, manifests.parts(workspace, manifest, position))

    columns: list[ColumnProfile] = []
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for column in pool.map(one, range(len(manifest.columns))):
            part = len(columns) / len(manifest.columns)
            report(_READING + (_PROFILED - _READING) * part, f"Looking at `{column.name}`")
            columns.append(column)
    return Profile(manifest.rows, duplicates, tuple(columns))


def _duplicates(hashes: U64) -> tuple[int, int | None]:
    """How many rows equal an earlier one, and the first of them (rows count from 1)."""
    ordered = np.sort(hashes)
    count = int(np.count_nonzero(ordered[1:] == ordered[:-1]))
    if not count:
        return 0, None
    repeated = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    del ordered  # There may be hundreds of megabytes of them.
    seen = np.zeros(len(repeated), bool)
    for start in range(0, len(hashes), _BLOCK_ROWS):
        block = hashes[start : start + _BLOCK_ROWS]
        places = np.minimum(np.searchsorted(repeated, block), len(repeated) - 1)
        rows = np.flatnonzero(repeated[places] == block)
        groups, first = np.unique(places[rows], return_index=True)
        again = np.ones(len(rows), bool)
        again[first] = seen[groups]
        if again.any():
            return count, start + int(rows[again.argmax()]) + 1
        seen[groups] = True
    raise AssertionError("Hashes that repeat are found again.")


def _throttled(reporter: runner.Reporter) -> Callable[[float, str], None]:
    last = 0.0

    def report(fraction: float, text: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _REPORT_S:
            last = now
            reporter.progress(fraction, text)

    return report


def _texts(value: object) -> list[str]:
    return [str(item) for item in value] if isinstance(value, list) else []
