"""The Data panel: importing, answering warnings, and tables of any size."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from mlops_desktop.actions.answers import answers
from mlops_desktop.core.answers import Answer
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.profile import ColumnProfile, Numbers
from mlops_desktop.panels.datasets import DatasetsPanel
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.profile_view import ProfileView
from mlops_desktop.work.jobs import Jobs

WAIT_MS = 20_000


@pytest.fixture
def panel(qtbot: QtBot, jobs: Jobs, workspace: Workspace) -> DatasetsPanel:
    panel = DatasetsPanel(jobs, workspace)
    qtbot.addWidget(panel)
    panel.resize(1178, 686)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.shown()
    return panel


def click(panel: DatasetsPanel, name: str, qtbot: QtBot) -> None:
    button = panel.findChild(QPushButton, name)
    assert button is not None, name
    assert button.isVisible()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def bring_in(panel: DatasetsPanel, file: Path, qtbot: QtBot) -> None:
    """Import a file by clicking as a person would."""
    panel.choose_file = lambda then: then(str(file))
    click(panel, "import-file", qtbot)
    with qtbot.waitSignal(panel.toast, timeout=WAIT_MS):
        click(panel, "import-button", qtbot)
    qtbot.waitUntil(panel.history.isVisible, timeout=WAIT_MS)


def test_that_an_empty_workspace_says_what_to_do(panel: DatasetsPanel, qtbot: QtBot):
    sample = panel.findChild(QPushButton, "open-sample-data")
    assert sample is not None
    qtbot.waitUntil(sample.isVisible)
    assert not panel.chooser.isVisible()


def test_that_a_file_is_imported_and_shown(panel: DatasetsPanel, rentals_csv: Path, qtbot: QtBot):
    bring_in(panel, rentals_csv, qtbot)
    assert panel.chooser.currentText() == "rentals"
    assert panel.history.keys() == ["rentals@1"]
    assert panel.sheet.isHidden()
    table = panel._tabs["Table"].table
    qtbot.waitUntil(lambda: table.pages.cell(0, 1).text == "2026-01-01", timeout=WAIT_MS)
    panel._tabs["Table"].row_field.setText("100")
    panel._tabs["Table"].row_field.returnPressed.emit()
    qtbot.waitUntil(lambda: table.pages.cell(99, 6).muted and table.currentIndex().row() == 99)
    panel.tabs.set_current(list(panel._tabs).index("Profile"))
    view = panel._tabs["Profile"].view
    qtbot.waitUntil(lambda: view.model().rowCount() == 7, timeout=WAIT_MS)


def test_that_a_failed_import_says_why_in_the_sheet(panel: DatasetsPanel, qtbot: QtBot):
    panel.import_path("/nowhere/x.csv")
    click(panel, "import-button", qtbot)
    qtbot.waitUntil(panel.sheet._error.isVisible, timeout=WAIT_MS)
    assert "no file" in panel.sheet._error.accessibleName()
    assert panel.sheet.name.text() == "x"


def test_that_an_answer_is_remembered_for_training(
    panel: DatasetsPanel, jobs: Jobs, rentals_csv: Path, qtbot: QtBot
):
    bring_in(panel, rentals_csv, qtbot)
    click(panel, "leave-out-member-guest-total", qtbot)
    undo = "change-member-guest-total"
    qtbot.waitUntil(lambda: panel.findChild(QPushButton, undo) is not None, timeout=WAIT_MS)
    kept: list[dict[str, Answer]] = []
    jobs.run(panel, lambda store: answers(store, "rentals"), kept.append)
    qtbot.waitUntil(lambda: bool(kept))
    assert list(kept[0].values()) == [Answer.LEAVE_OUT]


def test_that_a_type_is_changed_by_reading_the_file_again(
    panel: DatasetsPanel, rentals_csv: Path, qtbot: QtBot
):
    bring_in(panel, rentals_csv, qtbot)
    click(panel, "more-warnings", qtbot)
    click(panel, "read-wind-as-text", qtbot)
    qtbot.waitUntil(lambda: panel.history.current() == "rentals@2", timeout=WAIT_MS)
    version = panel._version
    assert version is not None
    column = version.column("wind")
    assert column is not None
    assert column.type is ColumnType.TEXT


def test_that_a_thousand_profiles_are_shown_at_once(qtbot: QtBot):
    numbers = Numbers(0, 1, 0.5, 0.1, (0, 0.1, 0.2, 0.5, 0.7, 0.9, 1), (0, 0.5, 1), (30, 70))
    columns = [
        ColumnProfile(f"c{n}", ColumnType.NUMBER, 100, 0, 100, numbers=numbers) for n in range(1000)
    ]
    view = ProfileView("Columns")
    qtbot.addWidget(view)
    view.resize(900, 500)
    with qtbot.waitExposed(view):
        view.show()
    begun = time.monotonic()
    view.set_columns(columns, {})
    view.grab()
    assert time.monotonic() - begun < 2
    assert view.set_filter("c99") == 11
