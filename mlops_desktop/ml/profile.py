"""Profiles of columns: pure functions on Arrow arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.profile import QUANTILES, ColumnProfile, Numbers, TopValue

BINS = 40
TOP = 20


def profile_column(column: Column, values: Any) -> ColumnProfile:
    """The profile of one column; values is an Arrow array or chunked array."""
    missing = values.null_count
    distinct, top = _top(column, values)
    numbers = None
    shortest = longest = None
    if column.type is ColumnType.TEXT:
        lengths = pc.min_max(pc.utf8_length(values)).as_py()
        shortest, longest = lengths["min"], lengths["max"]
    else:
        numbers = _numbers(as_floats(values))
    return ColumnProfile(
        name=column.name,
        type=column.type,
        rows=len(values),
        missing=missing,
        distinct=distinct,
        numbers=numbers,
        top=top,
        shortest=shortest,
        longest=longest,
    )


def as_floats(values: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The values that are there as float64; times as microseconds, booleans as 0 and 1."""
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.uint8())
    present = values.drop_null().to_numpy()
    return np.asarray(present, dtype=np.float64)


def _numbers(values: np.ndarray[Any, np.dtype[np.float64]]) -> Numbers | None:
    values = np.sort(values[np.isfinite(values)])
    if not len(values):
        return None
    low, high = float(values[0]), float(values[-1])
    if low == high:
        edges = np.array([low, high])
        counts = np.array([len(values)])
    else:
        edges = _edges(values, low, high)
        counts = np.diff(np.searchsorted(values, edges[1:-1], side="left"), prepend=0)
        counts = np.append(counts, len(values) - counts.sum())
    places = np.array(QUANTILES) * (len(values) - 1)
    below = np.floor(places).astype(np.int64)
    above = np.minimum(below + 1, len(values) - 1)
    quantiles = values[below] + (values[above] - values[below]) * (places - below)
    return Numbers(
        low=low,
        high=high,
        mean=float(values.mean()),
        std=float(values.std()),
        quantiles=tuple(quantiles.tolist()),
        edges=tuple(edges.tolist()),
        counts=tuple(int(count) for count in counts),
    )


def _edges(
    values: np.ndarray[Any, np.dtype[np.float64]], low: float, high: float
) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Equal bins; one for each whole number where there are few of them."""
    span = high - low
    if span < BINS and low.is_integer() and bool(np.all(values[:1000] % 1 == 0)):
        return np.arange(low, high + 2) - 0.5
    with np.errstate(over="ignore"):
        edges = np.linspace(low, high, BINS + 1)
    return edges if np.isfinite(edges).all() else np.array([low, 0.0, high])


def _top(column: Column, values: Any) -> tuple[int, tuple[TopValue, ...]]:
    counted = pc.value_counts(values.drop_null())
    counts = counted.field("counts")
    best = pc.select_k_unstable(
        pa.table({"counts": counts}), TOP, sort_keys=[("counts", "descending")]
    )
    rows = counted.take(best)
    top = tuple(
        TopValue(text_of(column, row.as_py()["values"]), row.as_py()["counts"]) for row in rows
    )
    return len(counted), top


def text_of(column: Column, value: object) -> str:
    """A value as the screens and the JSON write it."""
    if column.type is ColumnType.BOOLEAN:
        return "true" if value else "false"
    if column.type is ColumnType.NUMBER:
        return f"{value:.12g}"
    return str(value)
