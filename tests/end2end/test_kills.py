"""kill -9 in the middle: nothing acknowledged is lost, nothing half-made seen, no orphan left."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from tests.end2end.command import Command, write_customers

_PATIENCE_S = 60.0


@pytest.fixture
def run(workspace_dir: Path) -> Iterator[Command]:
    command = Command(workspace_dir)
    yield command
    for deployment in command("deploy", "status"):
        command("deploy", "stop", deployment["deployment"])


def wait_until(fact: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + _PATIENCE_S
    while not fact():
        assert time.monotonic() < end, f"never came true: {what}"
        time.sleep(0.01)


def start(run: Command, *words: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*run.start, *map(str, words)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def children_of(process: subprocess.Popen[bytes], program: str) -> list[psutil.Process]:
    try:
        found = psutil.Process(process.pid).children(recursive=True)
        return [child for child in found if program in child.cmdline()]
    except psutil.Error:
        return []


def gone(processes: list[psutil.Process]) -> Callable[[], bool]:
    return lambda: not any(p.is_running() and p.status() != "zombie" for p in processes)


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)


def test_that_a_killed_import_leaves_nothing_and_can_be_repeated(
    run: Command, tmp_path: Path
) -> None:
    file = write_customers(tmp_path / "customers.csv", rows=120_000)
    command = start(run, "data", "add", file, "--name", "customers")
    # A child that is killed before it knows its job is only replaced.
    wait_until(lambda: any(run.workspace.glob("tmp/import-*/events.jsonl")), "the child reads")
    children = children_of(command, "ingest")
    kill(children[0].pid)
    assert command.wait(_PATIENCE_S) in (2, 3)
    assert run("data", "list") == []
    assert run("fsck")["clean"]
    assert run("data", "add", file, "--name", "customers")["rows"] == 120_000


def test_that_a_killed_command_takes_its_child_along(run: Command, tmp_path: Path) -> None:
    file = write_customers(tmp_path / "customers.csv", rows=120_000)
    command = start(run, "data", "add", file, "--name", "customers")
    # A child that is killed before it knows its job is only replaced.
    wait_until(lambda: any(run.workspace.glob("tmp/import-*/events.jsonl")), "the child reads")
    children = children_of(command, "ingest")
    kill(command.pid)
    command.wait()
    wait_until(gone(children), "the orphan ends")
    assert run("data", "list") == []
    assert run("fsck")["clean"]


def test_that_a_killed_trainer_is_a_failed_run_and_the_others_go_on(
    run: Command, tmp_path: Path
) -> None:
    run("data", "add", write_customers(tmp_path / "customers.csv"), "--name", "customers")
    command = start(
        run,
        *("train", "customers", "--target", "left", "--exclude", "left_on"),
        *("--algorithm", "linear", "--workers", 1),
    )
    wait_until(lambda: bool(children_of(command, "train")), "a training child runs")
    kill(children_of(command, "train")[0].pid)
    assert command.wait(_PATIENCE_S) in (0, 2)
    states = sorted(item["status"] for item in run("runs", "list"))
    assert states == ["done", "failed"]
    assert run("fsck")["clean"]


def test_that_runs_of_a_killed_command_are_interrupted_and_leave_no_orphan(
    run: Command, tmp_path: Path
) -> None:
    run("data", "add", write_customers(tmp_path / "customers.csv"), "--name", "customers")
    command = start(
        run, *("train", "customers", "--target", "left", "--exclude", "left_on", "--workers", 1)
    )
    wait_until(lambda: bool(children_of(command, "train")), "a training child runs")
    children = children_of(command, "train")
    kill(command.pid)
    command.wait()
    wait_until(gone(children), "the orphan ends")
    again = run("train", "customers", "--target", "left", "--exclude", "left_on")
    assert again["status"] == "done"
    states = {item["status"] for item in run("runs", "list")}
    assert states == {"done", "interrupted"}
    assert run("fsck")["clean"]


def test_that_every_answer_of_a_killed_server_is_on_record(run: Command, tmp_path: Path) -> None:
    file = write_customers(tmp_path / "customers.csv")
    run("data", "add", file, "--name", "customers")
    best = run(
        *("train", "customers", "--target", "left", "--exclude", "left_on"),
        *("--algorithm", "linear"),
    )
    run("models", "register", best["run"], "--name", "churn")
    run("models", "approve", "churn@1", "--note", "for the test")
    served = run("deploy", "start", "churn@1")

    answers = tmp_path / "answers.csv"
    assert run("predict", "churn", file, "--output", answers)["rows"] == 900
    kill(served["pid"])
    wait_until(gone(_process(served["pid"])), "the server ends")
    (state,) = run("deploy", "status")
    assert state["state"] == "failed"
    assert run("monitor", "show", "churn")["predictions"] == 900

    again = run("deploy", "start", "churn@1")
    assert again["url"] == served["url"]
    assert run("predict", "churn", file, "--output", answers)["rows"] == 900
    assert run("monitor", "show", "churn")["predictions"] == 1800
    assert run("fsck")["clean"]
    assert json.loads((run.workspace / "deployments" / "0001" / "server.json").read_text())


def _process(pid: int) -> list[psutil.Process]:
    try:
        return [psutil.Process(pid)]
    except psutil.NoSuchProcess:
        return []
