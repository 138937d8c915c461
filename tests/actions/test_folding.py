"""Folding: every prediction is counted once, in its window, whatever is killed meanwhile."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest

from mlops_desktop.actions import monitoring
from mlops_desktop.core import clock
from mlops_desktop.core.errors import NotFound
from mlops_desktop.core.monitoring import PREDICTION, WindowVerdict
from mlops_desktop.store import monitoring as monitoring_rows
from tests.monitored import (
    HOUR_US,
    NEXT,
    SPAN_H,
    START,
    Watched,
    rows_of,
    watched,
)

_T = 1_800_000_000_000_000


def _send(
    one: Watched, first_h: int, hours: int, shift: float = 0.0, file: str = "1-1.jsonl"
) -> None:
    """A request a day, from so many hours after START on."""
    rows, _ = rows_of(START + timedelta(hours=first_h), hours, first_h, shift)
    for day in range(0, hours, 24):
        some = rows[day : day + 24]
        one.record(some, [10 * row[1] for row in some], file=file)


def _counts(one: Watched) -> list[dict[str, Any]]:
    return one.store.query("SELECT start_us, rows, counts FROM windows ORDER BY start_us")


def test_that_rows_are_counted_in_the_window_of_their_own_time(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        _send(one, NEXT - 24, 24 + 2 * SPAN_H)
        assert monitoring.fold(one.lane, "d") == 24 + 2 * SPAN_H
        assert monitoring.fold(one.lane, "d") == 0
        found = monitoring.show(one.store, "d")
        assert [w.rows for w in found.windows] == [24, SPAN_H, SPAN_H]
        assert [w.complete for w in found.windows] == [True, True, False]
        assert found.windows[0].verdict is WindowVerdict.TOO_FEW
        assert found.windows[1].verdict is WindowVerdict.STABLE
        first = clock.from_iso(found.windows[1].start)
        assert first == int(START.timestamp() * 1e6) + NEXT * HOUR_US
        assert clock.from_iso(found.windows[1].end) - first == SPAN_H * HOUR_US
        assert found.predictions == 24 + 2 * SPAN_H
        assert found.drifted == ()
        assert [f.name for f in found.features] == ["x", "town", PREDICTION]


def test_that_many_small_folds_count_the_same_as_one(workspace_dir: Path, tmp_path: Path) -> None:
    with watched(workspace_dir) as one, watched(tmp_path / "other") as other:
        for start in range(0, SPAN_H, 24):
            _send(one, NEXT + start, 24)
            _send(other, NEXT + start, 24)
            monitoring.fold(one.lane, "d")
        monitoring.fold(other.lane, "d")
        assert _whole(one) == _whole(other)


def test_that_since_leaves_out_older_windows(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        _send(one, NEXT, 2 * SPAN_H)
        monitoring.fold(one.lane, "d")
        later = monitoring.show(one.store, "d").windows[1].start
        assert [w.start for w in monitoring.show(one.store, "d", since=later).windows] == [later]


def test_that_rows_without_a_readable_time_count_when_they_arrived(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        times = [None, "soon", 12, "2024-13-45"]
        one.record([[time, 0.0, "Ulm"] for time in times], [0.0] * 4, arrival_us=_T)
        assert monitoring.fold(one.lane, "d") == 4
        (window,) = monitoring.show(one.store, "d").windows
        assert clock.from_iso(window.start) <= _T < clock.from_iso(window.end)


def test_that_odd_values_are_counted_and_nothing_breaks(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        at = (START + timedelta(hours=NEXT)).isoformat()
        odd = [[at, None, None], [at, 1e300, True], [at, -1e300, "=1+1"], [at, 0, ""]]
        one.record(odd * 100, [0.0] * 400)
        monitoring.fold(one.lane, "d")
        found = monitoring.show(one.store, "d")
        assert found.drifted == ("x", "town", PREDICTION)
        detail = monitoring.window_detail(one.store, "d", 1, found.windows[0].start, "town")
        assert sum(detail.current) == pytest.approx(1)
        assert sum(detail.reference) == pytest.approx(1)
        assert dict(zip(detail.labels, detail.current, strict=True))["(missing)"] == 0.25


def test_that_a_trickle_is_cut_by_rows_and_a_request_is_never_cut(workspace_dir: Path) -> None:
    with watched(workspace_dir, by_time=False) as one:
        rows, _ = rows_of(START, 10_600, 1)
        for number in range(600):  # One every ten seconds.
            one.record([rows[number]], [0.0], arrival_us=_T + number * 10_000_000)
        for start in (600, 5600):
            burst = rows[start : start + 5000]
            one.record(burst, [0.0] * 5000, arrival_us=_T + 7_000_000_000 + start)
        monitoring.fold(one.lane, "d")
        found = monitoring.show(one.store, "d").windows
        assert [(w.rows, w.weight) for w in found] == [(500, 1), (5100, 10), (5000, 10)]
        assert all(w.complete for w in found)


def test_that_requests_on_record_late_count_where_they_arrived(workspace_dir: Path) -> None:
    with watched(workspace_dir, by_time=False) as one:
        rows, _ = rows_of(START, 2000, 1)
        arrivals = [_T + n * 200_000 - (n % 7) * 2_000_000 for n in range(2000)]
        for row, arrival in zip(rows, arrivals, strict=True):
            one.record([row], [0.0], arrival_us=arrival)
        monitoring.fold(one.lane, "d")
        found = monitoring.show(one.store, "d").windows
        ends = [clock.from_iso(w.end) for w in found]
        starts = [clock.from_iso(w.start) for w in found]
        assert len(found) > 2
        assert all(end <= start for end, start in zip(ends, starts[1:], strict=False))
        homes = Counter(max(s for s in starts if s <= max(a, starts[0])) for a in arrivals)
        assert [homes[start] for start in starts] == [w.rows for w in found]


def test_that_two_folders_at_once_count_nothing_twice(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        _send(one, NEXT, SPAN_H)
        monitoring.fold(one.lane, "d")
        known = monitoring_rows.offsets(one.store, one.header.deployment)
        _send(one, NEXT + SPAN_H, 48)
        with one.store.write():  # The other one read its batch before we counted ours.
            assert known == monitoring_rows.offsets(one.store, one.header.deployment)
        assert monitoring.fold(one.lane, "d") == 48
        batch = monitoring._Batch("1-1.jsonl", known["1-1.jsonl"], 10**6, one.header, [])
        assert monitoring._count(one.store, *_counting(one, batch)) == 0
        assert monitoring.show(one.store, "d").predictions == SPAN_H + 48


_KILLED = """
import os, signal, sys
from pathlib import Path
from mlops_desktop.actions import monitoring, windows
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.paths import Workspace
from mlops_desktop.store import monitoring as rows
from mlops_desktop.store.store import Store

