"""The child that reads a file into packs, a manifest and a profile; the action adds the row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa

from mlops_desktop.blobs import manifests, objects
from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.blobs.tables import TableWriter
from mlops_desktop.child import csv, runner
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.jsonable import to_plain
from mlops_desktop.core.profile import Profile
from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.ml.profile import profile_column
from mlops_desktop.ml.warnings import data_warnings
from mlops_desktop.paths import Workspace


def main(job_file: Path) -> int:
    return runner.run(ingest, job_file)


def ingest(job: runner.Job, folder: Path, reporter: runner.Reporter) -> runner.Job:
    """Job and result as actions/datasets.py writes and reads them."""
    workspace = Workspace(Path(str(job["workspace"])))
    path = Path(str(job["path"]))
    known = [manifests.read(workspace, str(name)) for name in job["known"]]
    if job["format"] == "arrow":
        with pa.memory_map(str(path)) as file:
            table = pa.ipc.open_file(file).read_all()
        columns, table = conform(table)
    else:
        columns, table = csv.read(
            str(path), {name: ColumnType(kind) for name, kind in job["types"].items()}
        )
    writer = TableWriter(folder, columns, known)
    hashes = [writer.write(batch) for batch in table.to_batches(max_chunksize=8192)]
    manifest = writer.finish(workspace)
    name = manifests.save(workspace, manifest)
    profile = Profile(
        rows=manifest.rows,
        duplicate_rows=manifest.rows - len(np.unique(np.concatenate(hashes))) if hashes else 0,
        columns=tuple(
            profile_column(column, manifests.load(workspace, manifest, [column.name]).column(0))
            for column in columns
        ),
    )
    return {
        "manifest": name,
        "profile": objects.put_bytes(workspace, manifests.compress_json(to_plain(profile))),
        "rows": manifest.rows,
        "columns": to_plain(columns),
        "content_hash": manifest.content_hash,
        "warnings": to_plain(data_warnings(profile)),
        "stored_bytes": 0,
        "sha256": objects.sha256_of(path),
        "bytes": path.stat().st_size,
    }


def conform(table: pa.Table) -> tuple[list[Column], pa.Table]:
    """A table of Arrow's types as one of ours; dictionaries are decoded, times brought to UTC."""
    columns, arrays = [], []
    for field, column in zip(table.schema, table.columns, strict=True):
        kind = kind_of(field.type)
        columns.append(Column(field.name, kind))
        if pa.types.is_timestamp(field.type) and field.type.tz:
            column = column.cast(pa.timestamp("us", "UTC"), safe=False)
        arrays.append(column.cast(ARROW_TYPES[kind], safe=not pa.types.is_temporal(field.type)))
    return columns, pa.table(arrays, names=table.column_names)


def kind_of(arrow_type: pa.DataType) -> ColumnType:
    """Which of our types holds an Arrow type. Raises UserError for nested ones."""
    types = pa.types
    if types.is_dictionary(arrow_type):
        return kind_of(arrow_type.value_type)
    if types.is_boolean(arrow_type):
        return ColumnType.BOOLEAN
    if types.is_integer(arrow_type):
        return ColumnType.INTEGER
    if types.is_floating(arrow_type) or types.is_decimal(arrow_type):
        return ColumnType.NUMBER
    if types.is_timestamp(arrow_type) or types.is_date(arrow_type):
        return ColumnType.DATETIME
    if types.is_string(arrow_type) or types.is_large_string(arrow_type) or types.is_null(arrow_type):
        return ColumnType.TEXT
    if types.is_string_view(arrow_type):
        return ColumnType.TEXT
    raise UserError(f"A column of type {arrow_type} cannot be stored.", hint="Flatten it first.")
