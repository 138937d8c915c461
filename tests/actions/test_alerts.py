"""Alerts: raised after two bad windows in a row, resolved after two good ones, told once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from mlops_desktop.actions import monitoring
from mlops_desktop.core.monitoring import PREDICTION, Alert, AlertKind, AlertState
from tests.monitored import (
    NEXT,
    SPAN_H,
    START,
    Watched,
    add_model_version,
    rows_of,
    serve_version,
    watched,
)


def _window(
    one: Watched,
    number: int,
    shift: float = 0.0,
    noise: float | None = None,
    file: str = "1-1.jsonl",
) -> None:
    """Fill the numbered window; its labels say that the answers are off by noise, if given."""
    rows, _ = rows_of(START + timedelta(hours=NEXT + number * SPAN_H), SPAN_H, number, shift)
    answers = [10 * row[1] for row in rows]
    ids = one.record(rows, answers, file=file)
    if noise is None:
        monitoring.fold(one.lane, "d")
    else:
        truth = np.array(answers) + np.random.default_rng(number).normal(0, noise, SPAN_H)
        monitoring.add_labels_table(one.lane, "d", ids, truth.tolist(), "test")


def _alerts(one: Watched) -> list[Alert]:
    return list(monitoring.show(one.store, "d").alerts)


def _active(one: Watched) -> list[str]:
    return [alert.subject for alert in _alerts(one) if alert.state is AlertState.ACTIVE]


def _audited(one: Watched) -> list[str]:
    rows = one.store.query("SELECT action FROM audit WHERE action LIKE 'alert.%' ORDER BY seq")
    return [row["action"] for row in rows]


def test_that_one_bad_window_is_no_alert_and_two_in_a_row_are(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        for number, shift in enumerate([3.0, 0.0, 3.0, 0.0, 3.0]):
            _window(one, number, shift)
        assert _alerts(one) == []
        _window(one, 5, 3.0)
        assert _alerts(one) == []  # The fifth may still fill up.
        _window(one, 6, 3.0)
        found = _alerts(one)
        assert {alert.subject for alert in found} == {"x", PREDICTION}
        assert all(alert.kind is AlertKind.DRIFT for alert in found)
        windows = monitoring.show(one.store, "d").windows
        assert found[0].since == windows[4].start
        x = next(alert for alert in found if alert.subject == "x")
        assert x.value > x.threshold
        assert x.message.startswith("x has drifted: Wasserstein distance (normed) ")
        assert f"limit {x.threshold:.3g}" in x.message


def test_that_an_alert_ends_after_two_good_windows_and_comes_again(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        for number, shift in enumerate([3.0, 3.0, 0.0, 3.0, 0.0]):
            _window(one, number, shift)
        assert _active(one) == [PREDICTION, "x"]
        for number, shift in enumerate([0.0, 0.0, 3.0, 3.0, 0.0], start=5):
            _window(one, number, shift)
        found = [alert for alert in _alerts(one) if alert.subject == "x"]
        windows = monitoring.show(one.store, "d").windows
        assert [alert.state for alert in found] == [AlertState.ACTIVE, AlertState.RESOLVED]
        assert [alert.since for alert in found] == [windows[7].start, windows[0].start]
        assert found[1].until == windows[4].start
        assert _audited(one) == [
            *["alert.raised"] * 2,
            *["alert.resolved"] * 2,
            *["alert.raised"] * 2,
        ]


def test_that_a_grown_error_is_an_alert_and_late_labels_tell_of_the_past(
    workspace_dir: Path,
) -> None:
    with watched(workspace_dir) as one:
        for number, noise in enumerate([1.0, 5.0, 5.0, 1.0]):
            _window(one, number, noise=noise)
        (alert,) = _alerts(one)
        assert (alert.kind, alert.subject, alert.state) == (
            AlertKind.ERROR,
            "rmse",
            AlertState.ACTIVE,
        )
        assert alert.message.startswith("The error has grown: RMSE")
        again = monitoring.show(one.store, "d")
        monitoring.fold(one.lane, "d")
        assert monitoring.show(one.store, "d") == again


def test_that_late_labels_tell_of_the_past_once(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        for number in range(6):
            _window(one, number)
        ids = [f"r{n:06d}:{row}" for n in range(6) for row in range(SPAN_H)]
        off = np.repeat([5.0, 5.0, 0.5, 0.5, 0.5, 0.5], SPAN_H)
        truth = _answers(6) + np.random.default_rng(0).normal(0, off)
        monitoring.add_labels_table(one.lane, "d", ids, truth.tolist(), "test")
        (alert,) = _alerts(one)
        assert alert.state is AlertState.RESOLVED
        assert _audited(one) == ["alert.raised", "alert.resolved"]
        monitoring.add_labels_table(one.lane, "d", ids[:1], [truth[0] + 1], "test")
        assert _audited(one) == ["alert.raised", "alert.resolved"]


def test_that_few_labels_raise_no_alert(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        for number in range(3):
            _window(one, number)
        ids = [f"r{n:06d}:{row}" for n in range(3) for row in range(100)]
        monitoring.add_labels_table(one.lane, "d", ids, [99.0] * 300, "test")
        assert [w.labelled for w in monitoring.show(one.store, "d").windows] == [100] * 3
        assert all((w.error or 0) > 50 for w in monitoring.show(one.store, "d").windows)
        assert _alerts(one) == []


def test_that_fallen_quality_of_classes_is_an_alert(workspace_dir: Path) -> None:
    with watched(workspace_dir, classes=("no", "yes")) as one:
        rng = np.random.default_rng(0)
        for number in range(3):
            rows, _ = rows_of(START + timedelta(hours=NEXT + number * SPAN_H), SPAN_H, number)
            ids = one.record(rows, [float(1 / (1 + np.exp(-10 * row[1]))) for row in rows])
            guessed = rng.choice(["no", "yes"], SPAN_H).tolist()
            monitoring.add_labels_table(one.lane, "d", ids, guessed, "test")
        (alert,) = _alerts(one)
        assert alert.subject == "roc_auc"
        assert alert.message.startswith("The quality has fallen: ROC AUC 0.")


def test_that_a_burst_counts_as_the_windows_it_could_have_been(workspace_dir: Path) -> None:
    with watched(workspace_dir, by_time=False) as one:
        rows, _ = rows_of(START, 999, 1, shift=3.0)
        one.record(rows, [10 * row[1] for row in rows])
        monitoring.fold(one.lane, "d")
        assert monitoring.show(one.store, "d").drifted == ("x", PREDICTION)
        assert _alerts(one) == []
        one.record(rows[:1], [10 * rows[0][1]])
        monitoring.fold(one.lane, "d")
        assert sorted(_active(one)) == [PREDICTION, "x"]


def test_that_the_alerts_of_a_replaced_version_end(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        for number in range(3):
            _window(one, number, 3.0)
        assert len(_active(one)) == 2
        second = add_model_version(one)
        serve_version(one, second)
        monitoring.fold(one.lane, "d")
        assert _active(one) == []
        one.header = replace(one.header, version=2, model_version=second)
        for number in range(3, 6):
            _window(one, number, 3.0, file="2-1.jsonl")
        assert [alert.version for alert in _alerts(one)] == [2, 2, 1, 1]
        assert len(_active(one)) == 2


def test_that_going_back_to_a_bad_version_raises_its_alert_again(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        first = one.header
        for number in range(3):
            _window(one, number, 3.0)
        second = add_model_version(one)
        serve_version(one, second)
        monitoring.fold(one.lane, "d")
        serve_version(one, first.model_version)
        for number in range(3, 6):
            _window(one, number, 3.0, file="3-1.jsonl")
        assert len(_active(one)) == 2


@pytest.mark.parametrize("count", [70, 130])
def test_that_an_alert_that_lasts_stays_one(workspace_dir: Path, count: int) -> None:
    with watched(workspace_dir) as one:
        for number in range(count):
            _window(one, number, 3.0)
        found = [alert for alert in _alerts(one) if alert.subject == "x"]
        windows = monitoring.show(one.store, "d").windows
        assert [alert.since for alert in found] == [windows[0].start]


def _answers(windows: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    parts = [
        rows_of(START + timedelta(hours=NEXT + n * SPAN_H), SPAN_H, n)[0] for n in range(windows)
    ]
    return np.array([10 * row[1] for part in parts for row in part])
