"""Contributions against their definition: they add up, and come near the exact Shapley values."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np
import pytest

from mlops_desktop.ml.attribution import Attributor, rows_limit


def numbers(columns: Sequence[Sequence[Any]]) -> Any:
    return np.array(columns, dtype=float).T


def product(columns: Sequence[Sequence[Any]]) -> Any:
    """Two outputs, in which columns act together; the last column does nothing."""
    x = numbers(columns)
    made = x[:, 0] * x[:, 1] + np.maximum(x[:, 2], x[:, 3]) * (x[:, 4] > 0.5) + x[:, 0]
    return np.column_stack([made, -made])


def exact(row: list[float], background: list[list[float]], column: int, width: int) -> float:
    """The Shapley value by its definition: the mean over all orders and all training rows."""
    used = range(width)
    gains, starts = 0.0, np.array(background)
    orders = list(permutations(used))
    for order in orders:
        before = order[: order.index(column)]
        mixed = starts.copy()
        mixed[:, list(before)] = np.array(row)[list(before)]
        after = mixed.copy()
        after[:, column] = row[column]
        gains += float((product(after.T.tolist()) - product(mixed.T.tolist()))[:, 0].mean())
    return gains / len(orders)


@pytest.fixture
def background() -> list[list[float]]:
    return np.random.default_rng(3).normal(size=(40, 6)).tolist()


def test_that_contributions_add_up_to_the_answer_less_the_baseline(
    background: list[list[float]],
) -> None:
    attributor = Attributor(background, product)
    for row in np.random.default_rng(4).normal(size=(20, 6)).tolist():
        found = attributor.explain(row)
        assert found.answer == pytest.approx(product([[v] for v in row])[0])
        assert found.contributions.sum(axis=0) == pytest.approx(found.answer - found.baseline)
        assert found.contributions[5].tolist() == [0, 0]
        assert found.contributions[:, 1] == pytest.approx(-found.contributions[:, 0])
    assert attributor.baseline == pytest.approx(product(numbers(background).tolist()).mean(axis=0))


def test_that_a_sum_is_explained_exactly(background: list[list[float]]) -> None:
    weights = np.array([3.0, -2.0, 0.5, 0.0, 1.0, 10.0])
    attributor = Attributor(background, lambda columns: numbers(columns) @ weights[:, None])
    row = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]
    wanted = weights * (np.array(row) - np.mean(background, axis=0))
    assert attributor.explain(row).contributions[:, 0] == pytest.approx(wanted)


def test_that_samples_come_near_the_exact_values(background: list[list[float]]) -> None:
    row = [1.5, -1.0, 0.7, 2.0, 1.0, 0.0]
    found = Attributor(background, product).explain(row).contributions[:, 0]
    wanted = [exact(row, background, column, 6) for column in range(6)]
    assert np.abs(found - wanted).max() < 0.1 * np.abs(wanted).max()


def test_that_a_row_has_one_explanation_and_one_column_takes_all(
    background: list[list[float]],
) -> None:
    row = [1.5, -1.0, 0.7, 2.0, 1.0, 0.0]
    first, second = (Attributor(background, product).explain(row) for _ in range(2))
    assert (first.contributions == second.contributions).all()
    alone = Attributor([[1.0], [3.0]], numbers)
    assert alone.explain([5.0]).contributions.tolist() == [[3.0]]


def test_that_many_columns_are_walked_a_part_at_a_time() -> None:
    wide = np.random.default_rng(5).normal(size=(70, 300))
    weights = np.random.default_rng(6).normal(size=300)
    attributor = Attributor(wide.tolist(), lambda columns: numbers(columns) @ weights[:, None])
    found = attributor.explain(wide[0].tolist())
    assert found.contributions.sum(axis=0) == pytest.approx(found.answer - found.baseline)


@pytest.mark.parametrize("columns", [1, 2, 19, 150, 200, 350, 1_000, 2_000, 5_000])
def test_that_what_is_explained_at_once_is_bounded_for_wide_models(columns: int) -> None:
    """By counted values, not by the clock: what a request costs is bounded whatever the width."""
    asked = 0

    def score(given: Sequence[Sequence[Any]]) -> Any:
        nonlocal asked
        asked += len(given) * len(given[0])
        return np.zeros((len(given[0]), 1))

    attributor = Attributor(np.zeros((64, columns)).tolist(), score)
    asked = 0
    attributor.explain([1.0] * columns)
    assert asked <= 64_000_000
    assert asked * rows_limit(columns) <= 120_000_000
    assert rows_limit(columns) == 100 or columns > 150


def test_that_a_wide_models_contributions_still_add_up() -> None:
    wide = np.random.default_rng(0).normal(size=(64, 3_000))
    attributor = Attributor(wide.tolist(), lambda columns: numbers(columns[:1]))
    found = attributor.explain([7.0] * 3_000)
    assert found.contributions.sum() == pytest.approx((found.answer - found.baseline).item())
