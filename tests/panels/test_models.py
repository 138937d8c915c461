"""The Models panel on real model versions: approve, name, hand over to Deploy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import audit, models
from mlops_desktop.panels.models import ModelsPanel
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.cards import Chip
from mlops_desktop.widgets.tabs import TabBar
from mlops_desktop.work.jobs import Jobs
from tests.clicking import click


@pytest.fixture
def full(registered_models: Path, workspace: Workspace) -> Workspace:
    """A workspace with models, before anything opens it."""
    shutil.copytree(registered_models, workspace.root)
    return workspace


@pytest.fixture
def panel(full: Workspace, jobs: Jobs, qtbot: QtBot) -> ModelsPanel:
    return opened(ModelsPanel(jobs, full), qtbot)


def opened(panel: ModelsPanel, qtbot: QtBot) -> ModelsPanel:
    qtbot.addWidget(panel)
    panel.resize(1178, 686)
    panel.show()
    panel.shown()
    return panel


def choose(panel: ModelsPanel, ref: str, qtbot: QtBot) -> None:
    panel.show_thing(ref)
    qtbot.waitUntil(lambda: panel.timeline.current() == ref)
    qtbot.waitUntil(lambda: bool(panel.head._quality.text()))


def verdict(panel: ModelsPanel) -> str:
    label = panel.findChild(QLabel, "model-verdict")
    assert label is not None
    return label.text()


def chips(panel: ModelsPanel) -> list[str]:
    return [chip.text() for chip in panel.head.findChildren(Chip) if chip.isVisible()]


def test_that_the_version_that_waits_is_shown_first(panel: ModelsPanel, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: panel.timeline.current() == "leaving@2")
    assert panel.timeline.keys() == ["leaving@3", "leaving@2", "leaving@1"]
    assert verdict(panel) == "Passed 4 of 4 gates; waits for your yes."
    deploy = panel.findChild(QPushButton, "deploy-model")
    assert deploy is not None
    assert not deploy.isEnabled()


def test_that_approving_asks_why_and_is_recorded(
    panel: ModelsPanel, jobs: Jobs, qtbot: QtBot
) -> None:
    choose(panel, "leaving@2", qtbot)
    click(panel, "approve-model", qtbot)
    note = panel.findChild(QLineEdit, "approval-note")
    assert note is not None
    qtbot.keyClicks(note, "Fewer inputs, as good.")
    with qtbot.waitSignal(panel.toast):
        click(panel, "confirm-approve", qtbot)
    qtbot.waitUntil(lambda: verdict(panel).startswith("Approved by"))
    assert not note.isVisible()
    entries = jobs.lane(lambda store: audit.about(store, "leaving@2"))
    assert (entries[0].action, "as good" in entries[0].detail) == ("model.approved", True)


def test_that_a_failed_gate_refuses_in_place(panel: ModelsPanel, qtbot: QtBot) -> None:
    choose(panel, "leaving@3", qtbot)
    assert verdict(panel).startswith("Blocked: 1 of 4 gates failed")
    click(panel, "approve-model", qtbot)
    assert panel.head.error.isVisible()
    assert "left_on" in panel.head.error.accessibleName()
    note = panel.findChild(QLineEdit, "approval-note")
    assert note is not None
    assert not note.isVisible()


def test_that_the_champion_moves_to_an_approved_version(
    panel: ModelsPanel, jobs: Jobs, qtbot: QtBot
) -> None:
    jobs.run(panel, lambda store: models.approve(store, "leaving@2", "Better."))
    choose(panel, "leaving@2", qtbot)
    qtbot.waitUntil(lambda: chips(panel) == ["approved"])
    click(panel, "make-champion", qtbot)
    qtbot.waitUntil(lambda: chips(panel) == ["champion", "approved"])


def test_that_a_name_that_reads_as_a_number_is_refused_in_place(
    panel: ModelsPanel, qtbot: QtBot
) -> None:
    choose(panel, "leaving@1", qtbot)
    click(panel, "name-model", qtbot)
    line = panel.findChild(QLineEdit, "alias-name")
    assert line is not None
    qtbot.keyClicks(line, "v7")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(panel.head.error.isVisible)
    line.setText("candidate")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "candidate" in chips(panel))


def test_that_deploy_hands_the_version_over(panel: ModelsPanel, qtbot: QtBot) -> None:
    choose(panel, "leaving@1", qtbot)
    with qtbot.waitSignal(panel.open_panel) as asked:
        click(panel, "deploy-model", qtbot)
    assert asked.args == ["deploy", "leaving@1"]


def test_that_every_tab_tells_of_the_version(panel: ModelsPanel, qtbot: QtBot) -> None:
    choose(panel, "leaving@1", qtbot)
    bar = panel.findChild(TabBar, "model-tabs")
    assert bar is not None
    for tab in range(bar.count()):
        bar.setCurrentIndex(tab)
    assert [entry.action for entry in panel.history.table.rows()] == [
        "model.alias",
        "model.approved",
        "model.registered",
    ]
    titles = [Path(node.title).name for node in panel.lineage.graph.table.rows()]
    assert titles == ["customers.csv", "customers@1", "run 2", "leaving@1"]
    with qtbot.waitSignal(panel.open_panel) as asked:
        panel.lineage.opened.emit("data", "customers@1")
    assert asked.args == ["data", "customers@1"]


def test_that_an_empty_registry_leads_to_training(
    workspace: Workspace, jobs: Jobs, qtbot: QtBot
) -> None:
    panel = opened(ModelsPanel(jobs, workspace), qtbot)
    button = panel.findChild(QPushButton, "register-best")
    assert button is not None
    qtbot.waitUntil(button.isVisible)
    with qtbot.waitSignal(panel.open_panel) as asked:
        click(panel, "register-best", qtbot)
    assert asked.args == ["train", None]
