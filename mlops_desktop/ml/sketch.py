"""Mergeable counts of one column: how a window of predictions is remembered in constant memory.

A sketch is counts over bins that the training reference has fixed, so two sketches of the same
bins add up, whatever the order, and nothing of the rows is kept.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

FINE_BINS = 50
MOST_CATEGORIES = 100
OTHER = "(other)"
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bins:
    """Fixed by the reference. edges: of numbers, ascending, the last bin closed on both sides.

    categories: of text, most frequent first; what is not among them counts as other.
    """

    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()

    @property
    def is_numeric(self) -> bool:
        return bool(self.edges)

    @property
    def slots(self) -> int:
        """Numbers: below, the bins, above, missing. Text: the categories, other, missing."""
        return len(self.edges) + 2 if self.edges else len(self.categories) + 2

    def empty(self) -> Sketch:
        return Sketch(np.zeros(self.slots, dtype=np.int64))


@dataclass(slots=True)
class Sketch:
    """counts: one a slot of the bins. below and above: sums of the values outside the edges, so
    that a column in another unit is far away and not just outside."""

    counts: Counts
    below: float = 0.0
    above: float = 0.0

    @property
    def rows(self) -> int:
        return int(self.counts.sum())

    @property
    def missing(self) -> int:
        return int(self.counts[-1])

    @property
    def missing_share(self) -> float:
        return self.missing / self.rows if self.rows else 0.0

    def __add__(self, other: Sketch) -> Sketch:
        return Sketch(
            self.counts + other.counts, self.below + other.below, self.above + other.above
        )

    def to_json(self) -> dict[str, object]:
        return {"n": self.counts.tolist(), "below": self.below, "above": self.above}

    @classmethod
    def from_json(cls, fields: dict[str, object]) -> Sketch:
        counts = np.asarray(fields["n"], dtype=np.int64)
        return cls(counts, float(str(fields["below"])), float(str(fields["above"])))


def numeric_bins(values: Floats) -> Bins:
    """Bins of about equal counts (at most FINE_BINS) over the finite values, of which there must
    be one."""
    finite = values[np.isfinite(values)]
    edges = np.unique(np.quantile(finite, np.linspace(0, 1, FINE_BINS + 1)))
    if len(edges) == 1:
        edges = np.array([edges[0], np.nextafter(edges[0], np.inf)])
    return Bins(edges=tuple(float(edge) for edge in edges))


def category_bins(values: Sequence[object]) -> Bins:
    """The most frequent values as text (at most MOST_CATEGORIES)."""
    counts: dict[str, int] = {}
    for value in values:
        if value is not None:
            text = as_text(value)
            counts[text] = counts.get(text, 0) + 1
    ranked = sorted(counts, key=lambda text: (-counts[text], text))
    return Bins(categories=tuple(ranked[:MOST_CATEGORIES]))


def sketch(bins: Bins, values: Sequence[object] | Floats) -> Sketch:
    """Count values: numbers with NaN or None for missing; text with None for missing."""
    return _numbers(bins, values) if bins.is_numeric else _texts(bins, values)


def as_text(value: object) -> str:
    """A category as it is counted; booleans as JSON writes them."""
    return str(value).lower() if isinstance(value, bool | np.bool_) else str(value)


def _numbers(bins: Bins, values: Sequence[object] | Floats) -> Sketch:
    if isinstance(values, np.ndarray):
        numbers = values.astype(np.float64, copy=False)
    else:
        numbers = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    known = numbers[~np.isnan(numbers)]
    edges = np.asarray(bins.edges)
    place = np.searchsorted(edges, known, side="right")
    place[known == edges[-1]] = len(edges) - 1
    counts = np.bincount(place, minlength=bins.slots).astype(np.int64)
    counts[-1] = len(numbers) - len(known)
    outside = np.clip(known, -1e300, 1e300)  # An infinity is outside, and its sum must stay finite.
    return Sketch(
        counts,
        float(outside[place == 0].sum()),
        float(outside[place == len(edges)].sum()),
    )


def _texts(bins: Bins, values: Sequence[object] | Floats) -> Sketch:
    place = {category: number for number, category in enumerate(bins.categories)}
    other = len(bins.categories)
    counts = np.zeros(bins.slots, dtype=np.int64)
    for value in values:
        if value is None:
            counts[-1] += 1
        else:
            counts[place.get(as_text(value), other)] += 1
    return Sketch(counts)


def normed_wasserstein(bins: Bins, reference: Sketch, current: Sketch, std: float) -> float:
    """The first Wasserstein distance between two sketches in units of the reference's standard
    deviation: the mean way that values have moved.

    The measure of Evidently for more than 1,000 rows, here between the bins' middles (values
    outside the edges: their mean), so that the error is at most a bin's width. 0 where one of
    them has no value.
    """
    edges = np.asarray(bins.edges)
    middles = (edges[:-1] + edges[1:]) / 2
    points, weights = [], []
    for sign, one in ((1.0, current), (-1.0, reference)):
        counts = one.counts[:-1].astype(np.float64)
        total = counts.sum()
        if not total:
            return 0.0
        below = one.below / counts[0] if counts[0] else edges[0]
        above = one.above / counts[-1] if counts[-1] else edges[-1]
        points.append(np.concatenate([[below], middles, [above]]))
        weights.append(sign * counts / total)
    x, w = np.concatenate(points), np.concatenate(weights)
    order = np.argsort(x, kind="stable")
    moved = np.abs(np.cumsum(w[order])[:-1]) @ np.diff(x[order])
    return float(moved / std)


def jensen_shannon(reference: Sketch, current: Sketch) -> float:
    """The Jensen-Shannon distance (base 2, 0 to 1) between two sketches of categories; other and
    missing count as categories. 0 where one of them is empty. (Lin, 1991; as in scipy.)"""
    if not (reference.rows and current.rows):
        return 0.0
    p, q = reference.counts / reference.rows, current.counts / current.rows
    m = (p + q) / 2
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = [np.where(d > 0, d * np.log2(d / m), 0.0).sum() / 2 for d in (p, q)]
    return float(np.sqrt(max(0.0, sum(terms))))


@dataclass(slots=True)
class LatencySketch:
    """Counts of latencies in bins that grow by a tenth: quantiles are right to 5 %."""

    counts: dict[int, int] = field(default_factory=dict)

    def add(self, microseconds: float) -> None:
        slot = int(np.log(max(1.0, microseconds)) / _GROWTH)
        self.counts[slot] = self.counts.get(slot, 0) + 1

    def quantile(self, q: float) -> float | None:
        """Microseconds, or None where nothing was added."""
        left = q * sum(self.counts.values())
        for slot in sorted(self.counts):
            left -= self.counts[slot]
            if left <= 0:
                return float(np.exp((slot + 0.5) * _GROWTH))
        return None


_GROWTH = float(np.log(1.1))
