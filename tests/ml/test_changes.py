"""Shifts between two versions of a column: the tests against scipy's, the words, the sizes."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import scipy.stats

from mlops_desktop.core.changes import CHI_SQUARE, KOLMOGOROV_SMIRNOV, ColumnPair, Shift
from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.monitoring import JENSEN_SHANNON, MISSING_SHARE, WASSERSTEIN
from mlops_desktop.ml.changes import shift
from mlops_desktop.ml.twosample import chi_square, kolmogorov_smirnov

RNG = np.random.default_rng(0)


def of(kind: ColumnType, before: Any, after: Any, name: str = "x") -> Shift:
    column = Column(name, kind)
    found = shift(ColumnPair(column, column), kind, pa.array(before), pa.array(after))
    assert found is not None
    return found


@pytest.mark.parametrize(("rows", "others"), [(30, 30), (1000, 800), (200_000, 1000)])
@pytest.mark.parametrize("moved", [0.0, 0.1, 1.0])
@pytest.mark.parametrize("digits", [1, 9])
def test_that_kolmogorov_smirnov_is_that_of_scipy(
    rows: int, others: int, moved: float, digits: int
):
    a = np.sort(RNG.normal(size=rows).round(digits))
    b = np.sort(RNG.normal(moved, size=others).round(digits))
    theirs = scipy.stats.ks_2samp(a, b, method="asymp")
    statistic, p = kolmogorov_smirnov(a, b)
    assert statistic == pytest.approx(theirs.statistic, abs=1e-4)
    assert p == pytest.approx(theirs.pvalue, abs=0.06)


@pytest.mark.parametrize("categories", [2, 3, 10, 101])
@pytest.mark.parametrize("change", [0.0, 0.05, 0.5])
def test_that_chi_square_is_that_of_scipy(categories: int, change: float):
    table = RNG.integers(50, 100, (2, categories))
    table[1, 0] += int(change * table[1].sum())
    theirs = scipy.stats.chi2_contingency(table, correction=False)
    statistic, p = chi_square(table)
    assert statistic == pytest.approx(theirs.statistic)
    assert p == pytest.approx(theirs.pvalue, abs=1e-9)


def test_that_rare_categories_are_tested_together():
    statistic, p = chi_square(np.array([[500, 500, 1, 0, 2, 0], [480, 520, 0, 1, 0, 1]]))
    pooled = scipy.stats.chi2_contingency([[500, 500, 3], [480, 520, 2]], correction=False)
    assert p > 0.05
    assert statistic == pytest.approx(pooled.statistic, abs=1.5)


def test_that_one_category_is_no_change():
    assert chi_square(np.array([[10, 0], [12, 0]])) == (0.0, 1.0)


def test_that_a_moved_number_is_told_in_words():
    values = RNG.normal(30, 10, 5000)
    found = of(ColumnType.NUMBER, values, values + 2.1, "tenure")
    assert found.words.startswith("`tenure` moved up by 2.1 on average (from ")
    assert found.test == KOLMOGOROV_SMIRNOV
    assert found.measure == WASSERSTEIN
    assert found.effect == pytest.approx(0.21, abs=0.02)
    assert (found.size, found.p < 0.001) == ("medium", True)
    assert found.tested.startswith("Kolmogorov-Smirnov 0.0")
    assert "p < 0.001" in found.tested
    assert sum(found.before.counts) == sum(found.after.counts) == 5000
    assert len(found.edges) == len(found.before.counts) + 1


def test_that_chance_is_called_chance():
    found = of(ColumnType.NUMBER, RNG.normal(size=300), RNG.normal(size=300))
    assert found.size == "no clear shift"
    assert "on average" in found.words


def test_that_a_wider_spread_is_told():
    values = RNG.normal(size=5000)
    words = of(ColumnType.NUMBER, values - values.mean(), 3 * (values - values.mean())).words
    assert words == "`x` is the same on average, but spread wider"


def test_that_dates_move_in_days():
    times = [dt.datetime(2026, 1, 1, tzinfo=dt.UTC) + dt.timedelta(hours=h) for h in range(500)]
    later = [time + dt.timedelta(days=30) for time in times]
    assert of(ColumnType.DATETIME, times, later).words == "`x` is later by 30 days on average"
    assert "earlier by 30 days" in of(ColumnType.DATETIME, later, times).words


def test_that_a_category_that_grew_is_named():
    found = of(ColumnType.TEXT, ["a"] * 700 + ["b"] * 300, ["a"] * 500 + ["b"] * 500)
    assert found.words == "`x`: a went from 70 % to 50 % of the rows"
    assert (found.test, found.measure) == (CHI_SQUARE, JENSEN_SHANNON)
    assert found.categories == ("a", "b")
    assert found.before.counts == (700, 300, 0)
    assert found.after.counts == (500, 500, 0)


def test_that_many_categories_share_a_bar():
    words = [f"w{n % 20}" for n in range(1000)]
    found = of(ColumnType.TEXT, words, words[:500] * 2)
    assert found.categories[-1] == "(others)"
    assert len(found.before.counts) == len(found.categories) + 1
    assert sum(found.before.counts) == 1000


def test_that_booleans_are_categories():
    found = of(ColumnType.BOOLEAN, [True] * 90 + [False] * 10, [True] * 50 + [False] * 50)
    assert found.categories == ("true", "false")
    assert found.sure


def test_that_more_missing_values_are_what_is_tested():
    values = RNG.normal(size=1000)
    gone = [None if n < 400 else v for n, v in enumerate(values)]
    found = of(ColumnType.NUMBER, values, gone)
    assert (found.test, found.measure) == (CHI_SQUARE, MISSING_SHARE)
    assert found.effect == pytest.approx(0.4)
    assert found.words.endswith("missing went from 0 % to 40 %")
    assert found.size == "large"


def test_that_names_of_rows_have_no_spread():
    column = Column("id", ColumnType.TEXT)
    ids = pa.array([f"id-{n}" for n in range(1000)])
    assert shift(ColumnPair(column, column), ColumnType.TEXT, ids, ids) is None


def test_that_an_empty_version_is_not_tested():
    column = Column("x", ColumnType.NUMBER)
    some, none = pa.array([1.0]), pa.array([], pa.float64())
    assert shift(ColumnPair(column, column), ColumnType.NUMBER, some, none) is None


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([1.0, 1.0, 1.0], [1.0, 1.0]),
        ([1.0], [2.0]),
        ([None, None], [1.0, 2.0]),
        ([1.0, 2.0], [None, float("nan")]),
        ([float("inf"), 1.0], [float("-inf"), 1.0]),
        ([float("inf")], [float("inf")]),
        ([-1.7e308, 1.7e308], [0.0, 1.7e308]),
        ([5e-324, 0.0], [0.0, 1.0]),
        ([1e16, 1e16 + 2], [1e16, 1e16 + 4]),
    ],
)
def test_that_odd_numbers_have_an_answer(before: list[float | None], after: list[float | None]):
    column = Column("x", ColumnType.NUMBER)
    found = shift(
        ColumnPair(column, column),
        ColumnType.NUMBER,
        pa.array(before, pa.float64()),
        pa.array(after, pa.float64()),
    )
    assert found is not None
    assert 0 <= found.p <= 1
    assert np.isfinite(found.effect)
    for side, values in ((found.before, before), (found.after, after)):
        finite = [v for v in values if v is not None and np.isfinite(v)]
        assert sum(side.counts) == (len(finite) if found.edges else 0)
