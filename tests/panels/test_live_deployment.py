"""The Deploy panel beside a real server that answers 1,000 requests a second."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
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

_SECONDS = 5
_FRAME_MS = 1000 / 60
# A process of its own: a client in a thread would take Python's lock from the window.
_CLIENT = """
import http.client, sys, time
port, token, body, seconds = sys.argv[1:]
server = http.client.HTTPConnection("127.0.0.1", int(port))
headers = {"Authorization": "Bearer " + token, "Content-Type": "application/json"}
begun, sent = time.monotonic(), 0
while time.monotonic() - begun < int(seconds):
    server.request("POST", "/invocations", body, headers)
    answer = server.getresponse()
    answer.read()
    assert answer.status == 200, answer.status
    sent += 1
    time.sleep(max(0, begun + sent / 1000 - time.monotonic()))
"""


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
    body = json.dumps({"instances": [{item.name: item.example for item in signature.inputs}]})
    words = [str(served.port), deployments.token(workspace, served), body, str(_SECONDS)]

    def ask() -> None:
        client = subprocess.Popen([sys.executable, "-c", _CLIENT, *words])
        qtbot.waitUntil(lambda: client.poll() is not None, timeout=60_000)
        assert client.returncode == 0

    gaps = stalls(qtbot, ask)
    newest = panel.views._samples[-1][1]
    panel.hide()
    assert newest.predictions > 100 * _SECONDS
    assert max(gaps) < STALL_MS
    assert float(np.quantile(gaps, 0.99)) < STALL_MS / 2
    assert float(np.median(gaps)) < _FRAME_MS
