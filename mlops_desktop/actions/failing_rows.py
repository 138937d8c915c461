"""The rows of a version that break a rule: which of them were remembered, and their values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlops_desktop.blobs import manifests
from mlops_desktop.core.checks import Outcome
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.paths import Workspace

if TYPE_CHECKING:
    import pyarrow as pa


def failing_columns(version: DatasetVersion, outcome: Outcome) -> tuple[str, ...]:
    """The columns of a version, those at fault first."""
    names = [column.name for column in version.columns]
    known, at_fault = set(names), set(outcome.columns)
    first = [name for name in outcome.columns if name in known]
    return (*first, *(name for name in names if name not in at_fault))


def failing_rows(
    workspace: Workspace,
    version: DatasetVersion,
    outcome: Outcome,
    start: int = 0,
    count: int = 200,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """Some of the failing rows that were remembered, in their order. columns: those of
    failing_columns() where None. No store: safe in any thread."""
    import pyarrow as pa  # noqa: PLC0415  Not needed by those who only list.

    manifest = manifests.read(workspace, version.manifest)
    ordered = failing_columns(version, outcome) if columns is None else columns
    wanted = [number - 1 for number in outcome.rows[start : start + count]]
    found = [manifests.read_rows(workspace, manifest, 0, 0, ordered)]
    low = 0
    for chunk in manifest.chunks:
        inside = [number - low for number in wanted if low <= number < low + chunk.rows]
        if inside:
            part = manifests.read_rows(workspace, manifest, low, chunk.rows, ordered)
            found.append(part.take(pa.array(inside)))
        low += chunk.rows
    return pa.concat_tables(found)
