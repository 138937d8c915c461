"""What takes minutes: kills by the hundred, a file larger than the memory, many writers."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import orjson
import psutil
import pyarrow.parquet as pq
import pytest

from tests.end2end.command import Command, write_customers
from tests.stored import wide_mix

pytestmark = pytest.mark.long

# Fewer of them, or another seed, to try the test itself.
_KILLS = int(os.environ.get("MLOPS_TEST_KILLS", "200"))
_SEED = int(os.environ.get("MLOPS_TEST_SEED", "1"))
_GIGABYTES = float(os.environ.get("MLOPS_TEST_GIGABYTES", "2"))
_WRITING_S = float(os.environ.get("MLOPS_TEST_WRITING_SECONDS", "60"))
_ORPHAN_S = 5.0
_LIMIT = 1 << 30
_TRAIN = ("--target", "left", "--exclude", "left_on", "--algorithm", "linear")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a workspace that serves a labelled model, and the files for each operation."""
    folder = tmp_path_factory.mktemp("made")
    run = Command(folder / "workspace")
    file = write_customers(folder / "customers.csv")
    write_customers(folder / "many.csv", rows=60_000, seed=2)
    run("data", "add", file, "--name", "customers")
    for name in ("churn", "next"):
        best = run("train", "customers", *_TRAIN)
        run("models", "register", best["run"], "--name", name)
    for name in ("spare", "gone"):
        run("data", "add", folder / "many.csv", "--name", name)
    run("data", "delete", "gone@1")
    run("models", "approve", "churn@1", "--note", "looked at")
    run("models", "alias", "churn", "champion", 1)
    run("deploy", "start", "churn")
    new = write_customers(folder / "new.csv", rows=300, seed=3)
    run("predict", "churn", new, "--output", folder / "answers.csv")
    run("labels", "add", "churn", folder / "answers.csv", "--label-column", "left")
    run("deploy", "stop", "churn")
    run("train", "customers", *_TRAIN)
    return folder


def _operations(made: Path) -> dict[str, tuple[object, ...]]:
    return {
        "import": ("data", "add", made / "many.csv", "--name", "customers"),
        "train": ("train", "customers@1", *_TRAIN),
        "register": ("models", "register", 6, "--name", "third"),
        "approve": ("models", "approve", "next@1", "--note", "looked at"),
        "deploy": ("deploy", "start", "churn"),
        "retrain": ("retrain", "churn"),
        "delete": ("data", "delete", "spare@1"),
        "cleanup": ("cleanup",),
    }


def _processes_of(workspace: Path) -> list[psutil.Process]:
    """Ours whose command line names the workspace."""
    found = []
    for process in psutil.process_iter():
        try:
            if str(workspace) in " ".join(process.cmdline()):
                found.append(process)
        except psutil.Error:
            continue
    return found


def _no_orphans(workspace: Path, kept: set[int]) -> list[psutil.Process]:
    end = time.monotonic() + _ORPHAN_S
    while True:
        left = [process for process in _processes_of(workspace) if process.pid not in kept]
        if not left or time.monotonic() > end:
            return left
        time.sleep(0.05)


def _acknowledged(run: Command) -> list[object]:
    """What was told to be stored before: it may grow, and never shrink or change."""
    return [
        run("data", "versions", "customers")[-1],
        run("models", "gates", "churn@1"),
        run("models", "show", "churn@1")["approval"],
        run("monitor", "show", "churn")["predictions"],
        run("monitor", "show", "churn")["labelled"],
    ]


