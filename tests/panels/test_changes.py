"""The Changes tab: compared when seen, in words, rows side by side, distributions by effect."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import datasets
from mlops_desktop.core.datasets import DatasetVersion, Source
from mlops_desktop.panels.datasets.changes import ChangesTab
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.cards import Card
from mlops_desktop.widgets.cells import AFTER, BEFORE
from mlops_desktop.work.jobs import Jobs

WAIT_MS = 20_000
ROWS = 300


def customers() -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "customerID": [f"c{n:04d}" for n in range(ROWS)],
        "tenure": [int(n) for n in rng.integers(1, 72, ROWS)],
        "charges": [float(n) for n in rng.normal(65, 20, ROWS).round(2)],
        "contract": [("month", "year")[n % 2] for n in range(ROWS)],
    }


def edited() -> dict[str, Any]:
    """Row 5 has another tenure and contract, row 7 another tenure, all charges are higher; one
    row is new on top."""
    new = customers()
    new["tenure"][5], new["contract"][5], new["tenure"][7] = 99, "week", 98
    new["charges"] = [value + 30 for value in new["charges"]]
    return {
        name: [first, *new[name]]
        for name, first in zip(new, ("new", 1, 20.0, "month"), strict=True)
    }


@pytest.fixture
def tab(qtbot: QtBot, jobs: Jobs, workspace: Workspace) -> ChangesTab:
    tab = ChangesTab(jobs, workspace)
    qtbot.addWidget(tab)
    tab.resize(880, 520)
    with qtbot.waitExposed(tab):
        tab.show()
    return tab


def add(jobs: Jobs, columns: dict[str, Any], name: str = "x") -> DatasetVersion:
    return datasets.add_table(jobs.lane, name, pa.table(columns), Source("retrain"))


def show(tab: ChangesTab, qtbot: QtBot, *versions: DatasetVersion) -> None:
    """The newest of them, compared with the one before."""
    tab.show_version(versions[-1], versions[::-1])
    qtbot.waitUntil(lambda: tab.found is not None, timeout=WAIT_MS)


def words(tab: ChangesTab, name: str) -> str:
    card = tab.findChild(Card, f"changes-{name}")
    assert card is not None
    return card.accessibleName().partition(": ")[2]


def test_that_a_version_is_compared_with_the_one_before_in_words(
    tab: ChangesTab, jobs: Jobs, qtbot: QtBot
):
    show(tab, qtbot, add(jobs, customers()), add(jobs, edited()))
    assert words(tab, "rows") == "1 added, 300 changed"
    assert words(tab, "columns") == "3 edited"
    assert words(tab, "distributions").endswith("charges shifted")
    assert tab.choice.other.currentText() == "x@1 (the one before)"
    assert tab.choice.key.currentText() == "customerID (guessed)"
    said = [label.text() for label in tab.findChildren(QLabel) if label.isVisible()]
    assert (
        "300 rows and 4 columns, now 301 and 4; rows are told apart by customerID (guessed)."
        in said
    )


def test_that_changed_cells_are_marked_on_both_sides(tab: ChangesTab, jobs: Jobs, qtbot: QtBot):
    show(tab, qtbot, add(jobs, customers()), add(jobs, edited()))
    before, after = tab.rows.before, tab.rows.after
    qtbot.waitUntil(lambda: after.pages.cell(5, 2).text == "99", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not before.pages.cell(5, 2).muted, timeout=WAIT_MS)
    titles = [column.title for column in after.pages.columns]
    assert titles == ["customerID", "charges", "tenure", "contract"]
    assert after.pages.cell(5, 2).marked == AFTER
    assert before.pages.cell(5, 2).marked == BEFORE
    assert before.pages.cell(5, 2).text == str(customers()["tenure"][5])
    assert not after.pages.cell(5, 0).marked
    assert not after.pages.cell(6, 2).marked
    vertical = Qt.Orientation.Vertical
    assert (before.pages.headerData(5, vertical), after.pages.headerData(5, vertical)) == ("6", "7")


def test_that_a_chosen_cell_tells_its_column(tab: ChangesTab, jobs: Jobs, qtbot: QtBot):
    show(tab, qtbot, add(jobs, customers()), add(jobs, edited()))
    with qtbot.waitSignal(tab.column_chosen) as told:
        tab.rows.after.setCurrentIndex(tab.rows.after.pages.index(0, 2))
    assert told.args == ["tenure"]
    assert tab.rows.before.currentIndex().column() == 2


def test_that_scrolling_one_side_scrolls_the_other(tab: ChangesTab, jobs: Jobs, qtbot: QtBot):
    show(tab, qtbot, add(jobs, customers()), add(jobs, edited()))
    tab.rows.after.verticalScrollBar().setValue(700)
    assert tab.rows.before.verticalScrollBar().value() == 700
    tab.rows.before.setColumnWidth(1, 222)
    assert tab.rows.after.columnWidth(1) == 222


def test_that_rows_are_shown_by_the_column_that_changed(tab: ChangesTab, jobs: Jobs, qtbot: QtBot):
    show(tab, qtbot, add(jobs, customers()), add(jobs, edited()))
    tab.show_section(1)
    table = tab.columns.table
    row = [line.name for line in table.model().shown()].index("tenure")
    table.setCurrentIndex(table.model().index(row, 0))
    table.setFocus()
    qtbot.keyClick(table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: tab.rows.after.pages.rowCount() == 2, timeout=WAIT_MS)
    assert tab.rows.isVisible()
    assert tab.rows.after.pages.columns[1].title == "tenure"
    qtbot.waitUntil(lambda: tab.rows.after.pages.cell(1, 1).text == "98", timeout=WAIT_MS)
    tab.rows.only_changed.setChecked(False)
    assert [c.title for c in tab.rows.after.pages.columns] == list(customers())


def test_that_added_rows_stand_alone(tab: ChangesTab, jobs: Jobs, qtbot: QtBot):
    show(tab, qtbot, add(jobs, customers()), add(jobs, edited()))
    tab.rows.kinds.setCurrentIndex(tab.rows.kinds.findData("added"))
    tab.rows.kinds.activated.emit(1)
    qtbot.waitUntil(lambda: tab.rows.after.pages.cell(0, 0).text == "new", timeout=WAIT_MS)
    assert not tab.rows.before.isVisible()
    assert not tab.rows.only_changed.isVisible()


def test_that_distributions_come_by_effect_and_as_a_table(
    tab: ChangesTab, jobs: Jobs, qtbot: QtBot
):
    show(tab, qtbot, add(jobs, customers()), add(jobs, edited()))
    tab.show_section(2)
    model = tab.shifts.list.model()
    first = model.index(0, 0)
    assert model.data(first) == "charges"
    told = model.data(first, Qt.ItemDataRole.AccessibleTextRole)
    assert "charges` moved up by" in told
    assert "large. Kolmogorov-Smirnov" in told
    tab.shifts.as_table.setChecked(True)
    assert tab.shifts.table.isVisible()
    assert tab.shifts.table.model().rowCount() == model.rowCount()


def test_that_the_key_can_be_chosen(tab: ChangesTab, jobs: Jobs, qtbot: QtBot):
    show(tab, qtbot, add(jobs, customers()), add(jobs, edited()))
    tab.found = None
    tab.choice.key.setCurrentIndex(0)
    tab.choice.key.activated.emit(0)
    qtbot.waitUntil(lambda: tab.found is not None, timeout=WAIT_MS)
    assert tab.choice.key.currentText() == "all their values"
    assert tab.found is not None
    assert tab.found.key == ()
    tab.choice.key.setCurrentIndex(tab.choice.key.count() - 1)
    tab.choice.key.activated.emit(tab.choice.key.count() - 1)
    assert tab.choice.picker.isVisible()
    item = tab.choice.picker.list.topLevelItem(0)
    assert item is not None
    item.setCheckState(0, Qt.CheckState.Checked)
    qtbot.mouseClick(tab.choice.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: tab.found is not None and tab.found.key == ("customerID",))


def test_that_a_wrong_key_is_told_in_place(tab: ChangesTab, jobs: Jobs, qtbot: QtBot):
    show(tab, qtbot, add(jobs, customers()), add(jobs, edited()))
    tab.choice.wanted.emit(("contract",))
    qtbot.waitUntil(tab._error.isVisible, timeout=WAIT_MS)
    assert "contract is no key" in tab._error.accessibleName()
    assert tab.rows.isVisible(), "what was found before stays"


def test_that_the_first_version_says_so_and_can_be_compared(
    tab: ChangesTab, jobs: Jobs, qtbot: QtBot
):
    first, second = add(jobs, customers()), add(jobs, edited())
    tab.show_version(first, [second, first])
    qtbot.waitUntil(tab._empty.isVisible, timeout=WAIT_MS)
    assert "x@1 is the first version" in tab._empty._sentence.text()
    tab.choice.other.setCurrentIndex(tab.choice.other.findData("x@2"))
    tab.choice.other.activated.emit(1)
    qtbot.waitUntil(lambda: tab.found is not None, timeout=WAIT_MS)
    assert words(tab, "rows") == "1 removed, 300 changed"


def test_that_equal_versions_say_so(tab: ChangesTab, jobs: Jobs, qtbot: QtBot):
    moved = {name: values[::-1] for name, values in customers().items()}
    show(tab, qtbot, add(jobs, customers()), add(jobs, moved))
    assert tab._same.isVisible()
    assert tab._same._sentence.text() == "x@1 and x@2 hold the same rows, in another order."


def test_that_a_version_of_another_dataset_can_be_chosen(tab: ChangesTab, jobs: Jobs, qtbot: QtBot):
    add(jobs, customers(), "raw")
    clean = add(jobs, customers(), "clean")
    tab.show_version(clean, [clean])
    qtbot.waitUntil(lambda: tab.choice.other.findData("raw@1") > 0, timeout=WAIT_MS)


def test_that_a_comparison_can_be_stopped(tab: ChangesTab, jobs: Jobs, qtbot: QtBot):
    first, second = add(jobs, customers()), add(jobs, edited())
    tab.show_version(second, [second, first])
    qtbot.waitUntil(lambda: tab._job is not None, timeout=WAIT_MS)
    assert tab._job is not None
    tab._job.cancel()
    qtbot.waitUntil(
        lambda: tab.found is not None or "Stopped" in tab._empty._sentence.text(), timeout=WAIT_MS
    )
