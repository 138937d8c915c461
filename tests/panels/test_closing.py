"""Closing the window while a server runs: it is asked once, and what is answered happens."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication, QMessageBox, QPushButton
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import deployments
from mlops_desktop.app import App
from mlops_desktop.core.deployments import Deployment, DeploymentState
from mlops_desktop.paths import Workspace

_START_MS = 30_000


@pytest.fixture
def full(registered_models: Path, workspace_dir: Path) -> None:
    """The workspace has models before the app opens it."""
    shutil.copytree(registered_models, workspace_dir)


@pytest.fixture
def serving(full: None, app: App, qtbot: QtBot) -> Iterator[App]:
    """Version 1 of `leaving` serves, and ends with the app unless somebody says otherwise."""
    app.jobs.start(
        app,
        "Start",
        lambda lane, context: deployments.start(
            lane, "leaving@1", "leaving", None, False, context, app.servers
        ),
    )
    qtbot.waitUntil(lambda: bool(app.status.running), timeout=_START_MS)
    yield app
    app.jobs.start(app, "Stop", lambda lane, _context: deployments.stop(lane, "leaving"))
    qtbot.waitUntil(lambda: not app.status.running, timeout=_START_MS)


def answer(app: App, words: str) -> None:
    """Try to close, and click on one of the answers."""
    app.window.close()
    assert app.window.isVisible()
    box = app.window.findChildren(QMessageBox)[-1]
    assert box.text() == "leaving is serving. Keep serving after the window closes?"
    [button] = [b for b in box.findChildren(QPushButton) if b.text().replace("&", "") == words]
    button.click()


def kept(app: App, qtbot: QtBot) -> Deployment:
    found: list[Deployment] = []
    app.jobs.run(app, lambda store: deployments.get_deployment(store, "leaving"), found.append)
    qtbot.waitUntil(lambda: bool(found))
    return found[0]


def test_that_a_server_can_be_kept_when_the_window_closes(serving: App, qtbot: QtBot) -> None:
    answer(serving, "Keep serving")
    qtbot.waitUntil(serving.window.isHidden)
    found = kept(serving, qtbot)
    assert found.keep
    assert found.state is DeploymentState.RUNNING


def test_that_cancel_leaves_the_window_open_and_stop_closes_it(serving: App, qtbot: QtBot) -> None:
    answer(serving, "Cancel")
    assert serving.window.isVisible()
    answer(serving, "Stop and close")
    qtbot.waitUntil(serving.window.isHidden)
    assert not kept(serving, qtbot).keep


def test_that_a_workspace_that_cannot_be_opened_is_named_before_the_window_closes(
    qtbot: QtBot, qapp: QApplication, workspace_dir: Path
) -> None:
    workspace_dir.mkdir()
    (workspace_dir / "workspace.db").write_bytes(b"no database " * 100)
    app = App(Workspace(workspace_dir), qapp)
    app.start()
    qtbot.waitUntil(lambda: bool(app.window.findChildren(QMessageBox)), timeout=_START_MS)
    [box] = app.window.findChildren(QMessageBox)
    assert "workspace" in box.text()
    assert box.informativeText().strip()
    box.buttons()[0].click()
    qtbot.waitUntil(app.window.isHidden)
    app.end()
