"""Reading a CSV file as a stream of record batches with the types of our columns."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.csv as arrow_csv

from mlops_desktop.core.datasets import Column, ColumnType


def read(path: str, types: dict[str, ColumnType]) -> tuple[list[Column], pa.Table]:
    table = arrow_csv.read_csv(
        path, convert_options=arrow_csv.ConvertOptions(strings_can_be_null=True)
    )
    columns = []
    arrays = []
    for field, column in zip(table.schema, table.columns, strict=True):
        if pa.types.is_integer(field.type):
            kind, arrow = ColumnType.INTEGER, pa.int64()
        elif pa.types.is_floating(field.type):
            kind, arrow = ColumnType.NUMBER, pa.float64()
        elif pa.types.is_boolean(field.type):
            kind, arrow = ColumnType.BOOLEAN, pa.bool_()
        elif pa.types.is_timestamp(field.type) or pa.types.is_date(field.type):
            kind, arrow = ColumnType.DATETIME, pa.timestamp("us")
        else:
            kind, arrow = ColumnType.TEXT, pa.string()
        if types.get(field.name) is ColumnType.NUMBER and kind is ColumnType.TEXT:
            column = pa.chunked_array(
                [[_number(v) for v in column.to_pylist()]], type=pa.float64()
            )
            kind, arrow = ColumnType.NUMBER, pa.float64()
        columns.append(Column(field.name, kind))
        arrays.append(column.cast(arrow))
    return columns, pa.table(arrays, names=[c.name for c in columns])


def _number(value: str | None) -> float | None:
    try:
        return float(value or "")
    except ValueError:
        return None
