"""Columns as numpy arrays with a mask of what is missing: what expressions are computed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.ml import moments
from mlops_desktop.ml.expressions import BOOLEAN, DATETIME, INTEGER, NUMBER, TEXT

Array = npt.NDArray[Any]
DTYPES: dict[ColumnType, Any] = {
    INTEGER: np.int64,
    NUMBER: np.float64,
    BOOLEAN: np.bool_,
    TEXT: np.int32,
    DATETIME: np.int64,
}


@dataclass(slots=True)
class Vec:
    """A column, or one value for all rows (arrays of length 1).

    values: of DTYPES; microseconds since 1970 for DATETIME; places in `words` for TEXT; anything
    of that dtype where it is missing. missing: None where nothing is.
    """

    type: ColumnType
    values: Array
    missing: Array | None = None
    words: list[str] = field(default_factory=list)

    def spread(self, rows: int) -> Vec:
        """The same with one entry a row."""
        if len(self.values) == rows:
            return self
        missing = None if self.missing is None else np.broadcast_to(self.missing, rows)
        return Vec(self.type, np.broadcast_to(self.values, rows), missing, self.words)


def listed(vec: Vec) -> list[Any]:
    """Its values as plain Python has them, None where missing."""
    if vec.type is TEXT:
        words: list[Any] = vec.words or [None]
        values = [words[code] for code in vec.values.tolist()]
    elif vec.type is DATETIME:
        values = [moments.from_microseconds(value) for value in vec.values.tolist()]
    else:
        values = vec.values.tolist()
    if vec.missing is not None:
        for place in np.flatnonzero(vec.missing).tolist():
            values[place] = None
    return values


def of_values(kind: ColumnType, values: Sequence[Any]) -> Vec:
    """A column from plain Python values, None where missing."""
    if kind is NUMBER:
        numbers = np.array(values, np.float64)  # None becomes NaN.
        return Vec(kind, numbers, mask_of(~np.isfinite(numbers)))
    missing = mask_of(np.array([value is None for value in values], bool))
    if kind is TEXT:
        places: dict[Any, int] = {}
        codes = [0 if v is None else places.setdefault(v, len(places)) for v in values]
        return Vec(kind, np.array(codes, np.int32), missing, list(places))
    if kind is DATETIME:
        values = [0 if value is None else moments.microseconds(value) for value in values]
    elif missing is not None:
        values = [0 if value is None else value for value in values]
    return Vec(kind, np.array(values, DTYPES[kind]), missing)


def truth(vec: Vec) -> Array:
    """True where a condition is true; a missing one is not."""
    values: Array = vec.values
    return values if vec.missing is None else values & ~vec.missing


def mask_of(missing: Array) -> Array | None:
    """The mask, None where nothing is missing."""
    return missing if missing.any() else None


def either(*masks: Array | None) -> Array | None:
    """Where any of the masks is true."""
    found: Array | None = None
    for mask in masks:
        if mask is not None:
            found = mask if found is None else found | mask
    return found
