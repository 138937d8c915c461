"""Disks that fail or fill, stored bytes that change, files and names that attack."""

from __future__ import annotations

import csv
import os
import pickle
import random
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlite_utils.db import sqlite3

from mlops_desktop.blobs import manifests
from mlops_desktop.core.errors import DiskFull
from mlops_desktop.paths import Workspace
from mlops_desktop.store.connecting import schema_version
from mlops_desktop.store.store import Store
from tests.end2end.command import Command, with_faults, write_customers

_TRAIN = ("--target", "left", "--exclude", "left_on", "--algorithm", "linear")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with customers.csv, and a workspace of it with a model that waits for a yes."""
    folder = tmp_path_factory.mktemp("made")
    run = Command(folder / "workspace")
    file = write_customers(folder / "customers.csv")
    run("data", "add", file, "--name", "customers")
    run("models", "register", run("train", "customers", *_TRAIN)["run"], "--name", "churn")
    return folder


@pytest.fixture
def run(made: Path, tmp_path: Path) -> Iterator[Command]:
    """On a copy of that workspace, beside a new.csv."""
    shutil.copytree(made / "workspace", tmp_path / "workspace")
    write_customers(tmp_path / "new.csv", rows=400, seed=5)
    command = Command(tmp_path / "workspace")
    yield command
    answer = command.ask("deploy", "status", "--json")
    for deployment in answer.json if answer.code == 0 else ():
        command("deploy", "stop", deployment["deployment"])


def whole(run: Command) -> bool:
    """fsck and the audit chain find nothing, and what was acknowledged is there."""
    assert run("data", "show", "customers@1")["rows"] == 900
    assert run("models", "show", "churn@1")["passed"]
    return bool(run("fsck")["clean"] and run("audit", "verify")["whole"])


# Kills and errors at a chosen system call


@pytest.mark.parametrize("number", [1, 3])
def test_that_an_import_killed_at_a_flush_leaves_nothing_and_can_be_repeated(
    run: Command, tmp_path: Path, number: int
) -> None:
    words = ("data", "add", tmp_path / "new.csv", "--name", "new")
    answer = with_faults(run, f"fsync,fdatasync,rename:signal=KILL:when={number}", *words)
    assert answer.code != 0
    assert [item["dataset"] for item in run("data", "list")] == ["customers"]
    assert whole(run)
    assert run(*words)["rows"] == 400


@pytest.mark.parametrize("number", [1, 4])
def test_that_an_approval_killed_at_a_flush_is_there_if_it_was_told(
    run: Command, number: int
) -> None:
    words = ("models", "approve", "churn@1", "--note", "looked at")
    answer = with_faults(run, f"fsync,fdatasync,rename:signal=KILL:when={number}", *words)
    assert answer.code == -9
    approved = run("models", "show", "churn@1")["approval"] is not None
    assert approved or not answer.out
    assert whole(run)
    assert run.ask(*words).code == (2 if approved else 0)


@pytest.mark.parametrize("number", [1, 2])
def test_that_a_flush_that_fails_is_a_sentence_and_the_old_data_stay(
    run: Command, tmp_path: Path, number: int
) -> None:
    words = ("data", "add", tmp_path / "new.csv", "--name", "customers")
    answer = with_faults(run, f"fsync:error=EIO:when={number}", *words)
    assert answer.code == 2
    assert "disk failed" in answer.json["error"]["what"]
    assert whole(run)
    assert run(*words)["version"] == 2


def test_that_a_failing_disk_under_the_database_is_a_sentence(run: Command) -> None:
    words = ("models", "approve", "churn@1", "--note", "looked at")
    answer = with_faults(run, "fsync,fdatasync:error=EIO:when=1", *words)
    assert answer.code == 2
    assert "disk failed at the database" in answer.json["error"]["what"]
    assert whole(run)
    run(*words)


# A full disk


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 16 MB."""
    disk = tmp_path / "disk"
    disk.mkdir()
    if os.geteuid() != 0:
        pytest.skip("Only root may mount a small file system.")
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(disk)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"A small file system cannot be mounted here: {done.stderr.strip()}")
    yield disk
    subprocess.run(["umount", str(disk)], check=True)


def fill(disk: Path) -> None:
    with (disk / "ballast").open("wb") as file:
        file.write(bytes(shutil.disk_usage(disk).free))


def test_that_a_full_disk_is_said_and_what_is_stored_can_be_read(
    made: Path, small_disk: Path
) -> None:
    shutil.copytree(made / "workspace", small_disk / "workspace")
    run = Command(small_disk / "workspace")
    file = write_customers(made / "many.csv", rows=60_000, seed=3)
    fill(small_disk)
    for words in (
        ("data", "add", file, "--name", "many"),
        ("train", "customers", *_TRAIN),
        ("data", "export", "customers", small_disk / "out.parquet"),
    ):
        answer = run.ask(*words, "--json")
        assert answer.code == 2, answer.err
        assert "disk is full" in answer.json["error"]["what"]
        assert "Traceback" not in answer.err
    assert whole(run)
    assert run("data", "export", "customers", made / "elsewhere.csv")["rows"] == 900
    (small_disk / "ballast").unlink()
    assert run("data", "add", file, "--name", "many")["rows"] == 60_000
    assert run("train", "customers", *_TRAIN)["status"] == "done"
    assert whole(run)
    assert not list((small_disk / "workspace" / "tmp").iterdir())


