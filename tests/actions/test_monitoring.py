"""Recorded predictions become windows, exactly once; labels join; alerts come and go."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mlops_desktop.actions import monitoring
from mlops_desktop.actions.monitoring import add_labels, add_labels_table, fold, show
from mlops_desktop.blobs import modelfiles, objects
from mlops_desktop.blobs.segments import SegmentHeader, SegmentWriter
from mlops_desktop.core import clock
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.monitoring import AlertKind, AlertState, MonitorSummary, WindowVerdict
from mlops_desktop.ml.drift import SPANS_US, make_reference
from mlops_desktop.store import deployments as deployment_rows
from mlops_desktop.store import models as model_rows
from tests.actions.test_deployments import Place
from tests.served import COLUMNS

HOUR_US = 3_600_000_000
SPAN = SPANS_US[3]  # A week: 336 rows at one every half hour.
START_US = clock.from_iso("2024-01-04T00:00:00Z") // SPAN * SPAN
WEEK = 336
RNG = np.random.default_rng(0)


class Watched(Place):
    """The place of the serving tests with references, and a deployment that has predictions."""

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        version = model_rows.get(self.store, 1)
        table = self.rows(START_US - 40 * SPAN, 40 * WEEK)
        said = np.array(table["hr"].to_pylist(), dtype=float) + 100
        actual = said + RNG.normal(0, 3, len(said))
        cut = 32 * WEEK
        made = make_reference(
            inputs=table,
            predictions=said,
            heldout_actual=actual[cut:],
            heldout_scores=said[cut:].reshape(-1, 1),
            heldout_inputs=table.slice(cut),
            signature=version.signature,
            metric="rmse",
        )
        name = objects.put_bytes(self.workspace, json.dumps(made).encode())
        with self.store.write("models", "deployments"):
            for number in (1, 2):
                files = model_rows.get(self.store, number).files | {modelfiles.REFERENCE: name}
                self.store.execute(
                    "UPDATE model_versions SET files = ? WHERE id = ?", [json.dumps(files), number]
                )
            row = deployment_rows.add(self.store, "bike", 1)
        self.deployment: Deployment = deployment_rows.get(self.store, row)
        self.sent: dict[str, float] = {}
        self._number = 0

    def rows(self, start_us: int, count: int) -> pa.Table:
        times = [start_us + n * HOUR_US // 2 for n in range(count)]
        return pa.table(
            {
                "hr": RNG.integers(0, 24, count),
                "temp": RNG.uniform(0, 1, count),
                "season": pa.array(np.array(["winter", "summer"])[RNG.integers(0, 2, count)]),
                "holiday": pa.array(RNG.integers(0, 10, count) == 0),
                "at": pa.array(times, pa.timestamp("us")),
            }
        )

    def predict(
        self, week: int, count: int = WEEK, version: int = 1, percent: bool = False
    ) -> None:
        """Record a week's requests, one a row."""
        table = self.rows(START_US + week * SPAN, count)
        header = SegmentHeader(
            self.deployment.id, "bike", version, version, tuple(COLUMNS), ("prediction",)
        )
        writer = SegmentWriter(self.workspace.segments(self.deployment.id), header)
        for row in table.to_pylist():
            row["at"] = row["at"].isoformat()
            row["temp"] *= 100 if percent else 1
            request = f"r{self._number:06d}"
            self._number += 1
            answer = float(row["hr"] + 100)
            self.sent[f"{request}:0"] = answer
            record = {
                "id": request,
                "t": START_US,
                "us": 150,
                "x": [[row[name] for name in COLUMNS]],
                "y": [answer],
                "p": None,
            }
            writer.append(json.dumps(record).encode() + b"\n")
        writer.close()

    def label(self, wrong_by: float = 3.0) -> monitoring.LabelBatch:
        """Tell the truth of all that was sent since the last time."""
        ids = list(self.sent)
        values = [self.sent[i] + RNG.normal(0, wrong_by) for i in ids]
        self.sent = {}
        return add_labels_table(self.lane, "bike", ids, values, "test")

    def show(self) -> MonitorSummary:
        fold(self.lane, "bike")
        return show(self.store, "bike")


@pytest.fixture
def place(workspace_dir: Path) -> Iterator[Watched]:
    found = Watched(workspace_dir)
    yield found
    found.close()


def test_that_each_prediction_is_counted_once_however_often_one_folds(place: Watched) -> None:
    place.predict(0)
    assert fold(place.lane, "bike") == WEEK
    assert fold(place.lane, "bike") == 0
    place.predict(1, 50)
    assert fold(place.lane, "bike") == 50
    seen = place.show()
    assert seen.predictions == WEEK + 50
    assert [window.rows for window in seen.windows] == [WEEK, 50]


