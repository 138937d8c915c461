"""Which rows are held out: newest, whole groups, or shuffled, and never a copy on both sides."""

from __future__ import annotations

import numpy as np
import pytest

from mlops_desktop.core.errors import UserError
from mlops_desktop.ml.split import Parts, hold_out


def _sides(parts: Parts) -> list[tuple[np.ndarray, np.ndarray]]:  # type: ignore[type-arg]
    return [(parts.train, parts.heldout), *parts.folds]


def test_that_the_newest_fifth_is_held_out_and_equal_times_stay_together() -> None:
    time = np.random.default_rng(0).permutation(np.repeat(np.arange(100), 10))
    parts = hold_out(np.arange(1000), time=time)
    assert len(parts.heldout) == 200
    assert time[parts.train].max() < parts.cutoff == time[parts.heldout].min()
    for train, test in parts.folds:
        assert time[train].max() < time[test].min()
    assert len(parts.folds) == 5
    sizes = [len(train) for train, _ in parts.folds]
    assert sizes == sorted(sizes)


def test_that_a_tie_at_the_cutoff_goes_to_the_nearer_side() -> None:
    time = np.r_[np.arange(70), np.full(25, 70), np.arange(71, 76)]
    parts = hold_out(np.arange(100), time=time)
    assert len(parts.heldout) == 30


def test_that_a_single_time_or_group_is_refused() -> None:
    with pytest.raises(UserError, match="single value"):
        hold_out(np.arange(100), time=np.zeros(100))
    with pytest.raises(UserError, match="single group"):
        hold_out(np.arange(100), groups=np.zeros(100))


def test_that_groups_are_never_cut() -> None:
    groups = np.random.default_rng(1).integers(0, 40, 1000)
    parts = hold_out(np.arange(1000), groups=groups)
    assert 100 < len(parts.heldout) < 300
    for train, test in _sides(parts):
        assert not set(groups[train]) & set(groups[test])


@pytest.mark.parametrize("how", ["shuffled", "time", "group"])
def test_that_copies_are_never_on_both_sides(how: str) -> None:
    rng = np.random.default_rng(2)
    keys = rng.integers(0, 600, 1000)
    parts = hold_out(
        keys,
        time=rng.permutation(1000) if how == "time" else None,
        groups=rng.integers(0, 50, 1000) if how == "group" else None,
    )
    for train, test in _sides(parts):
        assert not set(keys[train]) & set(keys[test])
    assert (parts.dropped > 0) is (how != "shuffled")


def test_that_classes_are_shared_out_evenly_and_every_row_is_used_once() -> None:
    strata = np.repeat([0, 1, 2], [700, 250, 50])
    parts = hold_out(np.arange(1000), strata=strata)
    assert np.bincount(strata[parts.heldout]).tolist() == [140, 50, 10]
    tested = np.concatenate([test for _, test in parts.folds])
    assert sorted(tested) == sorted(parts.train)
    assert sorted([*parts.train, *parts.heldout]) == list(range(1000))


def test_that_rows_that_repeat_by_nature_are_shuffled_one_by_one() -> None:
    parts = hold_out(np.repeat([0, 1], 100))
    assert parts.coarse
    assert len(parts.heldout) == 40


def test_that_the_seed_decides() -> None:
    first, again, other = (hold_out(np.arange(500), seed=seed) for seed in (1, 1, 2))
    assert first.heldout.tolist() == again.heldout.tolist() != other.heldout.tolist()
