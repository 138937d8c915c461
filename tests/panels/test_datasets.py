"""The Data panel: importing, answering warnings, and tables of any size."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QComboBox, QPushButton
from pytestqt.qtbot import QtBot

from mlops_desktop.actions.answers import answers
from mlops_desktop.core.answers import Answer
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.profile import ColumnProfile, Numbers
from mlops_desktop.panels.datasets import DatasetsPanel
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.profile_view import ProfileView
from mlops_desktop.work.jobs import Jobs
from tests.clicking import click

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
    table = panel.views._tabs["Table"].table
    qtbot.waitUntil(lambda: table.pages.cell(0, 1).text == "2026-01-01", timeout=WAIT_MS)
    panel.views._tabs["Table"].row_field.setText("100")
    panel.views._tabs["Table"].row_field.returnPressed.emit()
    qtbot.waitUntil(lambda: table.pages.cell(99, 6).muted and table.currentIndex().row() == 99)
    panel.views.tabs.set_current(list(panel.views._tabs).index("Profile"))
    view = panel.views._tabs["Profile"].view
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


def look_at(panel: DatasetsPanel, file: Path, qtbot: QtBot) -> None:
    panel.import_path(str(file))
    qtbot.waitUntil(lambda: panel.sheet.has_preview, timeout=WAIT_MS)


def choose(panel: DatasetsPanel, option: str, value: object, qtbot: QtBot) -> None:
    """Choose a value of an import's option as a person would, and wait for the new look."""
    combo = panel.sheet.findChild(QComboBox, f"guess-{option}")
    assert combo is not None, option
    combo.activated.emit(combo.findData(value))
    settled = panel.sheet.options
    qtbot.waitUntil(
        lambda: getattr(panel.sheet._preview.options, option) == getattr(settled, option),
        timeout=WAIT_MS,
    )


def test_that_the_sheet_shows_guesses_that_can_be_changed(
    panel: DatasetsPanel, tmp_path: Path, qtbot: QtBot
):
    file = tmp_path / "prices.csv"
    file.write_text("day;price\n03.04.2026;1,5\n04.04.2026;2,5\n", encoding="utf-8")
    look_at(panel, file, qtbot)
    table = panel.sheet.table.table
    qtbot.waitUntil(lambda: table.pages.cell(0, 0).text == "2026-04-03", timeout=WAIT_MS)
    assert table.pages.cell(1, 1).text == "2.5"
    choose(panel, "day_first", False, qtbot)
    qtbot.waitUntil(lambda: table.pages.cell(0, 0).text == "2026-03-04", timeout=WAIT_MS)
    panel.sheet.table.type_chosen.emit("price", ColumnType.TEXT)
    qtbot.waitUntil(lambda: table.pages.cell(0, 1).text == "1,5", timeout=WAIT_MS)
    with qtbot.waitSignal(panel.toast, timeout=WAIT_MS):
        click(panel, "import-button", qtbot)
    qtbot.waitUntil(lambda: panel._version is not None, timeout=WAIT_MS)
    assert [column.type.value for column in panel._version.columns] == ["datetime", "text"]
    assert panel._version.source.detail["options"]["day_first"] is False


def test_that_a_table_that_cannot_be_read_says_why_and_what_can_be_changed(
    panel: DatasetsPanel, tmp_path: Path, qtbot: QtBot
):
    file = tmp_path / "ragged.csv"
    file.write_text("a;b\n1;2\n3;4;5\n", encoding="utf-8")
    look_at(panel, file, qtbot)
    assert "Row 2 of ragged.csv has 3 cells" in panel.sheet._error.accessibleName()
    assert not panel.sheet._import_button.isEnabled()
    choose(panel, "delimiter", ",", qtbot)
    qtbot.waitUntil(panel.sheet._error.isHidden, timeout=WAIT_MS)
    assert panel.sheet.table.isVisible()
    assert panel.sheet._import_button.isEnabled()


def test_that_rows_are_added_to_a_dataset(panel: DatasetsPanel, rentals_csv: Path, qtbot: QtBot):
    bring_in(panel, rentals_csv, qtbot)
    look_at(panel, rentals_csv, qtbot)
    assert panel.sheet.append.isEnabled()
    panel.sheet.append.click()
    with qtbot.waitSignal(panel.toast, timeout=WAIT_MS):
        click(panel, "import-button", qtbot)
    qtbot.waitUntil(lambda: panel.history.current() == "rentals@2", timeout=WAIT_MS)
    assert panel._version is not None
    assert panel._version.rows == 480
    assert panel._version.source.kind == "append"


def test_that_other_columns_cannot_be_added(
    panel: DatasetsPanel, rentals_csv: Path, tmp_path: Path, qtbot: QtBot
):
    bring_in(panel, rentals_csv, qtbot)
    other = tmp_path / "other.csv"
    other.write_text("a,b\n1,2\n", encoding="utf-8")
    look_at(panel, other, qtbot)
    panel.sheet.name.setText("rentals")
    assert not panel.sheet.append.isEnabled()
    assert "same columns" in panel.sheet.append.toolTip()


def test_that_a_copied_table_becomes_a_dataset(panel: DatasetsPanel, qtbot: QtBot):
    QGuiApplication.clipboard().setText("city\tsize\nBonn\t1.5\nKöln\t2\n")
    panel.paste()
    qtbot.waitUntil(lambda: panel.sheet.has_preview, timeout=WAIT_MS)
    with qtbot.waitSignal(panel.toast, timeout=WAIT_MS):
        click(panel, "import-button", qtbot)
    qtbot.waitUntil(lambda: panel.history.current() == "pasted@1", timeout=WAIT_MS)
    assert panel._version is not None
    assert (panel._version.rows, panel._version.source.kind) == (2, "pasted")


def test_that_an_export_for_a_spreadsheet_disarms_formulas(
    panel: DatasetsPanel, tmp_path: Path, qtbot: QtBot
) -> None:
    file, out = tmp_path / "odd.csv", tmp_path / "out.csv"
    file.write_text("a,b\n1,=1+1\n2,fine\n", encoding="utf-8")
    bring_in(panel, file, qtbot)
    panel.exporting.choose_target = lambda _name, then: then(str(out), True)
    with qtbot.waitSignal(panel.exporting.toast, timeout=WAIT_MS):
        click(panel, "export-button", qtbot)
    assert out.read_text(encoding="utf-8").splitlines() == ['"a","b"', '1,"\'=1+1"', '2,"fine"']


def test_that_an_empty_clipboard_is_said(panel: DatasetsPanel, qtbot: QtBot):
    QGuiApplication.clipboard().clear()
    with qtbot.waitSignal(panel.toast) as said:
        panel.paste()
    assert "no text on the clipboard" in said.args[0]
