"""The Deploy panel beside a real server that answers 1,000 requests a second."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import deployments, models
from mlops_desktop.actions.deployments import Servers
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.panels.deployments import DeploymentsPanel
from mlops_desktop.paths import Workspace
from mlops_desktop.work.jobs import Jobs
from tests.end2end.test_heartbeat import STALL_MS, stalls
from tests.under_load import client

_SECONDS = 5
_FRAME_MS = 1000 / 60


@pytest.fixture
def servers() -> Iterator[Servers]:
    held = Servers()
    yield held
    held.close()


@pytest.fixture
def served(
    registered_models: Path, workspace: Workspace, jobs: Jobs, servers: Servers
) -> Deployment:
    shutil.copytree(registered_models, workspace.root)
    return deployments.start(jobs.lane, "leaving@1", servers_held=servers)


@pytest.mark.parametrize("name", ["Requests", "Performance"])
def test_that_the_panel_stays_smooth_at_a_thousand_requests_a_second(
    name: str, workspace: Workspace, jobs: Jobs, served: Deployment, servers: Servers, qtbot: QtBot
) -> None:
    panel = DeploymentsPanel(jobs, workspace, servers)
    qtbot.addWidget(panel)
    panel.resize(1178, 686)
    panel.show()
    panel.shown()
    qtbot.waitUntil(lambda: panel.deployment is not None)
    names = [panel.views.bar.tabText(index) for index in range(panel.views.bar.count())]
    panel.views.set_current(names.index(name))
    signature = jobs.lane(lambda store: models.get_version(store, "leaving@1")).signature

    def ask() -> None:
        asking = client(workspace, served, signature, _SECONDS)
        qtbot.waitUntil(lambda: asking.poll() is not None, timeout=60_000)
        assert asking.returncode == 0

    gaps = stalls(qtbot, ask)
    newest = panel.views._samples[-1][1]
    panel.hide()
    assert newest.predictions > 100 * _SECONDS
    assert max(gaps) < STALL_MS
    assert float(np.quantile(gaps, 0.99)) < STALL_MS / 2
    assert float(np.median(gaps)) < _FRAME_MS
