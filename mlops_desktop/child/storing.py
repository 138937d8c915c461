"""Storing a table that streams by, in a child: chunks, profile and warnings, then all published."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from mlops_desktop.blobs import manifests
from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.blobs.tables import TableWriter
from mlops_desktop.child import runner
from mlops_desktop.child.profiling import profile_table
from mlops_desktop.child.repeats import RowHashes
from mlops_desktop.core.datasets import Column, DataWarning
from mlops_desktop.core.jsonable import to_plain
from mlops_desktop.ml.warnings import data_warnings, merged
from mlops_desktop.paths import Workspace

Report = Callable[[float, str], None]
_PROFILED = 0.7  # The part of publishing that looking at the columns takes.
_REPORT_S = 0.1


@dataclass(frozen=True, slots=True)
class Written:
    """A table that is on the disk, still in the scratch folder."""

    writer: TableWriter
    manifest: Manifest
    rows: RowHashes


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
        rows = RowHashes(folder / f"rows-{secrets.token_hex(4)}")
        for hashes in () if kept is None else writer.keep(kept):
            rows.add(hashes)
        for batch in batches:
            rows.add(writer.write(batch))
        return Written(writer, writer.finish(), rows)


def publish(
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
    duplicates, first_duplicate = written.rows.repeated()

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
    manifest_name = written.writer.add_blob(manifests.encode(manifest))
    profile_name = written.writer.add_blob(manifests.compress_json(to_plain(profile)))
    added = written.writer.publish()
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
