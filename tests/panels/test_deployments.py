"""The Deploy panel with real servers: start, try, swap, fail, stop."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPlainTextEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import deployments, models
from mlops_desktop.actions.deployments import Servers
from mlops_desktop.core.deployments import DeploymentState
from mlops_desktop.core.privacy import Privacy
from mlops_desktop.panels.deployments import DeploymentsPanel
from mlops_desktop.paths import Workspace
from mlops_desktop.work.jobs import Jobs
from tests.clicking import click

_START_MS = 30_000


@pytest.fixture
def full(registered_models: Path, workspace: Workspace) -> Workspace:
    """A workspace with models, before anything opens it."""
    shutil.copytree(registered_models, workspace.root)
    return workspace


@pytest.fixture
def servers() -> Iterator[Servers]:
    held = Servers()
    yield held
    held.close()


@pytest.fixture
def panel(
    full: Workspace, jobs: Jobs, servers: Servers, qtbot: QtBot
) -> Iterator[DeploymentsPanel]:
    made = opened(DeploymentsPanel(jobs, full, servers), qtbot)
    yield made
    made.hide()


@pytest.fixture
def running(panel: DeploymentsPanel, qtbot: QtBot) -> DeploymentsPanel:
    """Version 1 of `leaving` serves, started as a person would after Models."""
    panel.show_thing("leaving@1")
    qtbot.waitUntil(panel.new.isVisible)
    click(panel, "start-new", qtbot)
    wait_state(panel, DeploymentState.RUNNING, qtbot)
    return panel


def opened(panel: DeploymentsPanel, qtbot: QtBot) -> DeploymentsPanel:
    qtbot.addWidget(panel)
    panel.resize(1178, 686)
    panel.show()
    panel.shown()
    return panel


def wait_state(
    panel: DeploymentsPanel, state: DeploymentState, qtbot: QtBot, version: int = 1
) -> None:
    def is_so() -> bool:
        found = panel.deployment
        return found is not None and (found.state, found.version) == (state, version)

    qtbot.waitUntil(is_so, timeout=_START_MS)


def ask(panel: DeploymentsPanel, qtbot: QtBot) -> str:
    with qtbot.waitSignal(panel.views.try_tab.predicted):
        click(panel, "predict-button", qtbot)
    took = panel.findChild(QLabel, "answer-took")
    assert took is not None
    return took.text()


def program(panel: DeploymentsPanel, name: str) -> str:
    view = panel.findChild(QPlainTextEdit, name)
    assert view is not None
    return view.toPlainText()


def test_that_a_started_version_can_be_tried_and_stopped(
    running: DeploymentsPanel, qtbot: QtBot
) -> None:
    editor = running.views.try_tab.form.editor("contract")
    assert isinstance(editor, QComboBox)
    assert editor.isEditable()
    assert ask(running, qtbot).startswith("Answered in ")
    value = running.findChild(QLabel, "answer-value")
    assert value is not None
    assert value.text() in ("left: Yes", "left: No")
    running.views.set_current(1)
    qtbot.waitUntil(lambda: len(running.views.requests.table.rows()) == 1)
    click(running, "stop-deployment", qtbot)
    wait_state(running, DeploymentState.STOPPED, qtbot)
    click(running, "start-deployment", qtbot)
    wait_state(running, DeploymentState.RUNNING, qtbot)


def test_that_the_ready_made_programs_answer(running: DeploymentsPanel, qtbot: QtBot) -> None:
    done = subprocess.run(
        [sys.executable, "-c", program(running, "python-example")],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "prediction_ids" in done.stdout
    if shutil.which("curl") is None:
        return
    done = subprocess.run(
        ["sh", "-c", program(running, "curl-example")], capture_output=True, text=True, check=True
    )
    assert "prediction_ids" in done.stdout


def test_that_a_value_that_is_refused_is_explained_in_place(
    running: DeploymentsPanel, qtbot: QtBot
) -> None:
    editor = running.views.try_tab.form.editor("months")
    assert isinstance(editor, QLineEdit)
    editor.setText("3.5")  # Training saw whole numbers alone.
    click(running, "predict-button", qtbot)
    qtbot.waitUntil(running.views.try_tab.error.isVisible)
    assert "months" in running.views.try_tab.error.accessibleName()
    click(running, "example-row", qtbot)
    assert ask(running, qtbot).startswith("Answered")
    assert not running.views.try_tab.error.isVisible()


def test_that_a_newer_version_is_swapped_in_and_rolled_back(
    running: DeploymentsPanel, jobs: Jobs, qtbot: QtBot
) -> None:
    jobs.run(running, lambda store: models.approve(store, "leaving@2", "Fewer inputs."))
    click(running, "swap-version", qtbot)
    wait_state(running, DeploymentState.RUNNING, qtbot, version=2)
    assert "by v2" in ask(running, qtbot)
    click(running, "roll-back", qtbot)
    wait_state(running, DeploymentState.RUNNING, qtbot, version=1)
    assert "by v1" in ask(running, qtbot)


def test_that_a_refused_swap_is_explained_and_the_server_goes_on(
    running: DeploymentsPanel, qtbot: QtBot
) -> None:
    running.strip.serve_wanted.emit(9)
    qtbot.waitUntil(running.failure.isVisible)
    running.reload()
    with qtbot.assertNotEmitted(running.toast, wait=100):
        assert ask(running, qtbot).startswith("Answered")
    assert running.failure.isVisible()
    again = running.findChild(QPushButton, "start-again")
    assert again is not None
    assert not again.isVisible()


def test_that_a_server_that_dies_is_shown_with_its_log_and_starts_again(
    running: DeploymentsPanel, jobs: Jobs, qtbot: QtBot
) -> None:
    assert running.deployment is not None
    assert running.deployment.pid is not None
    os.kill(running.deployment.pid, signal.SIGKILL)

    def found_dead() -> bool:
        states = [d.state for d in deployments.status(jobs.lane)]
        return states == [DeploymentState.FAILED]

    qtbot.waitUntil(found_dead)
    wait_state(running, DeploymentState.FAILED, qtbot)
    qtbot.waitUntil(lambda: "serving leaving" in program(running, "failure-log"))
    click(running, "start-again", qtbot)
    wait_state(running, DeploymentState.RUNNING, qtbot)
    assert not running.failure.isVisible()


def test_that_live_figures_come_only_while_the_panel_is_visible(
    running: DeploymentsPanel, qtbot: QtBot
) -> None:
    running.views.set_current(2)
    memory = running.findChild(QLabel, "live-memory")
    assert memory is not None
    qtbot.waitUntil(lambda: memory.text().endswith("MB"))
    qtbot.waitUntil(running.views.performance.metrics.isVisible)
    click(running, "copy-metrics-token", qtbot)
    found = running.deployment
    assert found is not None
    reading = deployments.token(running._workspace, found, metrics=True)
    assert QGuiApplication.clipboard().text() == reading
    click(running, "copy-metrics-url", qtbot)
    assert QGuiApplication.clipboard().text() == f"{found.url}/metrics"
    running.hide()
    assert not running.views._tick.isActive()


def test_that_the_token_is_covered_until_asked_for(
    running: DeploymentsPanel, workspace: Workspace, qtbot: QtBot
) -> None:
    eye = running.findChild(QWidget, "show-token")
    assert eye is not None
    assert running.deployment is not None
    secret = deployments.token(workspace, running.deployment)
    qtbot.waitUntil(eye.isEnabled)
    visible = [label.text() for label in running.findChildren(QLabel) if label.isVisible()]
    assert secret not in visible
    qtbot.mouseClick(eye, Qt.MouseButton.LeftButton)
    visible = [label.text() for label in running.findChildren(QLabel) if label.isVisible()]
    assert secret in visible


def test_that_a_port_out_of_range_is_refused_in_the_form(
    panel: DeploymentsPanel, qtbot: QtBot
) -> None:
    click(panel, "deploy-first", qtbot)
    panel.new.port.setText("80")
    click(panel, "start-new", qtbot)
    assert panel.new.error.isVisible()
    panel.escape()
    assert not panel.new.isVisible()


def test_that_a_port_that_is_taken_is_exchanged_for_another(
    running: DeploymentsPanel, qtbot: QtBot
) -> None:
    assert running.deployment is not None
    port = running.deployment.port
    assert port is not None
    click(running, "stop-deployment", qtbot)
    wait_state(running, DeploymentState.STOPPED, qtbot)
    with socket.create_server(("127.0.0.1", port)):
        click(running, "start-deployment", qtbot)
        wait_state(running, DeploymentState.FAILED, qtbot)
        qtbot.waitUntil(running.failure.isVisible)
        click(running, "another-port", qtbot)
        assert running.new.name.text() == "leaving"
        running.new.port.setText(str(_free_port()))
        click(running, "start-new", qtbot)
        wait_state(running, DeploymentState.RUNNING, qtbot)
    assert running.deployment.port != port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_that_a_name_that_was_typed_outlives_another_version(
    running: DeploymentsPanel, jobs: Jobs, qtbot: QtBot
) -> None:
    jobs.run(running, lambda store: models.approve(store, "leaving@2", "Fewer inputs."))
    qtbot.waitUntil(lambda: len(running._approved()) == 2)
    running._open_new()
    running.new.name.clear()
    qtbot.keyClicks(running.new.name, "second")
    running.new.version.setCurrentIndex(1 - running.new.version.currentIndex())
    assert running.new.name.text() == "second"


def test_that_a_name_that_is_refused_leaves_the_form_as_it_was(
    panel: DeploymentsPanel, qtbot: QtBot
) -> None:
    click(panel, "deploy-first", qtbot)
    panel.new.name.setText("a/b")
    click(panel, "start-new", qtbot)
    qtbot.waitUntil(lambda: panel.new.error.isVisible() and not panel._changes.running)
    assert (panel.new.name.text(), panel.deployment) == ("a/b", None)
    panel.new.name.setText("leaving")
    click(panel, "start-new", qtbot)
    wait_state(panel, DeploymentState.RUNNING, qtbot)
    assert not panel.new.isVisible()


def test_that_without_an_approved_model_the_way_leads_to_models(
    workspace: Workspace, jobs: Jobs, servers: Servers, qtbot: QtBot
) -> None:
    panel = opened(DeploymentsPanel(jobs, workspace, servers), qtbot)
    with qtbot.waitSignal(panel.open_panel) as asked:
        click(panel, "open-models", qtbot)
    assert asked.args == ["models", None]
    panel.hide()


def test_that_a_canary_is_tried_promoted_and_rolled_back(
    running: DeploymentsPanel, full: Workspace, qtbot: QtBot
) -> None:
    running._jobs.run(running, lambda store: models.approve(store, "leaving@2", "Also good."))
    qtbot.waitUntil(lambda: running.views.rollout.version.count() == 1, timeout=_START_MS)
    running.views.set_current(running.views._rollout_at)
    running.views.rollout.percent.setValue(25)
    click(running, "start-canary", qtbot)
    said = running.findChild(QLabel, "second-version")
    assert said is not None
    qtbot.waitUntil(said.isVisible, timeout=_START_MS)
    assert said.text() == "v2 answers 25 % of the requests, v1 the others."
    running.views.set_current(0)
    told = running.strip.trial_words.text()
    assert re.fullmatch(r"25 % of the requests go to leaving@2 \(canary since \d\d:\d\d\)\.", told)
    click(running, "open-rollout", qtbot)
    assert running.views.current() == running.views._rollout_at
    click(running, "promote", qtbot)
    wait_state(running, DeploymentState.RUNNING, qtbot, version=2)
    qtbot.waitUntil(lambda: not said.isVisible(), timeout=_START_MS)
    qtbot.waitUntil(running.champion.isVisible, timeout=_START_MS)
    assert running.champion.yes.accessibleName() == "Make leaving@2 the champion too"
    click(running, "make-champion", qtbot)
    qtbot.waitUntil(lambda: not running.champion.isVisible(), timeout=_START_MS)
    champions = [v.ref for v in running._versions if "champion" in v.aliases]
    assert champions == ["leaving@2"]
    click(running, "roll-back-here", qtbot)
    wait_state(running, DeploymentState.RUNNING, qtbot, version=1)
    qtbot.waitUntil(running.champion.isVisible, timeout=_START_MS)
    champions = [v.ref for v in running._versions if "champion" in v.aliases]
    assert champions == ["leaving@2"], "It never moves by itself."


def test_that_columns_are_hidden_from_the_first_request_on(
    full: Workspace, jobs: Jobs, servers: Servers, qtbot: QtBot
) -> None:
    panel = opened(DeploymentsPanel(jobs, full, servers), qtbot)
    click(panel, "deploy-first", qtbot)
    assert not panel.new.hidden.isVisible()
    click(panel, "new-privacy", qtbot)
    assert panel.new.hidden.isVisible()
    drop, hashed = panel.new.hidden.drop, panel.new.hidden.hashed
    for picker, number in ((drop, 0), (hashed, 1), (hashed, 0)):
        item = picker.list.topLevelItem(number)
        assert item is not None
        item.setCheckState(0, Qt.CheckState.Checked)
    names = [item.text(0) for item in drop._items()]
    assert (drop.chosen(), hashed.chosen()) == ((), tuple(names[:2])), "In one way only."
    panel.new.name.setText("quiet")
    click(panel, "start-new", qtbot)
    wait_state(panel, DeploymentState.RUNNING, qtbot)
    assert panel.deployment is not None
    assert panel.deployment.privacy == Privacy(hash=tuple(names[:2]))
    click(panel, "predict-button", qtbot)
    folder = full.segments(panel.deployment.id)
    qtbot.waitUntil(lambda: any(folder.glob("*.jsonl")), timeout=_START_MS)
    header = json.loads(next(iter(folder.glob("*.jsonl"))).read_bytes().splitlines()[0])
    assert set(header["hashed"]) == set(names[:2])
    panel.hide()


def test_that_a_dataset_and_a_file_are_answered_at_once(
    running: DeploymentsPanel, full: Workspace, tmp_path: Path, qtbot: QtBot
) -> None:
    running.views.set_current(running.views._batch_at)
    tab = running.views.batch
    qtbot.waitUntil(lambda: tab.source.currentData() == "customers@1", timeout=_START_MS)
    click(running, "batch-to-dataset", qtbot)
    said = running.findChild(QLabel, "batch-done")
    assert said is not None
    qtbot.waitUntil(said.isVisible, timeout=_START_MS)
    assert said.text() == "300 rows answered by leaving@1: leaving-answers@1"

    target = tmp_path / "answers.csv"
    tab.choose_file = lambda then: then(str(full.root / "customers.csv"))
    tab.choose_target = lambda name, then: then(str(target))
    click(running, "batch-file", qtbot)
    click(running, "batch-to-file", qtbot)
    qtbot.waitUntil(target.exists, timeout=_START_MS)
    qtbot.waitUntil(lambda: str(target) in said.text(), timeout=_START_MS)
    assert len(target.read_text().splitlines()) == 301
