"""Profiles against numpy's own answers, and exact ones against those of large columns."""

from __future__ import annotations

import json
import math

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings

from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.core.profile import QUANTILES, ColumnProfile, TopValue
from mlops_desktop.ml.profile import profile_column, profile_large

NUMBER = Column("x", ColumnType.NUMBER)
floats = st.lists(st.none() | st.floats(), max_size=60)


@settings(max_examples=200, deadline=None)
@given(floats)
@example([0.0, 5e-324])
def test_that_any_column_of_numbers_has_a_profile_that_json_can_hold(
    values: list[float | None],
) -> None:
    found = profile_column(NUMBER, pa.array(values, pa.float64()))
    text = json.dumps(to_plain(found), allow_nan=False)
    assert from_plain(ColumnProfile, json.loads(text)) == found
    finite = [value for value in values if value is not None and np.isfinite(value)]
    if found.numbers is None:
        assert not finite
        return
    assert sum(found.numbers.counts) == len(finite)
    assert len(found.numbers.edges) == len(found.numbers.counts) + 1 <= 42
    assert (found.numbers.low, found.numbers.high) == (min(finite), max(finite))


def test_that_numbers_agree_with_numpy() -> None:
    values = np.random.default_rng(0).normal(size=5_000)
    found = profile_column(NUMBER, pa.array(values)).numbers
    assert found is not None
    assert found.mean == pytest.approx(values.mean())
    assert found.std == pytest.approx(values.std())
    assert found.quantiles == pytest.approx(np.quantile(values, QUANTILES))
    counts, edges = np.histogram(values, bins=40)
    assert list(found.counts) == counts.tolist()
    assert found.edges == pytest.approx(edges)


@settings(max_examples=200, deadline=None)
@given(floats)
@example([0.0, 5e-324])
def test_that_values_are_counted_as_arrow_counts_them(values: list[float | None]) -> None:
    array = pa.array(values, pa.float64())
    found = profile_column(NUMBER, array)
    # -0.0 and 0.0 are one value here, and so is every NaN, whatever its bits.
    plain = [v if v is None else 0.0 if v == 0 else math.nan if v != v else v for v in values]
    counts = pa.array(plain, pa.float64()).drop_null()
    expected = counts.value_counts().field("counts").to_pylist()
    assert found.distinct == len(expected)
    assert [top.count for top in found.top] == sorted(expected, reverse=True)[:20]


def test_that_few_whole_numbers_get_a_bin_each() -> None:
    found = profile_column(Column("x", ColumnType.INTEGER), pa.array([0, 1, 1, 3])).numbers
    assert found is not None
    assert found.edges == (-0.5, 0.5, 1.5, 2.5, 3.5)
    assert found.counts == (1, 2, 0, 1)


def test_that_texts_are_counted() -> None:
    found = profile_column(Column("x", ColumnType.TEXT), pa.array(["a", "a", None, "über", ""]))
    assert found.top[0] == TopValue("a", 2)
    assert (found.missing, found.distinct, found.shortest, found.longest) == (1, 3, 0, 4)
    assert found.numbers is None


@pytest.mark.parametrize("kind", list(ColumnType))
def test_that_an_empty_column_has_a_profile(kind: ColumnType) -> None:
    from mlops_desktop.blobs.chunks import ARROW_TYPES

    for values in ([], [None, None]):
        found = profile_column(Column("x", kind), pa.array(values, ARROW_TYPES[kind]))
        assert (found.missing, found.distinct, found.top, found.numbers) == (
            len(values),
            0,
            (),
            None,
        )


def test_that_a_large_column_has_exact_totals_and_honest_guesses() -> None:
    random = np.random.default_rng(0)
    parts = [
        pa.array(random.normal(loc=i, size=1_000), mask=random.random(1_000) < 0.1)
        for i in range(8)
    ]
    exact = profile_column(NUMBER, pa.chunked_array(parts))
    large = profile_large(NUMBER, pa.chunked_array(parts[::2]), parts)
    assert not large.distinct_exact
    assert (large.rows, large.missing) == (exact.rows, exact.missing)
    assert large.numbers is not None
    assert exact.numbers is not None
    assert (large.numbers.low, large.numbers.high) == (exact.numbers.low, exact.numbers.high)
    assert large.numbers.mean == pytest.approx(exact.numbers.mean)
    assert large.numbers.std == pytest.approx(exact.numbers.std)
    assert large.numbers.quantiles[3] == pytest.approx(exact.numbers.quantiles[3], abs=1.0)
    assert sum(large.numbers.counts) == pytest.approx(exact.rows - exact.missing, rel=0.05)
