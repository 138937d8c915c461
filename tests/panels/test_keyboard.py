"""Keys alone: Tab goes through every tab of Data in order, around the window, and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QToolButton, QWidget
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import checks, datasets
from mlops_desktop.app import App
from mlops_desktop.core.checks import Rule, RuleKind, Severity
from mlops_desktop.core.datasets import ImportSpec
from mlops_desktop.core.steps import StepKind
from mlops_desktop.panels.datasets import DatasetsPanel
from mlops_desktop.panels.datasets.checks import ChecksTab
from mlops_desktop.panels.datasets.cleaning import CleaningTab
from mlops_desktop.widgets.focus_order import reading_order
from tests.end2end.command import write_customers

_TABS = ("Table", "Profile", "Changes", "Cleaning", "Checks", "Lineage")


@pytest.fixture
def data(qtbot: QtBot, app: App, tmp_path: Path) -> DatasetsPanel:
    spec = ImportSpec(str(write_customers(tmp_path / "c.csv")), "customers")
    job = app.jobs.start(app, "Import", lambda lane, _: datasets.import_file(lane, spec))
    with qtbot.waitSignal(job.finished, timeout=30_000):
        pass
    app.window.resize(1366, 768)
    panel = app.window.show_panel("data")
    assert isinstance(panel, DatasetsPanel)
    qtbot.waitUntil(lambda: panel._version is not None, timeout=10_000)
    with qtbot.waitActive(app.window):
        app.window.activateWindow()
    return panel


def walked(app: App, qtbot: QtBot) -> list[QWidget]:
    """Press Tab until the focus is where it began."""
    found: list[QWidget] = []
    for _ in range(200):
        now = app.window.focusWidget()
        assert now is not None
        if found and now is found[0]:
            return found
        assert now not in found, f"a trap at {now.objectName() or now.accessibleName()}"
        found.append(now)
        qtbot.keyClick(now, Qt.Key.Key_Tab)
    raise AssertionError("Tab does not come around.")


@pytest.mark.parametrize("title", _TABS)
def test_that_tab_reaches_everything_in_reading_order(
    data: DatasetsPanel, app: App, qtbot: QtBot, title: str
) -> None:
    data.views.tabs.set_current(_TABS.index(title))
    data.chooser.setFocus(Qt.FocusReason.TabFocusReason)
    found = walked(app, qtbot)
    inside = [one for one in found if data.isAncestorOf(one)]
    expected = [one for one in reading_order(data) if one.objectName()[:7] != "filter-"]
    assert [one for one in expected if one not in inside] == []
    names = [one.objectName() for one in inside]
    assert names.index("dataset-versions") < names.index("data-tabs")
    tabs_at = data.views.tabs.bar.mapTo(data, QPoint(0, 0)).y()
    after = inside[names.index("data-tabs") :]
    assert all(one.mapTo(data, QPoint(0, 0)).y() >= tabs_at - 4 for one in after)
    assert all(one.accessibleName() or one.property("text") for one in inside), names


def test_that_f6_goes_from_pane_to_pane_and_escape_closes_what_was_opened(
    data: DatasetsPanel, app: App, qtbot: QtBot
) -> None:
    window = app.window
    data.chooser.setFocus(Qt.FocusReason.TabFocusReason)
    parts = (window.rail, window._search, data, window.status)
    panes = []
    for _ in range(4):
        qtbot.keyClick(window.focusWidget(), Qt.Key.Key_F6)
        now = window.focusWidget()
        panes.append(next(n for n, p in enumerate(parts) if p is now or p.isAncestorOf(now)))
    assert sorted(panes) == [0, 1, 2, 3]
    window.open_palette()
    qtbot.keyClick(window.palette_popup.box, Qt.Key.Key_Escape)
    assert not window.palette_popup.isVisible()


def test_that_escape_closes_a_form_and_gives_the_focus_back(
    data: DatasetsPanel, app: App, qtbot: QtBot
) -> None:
    rule = Rule(RuleKind.ROWS, (), {"low": 5000}, Severity.BLOCK)
    app.jobs.run(app, lambda store: checks.set_rules(store, "customers", [rule]))
    data.views.tabs.set_current(_TABS.index("Checks"))
    tab = data.views.tab
    assert isinstance(tab, ChecksTab)
    qtbot.waitUntil(lambda: len(tab.table.rows()) == 1, timeout=10_000)
    tab.table.selectRow(0)
    tab.table.setFocus(Qt.FocusReason.TabFocusReason)
    edit = tab.findChild(QToolButton, "rule-edit")
    assert edit is not None
    edit.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(edit, Qt.Key.Key_Space)
    assert tab.form.isVisible()
    inside = app.window.focusWidget()
    assert tab.form.isAncestorOf(inside), "The form that was opened has the focus."
    qtbot.keyClick(inside, Qt.Key.Key_Escape)
    assert not tab.form.isVisible()
    assert app.window.focusWidget() is tab.table


def test_that_escape_closes_the_form_of_a_step(data: DatasetsPanel, app: App, qtbot: QtBot) -> None:
    data.views.tabs.set_current(_TABS.index("Cleaning"))
    tab = data.views.tab
    assert isinstance(tab, CleaningTab)
    qtbot.waitUntil(lambda: tab.version is not None)
    tab._add(StepKind.DROP_COLUMNS)
    qtbot.waitUntil(tab.form.isVisible)
    data.chooser.setFocus(Qt.FocusReason.TabFocusReason)
    qtbot.keyClick(data.chooser, Qt.Key.Key_Escape)
    assert not tab.form.isVisible()