def test_that_memory_that_ends_is_said_and_nothing_is_half_imported(
    run: Command, tmp_path: Path
) -> None:
    if shutil.which("prlimit") is None:
        pytest.skip("prlimit is not installed: apt-get install util-linux")
    file = tmp_path / "long.csv"  # A cell so long takes many times its length.
    file.write_text(f"id,text\n1,{'x' * 60_000_000}\n2,y\n", encoding="utf-8")
    words = ["data", "add", str(file), "--name", "long"]
    limited = ["prlimit", f"--as={1 << 30}", *run.start, *words]
    done = subprocess.run(limited, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "Out of memory" in done.stderr
    assert "damaged" not in done.stderr
    assert "long" not in {item["dataset"] for item in run("data", "list")}
    assert run("fsck")["clean"]


def test_that_a_database_opened_to_read_refuses_writes_and_makes_no_file(run: Command) -> None:
    before = sorted(run.workspace.iterdir())
    store = Store.open_to_read(Workspace(run.workspace), DiskFull("The disk is full."))
    assert store.scalar("SELECT count(*) FROM models") == 1
    with pytest.raises(DiskFull), store.write("models"):
        pass
    assert sorted(run.workspace.iterdir()) == before
    store.close()


# Stored bytes that changed


def _spoil(path: Path, how: str) -> None:
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    if how == "missing":
        path.unlink()
    elif how == "shorter":
        path.write_bytes(data[: len(data) // 2])
    else:
        data[len(data) // 4] ^= 1
        path.write_bytes(data)


@pytest.mark.parametrize("how", ["flipped", "shorter", "missing"])
def test_that_spoilt_data_are_found_named_and_never_used(
    run: Command, made: Path, tmp_path: Path, how: str
) -> None:
    workspace = Workspace(run.workspace)
    rows = sqlite3.connect(str(workspace.database)).execute(
        "SELECT manifest FROM dataset_versions WHERE id = 1"
    )
    places = manifests.read(workspace, rows.fetchone()[0]).places
    _spoil(workspace.blob(next(iter(places.values())).pack), how)
    assert "customers@1" in {problem["where"] for problem in run("fsck", code=1)["problems"]}
    out = tmp_path / "out.csv"
    refused = run("data", "export", "customers", out, code=3)
    assert "damaged" in refused["error"]["what"] or "missing" in refused["error"]["what"]
    assert not out.exists()
    if how == "flipped":
        failed = run("train", "customers", *_TRAIN, code=2)
        assert "fsck" in failed["error"]["why"]
    # The same file once more, in whichever dataset, makes the blobs whole again.
    assert run("data", "add", made / "customers.csv", "--name", "customers")["version"] == 2
    assert run("fsck")["clean"]
    assert run("data", "export", "customers@1", out)["rows"] == 900


@pytest.mark.parametrize("how", ["flipped", "missing"])
def test_that_a_spoilt_model_is_found_named_and_not_served(run: Command, how: str) -> None:
    files = run("models", "approve", "churn@1", "--note", "looked at")["files"]
    _spoil(Workspace(run.workspace).blob(files["model.onnx"]), how)
    assert "churn@1" in {problem["where"] for problem in run("fsck", code=1)["problems"]}
    refused = run("deploy", "start", "churn@1", code=2)
    assert files["model.onnx"][:12] in refused["error"]["what"]


def test_that_an_overwritten_page_is_said_and_the_file_left_alone(run: Command) -> None:
    file = run.workspace / "workspace.db"
    connection = sqlite3.connect(str(file))
    roots = dict(connection.execute("SELECT name, rootpage FROM sqlite_schema"))
    connection.close()
    good = file.read_bytes()
    for table in ("dataset_versions", "runs"):
        start = (roots[table] - 1) * 4096
        bad = good[:start] + random.Random(1).randbytes(4096) + good[start + 4096 :]
        file.write_bytes(bad)
        for words in (("data", "list"), ("fsck",)):
            error = run(*words, code=3)["error"]
            assert "is damaged" in error["what"]
            assert "left as it is" in error["why"]
        assert file.read_bytes() == bad


def test_that_a_newer_workspace_is_refused_and_stays_byte_identical(run: Command) -> None:
    file = run.workspace / "workspace.db"
    connection = sqlite3.connect(str(file))
    connection.execute(f"PRAGMA user_version = {schema_version() + 1}")
    connection.close()
    before = {path: path.read_bytes() for path in run.workspace.glob("*") if path.is_file()}
    for words in (("data", "list"), ("fsck",)):
        assert "newer version" in run(*words, code=2)["error"]["what"]
    assert {p: p.read_bytes() for p in run.workspace.glob("*") if p.is_file()} == before


def test_that_a_workspace_on_a_read_only_disk_is_a_sentence(
    made: Path, small_disk: Path, tmp_path: Path
) -> None:
    shutil.copytree(made / "workspace", small_disk / "workspace")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    run = Command(small_disk / "workspace")
    answer = run.ask("data", "add", made / "customers.csv", "--name", "x", "--json")
    assert answer.code == 2
    assert "cannot be used now" in answer.json["error"]["what"]
    new = Command(small_disk / "other").ask("data", "list", "--json")
    assert new.code == 2
    assert "cannot be made" in new.json["error"]["what"]
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)


def test_that_a_place_that_cannot_be_written_is_a_sentence(run: Command, tmp_path: Path) -> None:
    for path in (tmp_path / "nowhere" / "out.csv", Path("/proc/out.parquet")):
        error = run("data", "export", "customers", path, code=2)["error"]
        assert error["what"] == f"{path} cannot be written."


# Attacks


class _Marker:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self._path),)


def test_that_a_pickle_of_any_name_is_refused_and_not_run(run: Command, tmp_path: Path) -> None:
    run("models", "approve", "churn@1", "--note", "looked at")
    run("deploy", "start", "churn@1")
    marker = tmp_path / "marker"
    for ending in ("csv", "parquet", "skops", "onnx"):
        file = tmp_path / f"bad.{ending}"
        file.write_bytes(pickle.dumps(_Marker(marker), protocol=5))
        refused = run("data", "add", file, "--name", "bad", code=2)
        assert "Python pickle" in refused["error"]["what"]
    out = tmp_path / "out.csv"
    for ending in ("csv", "parquet"):
        file = tmp_path / f"bad.{ending}"
        assert run("predict", "churn", file, "--output", out, code=2)["error"]["what"]
    assert not out.exists()
    assert not marker.exists()
    assert [item["dataset"] for item in run("data", "list")] == ["customers"]


def test_that_a_name_that_is_a_path_or_more_is_refused(run: Command, tmp_path: Path) -> None:
    outside = set(tmp_path.iterdir())
    for name in ("../x", "/x", "a\\..\\b", "%2e%2e", "<b>"):
        refused = run("data", "add", tmp_path / "new.csv", "--name", name, code=2)
        assert refused["error"]["what"].startswith("The dataset name")
    assert set(tmp_path.iterdir()) == outside
    assert len(run("data", "list")) == 1


_ODD = ("../x", "/etc/passwd", "a]; DROP TABLE x--", 'a"b', "<b>1</b>", "=1+1", "x[0]<1", "{x}%s")
_TARGET = 'y"]; --'


def test_that_columns_of_any_name_go_the_whole_way(workspace_dir: Path, tmp_path: Path) -> None:
    chance = random.Random(3)
    file = tmp_path / "odd.csv"
    with file.open("w", encoding="utf-8", newline="") as text:
        writer = csv.writer(text)
        writer.writerow([*_ODD, _TARGET])
        for _ in range(300):
            cells = [round(chance.random(), 3) for _ in _ODD[1:]]
            high = cells[0] + cells[1] + chance.random() / 4 > 1.1
            writer.writerow([chance.choice(["p", 'q"', "=2"]), *cells, "yes" if high else "no"])
    run = Command(workspace_dir)
    drop = "a]; DROP TABLE x--"
    assert run("data", "add", file, "--name", drop)["columns"] == 9
    best = run("train", drop, "--target", _TARGET, "--algorithm", "linear")
    run("models", "register", best["run"], "--name", drop)
    run("models", "approve", f"{drop}@1", "--note", "'); DROP TABLE approvals;--")
    run("models", "alias", drop, "champion", 1)
    run("deploy", "start", drop)
    try:
        out = tmp_path / "out.csv"
        assert run("predict", drop, file, "--output", out)["rows"] == 300
        with out.open(encoding="utf-8") as text:
            rows = list(csv.DictReader(text))
        assert {*_ODD, _TARGET, "prediction", "prediction_id"} <= set(rows[0])
        assert run("labels", "add", drop, out, "--label-column", _TARGET)["matched"] == 300
        seen = run("monitor", "show", drop)
        assert {item["name"] for item in seen["features"]} >= set(_ODD)
    finally:
        run("deploy", "stop", drop)
    back = tmp_path / "back.csv"
    run("data", "export", drop, back)
    assert back.read_bytes()
    assert run("fsck")["clean"]
    assert run("audit", "verify")["whole"]


def test_that_an_input_called_as_the_answer_is_refused(workspace_dir: Path, tmp_path: Path) -> None:
    file = tmp_path / "t.csv"
    lines = [f"{n % 7},{n % 5},{n % 2}" for n in range(200)]
    file.write_text("\n".join(["prediction,x,y", *lines]), encoding="utf-8")
    run = Command(workspace_dir)
    run("data", "add", file, "--name", "t")
    words = ("train", "t", "--target", "y", "--algorithm", "linear")
    refused = run(*words, code=2)
    assert "prediction cannot be an input" in refused["error"]["what"]
    assert run(*words, "--exclude", "prediction")["status"] == "done"
