"""kill -9 of the app while it trains and serves: no orphan, nothing lost, usable at once again."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import psutil

from tests.end2end.command import Command, write_customers
from tests.end2end.test_kills import children_of, gone, wait_until

ROOT = Path(__file__).parents[2]


def start(workspace: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.end2end.busy_app", str(workspace)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        cwd=workspace,
    )


def test_that_a_killed_app_leaves_no_orphan_and_loses_nothing(
    workspace_dir: Path, tmp_path: Path
) -> None:
    run = Command(workspace_dir)
    file = write_customers(tmp_path / "customers.csv")
    run("data", "add", file, "--name", "customers")
    best = run(
        *("train", "customers", "--target", "left", "--exclude", "left_on"),
        *("--algorithm", "linear"),
    )
    run("models", "register", best["run"], "--name", "churn")
    run("models", "approve", "churn@1", "--note", "for the test")

    app = start(workspace_dir)
    assert app.stdout is not None
    assert app.stdout.readline() == b"busy\n"
    wait_until(lambda: bool(children_of(app, "train")), "a run trains")
    answered = tmp_path / "answers.csv"
    assert run("predict", "churn", file, "--output", answered)["rows"] == 900
    children = psutil.Process(app.pid).children(recursive=True)
    assert len(children) >= 2
    app.kill()
    app.wait()
    app.stdout.close()
    wait_until(gone(children), "the server and the trainer end")

    states = [item["status"] for item in run("runs", "list")]
    assert "interrupted" in states
    assert not {"running", "queued"} & set(states)
    (deployment,) = run("deploy", "status")
    assert deployment["state"] in ("failed", "stopped")
    assert run("monitor", "show", "churn")["predictions"] == 900
    assert run("fsck")["clean"]
    assert run("audit", "verify")["whole"]

    again = start(workspace_dir)  # The lock of the killed one does not stand in the way.
    assert again.stdout is not None
    assert again.stdout.readline() == b"busy\n"
    children = psutil.Process(again.pid).children(recursive=True)
    again.kill()
    again.wait()
    again.stdout.close()
    wait_until(gone(children), "the second app's children end")
