"""`demo` walks the whole loop on the shipped sample, and says what it measured."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end2end.command import Command


@pytest.mark.timeout(400)
def test_that_the_demo_closes_the_loop_on_the_sample(workspace_dir: Path) -> None:
    run = Command(workspace_dir)
    told = run("demo")

    assert set(told) == {
        *("stages", "control_alerts", "alerts", "drifted"),
        *("error_before", "error_after", "seconds"),
    }
    assert told["control_alerts"] == 0
    assert "error" in told["stages"]["growth"]["first_alert"].lower()
    assert told["alerts"]
    assert told["drifted"] == ["hum"]
    assert told["stages"]["sensor"]["found_in_window"] <= 2
    assert told["error_after"] < 0.8 * told["error_before"]
    assert any("casual" in what for what in told["stages"]["data"]["warnings"])

    # The same numbers are in the workspace, where anybody can look them up.
    assert told["stages"]["train"]["value"] == min(
        item["value"] for item in run("runs", "list") if item["version"] == 1
    )
    seen = run("monitor", "show", "demand")
    assert seen["predictions"] == told["stages"]["growth"]["predictions"] + 2 * 742
    assert [deployment["state"] for deployment in run("deploy", "status")] == ["stopped"] * 3
    assert run("fsck")["clean"]
    assert run("audit", "verify")["whole"]
