"""Old predictions go by age and size, the oldest first; what is not counted stays."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from pathlib import Path

import pytest

from mlops_desktop.actions import lookup, monitoring, retention
from mlops_desktop.blobs import idindex, segments
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.core.retention import Retention, checked_retention, parsed_size
from tests.monitored import NEXT, START, Watched, rows_of, watched

_DEAD = 2**22 + 1  # No process has such a number.


def _segment(one: Watched, number: int, days: float, pid: int = _DEAD) -> list[str]:
    """A segment of 24 predictions that was last written so many days ago."""
    rows, _ = rows_of(START + timedelta(hours=NEXT), 24, number)
    name = f"{number:04d}-{pid}.jsonl"
    ids = one.record(rows, [10 * row[1] for row in rows], file=name)
    then = time.time() - days * 24 * 3600
    os.utime(one.segments / name, (then, then))
    return ids


def _left(one: Watched) -> list[int]:
    return [int(path.name[:4]) for path in segments.segment_files(one.segments)]


def test_that_what_is_too_old_goes_and_windows_and_labels_stay(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        ids = [_segment(one, number, days) for number, days in enumerate([9, 6, 3, 0.5])]
        monitoring.add_labels_table(one.lane, "d", ids[0], [1.0] * 24, "test")
        list(idindex.build(one.segments / f"0000-{_DEAD}.jsonl"))
        before = monitoring.show(one.store, "d")
        found = retention.set_retention(one.store, "d", days=5)
        assert found.retention == Retention(days=5)
        going = retention.removable(one.store, "d")
        assert [path.name[:4] for path in going.paths] == ["0000", "0001"]
        assert going.size > 0
        monitoring.fold(one.lane, "d")
        assert _left(one) == [2, 3]
        assert list(one.segments.glob("*.idx")) == []
        assert monitoring.show(one.store, "d") == before
        with pytest.raises(NotFound):
            lookup.find(one.lane, "d", ids[0][0])
        assert lookup.find(one.lane, "d", ids[2][0]).prediction_id == ids[2][0]
        audited = one.store.scalar("SELECT detail FROM audit WHERE action = 'predictions.removed'")
        assert '"segments":2' in audited.replace(" ", "")


def test_that_what_is_too_much_goes_the_oldest_first(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        for number in range(4):
            _segment(one, number, days=4 - number + 0.5)
        monitoring.fold(one.lane, "d")
        one_size = (one.segments / f"0000-{_DEAD}.jsonl").stat().st_size
        going = retention.removable(one.store, "d", Retention(max_bytes=2 * one_size + 200))
        assert [path.name[:4] for path in going.paths] == ["0000", "0001"]
        assert going.waiting == 0
        assert _left(one) == [0, 1, 2, 3]


def test_that_uncounted_open_and_young_segments_stay(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        _segment(one, 1, days=9)
        _segment(one, 2, days=9, pid=os.getpid())  # Its writer lives.
        _segment(one, 3, days=0.9)
        monitoring.fold(one.lane, "d")
        _segment(one, 4, days=9)  # Nobody has counted it.
        going = retention.removable(one.store, "d", Retention(days=1, max_bytes=1_000_000))
        assert [path.name[:4] for path in going.paths] == ["0001"]
        assert going.waiting == 2
        with (one.segments / f"0001-{_DEAD}.jsonl").open("ab") as file:
            file.write(b'{"id":"torn"')  # What a crash has torn is no prediction.
        os.utime(one.segments / f"0001-{_DEAD}.jsonl", (1, 1))
        assert len(retention.removable(one.store, "d", Retention(days=1)).paths) == 1


def test_that_limits_are_kept_once_audited_and_taken_back(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        for _ in range(2):
            retention.set_retention(one.store, "d", 30, 10**10)
        sql = "SELECT count(*) FROM audit WHERE action = 'deployment.retention'"
        assert one.store.scalar(sql) == 1
        assert not retention.set_retention(one.store, "d").retention.limits


@pytest.mark.parametrize(("text", "size"), [("10GB", 10**10), ("1.5 mb", 1_500_000), ("7", 7)])
def test_that_sizes_are_read(text: str, size: int) -> None:
    assert parsed_size(text) == size


@pytest.mark.parametrize("text", ["", "much", "10 XB", "-1GB", "1e9"])
def test_that_what_is_no_size_is_said(text: str) -> None:
    with pytest.raises(UserError, match="is not a size"):
        parsed_size(text)


@pytest.mark.parametrize(("days", "size"), [(0, None), (-3, None), (None, 0), (None, 999)])
def test_that_limits_that_keep_nothing_are_refused(days: int | None, size: int | None) -> None:
    with pytest.raises(UserError, match="keep nothing"):
        checked_retention(days, size)