place, left = sys.argv[2], [int(sys.argv[3])]
monitoring._BATCH_ROWS = 50

def killing(real):
    def one(*given, **named):
        left[0] -= 1
        if left[0] < 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*given, **named)
    return one

module = monitoring.alerts if place == "review" else rows
setattr(module, place, killing(getattr(module, place)))
monitoring.fold(DirectLane(Store.open(Workspace(Path(sys.argv[1])))), "d")
"""


@pytest.mark.parametrize(
    ("place", "after"), [("put_window", 0), ("put_window", 3), ("advance", 2), ("review", 0)]
)
def test_that_a_killed_folder_loses_and_doubles_nothing(
    workspace_dir: Path, tmp_path: Path, place: str, after: int
) -> None:
    with watched(tmp_path / "other") as other:
        _send(other, NEXT, 3 * SPAN_H, shift=3.0)
        monitoring.fold(other.lane, "d")
        expected = _whole(other)
    with watched(workspace_dir) as one:
        _send(one, NEXT, 3 * SPAN_H, shift=3.0)
    program = [sys.executable, "-c", _KILLED, str(workspace_dir), place, str(after)]
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=os.environ)
    assert done.returncode == -signal.SIGKILL, done.stderr
    with watched(workspace_dir) as one:
        monitoring.fold(one.lane, "d")
        assert _whole(one) == expected
        assert one.store.faults() == []


def test_that_what_is_not_there_is_named(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        _send(one, NEXT, 24)
        monitoring.fold(one.lane, "d")
        start = monitoring.show(one.store, "d").windows[0].start
        with pytest.raises(NotFound, match="'colour' is not watched"):
            monitoring.window_detail(one.store, "d", 1, start, "colour")
        with pytest.raises(NotFound, match="no window that starts"):
            monitoring.window_detail(one.store, "d", 1, "2030-01-01T00:00:00Z", "x")
        with pytest.raises(NotFound, match="no deployment called 'dd'"):
            monitoring.fold(one.lane, "dd")


def _whole(one: Watched) -> list[object]:
    """Windows with their counts, offsets and alerts, as they can be compared."""
    windows = [
        (w.start, w.rows, w.verdict, [(f.name, f.drifted, round(f.value, 6)) for f in w.features])
        for w in monitoring.show(one.store, "d").windows
    ]
    counts = [
        (row["start_us"], row["rows"], _rounded(orjson.loads(row["counts"])))
        for row in _counts(one)
    ]
    alerts = [(a.kind, a.subject, a.since) for a in monitoring.show(one.store, "d").alerts]
    return [windows, counts, monitoring_rows.offsets(one.store, one.header.deployment), alerts]


def _rounded(value: Any) -> Any:
    """Sums of floats depend on their order in the last digits."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return round(value, 6) if isinstance(value, float) else value


def _counting(one: Watched, batch: Any) -> tuple[Any, ...]:
    from mlops_desktop.actions import deployments, windows

    deployment = deployments.get_deployment(one.store, "d")
    return deployment, batch, windows.watch(one.store, one.model_version)
