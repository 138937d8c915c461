"""Sealing by the command, with kills and failing disks: every prediction is on record once."""

from __future__ import annotations

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import orjson
import pytest

from mlops_desktop.actions import monitoring
from mlops_desktop.blobs import segments
from tests.end2end.command import Command, with_faults
from tests.monitored import NEXT, START, rows_of, watched

_DEAD = 2**22 + 1  # No process has such a number.


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with three closed, counted segments of two days ago."""
    root = tmp_path_factory.mktemp("made") / "workspace"
    with watched(root) as one:
        for number in range(3):
            name = f"{number:04d}-{_DEAD}.jsonl"
            for part in range(60):
                rows, _ = rows_of(START + timedelta(hours=NEXT + 24 * part), 24, part)
                one.record(rows, [10 * row[1] for row in rows], file=name)
            then = time.time() - 2 * 24 * 3600
            os.utime(one.segments / name, (then, then))
        monitoring.fold(one.lane, "d")
    return root


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Command:
    shutil.copytree(made, tmp_path / "workspace")  # Times are copied, too.
    return Command(tmp_path / "workspace")


def _records(workspace: Path) -> list[bytes]:
    folder = workspace / "predictions" / "0001"
    return [
        orjson.dumps(record)
        for path in segments.segment_files(folder)
        for record, _ in segments.read_records(path)
    ]


def _forms(run: Command) -> list[str]:
    return sorted(path.suffix for path in (run.workspace / "predictions" / "0001").iterdir())


def test_that_the_command_says_what_it_has_sealed(run: Command, made: Path) -> None:
    before = run("monitor", "show", "d")
    said = run("deploy", "seal", "d")
    assert (said["sealed_now"], said["files"], said["sealed"], said["waiting"]) == (3, 3, 3, 0)
    assert said["bytes_after"] < 0.3 * said["bytes_before"]
    assert _forms(run) == [".parquet"] * 3
    assert _records(run.workspace) == _records(made)
    assert run("monitor", "show", "d") == before
    found = run("predictions", "find", "d", "r000100:7")
    assert (found["prediction_id"], found["rows"]) == ("r000100:7", 24)
    again = run.ask("deploy", "seal", "d")
    assert "nothing to seal" in again.out
    assert "3 of 3 files are sealed" in again.out
    assert run("audit", "verify")["whole"]


def _long(inject: str) -> object:
    return pytest.param(inject, marks=pytest.mark.long)


_KILLS = [
    "fsync:signal=KILL:when=1",  # The child, at its first file.
    _long("fsync:signal=KILL:when=4"),  # And as it has told all.
    _long("rename:signal=KILL:when=1"),
    "rename:signal=KILL:when=3",
    "unlink:signal=KILL:when=1",
    _long("unlink:signal=KILL:when=3"),
    _long("unlinkat:signal=KILL:when=1"),  # Between the last step and the answer.
]


@pytest.mark.parametrize("inject", _KILLS)
def test_that_a_kill_at_any_step_leaves_every_record_once(
    run: Command, made: Path, inject: str
) -> None:
    answer = with_faults(run, inject, "deploy", "seal", "d")
    assert answer.code != 0
    assert _records(run.workspace) == _records(made)
    assert run("deploy", "seal", "d")["sealed"] == 3
    assert _forms(run) == [".parquet"] * 3
    assert _records(run.workspace) == _records(made)
    assert run("audit", "verify")["whole"]


@pytest.mark.parametrize(
    "inject",
    [
        "fsync:error=EIO:when=1",
        _long("fsync:error=EIO:when=3"),
        "rename:error=ENOSPC:when=2",
        _long("rename:error=EIO:when=1"),
    ],
)
def test_that_a_failing_disk_is_a_sentence_and_nothing_is_lost(
    run: Command, made: Path, inject: str
) -> None:
    answer = with_faults(run, inject, "deploy", "seal", "d")
    assert answer.code == 2
    what = answer.json["error"]["what"]
    assert "disk failed" in what or "disk is full" in what
    assert _records(run.workspace) == _records(made)
    assert run("deploy", "seal", "d")["sealed"] == 3
    assert _records(run.workspace) == _records(made)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0:
        pytest.skip("Only root may mount a small file system.")
    words = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(disk)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"A small file system cannot be mounted here: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def test_that_a_full_disk_keeps_the_lines_and_sealing_goes_on_once_there_is_room(
    made: Path, small_disk: Path
) -> None:
    shutil.copytree(made, small_disk / "workspace")
    run = Command(small_disk / "workspace")
    run("data", "list")
    free = shutil.disk_usage(small_disk).free
    (small_disk / "ballast").write_bytes(bytes(free - 48 * 1024))
    answer = run.ask("deploy", "seal", "d", "--json")
    assert answer.code == 2
    assert "disk is full" in answer.json["error"]["what"]
    assert _forms(run) == [".jsonl"] * 3
    (small_disk / "ballast").unlink()
    assert run("deploy", "seal", "d")["sealed"] == 3
    assert _records(run.workspace) == _records(made)
