"""A wrong label file is undone: what it overwrote counts again, errors and alerts follow."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from mlops_desktop.actions import label_files, monitoring
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.core.monitoring import AlertState
from tests.monitored import NEXT, SPAN_H, START, Watched, rows_of, watched


def _windows(one: Watched, count: int) -> tuple[list[str], list[float]]:
    """So many full windows; the ids and the true values of their predictions."""
    ids: list[str] = []
    truth: list[float] = []
    for number in range(count):
        start = START + timedelta(hours=NEXT + number * SPAN_H)
        rows, actual = rows_of(start, SPAN_H, number)
        ids += one.record(rows, [10 * row[1] for row in rows])
        truth += actual.tolist()
    return ids, truth


def _state(one: Watched) -> tuple[int, list[tuple[int, float | None]]]:
    found = monitoring.show(one.store, "d")
    return found.labelled, [(w.labelled, w.error) for w in found.windows]


def _counting(one: Watched) -> dict[str, str]:
    rows = one.store.query("SELECT prediction_id, actual FROM labels WHERE counts")
    return {row["prediction_id"]: row["actual"] for row in rows}


def test_that_an_undone_file_leaves_what_was_before_it(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        ids, truth = _windows(one, 2)
        monitoring.add_labels_table(one.lane, "d", ids[:300], truth[:300], "right")
        before, kept = _state(one), _counting(one)
        wrong = [value + 500 for value in truth]
        monitoring.add_labels_table(one.lane, "d", ids, wrong, "wrong")
        assert _state(one)[0] == len(ids)
        newest, first = label_files.list_files(one.store, "d")
        assert (newest.source, newest.matched, newest.used) == ("wrong", len(ids), len(ids))
        assert (first.source, first.matched, first.used) == ("right", 300, 0)
        assert newest.by
        done = label_files.undo(one.store, "d", newest.id)
        assert done.undone_at is not None
        assert done.used == 0
        assert (_state(one), _counting(one)) == (before, kept)
        [entry] = one.store.query("SELECT subject FROM audit WHERE action = 'labels.undone'")
        assert entry["subject"] == "d"


def test_that_a_file_in_the_middle_is_undone_without_touching_the_newest(
    workspace_dir: Path,
) -> None:
    with watched(workspace_dir) as one:
        ids, _ = _windows(one, 1)
        for source, value, some in (("a", 1.0, 4), ("b", 2.0, 3), ("c", 3.0, 2)):
            monitoring.add_labels_table(one.lane, "d", ids[:some], [value] * some, source)
        c, b, a = label_files.list_files(one.store, "d")
        label_files.undo(one.store, "d", b.id)
        assert list(_counting(one).values()) == ["3.0", "3.0", "1.0", "1.0"]
        label_files.undo(one.store, "d", c.id)
        assert list(_counting(one).values()) == ["1.0"] * 4
        label_files.undo(one.store, "d", a.id)
        assert _counting(one) == {}


def test_that_a_newer_file_still_says_what_an_undone_one_has_said(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        ids, truth = _windows(one, 1)
        monitoring.add_labels_table(one.lane, "d", ids[:10], truth[:10], "some")
        again = monitoring.add_labels_table(one.lane, "d", ids[:10], truth[:10], "the same")
        assert again.known == 10
        monitoring.add_labels_table(one.lane, "d", ids[:20], truth[:20], "more")
        more, some = label_files.list_files(one.store, "d")
        label_files.undo(one.store, "d", some.id)
        assert len(_counting(one)) == 20
        label_files.undo(one.store, "d", more.id)
        assert _counting(one) == {}
        monitoring.add_labels_table(one.lane, "d", ids[:10], truth[:10], "some")
        assert len(_counting(one)) == 10


def test_that_alerts_of_undone_labels_end_and_come_again_with_them(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        ids, truth = _windows(one, 5)
        monitoring.add_labels_table(one.lane, "d", ids, truth, "right")
        assert monitoring.show(one.store, "d").alerts == ()
        wrong = [value + 500 for value in truth]

        def alerts() -> list[AlertState]:
            return [alert.state for alert in monitoring.show(one.store, "d").alerts]

        monitoring.add_labels_table(one.lane, "d", ids, wrong, "wrong")
        assert alerts() == [AlertState.ACTIVE]
        label_files.undo(one.store, "d", label_files.list_files(one.store, "d")[0].id)
        assert alerts() == [AlertState.RESOLVED]
        monitoring.add_labels_table(one.lane, "d", ids, wrong, "wrong")
        assert alerts() == [AlertState.ACTIVE, AlertState.RESOLVED]


def test_that_an_alert_that_other_windows_bear_out_stays(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        ids, truth = _windows(one, 6)
        wrong = [value + 500 for value in truth]
        half = 3 * SPAN_H
        monitoring.add_labels_table(one.lane, "d", ids[:half], wrong[:half], "first half")
        monitoring.add_labels_table(one.lane, "d", ids[half:], wrong[half:], "second half")
        label_files.undo(one.store, "d", label_files.list_files(one.store, "d")[1].id)
        [alert] = monitoring.show(one.store, "d").alerts
        assert alert.state is AlertState.ACTIVE


def test_that_what_cannot_be_undone_is_said(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        ids, truth = _windows(one, 1)
        monitoring.add_labels_table(one.lane, "d", ids, truth, "right")
        [file] = label_files.list_files(one.store, "d")
        with pytest.raises(NotFound, match="no label file 99"):
            label_files.undo(one.store, "d", 99)
        label_files.undo(one.store, "d", file.id)
        with pytest.raises(UserError, match="undone already"):
            label_files.undo(one.store, "d", file.id)
        with pytest.raises(UserError, match="no new labels"):
            monitoring.retrain(one.lane, "d")
