"""The verbs of the prediction record: find one, undo labels, hide columns, keep so much."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.end2end.command import Command
from tests.monitored import NEXT, SPAN_H, START, rows_of, watched


def test_that_the_record_is_kept_in_hand_from_the_command_line(
    workspace_dir: Path, tmp_path: Path
) -> None:
    with watched(workspace_dir) as one:
        rows, truth = rows_of(START + timedelta(hours=NEXT), SPAN_H, 0)
        ids = one.record(rows, [10 * row[1] for row in rows])
    file = tmp_path / "truth.csv"
    lines = "".join(f"{i},{v}\n" for i, v in zip(ids, truth, strict=True))
    file.write_text("prediction_id,y\n" + lines)
    run = Command(workspace_dir)
    assert run("labels", "add", "d", file, "--label-column", "y")["matched"] == SPAN_H

    found = run("predictions", "find", "d", ids[3])
    assert found["prediction_id"] == ids[3]
    assert found["inputs"]["town"] == rows[3][2]
    assert float(found["actual"]) == truth[3]
    shown = run.ask("predictions", "find", "d", ids[3]).out
    assert "row 3 of a request of 336 rows" in shown
    assert "true value" in shown
    refused = run("predictions", "find", "d", "none", code=2)
    assert "No prediction of d has the id 'none'" in refused["error"]["what"]

    [batch] = run("labels", "list", "d")
    assert (batch["matched"], batch["used"], batch["source"]) == (SPAN_H, SPAN_H, str(file))
    assert run("labels", "undo", "d", batch["id"])["undone_at"]
    assert run("monitor", "show", "d")["labelled"] == 0
    assert "undone already" in run("labels", "undo", "d", batch["id"], code=2)["error"]["what"]
    assert str(file) in run.ask("labels", "list", "d").out

    assert "every column is recorded" in run.ask("deploy", "privacy", "d").out
    hidden = run("deploy", "privacy", "d", "--drop", "town", "--hash", "x")
    assert (hidden["drop"], hidden["hash"]) == (["town"], ["x"])
    assert "not recorded: town; recorded as hashes: x" in run.ask("deploy", "privacy", "d").out
    run("deploy", "privacy", "d", "--drop", "x", "--record-all", code=2)
    assert run("deploy", "privacy", "d", "--record-all")["drop"] == []

    kept = run("deploy", "retention", "d", "--max-size", "10GB", "--days", 30, "--dry-run")
    assert (kept["freed_bytes"], kept["max_bytes"], kept["days"]) == (0, 10**10, 30)
    run("deploy", "retention", "d", code=2)
    assert run("deploy", "retention", "d", "--keep-all")["max_bytes"] is None
    assert run("audit", "verify")
