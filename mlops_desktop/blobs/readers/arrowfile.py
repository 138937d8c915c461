"""Reading an Arrow table as record batches with the types of our columns."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa

from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.errors import UserError

_ROWS = 16_384


def read(
    reader: Any, progress: Callable[[float, str], None]
) -> tuple[tuple[Column, ...], Iterator[pa.RecordBatch]]:
    """Columns and batches of an open Arrow file. Raises UserError for types we cannot keep."""
    schema = reader.schema
    twice = sorted({name for name in schema.names if schema.names.count(name) > 1})
    if twice:
        raise UserError(f"Two columns are called {twice[0]!r}.", hint="Rename one of them.")
    columns = tuple(Column(field.name, kind_of(field.type)) for field in schema)
    return columns, _batches(reader, columns, progress)


def _batches(
    reader: Any, columns: tuple[Column, ...], progress: Callable[[float, str], None]
) -> Iterator[pa.RecordBatch]:
    schema = pa.schema([(column.name, ARROW_TYPES[column.type]) for column in columns])
    for number in range(reader.num_record_batches):
        progress(number / reader.num_record_batches, "Reading")
        batch = reader.get_batch(number)
        for start in range(0, batch.num_rows, _ROWS):
            part = batch.slice(start, _ROWS)
            arrays = [
                _cast(array, field.type) for array, field in zip(part.columns, schema, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)


def _cast(array: Any, arrow_type: pa.DataType) -> Any:
    if array.type == arrow_type:
        return array
    if pa.types.is_timestamp(array.type) and array.type.tz:
        array = array.cast(pa.timestamp(array.type.unit, "UTC"))
    try:
        # Times lose what is finer than a microsecond; nothing else may lose anything.
        return array.cast(arrow_type, safe=not pa.types.is_temporal(arrow_type))
    except pa.ArrowInvalid as error:
        raise UserError("A value does not fit in a column of ours.", why=str(error)) from error


def kind_of(arrow_type: pa.DataType) -> ColumnType:
    """Which of our types holds an Arrow type. Raises UserError for nested and binary ones."""
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
    if any(
        test(arrow_type)
        for test in (types.is_string, types.is_large_string, types.is_string_view, types.is_null)
    ):
        return ColumnType.TEXT
    raise UserError(
        f"A column of the type {arrow_type} cannot be stored.", hint="Turn it into text first."
    )
