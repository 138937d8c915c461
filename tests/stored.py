"""Tables for tests: stored by the real writer, and made at any size."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from mlops_desktop.blobs import manifests
from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.blobs.tables import TableWriter
from mlops_desktop.core.datasets import Column, DatasetVersion, Source
from mlops_desktop.paths import Workspace

_KINDS = {arrow: kind for kind, arrow in ARROW_TYPES.items()}


def store_table(
    workspace: Workspace, table: pa.Table, known: Sequence[Manifest] = (), rows: int = 5_000
) -> Manifest:
    """Store a table that arrives in batches of so many rows; its manifest was read back."""
    workspace.tmp.mkdir(parents=True, exist_ok=True)
    columns = [Column(field.name, _KINDS[field.type]) for field in table.schema]
    with (
        tempfile.TemporaryDirectory(dir=workspace.tmp) as folder,
        TableWriter(workspace, Path(folder), columns, known) as writer,
    ):
        for batch in table.to_batches(max_chunksize=rows):
            writer.write(batch)
        manifest = writer.finish()
        writer.publish()
    return manifests.read(workspace, manifests.save(workspace, manifest))


def store_version(workspace: Workspace, table: pa.Table, rows: int = 5_000) -> DatasetVersion:
    """As store_table, as the version that a store would tell of."""
    manifest = store_table(workspace, table, rows=rows)
    return DatasetVersion(
        id=1,
        dataset="data",
        version=1,
        rows=manifest.rows,
        columns=manifest.columns,
        manifest=manifests.save(workspace, manifest),
        profile="",
        content_hash="",
        stored_bytes=0,
        source=Source("file"),
        message="",
        warnings=(),
        parent=None,
        created_at="",
    )


def stored_bytes(workspace: Workspace) -> int:
    return sum(path.stat().st_size for path in workspace.objects.glob("*/*"))


def wide_mix(rows: int, seed: int = 0) -> pa.Table:
    """12 floats, 4 integers, 3 texts of 5, 50 and 500 values and a target of 0 and 1."""
    random = np.random.default_rng(seed)
    columns: dict[str, object] = {f"float_{i}": random.normal(size=rows) for i in range(12)}
    for i in range(4):
        columns[f"integer_{i}"] = random.integers(0, 10 ** (i + 2), rows)
    for values in (5, 50, 500):
        words = np.array([f"value_{i}" for i in range(values)])
        columns[f"text_{values}"] = words[random.integers(0, values, rows)]
    columns["target"] = random.integers(0, 2, rows)
    return pa.table(columns)


def changed(table: pa.Table, column: str, share: float, seed: int = 1) -> pa.Table:
    """The table with a new value in that share of a float column's rows."""
    values = table.column(column).to_numpy().copy()
    random = np.random.default_rng(seed)
    rows = random.choice(len(values), int(len(values) * share), replace=False)
    values[rows] = random.normal(size=len(rows))
    return table.set_column(table.schema.get_field_index(column), column, pa.array(values))
