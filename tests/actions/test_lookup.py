"""A recorded prediction is found by the id that its caller holds."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from mlops_desktop.actions import lookup, monitoring
from mlops_desktop.actions.lane import Context
from mlops_desktop.blobs import idindex
from mlops_desktop.core.errors import Cancelled, NotFound, UserError
from tests.monitored import NEXT, START, Watched, rows_of, watched


def _sent(one: Watched, hours: int, request: str | None = None) -> list[str]:
    rows, _ = rows_of(START + timedelta(hours=NEXT), hours, 0)
    return one.record(rows, [0.9] * hours, request=request)


def test_that_a_prediction_is_found_with_all_that_is_known(workspace_dir: Path) -> None:
    with watched(workspace_dir, classes=("no", "yes")) as one:
        ids = _sent(one, 3, request="mine")
        monitoring.add_labels_table(one.lane, "d", [ids[1]], ["no"], "test")
        found = lookup.find(one.lane, "d", f" {ids[1]} ")
        assert (found.prediction_id, found.row, found.rows) == ("mine:1", 1, 3)
        assert (found.version, found.prediction, found.actual) == (1, "yes", "no")
        assert found.probabilities == {"no": pytest.approx(0.1), "yes": pytest.approx(0.9)}
        assert list(found.inputs) == ["at", "x", "town"]
        assert lookup.find(one.lane, "d", "mine").prediction_id == "mine:0"


def test_that_a_request_id_with_a_colon_is_itself_first(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        _sent(one, 2, request="a:1")
        _sent(one, 2, request="a")
        assert lookup.find(one.lane, "d", "a:1").prediction_id == "a:1:0"
        assert lookup.find(one.lane, "d", "a:1:1").prediction_id == "a:1:1"
        assert lookup.find(one.lane, "d", "a:0").prediction_id == "a:0"


@pytest.mark.parametrize("given", ["", ":", "none", "mine:2", "mine:-1", "mine:\u00b2", "mine:x"])
def test_that_an_id_that_nothing_has_is_said(workspace_dir: Path, given: str) -> None:
    with watched(workspace_dir) as one:
        _sent(one, 2, request="mine")
        with pytest.raises(NotFound, match="No prediction of d has the id"):
            lookup.find(one.lane, "d", given)


def test_that_monitoring_makes_the_indexes_and_a_search_makes_missing_ones(
    workspace_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idindex, "SCANNED", 1000)
    with watched(workspace_dir) as one:
        ids = [i for _ in range(20) for i in _sent(one, 3)]
        monitoring.fold(one.lane, "d")
        [index] = one.segments.glob("*.idx")
        index.unlink()
        context = Context()
        context.cancelled.set()
        with pytest.raises(Cancelled):
            lookup.find(one.lane, "d", ids[30], context)
        assert lookup.find(one.lane, "d", ids[30]).prediction_id == ids[30]
        assert index.exists()


def test_that_an_index_that_cannot_be_written_is_no_fault(
    workspace_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idindex, "SCANNED", 1000)

    def full(*_: object) -> None:
        raise UserError("Disk full.")

    monkeypatch.setattr("mlops_desktop.blobs.objects.write_whole", full)
    with watched(workspace_dir) as one:
        ids = _sent(one, 100)
        assert lookup.find(one.lane, "d", ids[99]).prediction_id == ids[99]
