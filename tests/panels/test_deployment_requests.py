"""The Requests and Documentation tabs beside a real server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from PySide6.QtWidgets import QLabel, QPlainTextEdit
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import deployments, models
from mlops_desktop.actions.deployments import Servers
from mlops_desktop.actions.documentation import documentation
from mlops_desktop.actions.serving import client
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import UserError
from mlops_desktop.panels.deployments import DeploymentsPanel
from mlops_desktop.paths import Workspace
from mlops_desktop.work.jobs import Jobs

_WAIT_MS = 20_000


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


@pytest.fixture
def panel(
    served: Deployment, workspace: Workspace, jobs: Jobs, servers: Servers, qtbot: QtBot
) -> Iterator[DeploymentsPanel]:
    made = DeploymentsPanel(jobs, workspace, servers)
    qtbot.addWidget(made)
    made.resize(1178, 686)
    made.show()
    made.shown()
    qtbot.waitUntil(lambda: made.deployment is not None, timeout=_WAIT_MS)
    yield made
    made.hide()


def asked(workspace: Workspace, jobs: Jobs, served: Deployment, request_id: str) -> None:
    """A request of three rows, explained."""
    signature = jobs.lane(lambda store: models.get_version(store, "leaving@1")).signature
    row = {item.name: item.example for item in signature.inputs}
    body = json.dumps({"dataframe_records": [row] * 3}).encode()
    with client(workspace, served) as server:
        path = "/invocations?explain=true"
        assert server.ask(path, body, X_Request_Id=request_id)[0] == 200


def choose(panel: DeploymentsPanel, name: str) -> None:
    names = [panel.views.bar.tabText(index) for index in range(panel.views.bar.count())]
    panel.views.set_current(names.index(name))


def text(panel: DeploymentsPanel, name: str) -> str:
    found = panel.findChild(QLabel, name)
    assert found is not None
    return found.text()


def test_that_a_request_is_found_by_its_id_and_shown_with_its_reasons(
    panel: DeploymentsPanel, workspace: Workspace, jobs: Jobs, served: Deployment, qtbot: QtBot
) -> None:
    for number in range(4):
        asked(workspace, jobs, served, f"client-{number}")
    choose(panel, "Requests")
    tab = panel.views.requests
    qtbot.waitUntil(lambda: len(tab.table.rows()) == 4, timeout=_WAIT_MS)
    tab.search.setText("client-2:1")
    assert [request.id for request in tab.table.rows()] == ["client-2"]
    tab.search.returnPressed.emit()
    qtbot.waitUntil(tab.details.answer.isVisible, timeout=_WAIT_MS)
    assert text(panel, "request-id") == "client-2:1"
    assert tab.details.answer.text() in ("Yes", "No")
    assert (tab.details.row.value(), tab.details.row.maximum()) == (2, 3)
    assert tab.details.reasons.isVisible()
    assert [one.row for one in tab.details.rows.rows()] == [0, 1, 2]
    assert all(one.answer in ("Yes", "No") for one in tab.details.rows.rows())
    assert [one.row for one in tab.details.rows.selected_rows()] == [1]
    tab.details.row.setValue(3)
    qtbot.waitUntil(lambda: text(panel, "request-id") == "client-2:2", timeout=_WAIT_MS)
    tab.details.rows.selectRow(0)
    qtbot.waitUntil(lambda: text(panel, "request-id") == "client-2:0", timeout=_WAIT_MS)
    tab.search.setText("nobody")
    assert not tab.table.rows()
    assert tab.table.empty_text.startswith("None of the newest requests fits.")
    tab.search.returnPressed.emit()
    qtbot.waitUntil(tab.details.error.isVisible, timeout=_WAIT_MS)
    assert "nobody" in tab.details.error.accessibleName()


def test_that_refused_requests_are_counted_by_their_status(
    panel: DeploymentsPanel, workspace: Workspace, served: Deployment, qtbot: QtBot
) -> None:
    with client(workspace, served) as server:
        assert server.ask("/invocations", b"{")[0] == 400
    choose(panel, "Requests")
    words = panel.views.requests._words
    said = "Refused since the server started: 1 (status 400: 1); they are not recorded."
    qtbot.waitUntil(lambda: said in words.text(), timeout=_WAIT_MS)


def test_that_requests_are_filtered_by_version_and_stand_still_if_asked(
    panel: DeploymentsPanel, workspace: Workspace, jobs: Jobs, served: Deployment, qtbot: QtBot
) -> None:
    asked(workspace, jobs, served, "first")
    jobs.lane(lambda store: models.approve(store, "leaving@2", "Fewer inputs."))
    now = deployments.swap(jobs.lane, served.name, "leaving@2")
    asked(workspace, jobs, now, "second")
    choose(panel, "Requests")
    tab = panel.views.requests
    qtbot.waitUntil(lambda: len(tab.table.rows()) == 2, timeout=_WAIT_MS)
    tab.version.setCurrentIndex(tab.version.findData(2))
    tab.version.activated.emit(tab.version.currentIndex())
    assert [request.id for request in tab.table.rows()] == ["second"]
    tab.version.setCurrentIndex(0)
    tab.version.activated.emit(0)
    tab.follow.setChecked(False)
    qtbot.waitUntil(lambda: not tab._asking)
    asked(workspace, jobs, now, "third")
    tab.tick(now)
    assert not tab._asking
    tab.follow.setChecked(True)
    qtbot.waitUntil(lambda: len(tab.table.rows()) == 3, timeout=_WAIT_MS)
    tab.table.selectRow(0)
    qtbot.waitUntil(lambda: text(panel, "request-id") == "third:0", timeout=_WAIT_MS)


def test_that_the_documentation_comes_from_the_running_server(
    panel: DeploymentsPanel, workspace: Workspace, served: Deployment, qtbot: QtBot
) -> None:
    choose(panel, "Documentation")
    tab = panel.views.documentation
    qtbot.waitUntil(tab.inputs.isVisible, timeout=_WAIT_MS)
    assert panel.help_topic() == "serving"
    inputs = {item.name: item for item in tab.inputs.rows()}
    assert inputs["contract"].about.startswith("Text. Training saw ")
    assert ("POST", "/invocations") in [(r.method, r.path) for r in tab.routes.rows()]
    tab.example.setCurrentIndex(tab.example.findText("Send CSV"))
    shown = panel.findChild(QPlainTextEdit, "documentation-curl-example")
    assert shown is not None
    assert "text/csv" in shown.toPlainText()
    assert json.loads(tab._text())["openapi"] == "3.1.0"


def test_that_every_example_is_answered_by_curl_and_by_python(
    workspace: Workspace, served: Deployment
) -> None:
    told = documentation(workspace, served)
    assert len(told.examples) == 10
    wanted = {
        "Is it up?": "ok",
        "Metrics": "rest_server_requests_total",
        "Inputs and outputs": "platform",
        "Open Inference Protocol": "model_name",
        "Ask for the reasons, too": "contributions",
        "Ask for the probabilities": "probabilities",
    }
    for example in told.examples:
        commands = [[sys.executable, "-c", example.python]]
        if shutil.which("curl") is not None:
            commands.append(["sh", "-c", example.curl])
        for command in commands:
            done = subprocess.run(command, capture_output=True, text=True, check=True)
            assert wanted.get(example.title, "predictions") in done.stdout, example.title


def test_that_a_server_that_is_gone_is_said(workspace: Workspace, served: Deployment) -> None:
    assert served.pid is not None
    server = psutil.Process(served.pid)
    server.kill()
    psutil.wait_procs([server], timeout=10)
    with pytest.raises(UserError, match="does not answer"):
        documentation(workspace, served)
