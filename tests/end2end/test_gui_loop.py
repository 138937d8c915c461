"""The loop by clicks in a real window on a real (virtual) screen, and what it leaves stored."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mlops_desktop.paths import Workspace
from tests.end2end.command import Command

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(400)
def test_that_a_person_can_click_through_the_whole_loop(
    xvfb: str, workspace_dir: Path, tmp_path: Path
) -> None:
    workspace_dir.mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "tests.end2end.gui_walk", str(workspace_dir)],
        env=os.environ | {"DISPLAY": xvfb, "QT_QPA_PLATFORM": "xcb", "PYTHONPATH": str(ROOT)},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"

    run = Command(workspace_dir)
    assert [v["version"] for v in run("data", "versions", "bike")] == [2, 1]
    (model,) = run("models", "list")
    assert model == {"model": "demand", "versions": 2, "aliases": {"champion": 1}}
    assert run("models", "show", "demand@2")["approval"]["note"] == "It knows 2012, too."
    (deployment,) = run("deploy", "status")
    assert (deployment["version"], deployment["state"]) == (2, "stopped")
    seen = run("monitor", "show", "demand")
    assert seen["predictions"] >= 8735
    assert "error" in [alert["kind"] for alert in seen["alerts"]]
    assert run("audit", "verify")["whole"]
    assert run("fsck")["clean"]
    assert list(Workspace(workspace_dir).tmp.iterdir()) == []
