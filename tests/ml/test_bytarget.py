"""Histograms by a target, and two columns against each other."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.core.datasets import Column
from mlops_desktop.core.profile import Pair, TargetSplit
from mlops_desktop.ml import bytarget, pairs
from mlops_desktop.ml.profile import profile_column

random = np.random.default_rng(0)
N = 1000
KINDS = {arrow: kind for kind, arrow in ARROW_TYPES.items()}
X = random.normal(size=N)
WORD = random.choice(["a", "b", "c"], N)


def split(column: Any, target: Any) -> TargetSplit:
    table = pa.table({"x": column, "y": target})
    x, y = (
        profile_column(Column(f.name, KINDS[f.type]), table.column(f.name)) for f in table.schema
    )
    counter = bytarget.Splitting(x, y)
    for batch in table.to_batches(max_chunksize=300):
        counter.add(batch.column(0), bytarget.target_values(y, batch.column(1)))
    return counter.result()


def compare(x: Any, y: Any) -> Pair:
    table = pa.table({"x": x, "y": y})
    profiles = [
        profile_column(Column(f.name, KINDS[f.type]), table.column(f.name)) for f in table.schema
    ]
    return pairs.pair(profiles[0], profiles[1], table)


@pytest.mark.parametrize("target", [WORD, X > 0, (X > 0).astype(int), (X > 0) * 0.5])
def test_that_the_classes_of_a_bin_add_up_to_its_histogram(target: Any) -> None:
    found = split(X, target)
    counts, _ = np.histogram(X, 40)
    assert np.sum(found.counts, axis=0).tolist() == counts.tolist()
    assert len(found.classes) == len(np.unique(target))


def test_that_a_class_is_counted_where_it_is() -> None:
    found = split(WORD, WORD)
    order = [found.classes.index(name) for name in found.classes]
    counts = np.array(found.counts)[order]
    assert counts[:, :3].tolist() == np.diag(np.diag(counts[:, :3])).tolist()
    assert counts[:, 3].sum() == 0


def test_that_rare_classes_are_others() -> None:
    target = random.choice([f"k{n}" for n in range(9)], N)
    found = split(X, target)
    assert len(found.classes) == 5
    assert found.classes[-1] == ""
    assert np.sum(found.counts) == N


def test_that_the_mean_of_a_number_is_told_for_each_bin() -> None:
    word = np.repeat(["often", "some", "few"], [600, 300, 100])
    found = split(word, X)
    assert found.classes == ()
    assert found.counts == ((600, 300, 100, 0),)
    assert found.means[:3] == pytest.approx([X[:600].mean(), X[600:900].mean(), X[900:].mean()])
    assert found.means[3] is None


def test_that_missing_values_are_in_no_bin() -> None:
    x = pa.array(X, mask=np.arange(N) % 2 == 0)
    y = pa.array(WORD, mask=np.arange(N) % 4 == 1)
    assert np.sum(split(x, y).counts) == 250


def test_that_two_numbers_are_points() -> None:
    found = compare(np.repeat(X, 3), np.repeat(-X, 3))
    assert len(found.x) == 2000
    assert found.sampled
    assert np.array(found.x) == pytest.approx(-np.array(found.y))


def test_that_a_time_is_x_in_seconds() -> None:
    days = pa.array(np.arange(N) * 86_400_000_000, pa.timestamp("us"))
    found = compare(X, days)
    assert (found.x_name, found.x_is_time) == ("y", True)
    assert max(found.x) == (N - 1) * 86_400


def test_that_numbers_by_category_are_boxes() -> None:
    found = compare(X, WORD)
    assert (found.x_name, found.y_name) == ("y", "x")
    box = next(box for box in found.boxes if box.name == "a")
    expected = np.quantile(X[WORD == "a"], [0.05, 0.25, 0.5, 0.75, 0.95])
    assert box.quantiles == pytest.approx(expected)


def test_that_categories_are_shares() -> None:
    found = compare(WORD, np.char.upper(WORD))
    place = [found.y_names.index(name.upper()) for name in found.x_names]
    assert np.array(found.shares)[:, place].tolist() == np.eye(3).tolist()
