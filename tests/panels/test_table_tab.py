"""The Table tab: filters, order, frozen columns and jumps, over a real version."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QMenu, QPushButton
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import datasets
from mlops_desktop.core.datasets import ImportSpec
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.panels.datasets.table import TableTab
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.filter_row import FilterField
from mlops_desktop.widgets.header import NOTE_ROLE
from mlops_desktop.work.jobs import Jobs

WAIT_MS = 20_000


@pytest.fixture
def tab(qtbot: QtBot, jobs: Jobs, workspace: Workspace, rentals_csv: Path) -> TableTab:
    version = datasets.import_file(jobs.lane, ImportSpec(str(rentals_csv), "rentals"))
    tab = TableTab(jobs, workspace)
    qtbot.addWidget(tab)
    tab.resize(900, 500)
    tab.show_version(version, [version])
    with qtbot.waitExposed(tab):
        tab.show()
    qtbot.waitUntil(lambda: text(tab, 0, "weather") == "sun", timeout=WAIT_MS)
    return tab


def text(tab: TableTab, row: int, column: str) -> str:
    return tab.table.pages.cell(row, tab._place(column)).text


def numbers(tab: TableTab, count: int) -> list[object]:
    """What stands before the first rows."""
    model = tab.table.pages
    return [model.headerData(row, Qt.Orientation.Vertical) for row in range(count)]


def type_filter(tab: TableTab, qtbot: QtBot, column: str, typed: str) -> FilterField:
    tab.table.focus_filter(tab._place(column))
    field = tab.findChild(FilterField, f"filter-{column}")
    assert field is not None
    field.clear()
    qtbot.keyClicks(field, typed)
    return field


def test_that_typing_a_filter_shows_the_rows_that_fit_with_their_own_numbers(
    tab: TableTab, qtbot: QtBot
):
    type_filter(tab, qtbot, "weather", "RAIN")
    qtbot.waitUntil(lambda: tab.bar.count.text() == "80 of 240 rows", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: text(tab, 0, "weather") == "rain", timeout=WAIT_MS)
    assert tab.table.pages.rowCount() == 80
    assert numbers(tab, 3) == ["2", "5", "8"]
    type_filter(tab, qtbot, "id", "<10")
    qtbot.waitUntil(lambda: tab.bar.count.text() == "3 of 240 rows", timeout=WAIT_MS)
    chip = tab.findChild(QPushButton, "chip-filter weather")
    assert chip is not None
    chip.click()
    qtbot.waitUntil(lambda: tab.bar.count.text() == "10 of 240 rows", timeout=WAIT_MS)
    clear = tab.findChild(QPushButton, "clear-filters")
    assert clear is not None
    clear.click()
    qtbot.waitUntil(lambda: tab.table.pages.rowCount() == 240, timeout=WAIT_MS)
    assert not tab.bar.isVisible()
    assert not tab.table.filters.texts


def test_that_a_mistake_is_told_below_the_field_and_the_rows_stay(tab: TableTab, qtbot: QtBot):
    field = type_filter(tab, qtbot, "id", ">many")
    qtbot.waitUntil(lambda: bool(field.property("wrong")), timeout=WAIT_MS)
    assert "many is no number" in field.accessibleDescription()
    assert tab.table.pages.rowCount() == 240
    qtbot.keyClick(field, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not field.property("wrong"), timeout=WAIT_MS)


def test_that_no_fitting_row_offers_to_clear(tab: TableTab, qtbot: QtBot):
    type_filter(tab, qtbot, "weather", "snow")
    button = tab.findChild(QPushButton, "clear-filters-of-none")
    assert button is not None
    qtbot.waitUntil(button.isVisible, timeout=WAIT_MS)
    button.click()
    qtbot.waitUntil(lambda: tab.table.pages.rowCount() == 240, timeout=WAIT_MS)
    assert not button.isVisible()


def test_that_rows_are_sorted_by_several_columns(tab: TableTab, qtbot: QtBot):
    tab.table.sort_by(tab._place("weather"))
    qtbot.waitUntil(lambda: text(tab, 0, "weather") == "fog", timeout=WAIT_MS)
    tab.table.sort_by(tab._place("id"), descending=True, also=True)
    qtbot.waitUntil(lambda: text(tab, 0, "id") == "239", timeout=WAIT_MS)
    assert numbers(tab, 2) == ["240", "237"]
    tab.table.setCurrentIndex(tab.table.pages.index(0, tab._place("id")))
    qtbot.keyClick(tab.table, Qt.Key.Key_Up, Qt.KeyboardModifier.AltModifier)
    qtbot.waitUntil(lambda: text(tab, 0, "id") == "0", timeout=WAIT_MS)
    tab.table.sort_by(tab._place("wind"), descending=True)
    qtbot.waitUntil(lambda: tab._view.sort == (("wind", True),), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: text(tab, 239, "wind") == "missing", timeout=WAIT_MS)


def test_that_a_jump_goes_by_the_number_of_the_version(tab: TableTab, qtbot: QtBot):
    told: list[str] = []
    tab.toast.connect(told.append)
    type_filter(tab, qtbot, "weather", "fog")
    qtbot.waitUntil(lambda: tab.table.pages.rowCount() == 80, timeout=WAIT_MS)
    tab.row_field.setText("120")
    tab.row_field.returnPressed.emit()
    assert numbers(tab, 80)[tab.table.currentIndex().row()] == "120"
    tab.row_field.setText("121")
    tab.row_field.returnPressed.emit()
    assert told == ["Row 121 is not among the rows that fit."]


def test_that_rows_beyond_the_reach_of_a_scroll_bar_are_jumped_to(
    tab: TableTab, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("mlops_desktop.panels.datasets.table._MOST_ROWS", 50)
    tab.search.clear()
    qtbot.waitUntil(lambda: tab.table.pages.rowCount() == 50, timeout=WAIT_MS)
    tab.row_field.setText("200")
    tab.row_field.returnPressed.emit()
    row = tab.table.currentIndex().row()
    assert tab.table.pages.headerData(row, Qt.Orientation.Vertical) == "200"
    qtbot.waitUntil(lambda: text(tab, row, "id") == "199", timeout=WAIT_MS)
    assert "175 to 224" in tab._size.text()


def test_that_frozen_columns_stay_and_hidden_ones_come_back(tab: TableTab, qtbot: QtBot):
    table = tab.table
    table.freeze(1)
    assert table.frozen.isVisible()
    assert table.frozen.width() == table.columnWidth(0)
    table.show_column(6)
    table.show_column(1)
    assert table.columnViewportPosition(1) >= table.frozen.width()
    table.setColumnWidth(0, 150)
    assert table.frozen.width() == 150
    table.set_hidden(2, hidden=True)
    menu = QMenu()
    table.column_menu(3, menu)
    texts = [action.text() for action in menu.actions()]
    assert "Show hidden columns (1)" in texts
    assert "Freeze no columns" in texts
    table.show_all_columns()
    assert not table.isColumnHidden(2)
    table.freeze(0)
    assert not table.frozen.isVisible()


def test_that_what_fits_can_become_a_step(tab: TableTab, qtbot: QtBot):
    type_filter(tab, qtbot, "weather", "=fog")
    qtbot.waitUntil(lambda: tab.table.pages.rowCount() == 80, timeout=WAIT_MS)
    keep = tab.findChild(QPushButton, "keep-only-these-rows")
    assert keep is not None
    with qtbot.waitSignal(tab.steps_wanted) as asked:
        keep.click()
    assert asked.args == [(Step(StepKind.FILTER, {"where": "weather = 'fog'"}),)]


def test_that_a_selection_is_copied_with_tabs(tab: TableTab, qtbot: QtBot):
    model = tab.table.pages
    tab.table.setCurrentIndex(model.index(0, tab._place("weather")))
    with qtbot.waitSignal(tab.toast, timeout=WAIT_MS) as told:
        qtbot.keyClick(tab.table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert told.args == ["Copied 1 row."]
    assert QGuiApplication.clipboard().text() == "sun"
    tab.table.selectRow(0)
    with qtbot.waitSignal(tab.toast, timeout=WAIT_MS):
        tab.table.copy_selection()
    assert QGuiApplication.clipboard().text() == "0\t2026-01-01\t0\t0\t0\tsun\t0.0"


def test_that_the_next_version_is_asked_the_same(
    tab: TableTab, qtbot: QtBot, jobs: Jobs, rentals_csv: Path
):
    type_filter(tab, qtbot, "weather", "fog")
    qtbot.waitUntil(lambda: tab.table.pages.rowCount() == 80, timeout=WAIT_MS)
    rentals_csv.write_text("".join(rentals_csv.read_text().splitlines(keepends=True)[:31]))
    second = datasets.import_file(jobs.lane, ImportSpec(str(rentals_csv), "rentals"))
    tab.show_version(second, [second])
    qtbot.waitUntil(lambda: tab.bar.count.text() == "10 of 30 rows", timeout=WAIT_MS)


def test_that_the_header_shows_units_as_soon_as_they_are_set(tab: TableTab, qtbot: QtBot):
    place = tab._place("wind")
    tab.show_units({"wind": "m/s"})

    def note() -> object:
        return tab.table.pages.headerData(place, Qt.Orientation.Horizontal, NOTE_ROLE)

    qtbot.waitUntil(lambda: note() == "number, m/s", timeout=WAIT_MS)
    assert text(tab, 0, "weather") == "sun", "the rows are not read again"
    type_filter(tab, qtbot, "weather", "rain")
    qtbot.waitUntil(lambda: text(tab, 0, "weather") == "rain", timeout=WAIT_MS)
    assert note() == "number, m/s"
