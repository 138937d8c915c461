"""The column inspector and the Profile tab of the Data panel: what they tell, and their fixes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import datasets, units
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.core.datasets import ColumnType, DataWarning, ImportSpec, WarningKind
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.ml import suggestions
from mlops_desktop.panels.datasets import DatasetsPanel
from mlops_desktop.panels.datasets.cleaning import CleaningTab
from mlops_desktop.panels.datasets.correlations import CorrelationsPage
from mlops_desktop.panels.datasets.gaps import GapsPage
from mlops_desktop.panels.datasets.inspector import Inspector
from mlops_desktop.panels.datasets.profile import ProfileTab
from mlops_desktop.panels.datasets.warnings import Warnings
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from mlops_desktop.work.jobs import Jobs

WAIT_MS = 20_000


@pytest.fixture
def panel(qtbot: QtBot, jobs: Jobs, workspace: Workspace, rentals_csv: Path) -> DatasetsPanel:
    store = Store.open(workspace)
    datasets.import_file(DirectLane(store), ImportSpec(str(rentals_csv), "rentals"))
    store.close()
    panel = DatasetsPanel(jobs, workspace)
    qtbot.addWidget(panel)
    panel.resize(1178, 686)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.shown()
    qtbot.waitUntil(lambda: panel._version is not None, timeout=WAIT_MS)
    return panel


def profile_tab(panel: DatasetsPanel, qtbot: QtBot) -> ProfileTab:
    tab = panel.views._tabs["Profile"]
    assert isinstance(tab, ProfileTab)
    panel.views.tabs.set_current(list(panel.views._tabs).index("Profile"))
    qtbot.waitUntil(lambda: tab.view.model().rowCount() == 7, timeout=WAIT_MS)
    return tab


def button(parent: QWidget, name: str) -> QPushButton:
    found = parent.findChild(QPushButton, name)
    assert found is not None, name
    return found


def inspect(panel: DatasetsPanel, name: str, qtbot: QtBot) -> Inspector:
    panel.views.inspect(True)
    panel.views.inspector.show_column(name)
    qtbot.waitUntil(lambda: panel.views.inspector._stack.currentIndex() == 1, timeout=WAIT_MS)
    return panel.views.inspector


def test_that_a_profile_is_split_by_a_target(panel: DatasetsPanel, qtbot: QtBot):
    tab = profile_tab(panel, qtbot)
    assert tab.target.findText("day") == -1
    tab.target.setCurrentText("weather")
    tab.target.activated.emit(tab.target.currentIndex())
    qtbot.waitUntil(lambda: "member" in tab._splits, timeout=WAIT_MS)
    assert tab.legend.accessibleName() == "weather = sun, weather = rain, weather = fog"
    tab.target.setCurrentText("total")
    tab.target.activated.emit(tab.target.currentIndex())
    qtbot.waitUntil(lambda: tab.legend.accessibleName() == "rows, mean of total", timeout=WAIT_MS)
    tab.target.setCurrentIndex(0)
    tab.target.activated.emit(0)
    assert not tab._splits


def test_that_a_cell_of_the_correlations_opens_the_pair(panel: DatasetsPanel, qtbot: QtBot):
    tab = profile_tab(panel, qtbot)
    tab.bar.setCurrentIndex(1)
    page = tab.correlations
    assert page.matrix.table()[0][1:] == [
        "id",
        "day",
        "member",
        "guest",
        "total",
        "weather",
        "wind",
    ]
    for cell, title in (
        ((2, 4), "member against total"),
        ((5, 4), "total by weather"),
        ((1, 4), "total against day"),
    ):
        page.matrix.cell_clicked.emit(*cell)
        qtbot.waitUntil(
            lambda title=title: (
                page.pair.chart is not None
                and page.pair.isVisible()
                and page.pair.chart.title.text() == title
            ),
            timeout=WAIT_MS,
        )
    qtbot.mouseClick(page.pair.findChild(QToolButton, "close-pair"), Qt.MouseButton.LeftButton)
    assert page.pair.isHidden()
    assert "Spearman" in page._describe(2, 4)
    page.measure.setCurrentIndex(1)
    assert "Pearson" in page._describe(2, 4)
    assert "correlation ratio" in page._describe(5, 4)


def test_that_gaps_are_shown(panel: DatasetsPanel, qtbot: QtBot):
    tab = profile_tab(panel, qtbot)
    tab.bar.setCurrentIndex(2)
    assert tab.gaps.chart.table()[1] == [("nothing missing", 0, 239), ("wind", 1, 1)]
    assert tab.gaps.matrix.isHidden()


def test_that_what_an_old_profile_lacks_is_said(
    qtbot: QtBot, jobs: Jobs, workspace: Workspace, panel: DatasetsPanel
):
    version = panel._version
    assert version is not None
    old = replace(datasets.profile(workspace, version), correlations=None, gaps=None)
    page, gaps = CorrelationsPage(jobs, workspace), GapsPage()
    for widget in (page, gaps):
        qtbot.addWidget(widget)
    page.show_profile(version, old)
    gaps.show_profile(old)
    assert "stored before correlations" in page._empty._sentence.text()
    assert "stored before missing values" in gaps._empty._sentence.text()


def test_that_a_card_fills_the_inspector(panel: DatasetsPanel, qtbot: QtBot):
    tab = profile_tab(panel, qtbot)
    assert panel.views.inspector.isHidden()
    tab.view.setCurrentIndex(tab.view.model().index(2, 0))
    tab.view.activated.emit(tab.view.currentIndex())
    qtbot.waitUntil(lambda: panel.views.inspector._stack.currentIndex() == 1, timeout=WAIT_MS)
    assert panel.views.inspector.chooser.currentText() == "member"
    assert panel.views.inspector._facts.text() == "whole number, 50 different values, none missing"
    qtbot.mouseClick(
        panel.views.inspector.findChild(QToolButton, "close-inspector"), Qt.MouseButton.LeftButton
    )
    assert panel.views.inspector.isHidden()


def test_that_a_wide_window_shows_the_inspector(panel: DatasetsPanel, qtbot: QtBot):
    panel.resize(1500, 800)
    qtbot.waitUntil(panel.views.inspector.isVisible)
    panel.resize(1178, 686)
    qtbot.waitUntil(panel.views.inspector.isHidden)


def test_that_a_unit_is_kept_and_shown(panel: DatasetsPanel, qtbot: QtBot, jobs: Jobs):
    inspector = inspect(panel, "wind", qtbot)
    inspector.unit.setText("m/s")
    inspector.unit.editingFinished.emit()
    qtbot.waitUntil(lambda: inspector._numbers_title.text() == "Numbers (m/s)", timeout=WAIT_MS)
    kept: list[dict[str, str]] = []
    jobs.run(panel, lambda store: units.units(store, "rentals"), kept.append)
    qtbot.waitUntil(lambda: kept == [{"wind": "m/s"}], timeout=WAIT_MS)
    pages = panel.views._table.table.pages
    qtbot.waitUntil(lambda: "m/s" in str([c.note for c in pages.columns]), timeout=WAIT_MS)
    tab = profile_tab(panel, qtbot)
    assert tab.view._columns.units == {"wind": "m/s"}


def test_that_the_inspector_makes_steps(panel: DatasetsPanel, qtbot: QtBot):
    inspector = Inspector(panel._jobs, panel._workspace)
    qtbot.addWidget(inspector)
    assert panel._version is not None
    inspector.show_version(panel._version)
    inspector.show()
    inspector.show_column("wind")
    qtbot.waitUntil(lambda: inspector._stack.currentIndex() == 1, timeout=WAIT_MS)
    made: list[Step] = []
    inspector.steps_wanted.connect(made.extend)
    button(inspector, "drop-column").click()
    button(inspector, "rename-button").click()
    inspector.steps.rename.line.setText("gust")
    inspector.steps.rename.button.click()
    button(inspector, "fix-type-wind").click()
    for name in ("fill-column", "change-type"):
        menu = button(inspector, name).menu()
        assert menu is not None
        menu.actions()[0].trigger()
    wind = {"columns": ["wind"]}
    assert made == [
        Step(StepKind.DROP_COLUMNS, wind),
        Step(StepKind.RENAME, {"column": "wind", "into": "gust"}),
        Step(StepKind.FILL, {**wind, "with": "median"}),
        Step(StepKind.FILL, {**wind, "with": "median"}),
        Step(StepKind.CAST, {**wind, "to": "integer"}),
    ]
    inspector.show_column("member")
    qtbot.waitUntil(lambda: not button(inspector, "fill-column").isEnabled(), timeout=WAIT_MS)


def test_that_a_fix_goes_to_the_tab_that_takes_steps(
    panel: DatasetsPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
):
    taken: list[Step] = []

    def add_steps(_self: object, steps: Sequence[Step]) -> None:
        taken.extend(steps)

    monkeypatch.setattr(CleaningTab, "add_steps", add_steps)
    step = Step(StepKind.DROP_COLUMNS, {"columns": ["wind"]})
    panel.views.warnings.fix_wanted.emit([step])
    assert taken == [step]
    assert panel.views.tabs.current() == list(panel.views._tabs).index("Cleaning")


def test_that_a_warning_offers_its_fix(qtbot: QtBot):
    warnings = Warnings()
    qtbot.addWidget(warnings)
    warnings.resize(800, 300)
    warnings.show()
    found = [
        DataWarning(WarningKind.CONSTANT, ("k",), "`k`", "", "", suggestion=suggestions.drop("k")),
        DataWarning(
            WarningKind.TYPE,
            ("n",),
            "`n`",
            "",
            "",
            read_as=(ColumnType.NUMBER,),
            suggestion=suggestions.parse_dates("n", ""),
        ),
    ]
    wanted: list[list[Step]] = []
    warnings.fix_wanted.connect(wanted.append)
    warnings.set_warnings(found, {}, can_read_again=True)
    button(warnings, "fix-constant-k").click()
    assert wanted == [[Step(StepKind.DROP_COLUMNS, {"columns": ["k"]})]]
    # What reading the file again can do needs no step.
    assert warnings.findChild(QPushButton, "fix-type-n") is None
    warnings.set_warnings(found, {}, can_read_again=False)
    assert button(warnings, "fix-type-n").text() == "Read as dates"
