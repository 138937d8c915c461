"""Sketches add up, count exactly, and measure how far columns have moved."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon
from scipy.stats import wasserstein_distance

from mlops_desktop.ml.sketch import (
    Bins,
    LatencySketch,
    Sketch,
    category_bins,
    jensen_shannon,
    normed_wasserstein,
    numeric_bins,
    sketch,
)

REFERENCE = np.random.default_rng(0).normal(size=5000)
BINS = numeric_bins(REFERENCE)
numbers = st.lists(st.one_of(st.none(), st.floats(allow_nan=False, width=32)), max_size=60)
texts = st.lists(st.one_of(st.none(), st.sampled_from("abcdef"), st.booleans()), max_size=60)


def same(a: Sketch, b: Sketch) -> bool:
    return (
        a.counts.tolist() == b.counts.tolist()
        and np.isclose(a.below, b.below)
        and np.isclose(a.above, b.above)
    )


@given(numbers, numbers)
def test_that_sketches_of_parts_add_up_to_the_sketch_of_the_whole(
    a: list[float | None], b: list[float | None]
) -> None:
    assert same(sketch(BINS, a) + sketch(BINS, b), sketch(BINS, a + b))
    assert same(sketch(BINS, b) + sketch(BINS, a), sketch(BINS, a + b))


@given(texts)
def test_that_every_text_is_counted_once(values: list[object]) -> None:
    bins = category_bins(["a", "b", "a", True])
    counted = sketch(bins, values)
    assert counted.rows == len(values)
    assert counted.missing == values.count(None)
    assert counted.counts[0] == values.count("a")


@given(numbers)
def test_that_a_sketch_survives_json(values: list[float | None]) -> None:
    assert same(Sketch.from_json(sketch(BINS, values).to_json()), sketch(BINS, values))


def test_that_the_ends_of_the_reference_are_inside() -> None:
    counted = sketch(BINS, [BINS.edges[0], BINS.edges[-1], BINS.edges[-1] + 1, np.inf, -np.inf])
    assert (counted.counts[0], counted.counts[-2]) == (1, 2)


def test_that_a_constant_column_has_a_bin_of_its_own() -> None:
    bins = numeric_bins(np.array([3.0, 3.0]))
    assert sketch(bins, [3.0, 2.0, 4.0]).counts.tolist() == [1, 1, 1, 0]


@pytest.mark.parametrize(("shift", "scale"), [(0, 1), (0.3, 1), (2, 1), (0, 3), (60, 1)])
def test_that_the_distance_of_the_bins_is_that_of_the_values(shift: float, scale: float) -> None:
    current = np.random.default_rng(1).normal(shift, scale, 4000)
    std = float(REFERENCE.std())
    measured = normed_wasserstein(BINS, sketch(BINS, REFERENCE), sketch(BINS, current), std)
    assert measured == pytest.approx(wasserstein_distance(REFERENCE, current) / std, abs=0.08)


def test_that_the_jensen_shannon_distance_is_scipys() -> None:
    bins = Bins(categories=("a", "b", "c"))
    p, q = sketch(bins, list("aaabbc")), sketch(bins, list("abccccx"))
    assert jensen_shannon(p, q) == pytest.approx(jensenshannon(p.counts, q.counts, base=2))
    assert jensen_shannon(p, p) == 0
    assert jensen_shannon(p, bins.empty()) == 0


def test_that_latency_quantiles_are_right_to_five_percent() -> None:
    values = np.random.default_rng(0).lognormal(5, 1, 10_000)
    one = LatencySketch()
    for value in values:
        one.add(float(value))
    for q in (0.5, 0.95, 0.99):
        assert one.quantile(q) == pytest.approx(float(np.quantile(values, q)), rel=0.06)
    assert LatencySketch().quantile(0.5) is None
