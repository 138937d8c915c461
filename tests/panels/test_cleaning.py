"""The Cleaning tab: steps are written, seen, undone and saved as a version."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import datasets
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.core.datasets import DatasetVersion, ImportSpec
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.panels.datasets.cleaning import CleaningTab
from mlops_desktop.panels.datasets.warnings import Warnings
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from mlops_desktop.work.jobs import Jobs
from tests.clicking import click

WAIT_MS = 20_000
DRY = Step(StepKind.FILTER, {"where": "weather != 'rain'"})
FILL = Step(StepKind.FILL, {"columns": ["wind"], "with": "median"})


@pytest.fixture
def version(workspace: Workspace, rentals_csv: Path) -> DatasetVersion:
    return import_csv(workspace, rentals_csv)


@pytest.fixture
def tab(qtbot: QtBot, jobs: Jobs, workspace: Workspace, version: DatasetVersion) -> CleaningTab:
    tab = CleaningTab(jobs, workspace)
    qtbot.addWidget(tab)
    tab.resize(880, 520)
    with qtbot.waitExposed(tab):
        tab.show()
    tab.show_version(version, [version])
    return tab


def import_csv(workspace: Workspace, file: Path) -> DatasetVersion:
    store = Store.open(workspace)
    try:
        return datasets.import_file(DirectLane(store), ImportSpec(str(file), "rentals"))
    finally:
        store.close()


def lines(tab: CleaningTab) -> list[str]:
    return [tab.list.list.item(n).text().split("\n")[1] for n in range(tab.list.list.count())]


def test_that_a_step_is_added_by_its_form_and_seen_at_once(tab: CleaningTab, qtbot: QtBot):
    tab.list.add_wanted.emit(StepKind.FILTER)
    field = tab.form.form.editor("where")
    assert isinstance(field, QLineEdit)
    field.setText("weather = 'sun'")
    qtbot.waitUntil(lambda: "160 rows go" in tab.preview.said.text(), timeout=WAIT_MS)
    click(tab, "step-save", qtbot)
    assert lines(tab) == ["weather = 'sun'"]
    assert tab.bar.said.text() == "1 pending step"


def test_that_changed_cells_are_marked_in_both_tables(tab: CleaningTab, qtbot: QtBot):
    tab.add_steps([FILL])
    qtbot.waitUntil(lambda: "1 value changes in wind" in tab.preview.said.text(), timeout=WAIT_MS)
    before, after = tab.preview.before.pages, tab.preview.after.pages
    qtbot.waitUntil(lambda: before.cell(0, 0).text == "missing", timeout=WAIT_MS)
    qtbot.waitUntil(lambda: bool(after.cell(0, 0).marked), timeout=WAIT_MS)
    assert before.cell(0, 0).marked


def test_that_what_a_step_cannot_do_is_said_at_the_step(tab: CleaningTab, qtbot: QtBot):
    tab.add_steps([Step(StepKind.LOG, {"columns": ["winds"]})])
    item = tab.list.list
    qtbot.waitUntil(lambda: "no column 'winds'" in item.item(0).text(), timeout=WAIT_MS)
    assert not tab.bar.save.isEnabled()
    tab.list.delete_wanted.emit(0)
    assert tab.bar.isHidden()


def test_that_an_unfinished_form_says_what_is_missing(tab: CleaningTab, qtbot: QtBot):
    tab.list.add_wanted.emit(StepKind.RATIO)
    click(tab, "step-save", qtbot)
    error = tab.form._error
    assert error.isVisible()
    assert "New column is missing" in error.accessibleName()
    click(tab, "step-cancel", qtbot)
    assert tab.draft.steps == ()


def test_that_a_form_that_opens_finds_no_fault_before_anything_was_typed(
    tab: CleaningTab, qtbot: QtBot
):
    tab.add_steps([FILL])
    qtbot.waitUntil(lambda: "1 value changes" in tab.preview.said.text(), timeout=WAIT_MS)
    tab._look_soon()
    tab.list.add_wanted.emit(StepKind.CYCLIC)
    assert not tab._settle.isActive()
    assert not tab.form._error.isVisible()


def test_that_a_failed_preview_is_not_left_to_another_version(
    tab: CleaningTab, version: DatasetVersion, qtbot: QtBot
):
    tab.add_steps([FILL])
    tab.preview.show_error(UserError("Its bytes are damaged."))
    tab.show_version(version, [version])
    assert tab.preview._error.isHidden()


def test_that_a_fix_is_pressed_once_and_again_after_an_undo(
    tab: CleaningTab, version: DatasetVersion, qtbot: QtBot
):
    warnings = Warnings()
    qtbot.addWidget(warnings)
    warnings.set_warnings(version.warnings, {}, can_read_again=False)
    warnings.fix_wanted.connect(tab.add_steps)
    tab.drafted.connect(warnings.set_pending)

    def fix() -> QPushButton:
        named = {b.objectName(): b for b in warnings.findChildren(QPushButton)}
        return next(button for name, button in named.items() if name.startswith("fix-"))

    fix().click()
    assert len(tab.draft.steps) == 1
    assert not fix().isEnabled()
    tab._undo()
    assert fix().isEnabled()


def test_that_steps_are_moved_switched_undone_and_done_again(tab: CleaningTab, qtbot: QtBot):
    tab.add_steps([DRY, FILL])
    tab.list.moved.emit(0, 1)
    qtbot.waitUntil(lambda: lines(tab)[0].startswith("wind"))
    tab.list.list.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert [step.on for step in tab.draft.steps] == [True, False]
    tab._undo()
    tab._undo()
    assert tab.draft.steps == (DRY, FILL)
    tab._redo()
    assert tab.draft.steps == (FILL, DRY)


def test_that_the_steps_become_a_version_and_run_again_on_a_newer_one(
    tab: CleaningTab, workspace: Workspace, rentals_csv: Path, qtbot: QtBot
):
    tab.add_steps([DRY, FILL])
    click(tab, "save-version", qtbot)
    with qtbot.waitSignal(tab.made, timeout=WAIT_MS) as made:
        click(tab, "save-go", qtbot)
    version: DatasetVersion = made.args[0]
    assert (version.ref, version.rows, version.recipe) == ("rentals@2", 160, "clean-rentals@1")
    assert tab.draft.steps == ()

    text = rentals_csv.read_text(encoding="utf-8")
    rentals_csv.write_text(text + "240,2026-10-01,1,2,3,sun,4.5\n", encoding="utf-8")
    import_csv(workspace, rentals_csv)
    tab.show_version(version, [version])
    qtbot.waitUntil(tab.made_by._again.isVisible, timeout=WAIT_MS)
    assert tab.made_by._again.accessibleName() == "Run clean-rentals on rentals@3"
    with qtbot.waitSignal(tab.made, timeout=WAIT_MS) as made:
        click(tab, "run-recipe-again", qtbot)
    assert (made.args[0].ref, made.args[0].rows) == ("rentals@4", 161)


def test_that_a_recipe_is_saved_written_and_read_again(
    tab: CleaningTab, tmp_path: Path, qtbot: QtBot
):
    file = tmp_path / "dry.yaml"
    tab.work.choose_target = lambda name, then: then(str(file))
    tab.work.choose_file = lambda then: then(str(file))
    tab.add_steps([DRY])
    with qtbot.waitSignal(tab.toast, timeout=WAIT_MS):
        tab.bar.file_wanted.emit("dry")
    tab._discard()
    assert tab.draft.steps == ()
    tab.work.import_file()
    qtbot.waitUntil(lambda: tab.draft.steps == (DRY,), timeout=WAIT_MS)


def test_that_fixes_of_warnings_are_offered_first(tab: CleaningTab, qtbot: QtBot):
    def offered() -> list[str]:
        buttons = tab.findChildren(QPushButton)
        return [b.text().strip() for b in buttons if b.isVisible()]

    fixes = [w.suggestion.label for w in tab.version.warnings if w.suggestion is not None]
    assert fixes
    qtbot.waitUntil(lambda: any(fixes[0] in text for text in offered()), timeout=WAIT_MS)


def test_that_all_fixes_are_taken_at_once_and_each_names_its_column(
    qtbot: QtBot, jobs: Jobs, workspace: Workspace, tmp_path: Path
):
    rows = [f"{5 + n % 40 / 10},{7 + n % 30 / 10},{n % 3}" for n in range(200)]
    rows[20], rows[60] = "0,7.5,1", "5.5,0,2"
    file = tmp_path / "sizes.csv"
    file.write_text("\n".join(["x,y,kind", *rows, *rows[:9]]) + "\n", encoding="utf-8")
    version = import_csv(workspace, file)
    tab = CleaningTab(jobs, workspace)
    qtbot.addWidget(tab)
    tab.resize(880, 520)
    with qtbot.waitExposed(tab):
        tab.show()
    tab.show_version(version, [version])
    offered = tab.no_steps.findChildren
    qtbot.waitUntil(lambda: bool(offered(QPushButton, "add-all-fixes")), timeout=WAIT_MS)
    texts = [button.text().strip() for button in offered(QPushButton)]
    assert "x: Make 0 missing" in texts
    assert "y: Make 0 missing" in texts
    click(tab, "add-all-fixes", qtbot)
    kinds = [step.kind for step in tab.draft.steps]
    assert kinds == [StepKind.DROP_DUPLICATES, StepKind.MAP_VALUES, StepKind.MAP_VALUES]
