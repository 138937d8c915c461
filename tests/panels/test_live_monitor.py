"""The Monitor panel beside a real server that answers 1,000 predictions a second."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import deployments, models
from mlops_desktop.actions.deployments import Servers
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.panels.monitoring import MonitoringPanel
from mlops_desktop.paths import Workspace
from mlops_desktop.work.jobs import Jobs
from tests.end2end.test_heartbeat import STALL_MS, stalls

_SECONDS, _ROWS = 5, 20
# A process of its own: a client in a thread would take Python's lock from the window.
_CLIENT = """
import http.client, json, sys, time
port, token, body, rows, seconds = sys.argv[1:]
server = http.client.HTTPConnection("127.0.0.1", int(port))
begun, sent, wanted = time.monotonic(), 0, 1000 * int(seconds)
while sent < wanted:
    server.request("POST", "/invocations", body, {
        "Authorization": "Bearer " + token, "Content-Type": "application/json"})
    answer = server.getresponse()
    answer.read()
    assert answer.status == 200, answer.status
    sent += int(rows)
    time.sleep(max(0, begun + sent / 1000 - time.monotonic()))
"""


@pytest.fixture
def served(registered_models: Path, workspace: Workspace, jobs: Jobs) -> Iterator[Deployment]:
    shutil.copytree(registered_models, workspace.root)
    held = Servers()
    yield deployments.start(jobs.lane, "leaving@1", servers_held=held)
    held.close()


def body_of(jobs: Jobs) -> str:
    """A request of so many rows, each the example of the model's signature."""
    signature = jobs.lane(lambda store: models.get_version(store, "leaving@1")).signature
    columns = [item.name for item in signature.inputs]
    row = [item.example for item in signature.inputs]
    return json.dumps({"dataframe_split": {"columns": columns, "data": [row] * _ROWS}})


def test_that_the_monitor_counts_and_stays_smooth_at_a_thousand_predictions_a_second(
    workspace: Workspace, jobs: Jobs, served: Deployment, qtbot: QtBot
) -> None:
    panel = MonitoringPanel(jobs, workspace)
    qtbot.addWidget(panel)
    panel.resize(1178, 686)
    panel.show()
    deployments.predict(workspace, served, _one_row(jobs))
    qtbot.waitUntil(lambda: "1 prediction," in _facts(panel), timeout=10_000)
    secret = deployments.token(workspace, served)
    words = [str(served.port), secret, body_of(jobs), str(_ROWS), str(_SECONDS)]
    ended: list[int] = []

    def ask() -> None:
        client = subprocess.Popen([sys.executable, "-c", _CLIENT, *words])
        qtbot.waitUntil(lambda: client.poll() is not None, timeout=60_000)
        ended.append(client.returncode)

    gaps = stalls(qtbot, ask)
    assert set(ended) == {0}
    asked = 1000 * _SECONDS * len(ended) + 1
    qtbot.waitUntil(lambda: f"{asked:,} predictions" in _facts(panel), timeout=10_000)
    panel.hide()
    assert max(gaps) < STALL_MS
    assert float(np.quantile(gaps, 0.99)) < STALL_MS / 2


def _one_row(jobs: Jobs) -> pa.Table:
    signature = jobs.lane(lambda store: models.get_version(store, "leaving@1")).signature
    return pa.table({item.name: [item.example] for item in signature.inputs})


def _facts(panel: MonitoringPanel) -> str:
    found = panel.findChild(QLabel, "monitor-facts")
    return found.text() if found is not None else ""
