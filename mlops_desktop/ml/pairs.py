"""Two columns against each other: points, boxes by category, or shares of categories."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.profile import Box, ColumnProfile, Pair
from mlops_desktop.ml.relations import as_floats

_POINTS = 2_000
_CATEGORIES = 12
_FEW = 12  # A column of so few different numbers is one of categories.
_BOX = (0.05, 0.25, 0.5, 0.75, 0.95)
_US = 1e6


def pair(first: ColumnProfile, second: ColumnProfile, table: pa.Table) -> Pair:
    """table holds both columns. A category or a time becomes x, where only one is such."""
    if _is_category(second) and not _is_category(first):
        first, second = second, first
    if second.type is ColumnType.DATETIME and not _is_category(first):
        first, second = second, first
    x, y = table.column(first.name), table.column(second.name)
    if not _is_category(first):
        return _points(first, second, as_floats(x), as_floats(y))
    names, codes = _codes(first, x)
    if not _is_category(second):
        return _boxes(first, second, names, codes, as_floats(y))
    y_names, y_codes = _codes(second, y)
    both = (codes >= 0) & (y_codes >= 0)
    counts = np.zeros((len(names), len(y_names)))
    np.add.at(counts, (codes[both], y_codes[both]), 1)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    return Pair(
        first.name,
        second.name,
        int(both.sum()),
        sampled=False,
        x_names=names,
        y_names=y_names,
        shares=tuple(tuple(row) for row in shares.tolist()),
    )


def _points(
    first: ColumnProfile,
    second: ColumnProfile,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
) -> Pair:
    both = np.flatnonzero(np.isfinite(x) & np.isfinite(y))
    shown = both
    if len(both) > _POINTS:
        shown = np.random.default_rng(0).choice(both, _POINTS, replace=False)
    is_time = first.type is ColumnType.DATETIME
    scale = _US if is_time else 1.0
    return Pair(
        first.name,
        second.name,
        len(both),
        sampled=len(shown) < len(both),
        x=tuple((x[shown] / scale).tolist()),
        y=tuple(y[shown].tolist()),
        x_is_time=is_time,
    )


def _boxes(
    first: ColumnProfile,
    second: ColumnProfile,
    names: tuple[str, ...],
    codes: npt.NDArray[np.int64],
    y: npt.NDArray[np.float64],
) -> Pair:
    both = (codes >= 0) & np.isfinite(y)
    boxes = []
    for code, name in enumerate(names):
        values = y[both & (codes == code)]
        if len(values):
            boxes.append(Box(name, len(values), tuple(np.quantile(values, _BOX).tolist())))
    return Pair(first.name, second.name, int(both.sum()), sampled=False, boxes=tuple(boxes))


def _is_category(column: ColumnProfile) -> bool:
    if column.type in (ColumnType.TEXT, ColumnType.BOOLEAN):
        return True
    return column.type.is_numeric and column.distinct <= _FEW


def _codes(column: ColumnProfile, values: Any) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """The most frequent values, those of numbers in their order, and the code of each row."""
    names = [top.value for top in column.top[:_CATEGORIES]]
    if column.type.is_numeric:
        names.sort(key=float)
        numbers = [float(name) for name in names]
        order = np.array(numbers)
        found = as_floats(values)
        at = np.clip(np.searchsorted(order, found), 0, len(order) - 1)
        return tuple(names), np.where(np.isclose(order[at], found, rtol=1e-9), at, -1)
    if column.type is ColumnType.BOOLEAN:
        values = values.cast(pa.string())
    places = {name: number for number, name in enumerate(names)}
    encoded = values.combine_chunks().dictionary_encode()
    if isinstance(encoded, pa.ChunkedArray):
        encoded = encoded.chunk(0)
    kinds = np.array([places.get(value, -1) for value in encoded.dictionary.to_pylist()] or [-1])
    indices = encoded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return tuple(names), np.where(indices < 0, -1, kinds[indices])
