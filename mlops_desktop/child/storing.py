"""Storing a table that streams by, in a child: chunks, profile and warnings, then all published."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from mlops_desktop.blobs import manifests, objects
from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.blobs.rowhash import U64
from mlops_desktop.blobs.tables import TableWriter
from mlops_desktop.child import runner
from mlops_desktop.child.profiling import profile_table
from mlops_desktop.core.datasets import Column, DataWarning
from mlops_desktop.core.jsonable import to_plain
from mlops_desktop.ml.warnings import data_warnings, merged
from mlops_desktop.paths import Workspace

Report = Callable[[float, str], None]
_PROFILED = 0.7  # The part of publishing that looking at the columns takes.
_REPORT_S = 0.1
_BLOCK_ROWS = 1 << 20


@dataclass(frozen=True, slots=True)
class Written:
    """A table that is on the disk, still in the scratch folder."""

    writer: TableWriter
    manifest: Manifest
    hashes: U64


def write(
    workspace: Workspace,
    folder: Path,
    columns: tuple[Column, ...],
    batches: Iterable[pa.RecordBatch],
    known: Sequence[Manifest],
    kept: Manifest | None = None,
) -> Written:
    """Store batches in the scratch folder. known: versions to share chunks with, parent first.
    kept: the known one whose rows come first."""
    with TableWriter(workspace, folder, columns, known) as writer:
        hashes = [] if kept is None else [writer.keep(kept)]
        hashes += [writer.write(batch) for batch in batches]
        manifest = writer.finish()
        return Written(writer, manifest, np.concatenate([np.zeros(0, np.uint64), *hashes]))


def publish(
    workspace: Workspace,
    written: Written,
    found: Sequence[DataWarning],
    report: Report,
    *,
    meant: Callable[[DataWarning], bool] = lambda _warning: False,
) -> runner.Job:
    """Profile the table, look for traps, and make it a version's blobs.

    found: warnings that reading gave. meant: whether a trap is what the user asked for. The
    answer is what actions/storing.py makes a row of.
    """
    manifest, staged = written.manifest, written.writer.staged
    duplicates, first_duplicate = _duplicates(written.hashes)

    def looking(fraction: float, text: str) -> None:
        report(_PROFILED * fraction, text)

    profile, some_rows = profile_table(staged, manifest, duplicates, looking)
    report(_PROFILED, "Looking for traps")
    warnings = data_warnings(
        profile,
        some_rows,
        lambda names: manifests.load(staged, manifest, names),
        first_duplicate,
    )
    warnings = [warning for warning in warnings if not meant(warning)]
    added = written.writer.publish()
    manifest_name, size = objects.put_counted(workspace, manifests.encode(manifest))
    added += size
    profile_name, size = objects.put_counted(workspace, manifests.compress_json(to_plain(profile)))
    added += size
    return {
        "manifest": manifest_name,
        "profile": profile_name,
        "rows": manifest.rows,
        "columns": to_plain(manifest.columns),
        "content_hash": manifest.content_hash,
        "warnings": to_plain(merged(profile, list(found), warnings)),
        "stored_bytes": added,
    }


def part(report: Report, start: float, end: float) -> Report:
    """What reports 0..1 as a part of the whole."""
    return lambda fraction, text: report(start + (end - start) * fraction, text)


def throttled(reporter: runner.Reporter) -> Report:
    """Reports at 10 Hz at most."""
    last = 0.0

    def report(fraction: float, text: str) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= _REPORT_S:
            last = now
            reporter.progress(fraction, text)

    return report


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
