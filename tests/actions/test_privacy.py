"""Columns that are not recorded: set, refused, left out of drift, and named by retraining."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mlops_desktop.actions import deployments, lookup, monitoring, privacy
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.privacy import Privacy
from tests.monitored import NEXT, SPAN_H, START, rows_of, watched


def test_that_privacy_is_kept_audited_and_taken_back(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        found = privacy.set_privacy(one.lane, "d", ["town", "town"], ["x"])
        assert found.privacy == Privacy(("town",), ("x",))
        key = one.store.workspace.privacy_key(found.id)
        assert key.stat().st_mode & 0o777 == 0o600
        secret = key.read_text()
        privacy.set_privacy(one.lane, "d", ["town"], [])
        assert key.read_text() == secret
        assert privacy.set_privacy(one.lane, "d", [], []).privacy == Privacy()
        assert deployments.get_deployment(one.store, "d").privacy == Privacy()
        sql = "SELECT count(*) FROM audit WHERE action = 'deployment.privacy'"
        assert one.store.scalar(sql) == 3
        privacy.set_privacy(one.lane, "d", [], [])
        assert one.store.scalar(sql) == 3


@pytest.mark.parametrize(
    ("drop", "hashed", "words"),
    [
        (["nothing"], [], "takes no column 'nothing'"),
        ([], ["at"], "at has to be recorded"),
        (["town"], ["town"], "both left out and hashed"),
    ],
)
def test_that_columns_that_cannot_be_hidden_are_named(
    workspace_dir: Path, drop: list[str], hashed: list[str], words: str
) -> None:
    with watched(workspace_dir) as one:
        with pytest.raises(UserError, match=words):
            privacy.set_privacy(one.lane, "d", drop, hashed)
        assert deployments.get_deployment(one.store, "d").privacy == Privacy()


def test_that_drift_leaves_hidden_columns_out_and_the_record_is_still_found(
    workspace_dir: Path,
) -> None:
    with watched(workspace_dir) as one:
        one.header = replace(one.header, columns=("at", "x"), dropped=("town",), hashed=("x",))
        rows, truth = rows_of(START + timedelta(hours=NEXT), SPAN_H, 1)
        hidden = [[row[0], "5f" * 16] for row in rows]
        ids = one.record(hidden, [10 * row[1] for row in rows])
        batch = monitoring.add_labels_table(one.lane, "d", ids, truth.tolist(), "test")
        assert batch.matched == SPAN_H
        [window] = monitoring.show(one.store, "d").windows
        assert {feature.name for feature in window.features} == {"prediction"}
        assert window.error == pytest.approx(1.0, abs=0.2)
        assert lookup.find(one.lane, "d", ids[5]).inputs == {"at": rows[5][0], "x": "5f" * 16}


def test_that_a_start_refuses_columns_that_cannot_be_hidden(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        with one.store.write("models"):
            one.store.insert(
                "approvals",
                {"model_version_id": one.model_version, "note": "n", "actor": "a", "at": "2026"},
            )
        with pytest.raises(UserError, match="takes no column 'nothing'"):
            deployments.start(one.lane, "m@1", "quiet", keep=True, privacy=Privacy(("nothing",)))
        assert [found.name for found in deployments.list_deployments(one.store)] == ["d"]
