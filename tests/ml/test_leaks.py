"""Columns that give the target away are found; honest ones are not."""

from __future__ import annotations

import numpy as np

from mlops_desktop.ml.leaks import find_leaks

_RNG = np.random.default_rng(0)
_A, _B, _C = _RNG.gamma(2, 10, 2000), _RNG.gamma(3, 5, 2000), _RNG.normal(0, 9, 2000)


def _found(
    target: np.ndarray, classes: bool = False, **columns: np.ndarray
) -> set[tuple[str, ...]]:  # type: ignore[type-arg]
    return {leak.columns for leak in find_leaks(columns, target, classes=classes)}


def test_that_a_sum_of_two_or_three_columns_is_found() -> None:
    assert _found(_A + _B, a=_A, b=_B, c=_C) == {("a", "b")}
    assert _found(_A + _B - 2 * _C, a=_A, b=_B, c=_C) == {("a", "b", "c")}


def test_that_a_sum_that_half_of_the_rows_lack_is_found() -> None:
    gap = np.arange(2000) >= 900
    a, b = np.where(gap, np.nan, _A), np.where(gap, np.nan, _B)
    assert _found(_A + _B, a=a, b=b, c=_C) == {("a", "b")}


def test_that_a_copy_in_another_unit_or_a_curve_of_the_target_is_found() -> None:
    assert _found(_A, a=_A * 9 / 5 + 32, b=_B) == {("a",)}
    assert _found(_A, a=np.sqrt(_A), b=_B) == {("a",)}


def test_that_a_text_that_repeats_the_class_is_found_and_one_that_only_helps_is_not() -> None:
    target = (_A > 20).astype(int)
    noisy = np.where(_RNG.random(2000) < 0.9, target, 1 - target)
    assert _found(target, True, alive=1 - target, sex=noisy, a=_C) == {("alive",)}


def test_that_values_that_are_there_for_one_class_alone_are_found() -> None:
    target = (_A > 20).astype(int)
    assert _found(target, True, boat=np.where(target, _B, np.nan), c=_C) == {("boat",)}


def test_that_strong_but_honest_columns_are_no_leak() -> None:
    noisy = _A + _B + _RNG.normal(0, 1, 2000)
    assert _found(noisy, a=_A, b=_B, c=_C) == set()


def test_that_columns_without_any_value_or_spread_are_no_trouble() -> None:
    empty, same = np.full(2000, np.nan), np.ones(2000)
    same[3] = np.nan
    assert _found(_A, same=same, b=_B, c=_C) == set()
    assert _found(_A, half=np.where(np.arange(2000) < 1000, np.nan, _C), empty=empty) == set()
