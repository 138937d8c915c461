"""Labels: joined by id to what was answered, once, whole or not at all, and counted honestly."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyarrow import parquet

from mlops_desktop.actions import monitoring
from mlops_desktop.actions.lane import Context
from mlops_desktop.core.errors import Cancelled, UserError
from tests.monitored import NEXT, SPAN_H, START, Watched, rows_of, watched


def _sent(one: Watched, hours: int = 24, request: str | None = None) -> list[str]:
    rows, _ = rows_of(START + timedelta(hours=NEXT), hours, 0)
    return one.record(rows, [10 * row[1] for row in rows], request=request)


def _kept(one: Watched) -> dict[str, str]:
    rows = one.store.query("SELECT prediction_id, actual FROM labels")
    return {row["prediction_id"]: row["actual"] for row in rows}


def _everything(one: Watched) -> list[list[dict[str, Any]]]:
    tables = ("labels", "label_batches", "windows", "alerts", "audit")
    return [one.store.query(f"SELECT * FROM {table}") for table in tables]


def test_that_the_same_file_twice_changes_nothing(workspace_dir: Path, tmp_path: Path) -> None:
    with watched(workspace_dir) as one:
        ids = _sent(one)
        file = tmp_path / "truth.csv"
        file.write_text("prediction_id,y\n" + "".join(f"{i},{n}\n" for n, i in enumerate(ids)))
        first = monitoring.add_labels(one.lane, "d", file, "y")
        assert (first.matched, first.known) == (24, 0)
        before = _everything(one)
        again = monitoring.add_labels(one.lane, "d", file, "y")
        assert (again.matched, again.known) == (24, 24)
        assert _everything(one) == before


def test_that_a_correction_replaces_a_label(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        ids = _sent(one, SPAN_H)
        monitoring.add_labels_table(one.lane, "d", ids, [1.0] * SPAN_H, "first")
        before = monitoring.show(one.store, "d").windows[0].error
        batch = monitoring.add_labels_table(one.lane, "d", [*ids[:2]], [1.0, 500.0], "second")
        assert (batch.matched, batch.known) == (2, 1)
        after = monitoring.show(one.store, "d")
        assert after.labelled == SPAN_H
        assert after.windows[0].error is not None
        assert before is not None
        assert after.windows[0].error > before
        assert _kept(one)[ids[1]] == "500.0"


def test_that_labels_join_a_parquet_file_of_any_types(workspace_dir: Path, tmp_path: Path) -> None:
    with watched(workspace_dir, classes=("false", "true")) as one:
        rows, _ = rows_of(START + timedelta(hours=NEXT), 3, 0)
        ids = one.record(rows, [0.1, 0.9, 0.4])
        file = tmp_path / "truth.parquet"
        parquet.write_table(pa.table({"prediction_id": ids, "y": [True, False, None]}), file)
        batch = monitoring.add_labels(one.lane, "d", file, "y")
        assert (batch.matched, batch.missing) == (2, 1)
        assert _kept(one) == {ids[0]: "true", ids[1]: "false"}


def test_that_whole_numbers_and_capitals_find_their_class(workspace_dir: Path) -> None:
    with watched(workspace_dir, classes=("0", "1")) as one:
        rows, _ = rows_of(START + timedelta(hours=NEXT), 2, 0)
        ids = one.record(rows, [0.1, 0.9])
        monitoring.add_labels_table(one.lane, "d", ids, [1.0, 0], "test")
        assert list(_kept(one).values()) == ["1", "0"]
        with pytest.raises(UserError, match="none of the classes"):
            monitoring.add_labels_table(one.lane, "d", ids, [0, 2], "test")
        assert list(_kept(one).values()) == ["1", "0"]


def test_that_an_id_that_was_used_again_means_its_newest_prediction(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        rows, _ = rows_of(START + timedelta(hours=NEXT), 1, 0)
        for answer in (1.0, 2.0):
            one.record(rows, [answer], request="mine")
        batch = monitoring.add_labels_table(one.lane, "d", ["mine:0"], [5.0], "test")
        assert batch.matched == 1
        assert one.store.scalar("SELECT predicted FROM labels") == "2.0"


@pytest.mark.parametrize("by_time", [True, False])
def test_that_every_label_is_in_the_window_of_its_prediction(
    workspace_dir: Path, by_time: bool
) -> None:
    with watched(workspace_dir, by_time=by_time) as one:
        rows, truth = rows_of(START + timedelta(hours=NEXT), 2000, 1)
        ids = []
        for number, row in enumerate(rows):
            at = 1_800_000_000_000_000 + number * 200_000 - (number % 7) * 2_000_000
            ids += one.record([row], [10 * row[1]], arrival_us=at)
        monitoring.add_labels_table(one.lane, "d", ids, truth.tolist(), "test")
        found = monitoring.show(one.store, "d").windows
        assert len(found) > 2
        assert [w.labelled for w in found] == [w.rows for w in found]
        assert all(w.error == pytest.approx(1.0, abs=0.2) for w in found if w.labelled > 200)


def test_that_a_cancelled_or_killed_join_keeps_nothing(
    workspace_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with watched(workspace_dir) as one:
        ids = _sent(one)
        monitoring.fold(one.lane, "d")
        before = _everything(one)
        context = Context()
        context.cancelled.set()
        with pytest.raises(Cancelled):
            monitoring.add_labels_table(one.lane, "d", ids, [1.0] * 24, "test", context)
        monkeypatch.setattr(monitoring.rows, "put_error", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            monitoring.add_labels_table(one.lane, "d", ids, [1.0] * 24, "test")
        assert _everything(one) == before


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("empty.csv", b"", "is empty"),
        ("ragged.csv", b"prediction_id,y\nr000000:0,1,2\n", "not a table"),
        ("bytes.csv", b"\xff\xfe\x00prediction", "not written in utf-16"),
        ("fake.parquet", b"PAR1 not really", "damaged or no parquet"),
    ],
)
def test_that_a_file_that_is_no_table_is_refused(
    workspace_dir: Path, tmp_path: Path, name: str, content: bytes, says: str
) -> None:
    with watched(workspace_dir) as one:
        _sent(one)
        file = tmp_path / name
        file.write_bytes(content)
        with pytest.raises(UserError, match=says):
            monitoring.add_labels(one.lane, "d", file, "y")
        with pytest.raises(UserError, match="There is no file"):
            monitoring.add_labels(one.lane, "d", tmp_path / "none.csv", "y")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e999"])
def test_that_a_label_must_be_a_finite_number(workspace_dir: Path, value: str) -> None:
    with watched(workspace_dir) as one:
        ids = _sent(one)
        with pytest.raises(UserError, match="not a number"):
            monitoring.add_labels_table(one.lane, "d", ids[:1], [value], "test")
        batch = monitoring.add_labels_table(one.lane, "d", ids[:2], [float("nan"), 1.0], "test")
        assert (batch.matched, batch.missing) == (1, 1)


def test_that_ids_of_any_shape_are_unknown_and_no_fault(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        ids = _sent(one, 3)
        odd = ["", ":", "r000000", "r000000:", "r000000:99", "r000000:-1", "r000000:01", "é:0"]
        batch = monitoring.add_labels_table(
            one.lane, "d", [*ids, *odd], [1.0] * (3 + len(odd)), "test"
        )
        assert batch.matched == 3
        assert batch.unknown + batch.missing == len(odd)
