"""Histograms split by a target: counts of each class in each bin, or the target's mean there."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.profile import ColumnProfile, TargetSplit
from mlops_desktop.ml.relations import as_floats

MOST_CLASSES = 5  # As many as a plot has colours.
_FEW_NUMBERS = 10  # A target of so few different numbers is one of classes.
Array = npt.NDArray[Any]


def classes_of(target: ColumnProfile) -> tuple[str, ...]:
    """The target's classes, the most frequent first, '' for the rest; empty for a number."""
    if target.type.is_numeric and target.distinct > _FEW_NUMBERS:
        return ()
    names = tuple(top.value for top in target.top)
    if target.distinct <= MOST_CLASSES:
        return names
    return (*names[: MOST_CLASSES - 1], "")


def target_values(target: ColumnProfile, array: Any) -> Array:
    """For each row the number of its class, -1 where it is missing; floats (NaN) for a number."""
    classes = classes_of(target)
    if not classes:
        return as_floats(array)
    named = classes[:-1] if classes[-1] == "" and target.distinct > MOST_CLASSES else classes
    codes = _places(target, array, named)
    if len(named) < len(classes):
        codes = np.where(codes < 0, len(named), codes)
        codes[np.asarray(pc.is_null(array, nan_is_null=True))] = -1
    return codes


class Splitting:
    """Counts one column as its parts come by; its bins are those of its profile."""

    def __init__(self, column: ColumnProfile, target: ColumnProfile) -> None:
        self._column, self._target = column, target
        self._classes = classes_of(target)
        numbers = column.numbers
        by_edges = numbers is not None and column.type is not ColumnType.BOOLEAN
        self._edges = np.array(numbers.edges) if numbers is not None and by_edges else None
        self._named = tuple(top.value for top in column.top)
        bins = len(self._named) + 1 if self._edges is None else len(self._edges) - 1
        self._counts = np.zeros((max(1, len(self._classes)), bins), np.int64)
        self._sums = np.zeros(bins)

    def add(self, values: Any, target: Array) -> None:
        """values: an Arrow array; target: what target_values() gave for the same rows."""
        bins = self._bins(values)
        bins_count = self._counts.shape[1]
        if self._classes:
            there = (bins >= 0) & (target >= 0)
            places = target[there] * bins_count + bins[there]
            self._counts += np.bincount(places, minlength=self._counts.size).reshape(
                self._counts.shape
            )
        else:
            there = (bins >= 0) & np.isfinite(target)
            self._counts[0] += np.bincount(bins[there], minlength=bins_count)
            self._sums += np.bincount(bins[there], weights=target[there], minlength=bins_count)

    def result(self) -> TargetSplit:
        means: tuple[float | None, ...] = ()
        if not self._classes:
            means = tuple(
                float(total / count) if count else None
                for total, count in zip(self._sums, self._counts[0], strict=True)
            )
        return TargetSplit(
            self._column.name,
            self._target.name,
            self._classes,
            tuple(tuple(row) for row in self._counts.tolist()),
            means,
        )

    def _bins(self, values: Any) -> Array:
        if self._edges is None:
            places = _places(self._column, values, self._named)
            others = (places < 0) & ~np.asarray(values.is_null())
            return np.where(others, len(self._named), places)
        numbers = as_floats(values)
        bins = np.searchsorted(self._edges[1:-1], numbers, side="right")
        return np.where(np.isfinite(numbers), bins, -1)


def _places(column: ColumnProfile, array: Any, names: tuple[str, ...]) -> Array:
    """Where among the names each value is, -1 for none of them."""
    among: Any = pa.array(names, pa.string())
    if column.type is ColumnType.BOOLEAN:
        array = array.cast(pa.string())
    elif column.type.is_numeric:
        array, among = array.cast(pa.float64(), safe=False), pa.array([float(n) for n in names])
    found = pc.index_in(array, value_set=among).fill_null(-1)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)