@pytest.mark.timeout(4 * 3600)
def test_that_no_kill_at_any_moment_breaks_a_promise(made: Path, tmp_path: Path) -> None:
    chance = random.Random(_SEED)
    operations = _operations(made)
    seconds: dict[str, float] = {}
    before: list[object] = []
    for number in range(_KILLS):
        name = list(operations)[number % len(operations)]
        words = operations[name]
        place = tmp_path / f"w{number}"
        shutil.copytree(made / "workspace", place)
        run = Command(place)
        before = before or _acknowledged(run)
        if name not in seconds:
            seconds[name] = _timed(run, words, tmp_path / "timing", made)
        moment = chance.uniform(0, seconds[name])
        says = f"{name}, killed after {moment:.3f} s (seed {_SEED}, number {number})"
        with subprocess.Popen(
            [*run.start, *map(str, words), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        ) as command:
            assert command.stdout is not None
            time.sleep(moment)
            command.send_signal(signal.SIGKILL)
            told = command.stdout.read() if name != "deploy" else b""
        # A server goes on by design; it is in the book, or ends as it finds itself alone.
        kept = {item["pid"] for item in run("deploy", "status") if item["state"] == "running"}
        orphans = _no_orphans(place, kept)
        for orphan in orphans:
            orphan.kill()
        assert not orphans, f"{says}: {orphans}"
        assert run("fsck")["clean"], says
        assert run("audit", "verify")["whole"], says
        assert _acknowledged(run) == before, says
        again = run.ask(*words, "--json")
        done = name == "approve" and "approved already" in again.out
        done = done or (name == "retrain" and "no new labels" in again.out)
        done = done or (name == "delete" and "is in the bin" in again.out)
        assert again.code == 0 or done, f"{says}: {again.out}{again.err}"
        assert not told or name in ("train", "register") or again.out, says
        assert run("fsck")["clean"], says
        for deployment in run("deploy", "status"):
            run("deploy", "stop", deployment["deployment"])
        shutil.rmtree(place)


def _timed(run: Command, words: tuple[object, ...], place: Path, made: Path) -> float:
    """How long the operation takes when it is left alone."""
    shutil.copytree(made / "workspace", place)
    alone = Command(place)
    start = time.monotonic()
    alone(*words)
    took = time.monotonic() - start
    for deployment in alone("deploy", "status"):
        alone("deploy", "stop", deployment["deployment"])
    shutil.rmtree(place)
    return took


# A file larger than the memory


def _write_large(path: Path, size: int) -> int:
    chance = random.Random(4)
    block = "".join(
        f"{chance.random():.6f},{chance.randint(0, 10**6)},{chance.choice('abcdef')},"
        f"text number {chance.randint(0, 10**5)},{chance.gauss(0, 1):.4f}\n"
        for _ in range(200_000)
    ).encode()
    rows = 0
    with path.open("wb") as file:
        file.write(b"share,count,kind,note,change\n")
        while file.tell() < size:
            file.write(block)
            rows += 200_000
    return rows


def _write_large_parquet(path: Path, size: int) -> int:
    rows = 0
    schema = wide_mix(1).schema
    with pq.ParquetWriter(path, schema) as writer:
        while not rows or path.stat().st_size < size:
            writer.write_table(wide_mix(200_000, seed=rows))
            rows += 200_000
    return rows


def _write_large_json(path: Path, size: int) -> int:
    block = b"".join(orjson.dumps(row) + b"\n" for row in wide_mix(50_000).to_pylist())
    rows = 0
    with path.open("wb") as file:
        while file.tell() < size:
            file.write(block)
            rows += 50_000
    return rows


def _write_large_database(path: Path, size: int) -> int:
    table = wide_mix(50_000)
    cells = list(zip(*(column.to_pylist() for column in table.columns), strict=True))
    rows = 0
    connection = sqlite3.connect(path)
    connection.execute(f"CREATE TABLE t ({', '.join(table.column_names)})")
    marks = ", ".join("?" * table.num_columns)
    while not rows or path.stat().st_size < size:
        connection.executemany(f"INSERT INTO t VALUES ({marks})", cells)
        connection.commit()
        rows += len(cells)
    connection.close()
    return rows


_LARGE = {
    "large.csv": _write_large,
    "large.parquet": _write_large_parquet,
    "large.jsonl": _write_large_json,
    "large.db": _write_large_database,
}


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("name", _LARGE)
def test_that_a_file_larger_than_the_memory_is_imported(tmp_path: Path, name: str) -> None:
    rows = _LARGE[name](tmp_path / name, int(_GIGABYTES * 1e9))
    run = Command(tmp_path / "workspace")
    # As `ulimit -v`: the command and its child can't have more addresses each.
    limited = ["prlimit", f"--as={_LIMIT}", *run.start]
    with subprocess.Popen(
        [*limited, "data", "add", str(tmp_path / name), "--name", "large"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as command:
        most = 0
        while command.poll() is None:
            most = max(most, _memory(command.pid))
            time.sleep(0.05)
        assert command.stdout is not None
        said = command.stdout.read().decode()
    assert command.returncode == 0, said
    sys.stdout.write(f"{name}: {rows:,} rows, {most / 1e6:.0f} MB at most\n")
    assert most < _LIMIT
    assert run("data", "show", "large")["rows"] == rows
    (tmp_path / name).unlink()  # They are large, and pytest keeps its folders.


def _memory(pid: int) -> int:
    """Bytes of memory of a process and those that it started, together; what they share counts
    once."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
        return sum(int(member.memory_full_info().pss) for member in family)
    except psutil.Error:
        return 0


# Many writers


_WRITER = """
import sys, time
from pathlib import Path
from mlops_desktop.paths import Workspace
from mlops_desktop.store import settings
from mlops_desktop.store.store import Store

store = Store.open(Workspace(Path(sys.argv[1])))
end, waits = time.monotonic() + float(sys.argv[3]), []
while time.monotonic() < end:
    start = time.monotonic()
    with store.write("settings"):
        settings.put(store, "writer " + sys.argv[2], str(start))
        store.audit("setting", "writer " + sys.argv[2])
    waits.append(time.monotonic() - start)
    time.sleep(0.02)
store.close()
waits.sort()
print(len(waits), waits[int(len(waits) * 0.99)])
"""


@pytest.fixture
def app(workspace_dir: Path) -> Iterator[subprocess.Popen[bytes]]:
    """The window, open on the workspace."""
    run = Command(workspace_dir)
    run("data", "list")
    environment = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
    window = subprocess.Popen(run.start, env=environment, stderr=subprocess.PIPE)
    yield window
    window.terminate()
    try:
        window.wait(20)
    except subprocess.TimeoutExpired:
        window.kill()
        window.wait()
    assert window.stderr is not None
    window.stderr.close()


@pytest.mark.timeout(600)
def test_that_eight_writers_and_the_app_do_not_lock_each_other_out(
    app: subprocess.Popen[bytes], workspace_dir: Path, tmp_path: Path
) -> None:
    run = Command(workspace_dir)
    file = write_customers(tmp_path / "customers.csv", rows=2000)
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", _WRITER, str(workspace_dir), str(number), str(_WRITING_S)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(8)
    ]
    end, imports = time.monotonic() + _WRITING_S, 0
    while time.monotonic() < end:
        assert run("data", "add", file, "--name", "customers")["rows"] == 2000
        imports += 1
    written = 0
    for writer in writers:
        out, err = writer.communicate(timeout=60)
        assert writer.returncode == 0, err
        count, slowest = out.split()
        written += int(count)
        assert float(slowest) < 1.0, f"p99 wait {slowest} s"
    assert app.poll() is None, "the app ended"
    assert run("fsck")["clean"]
    assert run("audit", "verify")["entries"] == written + imports