def test_that_a_fold_that_fails_half_way_counts_nothing(
    place: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    place.predict(0)
    advance = monitoring.rows.advance

    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(monitoring.rows, "advance", fail)
    with pytest.raises(ZeroDivisionError):
        fold(place.lane, "bike")
    monkeypatch.setattr(monitoring.rows, "advance", advance)
    assert place.show().windows[0].rows == WEEK


def test_that_a_torn_last_line_waits_until_it_is_whole(place: Watched) -> None:
    place.predict(0, 10)
    (file,) = place.workspace.segments(place.deployment.id).glob("*.jsonl")
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    assert fold(place.lane, "bike") == 9
    file.write_bytes(whole)
    assert fold(place.lane, "bike") == 1


def test_that_few_rows_are_called_too_few(place: Watched) -> None:
    place.predict(0, 199)
    (window,) = place.show().windows
    assert (window.verdict, window.features) == (WindowVerdict.TOO_FEW, ())


def test_that_ordinary_weeks_are_stable_and_raise_no_alert(place: Watched) -> None:
    for week in range(4):
        place.predict(week)
    place.label()
    seen = place.show()
    assert {window.verdict for window in seen.windows} == {WindowVerdict.STABLE}
    assert [window.complete for window in seen.windows] == [True, True, True, False]
    assert seen.alerts == ()
    assert seen.labelled == 4 * WEEK


def test_that_a_growing_error_is_alerted_after_two_windows_and_resolved_after_two(
    place: Watched,
) -> None:
    for week, wrong_by in enumerate([3, 30, 30, 3, 3, 3]):
        place.predict(week)
        place.label(wrong_by)
        place.show()
        active = [a for a in show(place.store, "bike").alerts if a.state is AlertState.ACTIVE]
        # A week is complete when the next one has begun, so the alert stands in weeks 3 and 4.
        assert [a.kind for a in active] == ([AlertKind.ERROR] if week in (3, 4) else [])
    (alert,) = show(place.store, "bike").alerts
    assert alert.since == clock.to_iso(START_US + SPAN)
    assert "RMSE" in alert.message
    assert place.actions().count("alert.raised") == 1
    assert place.actions().count("alert.resolved") == 1


def test_that_a_sensor_in_another_unit_is_named(place: Watched) -> None:
    for week in range(4):
        place.predict(week, percent=week > 0)
    seen = place.show()
    assert seen.drifted == ("temp",)
    assert [(a.kind, a.subject) for a in seen.alerts] == [(AlertKind.DRIFT, "temp")]
    detail = monitoring.window_detail(place.store, "bike", 1, seen.windows[1].start, "temp")
    assert detail.drift is not None
    assert detail.drift.drifted
    assert sum(detail.current) == pytest.approx(1)
    assert detail.current[-2] > 0.9  # above the reference's largest value


def test_that_versions_are_watched_apart(place: Watched) -> None:
    place.predict(0)
    place.predict(0, version=2)
    assert [(w.version, w.rows) for w in place.show().windows] == [(1, WEEK), (2, WEEK)]


def write(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def test_that_unknown_missing_and_repeated_labels_are_told(place: Watched, tmp_path: Path) -> None:
    place.predict(0, 3)
    file = write(
        tmp_path / "truth.csv",
        "prediction_id,cnt",
        *("r000000:0,1", "r000000:0,2", "r000001:0,", "nobody:0,4", "r000002:0,5"),
    )
    batch = add_labels(place.lane, "bike", file, "cnt")
    assert (batch.rows, batch.matched, batch.unknown, batch.missing, batch.duplicates) == (
        *(5, 2, 1, 1),
        1,
    )
    add_labels(place.lane, "bike", file, "cnt")
    assert place.show().labelled == 2


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        (("prediction_id,cnt", "r000000:0,many"), "not a number"),
        (("id,cnt", "r000000:0,1"), "no column 'prediction_id'"),
        (("prediction_id,count", "r000000:0,1"), "no column 'cnt'"),
        (("prediction_id,cnt", "nobody:0,1"), "any of these ids"),
    ],
)
def test_that_labels_that_cannot_be_true_are_refused_whole(
    place: Watched, tmp_path: Path, lines: tuple[str, ...], says: str
) -> None:
    place.predict(0, 3)
    with pytest.raises(UserError, match=says):
        add_labels(place.lane, "bike", write(tmp_path / "truth.csv", *lines), "cnt")
    assert place.show().labelled == 0


def test_that_retraining_without_labels_says_what_to_do(place: Watched) -> None:
    place.predict(0)
    with pytest.raises(UserError, match="Add labels first"):
        monitoring.retrain(place.lane, "bike")
