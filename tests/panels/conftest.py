"""What tests of panels share: a real workspace with real jobs, a file, models trained once."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from mlops_desktop.widgets.theme import app_theme
from mlops_desktop.work.jobs import Jobs
from tests import registered


@pytest.fixture(scope="session")
def registered_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace to copy, never to open: see tests/registered.py for what it holds."""
    root = tmp_path_factory.mktemp("registered") / "workspace"
    registered.build(root)
    return root


@pytest.fixture
def workspace(workspace_dir: Path) -> Workspace:
    """An empty one."""
    return Workspace(workspace_dir)


@pytest.fixture
def jobs(qtbot: QtBot, workspace: Workspace) -> Iterator[Jobs]:
    """Fails a test in which something crashed, or did not stop at the end."""
    app_theme()
    jobs = Jobs(lambda: Store.open(workspace))
    crashes: list[str] = []
    jobs.crashed.connect(crashes.append)
    yield jobs
    assert jobs.shutdown()
    assert not crashes, crashes[0]


@pytest.fixture
def rentals_csv(tmp_path: Path) -> Path:
    """240 hours: two counts that add up to a third, a row number, a text, and a blank number."""
    lines = ["id,day,member,guest,total,weather,wind"]
    for i in range(240):
        member, guest = (i * 7) % 50, (i * i) % 13
        weather = ("sun", "rain", "fog")[i % 3]
        wind = " " if i == 99 else f"{(i * 37) % 100 / 10}"
        day = f"2026-{1 + i // 28:02d}-{1 + i % 28:02d}"
        lines.append(f"{i},{day},{member},{guest},{member + guest},{weather},{wind}")
    file = tmp_path / "rentals.csv"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return file
