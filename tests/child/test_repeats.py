"""Equal rows are counted alike in memory and in a file, in parts and at once."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mlops_desktop.child import repeats
from mlops_desktop.child.repeats import RowHashes


def counted(file: Path, values: list[np.ndarray]) -> tuple[int, int | None]:
    rows = RowHashes(file)
    for block in values:
        rows.add(block)
    return rows.repeated()


def by_hand(values: np.ndarray) -> tuple[int, int | None]:
    first: dict[int, int] = {}
    rows = values.tolist()
    again = [row for row, value in enumerate(rows, 1) if first.setdefault(value, row) != row]
    return len(again), again[0] if again else None


@pytest.mark.parametrize("kept", [10, 1 << 20])
@pytest.mark.parametrize("at_once", [7, 100, 1 << 20])
@pytest.mark.parametrize("different", [1, 3, 400, 1 << 60])
def test_that_equal_rows_are_counted_and_the_first_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: int, at_once: int, different: int
) -> None:
    monkeypatch.setattr(repeats, "_KEPT_ROWS", kept)
    monkeypatch.setattr(repeats, "_PART_ROWS", at_once)
    monkeypatch.setattr(repeats, "_BLOCK_ROWS", 16)
    chance = np.random.default_rng(different)
    values = chance.integers(0, different, 500, np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    places = sorted(chance.choice(500, 20))
    assert counted(tmp_path / "rows", np.split(values, places)) == by_hand(values)


def test_that_no_rows_and_different_rows_repeat_nothing(tmp_path: Path) -> None:
    assert counted(tmp_path / "none", []) == (0, None)
    assert counted(tmp_path / "some", [np.arange(100, dtype=np.uint64)]) == (0, None)


def test_that_many_hashes_are_not_kept_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "_KEPT_ROWS", 10)
    counted(tmp_path / "rows", [np.arange(20, dtype=np.uint64)])
    assert (tmp_path / "rows").stat().st_size == 160
