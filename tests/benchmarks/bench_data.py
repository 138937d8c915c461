"""What importing, versioning and opening a table of 1,000,000 x 20 takes, next to `dvc add`."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pyarrow.csv as arrow_csv

from mlops_desktop.actions import datasets, importing
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.core.datasets import DatasetVersion, ImportSpec
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.stored import changed, wide_mix

ROWS = 1_000_000
T = TypeVar("T")


def main() -> list[tuple[str, str, str]]:
    """Lines of (what, measured, target)."""
    with tempfile.TemporaryDirectory() as folder:
        return _measure(Path(folder))


def _measure(folder: Path) -> list[tuple[str, str, str]]:
    store = Store.open(Workspace(folder / "workspace"))
    lane, workspace = DirectLane(store), store.workspace
    table = wide_mix(ROWS)
    file = folder / "table.csv"

    def add(table: pa.Table, name: str = "bench") -> tuple[DatasetVersion, float]:
        arrow_csv.write_csv(table, file)
        return _timed(lambda: datasets.import_file(lane, ImportSpec(str(file), name)))

    first, seconds = add(table)
    copying = _timed(lambda: _copy_and_hash(file, folder / "copy.csv"))[1]
    command = _command_add(file, folder / "by-command")
    dvc = _dvc_add(file, folder / "dvc")
    more = folder / "more.csv"
    arrow_csv.write_csv(wide_mix(ROWS // 100, seed=6), more)
    megabytes = file.stat().st_size / 1e6
    second, again = add(changed(table, "float_3", 0.01))
    appended, _ = add(pa.concat_tables([table, wide_mix(ROWS // 100, seed=5)]))
    inserted, _ = add(pa.concat_tables([table.slice(777, 1), table]))
    datasets.import_file(lane, ImportSpec(str(folder / "copy.csv"), "rows"))
    grown, growing = _timed(lambda: importing.append(lane, "rows", more))
    opened = _best(lambda: datasets.load(workspace, first))
    column = _best(lambda: datasets.load(workspace, first, ["float_3"]))
    page = _best(lambda: datasets.read_rows(workspace, first, ROWS // 2, 200))
    store.close()

    def share(version: DatasetVersion) -> str:
        part = version.stored_bytes / first.stored_bytes
        return f"{version.stored_bytes / 1e6:.2f} MB ({part:.2%} of the first)"

    rate = f"{ROWS / seconds:,.0f} rows/s, {megabytes / seconds:.0f} MB/s"
    limit = "" if dvc is None else f"{1.5 * dvc:.2f} s (1.5 x dvc add)"

    def ratio(ours: float) -> str:
        return f"{ours:.2f} s" if dvc is None else f"{ours:.2f} s ({ours / dvc:.2f} x dvc add)"

    return [
        (
            f"import {megabytes:.0f} MB of CSV with profile and warnings",
            ratio(seconds),
            limit,
        ),
        ("the command `data add` of the same file", ratio(command), limit),
        (
            "dvc add of the same file",
            "dvc is not on PATH" if dvc is None else f"{dvc:.2f} s",
            "",
        ),
        ("import rate", rate, ""),
        ("the same file copied and hashed (MD5)", f"{copying:.2f} s", ""),
        ("stored bytes of the first version", f"{first.stored_bytes / 1e6:.1f} MB", ""),
        ("added by 1 % of one column changed", share(second), "8 % of the first"),
        ("import of that second version", f"{again:.2f} s", ""),
        ("added by 1 % of rows appended", share(appended), "5 MB"),
        ("added by one row inserted at the top", share(inserted), "3 MB"),
        ("added by appending a file of 1 % of the rows", share(grown), "5 MB"),
        ("appending it", f"{growing:.2f} s", ""),
        ("open the version to Arrow", f"{opened:.3f} s", "0.5 s"),
        ("open one column", f"{column:.3f} s", "0.05 s"),
        ("read a page of 200 rows", f"{page * 1000:.1f} ms", "30 ms"),
    ]


def _copy_and_hash(source: Path, target: Path) -> None:
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        hashlib.file_digest(file, "md5").hexdigest()


def _command_add(file: Path, workspace: Path) -> float:
    """Seconds that our command takes for the file, its start and a new workspace included."""
    words = ["--workspace", str(workspace), "data", "add", str(file), "--name", "bench"]
    command = [sys.executable, "-m", "mlops_desktop", *words]
    return _timed(lambda: subprocess.run(command, stdout=subprocess.DEVNULL, check=True))[1]


def _dvc_add(file: Path, folder: Path) -> float | None:
    """Seconds that the command `dvc add` takes for the file, None where there is no DVC.

    It gives way to other programs as our children do, so that a busy machine slows both alike.
    """
    if shutil.which("dvc") is None:
        return None
    folder.mkdir()
    environment = {**os.environ, "DVC_NO_ANALYTICS": "1"}

    def dvc(*words: str) -> float:
        command = ["nice", "-n", "5", "dvc", *words, "-q"]
        return _timed(lambda: subprocess.run(command, cwd=folder, env=environment, check=True))[1]

    dvc("init", "--no-scm")
    shutil.copyfile(file, folder / "table.csv")
    return dvc("add", "table.csv")


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    value = work()
    return value, time.perf_counter() - start


def _best(work: Callable[[], object]) -> float:
    return min(_timed(work)[1] for _ in range(3))
