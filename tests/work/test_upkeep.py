"""While the app is open, records are counted and sealed without anybody asking."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import sealing
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from mlops_desktop.work import upkeep
from mlops_desktop.work.jobs import Jobs
from tests.monitored import START, rows_of, watched


def test_that_records_are_looked_after_again_and_again_until_the_end(
    workspace_dir: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "LEAST", 0)
    for name in ("FIRST_MS", "EVERY_MS"):
        monkeypatch.setattr(upkeep, name, 10)
    with watched(workspace_dir) as one:
        folder = one.segments
    jobs = Jobs(lambda: Store.open(Workspace(workspace_dir)))
    errors: list[object] = []
    jobs.user_error.connect(errors.append)
    jobs.crashed.connect(errors.append)
    keeper = upkeep.Upkeep(jobs, jobs)
    keeper.start()
    for number in (1, 2):
        stem = f"000{number}-{2**22 + 1}"
        with watched(workspace_dir) as one:
            rows, _ = rows_of(START, 24, number)
            one.record(rows, [0.0] * 24, file=f"{stem}.jsonl")
        os.utime(folder / f"{stem}.jsonl", (1, 1))
        qtbot.waitUntil((folder / f"{stem}.parquet").exists, timeout=30_000)
    keeper.stop()
    assert jobs.shutdown()
    assert jobs.jobs() == []  # None of it is shown in Activity.
    assert not errors
