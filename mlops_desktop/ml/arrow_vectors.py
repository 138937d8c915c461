"""Arrow columns as the vectors that expressions are computed on, and back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.ml import vectors
from mlops_desktop.ml.expressions import BOOLEAN, DATETIME, INTEGER, NUMBER, TEXT, Expr
from mlops_desktop.ml.fitted import FittedStep
from mlops_desktop.ml.moments import FIRST_US, LAST_US
from mlops_desktop.ml.vectors import Vec

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    INTEGER: pa.int64(),
    NUMBER: pa.float64(),
    BOOLEAN: pa.bool_(),
    TEXT: pa.string(),
    DATETIME: pa.timestamp("us"),
}


def type_of(arrow: pa.DataType) -> ColumnType:
    """Which of our types an Arrow column holds."""
    if pa.types.is_timestamp(arrow):
        return DATETIME
    if pa.types.is_boolean(arrow):
        return BOOLEAN
    if pa.types.is_integer(arrow):
        return INTEGER
    return NUMBER if pa.types.is_floating(arrow) else TEXT


def columns_of(table: pa.Table) -> tuple[Column, ...]:
    """The columns of an Arrow table in our words."""
    return tuple(Column(field.name, type_of(field.type)) for field in table.schema)


def vector(column: Any) -> Vec:
    """A column of a table. NaN, infinities and dates that Python's calendar does not hold count
    as missing."""
    kind = type_of(column.type)
    array = pc.cast(column, ARROW_TYPES[kind])
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    missing = None
    if array.null_count:
        missing = array.is_null().to_numpy(zero_copy_only=False)
    if kind is TEXT:
        coded: Any = array.dictionary_encode()
        codes = coded.indices.fill_null(0).to_numpy(zero_copy_only=False)
        return Vec(kind, codes.astype(np.int32, copy=False), missing, coded.dictionary.to_pylist())
    if kind is DATETIME:
        array = array.view(pa.int64())
    if missing is not None:
        array = array.fill_null(False if kind is BOOLEAN else 0)
    values = array.to_numpy(zero_copy_only=False)
    if kind is NUMBER:
        missing = _also(missing, ~np.isfinite(values))
    elif kind is DATETIME:
        missing = _also(missing, (values < FIRST_US) | (values > LAST_US))
    return Vec(kind, values, missing)


def array(vec: Vec, rows: int) -> pa.Array[Any]:
    """The Arrow array of so many rows."""
    vec = vec.spread(rows)
    missing = None if vec.missing is None else np.ascontiguousarray(vec.missing)
    values = np.ascontiguousarray(vec.values)
    if vec.type is TEXT:
        codes = pa.array(values, pa.int32(), mask=missing)
        words = pa.array(vec.words, pa.string())
        return pa.DictionaryArray.from_arrays(codes, words).cast(pa.string())
    if vec.type is DATETIME:
        return pa.array(values, pa.int64(), mask=missing).view(pa.timestamp("us"))
    return pa.array(values, ARROW_TYPES[vec.type], mask=missing)


def reader(table: pa.Table) -> Callable[[str], Vec]:
    """What gives the vectors of a table's columns, each read once."""
    seen: dict[str, Vec] = {}

    def read(name: str) -> Vec:
        if name not in seen:
            seen[name] = vector(table[name])
        return seen[name]

    return read


def features_on_table(table: pa.Table, fitted: Sequence[FittedStep]) -> pa.Table:
    """The table after the fitted steps; columns that no step makes stay as they are, whatever
    they hold. Raises KeyError where a column is not there."""
    for step in fitted:
        read = reader(table)
        made = {
            made.column.name: array(vectors.evaluate(made.expression, read), table.num_rows)
            for made in step.makes
        }
        after = step.after(columns_of(table))
        arrays = [made[c.name] if c.name in made else table[c.name] for c in after]
        table = pa.table(arrays, names=[column.name for column in after])
    return table


def rows_where(condition: Expr, table: pa.Table) -> np.ndarray[Any, np.dtype[np.int64]]:
    """The places of the rows for which the condition is true."""
    found = vectors.evaluate(condition, reader(table))
    return np.flatnonzero(np.broadcast_to(vectors.truth(found), table.num_rows))


def _also(missing: Any, more: Any) -> Any:
    if not more.any():
        return missing
    return more if missing is None else missing | more
