"""The columns of an Arrow table as the inputs that a signature describes."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.models import Field
from mlops_desktop.ml.arrow_vectors import columns_of
from mlops_desktop.ml.pipeline import numbers_of

CATEGORIES_LIMIT = 1000  # Known values that a signature lists.


def fields_of(table: pa.Table) -> tuple[Field, ...]:
    """The inputs with what the training rows hold; examples are one real row."""
    complete = np.ones(table.num_rows, dtype=bool)
    for name in table.column_names:
        both = complete & present(table[name])
        complete = both if both.any() else complete
    [example] = table.slice(int(complete.argmax()), 1).to_pylist()
    fields = []
    for column in columns_of(table):
        values = table[column.name]
        low = high = categories = None
        if column.type is ColumnType.TEXT:
            counted = Counter(value for value in values.to_pylist() if value is not None)
            categories = tuple(name for name, _ in counted.most_common(CATEGORIES_LIMIT))
        elif column.type is not ColumnType.BOOLEAN and values.null_count < len(values):
            plain = values.cast(pa.int64()) if column.type is ColumnType.DATETIME else values
            numbers = numbers_of(plain)
            finite = numbers[np.isfinite(numbers)]
            if len(finite):
                low, high = float(finite.min()), float(finite.max())
        shown = example[column.name]
        if column.type is ColumnType.DATETIME and shown is not None:
            shown = shown.isoformat()
        fields.append(Field(column.name, column.type, categories, low, high, True, shown))
    return tuple(fields)


def present(column: pa.ChunkedArray[Any]) -> npt.NDArray[np.bool_]:
    """True where a value is there; an infinite number is none."""
    there: Any = pc.is_valid(column)
    found: npt.NDArray[np.bool_] = np.asarray(there)
    if pa.types.is_floating(column.type):
        found = found & np.isfinite(numbers_of(column))
    return found
