"""Children that are started before their job is known, with real ones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from mlops_desktop.actions import early
from mlops_desktop.actions.children import run_child, stop
from mlops_desktop.actions.lane import Context
from mlops_desktop.core.datasets import ImportOptions
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.jsonable import to_plain


@pytest.fixture(autouse=True)
def none_left() -> Iterator[None]:
    yield
    for process in early._waiting.values():
        stop(process)
    early._waiting.clear()


def job(tmp_path: Path, text: str) -> tuple[dict[str, object], Path]:
    folder = tmp_path / "ä scratch"  # Any name may come through the pipe.
    folder.mkdir()
    path = tmp_path / "table.csv"
    path.write_text(text)
    found: dict[str, object] = {
        "workspace": str(tmp_path),
        "known": [],
        "path": str(path),
        "options": to_plain(ImportOptions()),
    }
    return found, folder


def test_that_a_child_that_waited_does_the_job(tmp_path: Path) -> None:
    early.begin("ingest")
    waiting = early._waiting["ingest"].pid
    asked, folder = job(tmp_path, "a,b\n1,2\n3,4\n")
    pids: list[int] = []
    result: dict[str, Any] = run_child("ingest", asked, folder, Context(), on_start=pids.append)
    assert (result["rows"], pids) == (2, [waiting])
    assert (folder / "output.log").is_file()


def test_that_an_error_of_a_child_that_waited_is_told(tmp_path: Path) -> None:
    early.begin("ingest")
    asked, folder = job(tmp_path, "")
    with pytest.raises(UserError, match="is empty"):
        run_child("ingest", asked, folder, Context())


def test_that_another_child_is_started_where_the_one_that_waited_is_gone(tmp_path: Path) -> None:
    early.begin("ingest")
    early._waiting["ingest"].kill()
    early._waiting["ingest"].wait()
    asked, folder = job(tmp_path, "a\n1\n")
    assert run_child("ingest", asked, folder, Context())["rows"] == 1


def test_that_a_child_without_a_job_ends_with_its_parent() -> None:
    script = (
        "from mlops_desktop.actions import early; early.begin('ingest');"
        "import os; print(early._waiting['ingest'].pid, flush=True); os._exit(0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    with suppress(psutil.NoSuchProcess):
        psutil.Process(int(done.stdout)).wait(30)
    assert not psutil.pid_exists(int(done.stdout))
