"""How far the values of one column have moved from another's: the measures of monitoring."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlops_desktop.ml.sketch import (
    MOST_CATEGORIES,
    Bins,
    Sketch,
    as_text,
    jensen_shannon,
    normed_wasserstein,
    numeric_bins,
    sketch,
)


def moved(reference: Any, current: Any, *, numeric: bool) -> float:
    """The distance of `current` from `reference`, both Arrow columns of numbers, or both not.

    Numbers: the normed Wasserstein distance, in standard deviations of the reference. Others: the
    Jensen-Shannon distance, 0 to 1, where missing is a category (ml/sketch.py). 0 where one of
    them has no value.
    """
    if not numeric:
        before, now = _counts(reference), _counts(current)
        ranked = sorted((t for t in before if t is not None), key=lambda t: (-before[t], t))
        bins = Bins(categories=tuple(ranked[:MOST_CATEGORIES]))
        return jensen_shannon(_sketch(bins, before), _sketch(bins, now))
    old, new = _floats(reference), _floats(current)
    finite = old[np.isfinite(old)]
    if not len(finite):
        return 0.0
    bins = numeric_bins(finite)
    std = float(finite.std()) or 1.0
    return normed_wasserstein(bins, sketch(bins, old), sketch(bins, new), std)


def _floats(values: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """NaN where missing."""
    floats = values.cast(pa.float64(), safe=False)
    return np.asarray(floats.to_numpy(zero_copy_only=False), dtype=np.float64)


def _counts(values: Any) -> dict[str | None, int]:
    counted: Any = pc.value_counts(values)
    pairs = zip(
        counted.field("values").to_pylist(), counted.field("counts").to_pylist(), strict=True
    )
    return {None if value is None else as_text(value): count for value, count in pairs}


def _sketch(bins: Bins, counts: dict[str | None, int]) -> Sketch:
    place = {category: number for number, category in enumerate(bins.categories)}
    slots = np.zeros(bins.slots, np.int64)
    for text, count in counts.items():
        slots[-1 if text is None else place.get(text, len(place))] += count
    return Sketch(slots)
