"""Profiles of columns: pure functions on Arrow arrays."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.profile import QUANTILES, ColumnProfile, Numbers, TopValue

BINS = 40
TOP = 20
EXTREMES = 10
_ENDS = 200  # Among so many values at an end, the different ones are looked for.
Floats = np.ndarray[Any, np.dtype[np.float64]]


def profile_column(column: Column, values: Any) -> ColumnProfile:
    """The exact profile of a column that fits in memory: an Arrow array or chunked array."""
    shortest = longest = mean_length = numbers = None
    if column.type in (ColumnType.TEXT, ColumnType.BOOLEAN):
        counted: Any = pc.value_counts(values.drop_null() if values.null_count else values)
        each, every = counted.field("values"), counted.field("counts").to_numpy()
        distinct, kept = len(every), _most(every)
        top, counts = each.take(pa.array(kept)), every[kept]
        if column.type is ColumnType.BOOLEAN:
            numbers = _numbers(np.sort(as_floats(values)))
        elif distinct:
            lengths = pc.utf8_length(each).to_numpy(zero_copy_only=False)
            shortest, longest = int(lengths.min()), int(lengths.max())
            mean_length = int(lengths @ every) / int(every.sum())
    else:
        # Sorting is faster than hashing where most values differ, and serves all that follows.
        ordered = _ordered(values)
        distinct, top, counts = _runs(ordered, values.type)
        numbers = _numbers(ordered.astype(np.float64, copy=False))
    return ColumnProfile(
        name=column.name,
        type=column.type,
        rows=len(values),
        missing=values.null_count,
        distinct=distinct,
        numbers=numbers,
        top=tuple(
            TopValue(text_of(column.type, value), int(count))
            for value, count in zip(top.to_pylist(), counts, strict=True)
        ),
        shortest=shortest,
        longest=longest,
        mean_length=mean_length,
    )


def profile_large(column: Column, sample: Any, parts: Iterable[Any]) -> ColumnProfile:
    """The profile of a column of any size: rows, missing, the ends, mean and spread by one pass
    over its parts, everything else from a sample (its counts are brought up to all rows)."""
    found = profile_column(column, sample)
    totals = Totals()
    for part in parts:
        totals = totals.plus(part)
    grown = totals.rows / max(1, found.rows)
    numbers = found.numbers
    if numbers is not None and totals.count:
        numbers = replace(
            numbers,
            low=totals.low,
            high=totals.high,
            mean=totals.mean,
            std=math.sqrt(totals.squares / totals.count),
            quantiles=(totals.low, *numbers.quantiles[1:-1], totals.high),
            counts=tuple(round(count * grown) for count in numbers.counts),
            lowest=_with_end(totals.low, numbers.lowest),
            highest=_with_end(totals.high, numbers.highest),
        )
    return replace(
        found,
        rows=totals.rows,
        missing=totals.missing,
        distinct_exact=False,
        numbers=numbers,
        top=tuple(TopValue(top.value, round(top.count * grown)) for top in found.top),
    )


@dataclass(frozen=True, slots=True)
class Totals:
    """Running sums of a column; squares: of the distances from the mean (Chan et al., 1979)."""

    rows: int = 0
    missing: int = 0
    count: int = 0
    low: float = math.inf
    high: float = -math.inf
    mean: float = 0.0
    squares: float = 0.0

    def plus(self, part: Any) -> Totals:
        rows, missing = self.rows + len(part), self.missing + part.null_count
        values = np.zeros(0) if pa.types.is_string(part.type) else as_floats(part)
        values = values[np.isfinite(values)]
        if not len(values):
            return replace(self, rows=rows, missing=missing)
        count = self.count + len(values)
        mean = float(values.mean())
        shift = mean - self.mean
        return Totals(
            rows,
            missing,
            count,
            min(self.low, float(values.min())),
            max(self.high, float(values.max())),
            self.mean + shift * len(values) / count,
            self.squares
            + float(((values - mean) ** 2).sum())
            + shift**2 * self.count * len(values) / count,
        )


def as_floats(values: Any) -> Floats:
    """The values that are there as float64; times as microseconds, booleans as 0 and 1."""
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    if pa.types.is_boolean(values.type):
        values = values.cast(pa.uint8())
    return np.asarray(values.drop_null().to_numpy(), dtype=np.float64)


def text_of(kind: ColumnType, value: Any) -> str:
    """A value as the screens and the JSON write it."""
    if kind is ColumnType.BOOLEAN:
        return "true" if value else "false"
    return f"{value:.12g}" if kind is ColumnType.NUMBER else str(value)


def _numbers(values: Floats) -> Numbers | None:
    """Of values in order; what is not finite lies at the ends."""
    if len(values) and not (math.isfinite(values[0]) and math.isfinite(values[-1])):
        values = values[np.isfinite(values)]
    if not len(values):
        return None
    edges = _edges(values)
    # A value on an inner edge belongs to the bin above, as in numpy's histogram.
    below = np.searchsorted(values, edges[1:-1], side="left")
    counts = np.diff(below, prepend=0, append=len(values))
    places = np.array(QUANTILES) * (len(values) - 1)
    left = np.floor(places).astype(np.int64)
    right = np.minimum(left + 1, len(values) - 1)
    with np.errstate(over="ignore", invalid="ignore"):
        part = places - left
        quantiles = values[left] * (1 - part) + values[right] * part
        mean, std = float(values.mean()), float(values.std())
    return Numbers(
        low=float(values[0]),
        high=float(values[-1]),
        mean=_finite(mean),
        std=_finite(std),
        quantiles=tuple(quantiles.tolist()),
        edges=tuple(edges.tolist()),
        counts=tuple(counts.tolist()),
        lowest=tuple(np.unique(values[:_ENDS])[:EXTREMES].tolist()),
        highest=tuple(np.unique(values[-_ENDS:])[::-1][:EXTREMES].tolist()),
    )


def _with_end(end: float, sampled: tuple[float, ...]) -> tuple[float, ...]:
    """The ends of a sample, with the one of all rows before them."""
    return sampled if end in sampled[:1] else (end, *sampled[: EXTREMES - 1])


def _finite(value: float) -> float:
    """JSON knows no infinity; only values near 1e308 get there."""
    return value if math.isfinite(value) else math.copysign(1.7976931348623157e308, value)


def _edges(values: Floats) -> Floats:
    """Equal bins; one for each whole number where there are few of them."""
    low, high = float(values[0]), float(values[-1])
    exact = max(-low, high) < 2**52  # Above, a float has no halves.
    if exact and high - low < BINS and low.is_integer() and bool(np.all(values % 1 == 0)):
        return np.arange(low, high + 2) - 0.5
    if low == high:
        return np.array([low, high])
    half = np.linspace(low / 2, high / 2, BINS + 1)  # The span itself may be above 1.8e308.
    # The ends themselves always stay: half of the smallest float there is rounds to nothing.
    return np.unique(np.concatenate([[low], np.clip(half * 2, low, high), [high]]))


def _ordered(values: Any) -> np.ndarray[Any, Any]:
    """The values that are there, sorted; times as microseconds."""
    if pa.types.is_timestamp(values.type):
        values = values.cast(pa.int64())
    ordered = (values.drop_null() if values.null_count else values).to_numpy()
    if not ordered.flags.writeable:
        return np.sort(ordered)
    ordered.sort()
    return ordered  # type: ignore[no-any-return]


def _runs(ordered: np.ndarray[Any, Any], kind: Any) -> tuple[int, Any, np.ndarray[Any, Any]]:
    """How many different values there are, the most frequent of them, and how often each is."""
    differs = ordered[1:] != ordered[:-1]
    if ordered.dtype.kind == "f" and len(ordered) and math.isnan(ordered[-1]):
        differs &= ~np.isnan(ordered[:-1])  # They come last, and are one value.
    if differs.all():
        return len(ordered), pa.array(ordered[:TOP]).cast(kind), np.ones(len(ordered[:TOP]), int)
    starts = np.flatnonzero(np.concatenate([[True], differs]))
    counts = np.diff(starts, append=len(ordered))
    kept = _most(counts)
    return len(counts), pa.array(ordered[starts[kept]]).cast(kind), counts[kept]


def _most(counts: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The places of the largest counts, the largest first; of equal ones the earlier first."""
    kept = np.arange(len(counts))
    if len(counts) > TOP:
        least = np.partition(counts, -TOP)[-TOP]
        more = np.flatnonzero(counts > least)
        kept = np.concatenate([more, np.flatnonzero(counts == least)[: TOP - len(more)]])
    return kept[np.lexsort((kept, -counts[kept]))]
