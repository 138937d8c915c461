"""The care of versions from the command line, and kill -9 at any moment of it."""

from __future__ import annotations

import csv
import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.end2end.command import Command, with_faults

_ROWS = 30_000
_SHARED = 3
_KILLS = int(os.environ.get("MLOPS_TEST_KILLS", "200"))  # Fewer, to try the test itself.


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """wide@1 in the bin; wide@2 needs the smaller part of its pack; gone@1 in the bin alone."""
    folder = tmp_path_factory.mktemp("made")
    run = Command(folder / "workspace")
    chance = random.Random(1)
    rows = [[f"{chance.random():.9f}" for _ in range(10)] for _ in range(_ROWS)]
    for name, columns in (("all", 10), ("few", _SHARED)):
        with (folder / f"{name}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow([f"c{n}" for n in range(columns)])
            writer.writerows(row[:columns] for row in rows)
    run("data", "add", folder / "all.csv", "--name", "wide")
    run("data", "add", folder / "few.csv", "--name", "wide")
    with (folder / "gone.csv").open("w", encoding="utf-8") as file:
        file.write("n\n" + "".join(f"{n * n}\n" for n in range(5_000)))
    run("data", "add", folder / "gone.csv", "--name", "gone")
    run("data", "delete", "wide@1")
    run("data", "delete", "gone", "--all")
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Command:
    shutil.copytree(made / "workspace", tmp_path / "workspace")
    return Command(tmp_path / "workspace")


def whole(run: Command) -> bool:
    """Nothing is damaged, and what stays can be read to its last row."""
    back = run.workspace.with_name("back.parquet")
    back.unlink(missing_ok=True)
    assert run("data", "export", "wide@2", back)["rows"] == _ROWS
    return bool(run("fsck")["clean"] and run("audit", "verify")["whole"])


def test_that_the_verbs_care_for_versions(run: Command) -> None:
    assert run("data", "tag", "wide@2", "golden")["tags"] == ["golden"]
    assert run("data", "note", "wide:golden", "Looked at.")["note"] == "Looked at."
    (version,) = run("data", "versions", "wide")
    assert (version["version"], version["tags"], version["note"]) == (2, ["golden"], "Looked at.")
    assert version["by"]
    refused = run("data", "delete", "wide@golden", code=1)["error"]
    assert "the tag golden" in refused["why"]
    assert "wide@2" in run("data", "delete", "wide", code=2)["error"]["hint"]
    assert run("data", "delete", "wide:golden", "--force") == {"deleted": ["wide@2"]}
    assert {item["dataset"] for item in run("data", "bin")} == {"wide", "gone"}
    assert run("data", "restore", "wide")["restored"] == ["wide@2", "wide@1"]
    assert run("data", "tag", "wide", "golden", "--remove")["removed"] == "golden"
    assert run("data", "show", "wide:golden", code=2)["error"]["what"].startswith("No version")


def test_that_lineage_is_told_both_ways(run: Command) -> None:
    for words in (("lineage", "wide@2"), ("data", "lineage", "wide@2")):
        found = run(*words)
        assert [node["kind"] for node in found["before"]] == ["file"]
        assert found["focus"][0]["title"] == "wide@2"
        assert found["after"] == []
    assert run("lineage", "file:few.csv")["after"][0]["title"] == "wide@2"
    assert run("models", "lineage", "none", code=2)["error"]["what"]


def test_that_a_clean_up_frees_what_it_said(run: Command) -> None:
    said = run("cleanup", "--dry-run")
    assert sorted(said["versions"]) == ["gone@1", "wide@1"]
    assert {part["name"] for part in said["rest"]} >= {"bin", "database"}
    before = sum(path.stat().st_size for path in (run.workspace / "objects").glob("*/*"))
    freed = run("cleanup")["freed"]
    after = sum(path.stat().st_size for path in (run.workspace / "objects").glob("*/*"))
    assert before - after == freed
    assert freed == pytest.approx(said["would_free"], abs=2_000)
    assert freed > 0.6 * before  # Seven of ten columns, and all of the other.
    assert whole(run)
    assert run("cleanup", "--dry-run")["would_free"] == 0


def test_that_only_what_is_old_enough_is_freed(run: Command) -> None:
    assert run("cleanup", "--older-than", 1)["versions"] == []
    assert len(run("data", "bin")) == 2


@pytest.mark.parametrize(
    ("calls", "number"),
    [("unlink", 2), ("rename", 1), ("fsync,fdatasync", 5)],
)
def test_that_a_clean_up_killed_at_a_system_call_loses_nothing(
    run: Command, calls: str, number: int
) -> None:
    answer = with_faults(run, f"{calls}:signal=KILL:when={number}", "cleanup")
    assert answer.code == -signal.SIGKILL
    assert whole(run)
    run("cleanup")
    assert whole(run)
    assert run("fsck")["unneeded"] == 0
    assert run("data", "bin") == []


@pytest.mark.parametrize("number", [1, 3])
def test_that_a_deletion_killed_at_a_flush_happened_or_not(run: Command, number: int) -> None:
    run("data", "restore", "gone")
    words = ("data", "delete", "gone@1")
    with_faults(run, f"fsync,fdatasync:signal=KILL:when={number}", *words)
    assert whole(run)
    there = {item["dataset"] for item in run("data", "list")}
    assert ("gone" in there) != ("gone" in {item["dataset"] for item in run("data", "bin")})
    run(*words, code=0 if "gone" in there else 2)


def test_that_imports_and_clean_ups_at_once_never_hurt_each_other(run: Command, made: Path) -> None:
    importing = [
        subprocess.Popen(
            [*run.start, "data", "add", str(made / f"{name}.csv"), "--name", "wide", "--json"],
            stdout=subprocess.DEVNULL,
        )
        for name in ("all", "gone")
    ]
    while any(process.poll() is None for process in importing):
        answer = run.ask("cleanup", "--json")
        assert answer.code == 0 or "is going on" in answer.out, answer
    assert [process.wait() for process in importing] == [0, 0]
    assert len(run("data", "versions", "wide")) == 3
    assert whole(run)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_that_no_kill_at_any_moment_of_a_clean_up_loses_anything(
    run: Command, made: Path, tmp_path: Path
) -> None:
    chance = random.Random(2)
    shutil.copytree(run.workspace, tmp_path / "timed")
    start = time.monotonic()
    Command(tmp_path / "timed")("cleanup")
    took = time.monotonic() - start
    for number in range(_KILLS):
        place = tmp_path / f"w{number}"
        shutil.copytree(made / "workspace", place)
        one = Command(place)
        words = ("cleanup",) if number % 4 else ("data", "delete", "wide@2")
        with subprocess.Popen(
            [*one.start, *words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as command:
            time.sleep(chance.uniform(0, took))
            command.send_signal(signal.SIGKILL)
        if number % 4 == 0:
            one.ask("data", "restore", "wide@2")
        assert whole(one), number
        one("cleanup")
        assert whole(one), number
        assert one("fsck")["unneeded"] == 0, number
        shutil.rmtree(place)
