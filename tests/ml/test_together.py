"""Correlations against scipy's and pandas' own, and patterns of missing values."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pytest
from scipy import stats

from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.core.datasets import Column
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.core.profile import Correlations, Gaps, Profile, full
from mlops_desktop.ml import together
from mlops_desktop.ml.profile import profile_column

random = np.random.default_rng(0)
N = 400
KINDS = {arrow: kind for kind, arrow in ARROW_TYPES.items()}


def correlations(**columns: Any) -> Correlations:
    table = pa.table(columns)
    profiles = [
        profile_column(Column(field.name, KINDS[field.type]), table.column(field.name))
        for field in table.schema
    ]
    found = together.correlations(profiles, table.columns, sampled=False)
    assert found is not None
    return found


def gaps(rows: int | None = None, **absent: npt.NDArray[np.bool_]) -> Gaps:
    profiles = [
        profile_column(
            Column(name, KINDS[pa.float64()]), pa.array(np.zeros(len(mask)), pa.float64(), mask)
        )
        for name, mask in absent.items()
    ]
    found = together.gaps(profiles, list(absent.values()), rows or len(absent["a"]))
    assert found is not None
    return found


def test_that_numbers_agree_with_pandas() -> None:
    x = random.normal(size=(N, 4))
    x[:, 1] += 1e9 + x[:, 0]
    x[:, 2] = np.exp(x[:, 3]).round(1)
    assert together.pairwise(x) == pytest.approx(np.corrcoef(x.T))
    x[random.random(x.shape) < 0.2] = np.nan
    assert together.pairwise(x) == pytest.approx(pd.DataFrame(x).corr().to_numpy(), abs=1e-6)


def test_that_ranks_agree_with_scipy() -> None:
    values = random.integers(0, 9, N).astype(float)
    assert together.ranks(values) == pytest.approx(stats.rankdata(values))
    x, y = values, values + random.normal(size=N)
    spearman = together.pairwise(np.column_stack([together.ranks(x), together.ranks(y)]))
    assert spearman[0, 1] == pytest.approx(stats.spearmanr(x, y).statistic)


def test_that_categories_agree_with_the_published_correction() -> None:
    a = random.integers(0, 3, N)
    b = np.where(random.random(N) < 0.5, a, random.integers(0, 4, N))
    table = pd.crosstab(a, b).to_numpy()
    chi, (rows, columns) = stats.chi2_contingency(table, correction=False).statistic, table.shape
    phi = max(0, chi / N - (rows - 1) * (columns - 1) / (N - 1))
    least = min(rows - (rows - 1) ** 2 / (N - 1), columns - (columns - 1) ** 2 / (N - 1)) - 1
    assert together.cramers_v(a, b) == pytest.approx(np.sqrt(phi / least))


def test_that_chance_gives_no_strength() -> None:
    many, few = random.integers(0, 80, N), random.integers(0, 40, N)
    assert together.correlation_ratio(many, random.normal(size=N)) < 0.25
    assert together.cramers_v(many, few) < 0.15


def test_that_every_pair_has_its_measure() -> None:
    x, word = random.normal(size=N), random.choice(["a", "b", "c"], N)
    found = correlations(
        x=x, same=-x, word=word, code=np.char.add("k", word), of=(word == "a") * 3.0, yes=x > 0
    )
    matrix = found.matrix()
    at = found.columns.index
    assert matrix == pytest.approx(matrix.T)
    assert matrix[at("x"), at("same")] == pytest.approx(-1)
    assert matrix[at("word"), at("code")] == pytest.approx(1)
    assert matrix[at("word"), at("of")] == pytest.approx(1)
    assert matrix[at("x"), at("yes")] > 0.7
    assert found.ordered == (True, True, False, False, True, True)
    text = json.dumps(to_plain(found), allow_nan=False)
    assert from_plain(Correlations, json.loads(text)) == found


def test_that_what_never_varies_together_is_not_known() -> None:
    x = np.where(np.arange(N) < 5, 1.0, np.nan)
    with_gap = pa.array(np.arange(N) * 1.0, mask=np.arange(N) < 5)
    found = correlations(x=pa.array(x, mask=np.isnan(x)), y=with_gap)
    assert np.isnan(found.matrix()[0, 1])


def test_that_one_column_has_no_correlations() -> None:
    column = profile_column(Column("x", KINDS[pa.float64()]), pa.array([1.0, 2.0]))
    assert together.correlations([column], [pa.array([1.0, 2.0])], sampled=False) is None


def test_that_patterns_are_counted() -> None:
    a = np.arange(N) % 4 == 0
    found = gaps(a=a, b=a.copy(), c=np.arange(N) % 10 == 1)
    assert [(p.columns, p.rows) for p in found.patterns] == [
        ((), 260),
        ((0, 1), 100),
        ((2,), 40),
    ]
    assert full(found.nullity)[0, 1] == pytest.approx(1)
    assert full(found.nullity)[0, 2] < 0
    assert from_plain(Gaps, json.loads(json.dumps(to_plain(found)))) == found


def test_that_a_sample_of_gaps_is_brought_up_to_all_rows() -> None:
    found = gaps(10 * N, a=np.arange(N) % 4 == 0)
    assert found.sampled
    assert [p.rows for p in found.patterns] == [3000, 1000]


def test_that_very_many_patterns_are_summed_up() -> None:
    masks = {name: random.random(N) < 0.5 for name in "abcdefghij"}
    found = gaps(**masks)
    assert len(found.patterns) == 30
    assert sum(p.rows for p in found.patterns) + found.other_rows == N


def test_that_a_profile_from_before_correlations_loads() -> None:
    old = {"rows": 1, "duplicate_rows": 0, "columns": [{
        "name": "x", "type": "number", "rows": 1, "missing": 0, "distinct": 1,
        "numbers": {"low": 1.0, "high": 1.0, "mean": 1.0, "std": 0.0,
                    "quantiles": [1.0] * 7, "edges": [1.0, 1.0], "counts": [1]},
    }]}  # fmt: skip
    profile = from_plain(Profile, old)
    assert profile.correlations is None
    assert profile.gaps is None
    assert profile.columns[0].numbers is not None
    assert profile.columns[0].numbers.highest == ()
