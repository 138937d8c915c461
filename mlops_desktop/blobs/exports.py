"""Writing a stored table to a file of the user's: CSV or Parquet, chunk by chunk."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq

from mlops_desktop.blobs import chunks, manifests, objects
from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.core.datasets import Column
from mlops_desktop.paths import Workspace

_FORMULA = "^[=+\\-@\t\r]"
_CELLS = 4 << 20  # Read at a time.
_SECOND_US = 1_000_000
_DAY_US = 86_400 * _SECOND_US


def write(
    workspace: Workspace,
    manifest: Manifest,
    path: Path,
    progress: Callable[[float], None],
    *,
    for_spreadsheet: bool = False,
) -> None:
    """Write to a .csv or .parquet file: whole, or not at all.

    In a CSV, missing is an empty cell and an empty text is `""`. progress may raise to stop.
    """
    is_csv = path.suffix.lower() == ".csv"
    types = [chunks.ARROW_TYPES[column.type] for column in manifest.columns]
    if is_csv:
        types = [_csv_type(workspace, manifest, at, kind) for at, kind in enumerate(types)]
    names = [column.name for column in manifest.columns]
    schema = pa.schema(list(zip(names, types, strict=True)))
    if is_csv and for_spreadsheet:
        schema = pa.schema([(_safe_name(field.name), field.type) for field in schema])
    step = max(1, _CELLS // max(1, len(schema)))
    with _whole(path, schema) as writer:
        for start in range(0, manifest.rows, step):
            progress(start / manifest.rows)
            table = manifests.read_rows(workspace, manifest, start, step)
            columns = table.columns
            if is_csv and for_spreadsheet:
                columns = [_safe(column) for column in columns]
            writer.write_table(pa.table(columns, names=schema.names).cast(schema))


@contextmanager
def table_file(path: Path, columns: Sequence[Column]) -> Iterator[Any]:
    """Write batches of these columns to a new .csv or .parquet file, which is on the disk at the
    end. Whoever wants it whole or not at all gives it its name only then."""
    schema = pa.schema([(column.name, chunks.ARROW_TYPES[column.type]) for column in columns])
    with _opened(path, schema) as writer:
        yield writer


@contextmanager
def _whole(path: Path, schema: pa.Schema) -> Iterator[Any]:
    temporary = path.with_name(f".{secrets.token_hex(8)}{path.suffix}")
    try:
        with objects.writing(path):
            with _opened(temporary, schema) as writer:
                yield writer
            temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


@contextmanager
def _opened(path: Path, schema: pa.Schema) -> Iterator[Any]:
    with path.open("xb") as file:
        with _writer(file, schema, is_csv=path.suffix.lower() == ".csv") as writer:
            yield writer
        objects.flush(file)


def _writer(file: Any, schema: pa.Schema, *, is_csv: bool) -> Any:
    if is_csv:
        return arrow_csv.CSVWriter(file, schema)
    return pq.ParquetWriter(file, schema, compression="zstd")


def _csv_type(workspace: Workspace, manifest: Manifest, at: int, kind: pa.DataType) -> pa.DataType:
    """Moments of which the whole column needs no more are written as days, or as seconds."""
    if not pa.types.is_timestamp(kind):
        return kind
    whole_days = whole_seconds = True
    for part in manifests.parts(workspace, manifest, at):
        moments = part.drop_null().cast(pa.int64()).to_numpy()
        whole_days = whole_days and not (moments % _DAY_US).any()
        whole_seconds = whole_seconds and not (moments % _SECOND_US).any()
    if whole_days:
        return pa.date32()
    return pa.timestamp("s") if whole_seconds else kind


def _safe(column: Any) -> Any:
    if not pa.types.is_string(column.type):
        return column
    return pc.if_else(
        pc.match_substring_regex(column, _FORMULA),
        pc.binary_join_element_wise("'", column, ""),
        column,
    )


def _safe_name(name: str) -> str:
    return f"'{name}" if name[:1] in "=+-@\t\r" else name
