"""The history of a dataset: tags, notes, deleting with an undo, lineage, the bin and clean-up."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QContextMenuEvent
from PySide6.QtWidgets import (
    QApplication,
    QLabel,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import datasets, storage, versions
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.app import App
from mlops_desktop.core.datasets import ImportSpec
from mlops_desktop.panels.datasets import DatasetsPanel
from mlops_desktop.panels.settings import SettingsPanel
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from mlops_desktop.work.jobs import Jobs

WAIT_MS = 20_000


@pytest.fixture(scope="module")
def two_versions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with rentals@1 and rentals@2, to copy."""
    root = tmp_path_factory.mktemp("versions") / "workspace"
    store = Store.open(Workspace(root))
    for rows in (60, 80):
        file = root / f"rentals_{rows}.csv"
        lines = [f"{n},{n * 7 % 50},{'sun' if n % 3 else 'rain'}" for n in range(rows)]
        file.write_text("\n".join(["id,total,weather", *lines]) + "\n", encoding="utf-8")
        datasets.import_file(DirectLane(store), ImportSpec(str(file), "rentals", f"{rows} rows"))
    store.close()
    return root


@pytest.fixture
def workspace(two_versions: Path, workspace_dir: Path) -> Workspace:
    shutil.copytree(two_versions, workspace_dir)
    return Workspace(workspace_dir)


@pytest.fixture
def panel(qtbot: QtBot, jobs: Jobs, workspace: Workspace) -> DatasetsPanel:
    panel = DatasetsPanel(jobs, workspace)
    qtbot.addWidget(panel)
    panel.resize(1178, 686)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.shown()
    qtbot.waitUntil(lambda: panel.history.current() == "rentals@2", timeout=WAIT_MS)
    return panel


def choose(panel: DatasetsPanel, name: str, ref: str = "") -> None:
    """Trigger an item of a version's menu, as a click on it does."""
    if ref:
        panel.history.choose(ref)
    menu = panel.care.menu(panel.history.current())
    action = menu.findChild(QAction, name)
    assert action is not None, name
    action.trigger()
    menu.close()


def button(parent: QWidget, name: str) -> QPushButton:
    found = parent.findChild(QPushButton, name)
    assert found is not None, name
    return found


def entry(panel: DatasetsPanel, ref: str) -> str:
    row = panel.history.keys().index(ref)
    return str(panel.history.model().index(row, 0).data())


def test_that_a_tag_is_asked_for_and_shown(panel: DatasetsPanel, qtbot: QtBot) -> None:
    choose(panel, "version-tag", "rentals@1")
    line = panel.findChild(QLineEdit, "tag-name")
    assert line is not None
    assert line.hasFocus() or line.isVisible()
    with qtbot.waitSignal(panel.toast, timeout=WAIT_MS) as said:
        qtbot.keyClicks(line, "golden")
        qtbot.keyClick(line, Qt.Key.Key_Return)
    assert said.args == ["rentals@1 is tagged golden."]
    qtbot.waitUntil(lambda: "golden" in entry(panel, "rentals@1"), timeout=WAIT_MS)
    assert not line.isVisible()
    with qtbot.waitSignal(panel.undoable, timeout=WAIT_MS) as undo:
        choose(panel, "version-untag")
    qtbot.waitUntil(lambda: "golden" not in entry(panel, "rentals@1"), timeout=WAIT_MS)
    undo.args[1]()
    qtbot.waitUntil(lambda: "golden" in entry(panel, "rentals@1"), timeout=WAIT_MS)


def test_that_a_tag_that_reads_as_a_number_is_refused_in_place(
    panel: DatasetsPanel, qtbot: QtBot
) -> None:
    choose(panel, "version-tag")
    line = panel.findChild(QLineEdit, "tag-name")
    assert line is not None
    qtbot.keyClicks(line, "v7")
    qtbot.keyClick(line, Qt.Key.Key_Return)
    error = panel.findChild(QWidget, "data-error")
    assert error is not None
    qtbot.waitUntil(error.isVisible, timeout=WAIT_MS)
    assert line.isVisible()


def test_that_a_note_is_shown_and_can_be_edited_and_removed(
    panel: DatasetsPanel, qtbot: QtBot
) -> None:
    choose(panel, "version-note", "rentals@2")
    line = panel.findChild(QLineEdit, "note-text")
    assert line is not None
    with qtbot.waitSignal(panel.toast, timeout=WAIT_MS):
        qtbot.keyClicks(line, "Checked by hand.")
        qtbot.keyClick(line, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "Checked by hand." in entry(panel, "rentals@2"), timeout=WAIT_MS)
    choose(panel, "version-note")
    assert line.text() == "Checked by hand."
    with qtbot.waitSignal(panel.toast, timeout=WAIT_MS):
        choose(panel, "version-unnote")
    qtbot.waitUntil(lambda: "80 rows" in entry(panel, "rentals@2"), timeout=WAIT_MS)


def test_that_the_menu_opens_by_button_and_by_key_for_the_chosen_version(
    panel: DatasetsPanel, qtbot: QtBot
) -> None:
    panel.history.choose("rentals@1")

    def opened() -> list[QMenu]:
        return [menu for menu in panel.care.findChildren(QMenu) if menu.isVisible()]

    more = panel.findChild(QToolButton, "version-menu")
    assert more is not None
    qtbot.mouseClick(more, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: len(opened()) == 1)
    opened()[0].close()
    place = panel.history.viewport().rect().center()
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, place, place)
    with qtbot.waitSignal(panel.history.menu_wanted) as wanted:
        QApplication.sendEvent(panel.history.viewport(), event)
    assert wanted.args[0] == "rentals@1"
    qtbot.waitUntil(lambda: len(opened()) == 1)
    opened()[0].close()


def test_that_the_history_says_who(panel: DatasetsPanel, jobs: Jobs) -> None:
    who = jobs.lane(lambda store: store.actor)
    assert f"by {who}" in entry(panel, "rentals@1")


def test_that_a_deleted_version_comes_back_by_undo(panel: DatasetsPanel, qtbot: QtBot) -> None:
    with qtbot.waitSignal(panel.undoable, timeout=WAIT_MS) as done:
        choose(panel, "version-delete", "rentals@2")
    assert done.args[0] == "Deleted rentals@2."
    qtbot.waitUntil(lambda: panel.history.keys() == ["rentals@1"], timeout=WAIT_MS)
    qtbot.waitUntil(lambda: panel.history.current() == "rentals@1")
    done.args[1]()
    both = ["rentals@2", "rentals@1"]
    qtbot.waitUntil(lambda: panel.history.keys() == both, timeout=WAIT_MS)


def test_that_deleting_what_is_used_names_the_use_first(
    panel: DatasetsPanel, jobs: Jobs, qtbot: QtBot
) -> None:
    jobs.run(panel, lambda store: versions.tag(store, "rentals@2", "golden"))
    qtbot.waitUntil(lambda: "golden" in entry(panel, "rentals@2"), timeout=WAIT_MS)
    choose(panel, "version-delete", "rentals@2")
    really = button(panel, "delete-anyway")
    qtbot.waitUntil(really.isVisible, timeout=WAIT_MS)
    texts = {label.text() for label in panel.findChildren(QLabel) if label.isVisible()}
    assert "rentals@2 is used by the tag golden." in texts
    panel.escape()
    assert not really.isVisible()
    choose(panel, "version-delete")
    qtbot.waitUntil(really.isVisible, timeout=WAIT_MS)
    with qtbot.waitSignal(panel.undoable, timeout=WAIT_MS):
        qtbot.mouseClick(really, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: panel.history.keys() == ["rentals@1"], timeout=WAIT_MS)


def test_that_a_whole_dataset_is_deleted_and_the_panel_is_empty(
    panel: DatasetsPanel, qtbot: QtBot
) -> None:
    with qtbot.waitSignal(panel.undoable, timeout=WAIT_MS) as done:
        choose(panel, "dataset-delete")
    assert done.args[0] == "Deleted rentals."
    qtbot.waitUntil(button(panel, "open-sample-data").isVisible, timeout=WAIT_MS)
    done.args[1]()
    qtbot.waitUntil(panel.history.isVisible, timeout=WAIT_MS)


def test_that_the_lineage_opens_what_is_clicked_and_can_be_read_as_a_table(
    panel: DatasetsPanel, qtbot: QtBot
) -> None:
    panel.views.tabs.set_current(list(panel.views._tabs).index("Lineage"))
    graph = panel.views._tabs["Lineage"].graph  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: len(graph.table.rows()) == 2, timeout=WAIT_MS)
    (data,) = [node for node in graph.table.rows() if node.title == "rentals@2"]
    box = graph.findChild(QWidget, f"lineage-{data.key}")
    assert box is not None
    with qtbot.waitSignal(panel.open_panel) as opened:
        qtbot.mouseClick(box, Qt.MouseButton.LeftButton)
    assert opened.args == ["data", "rentals@2"]
    qtbot.keyClick(box, Qt.Key.Key_Left)
    file = graph.findChild(QWidget, f"lineage-file:{data.key.partition(':')[2]}")
    assert file is not None
    readout = graph.findChild(QLabel, "lineage-readout")
    assert readout is not None
    qtbot.waitUntil(lambda: "rentals_80.csv" in readout.text())
    qtbot.mouseClick(button(panel, "lineage-as-table"), Qt.MouseButton.LeftButton)
    assert graph.table.isVisible()
    graph.table.select([data.key])
    with qtbot.waitSignal(panel.open_panel):
        qtbot.keyClick(graph.table, Qt.Key.Key_Return)


def test_that_compare_with_shows_the_changes(panel: DatasetsPanel, qtbot: QtBot) -> None:
    panel.history.choose("rentals@1")
    menu = panel.care.menu("rentals@1")
    (other,) = menu.findChildren(QAction, "version-compare")
    assert other.text() == "rentals@2"
    other.trigger()
    changes = panel.views._tabs["Changes"]
    assert changes.isVisible()
    qtbot.waitUntil(lambda: changes.found is not None, timeout=WAIT_MS)  # type: ignore[attr-defined]
    assert changes.choice.chosen() == "rentals@2"  # type: ignore[attr-defined]


@pytest.fixture
def settings(qtbot: QtBot, jobs: Jobs, workspace: Workspace) -> SettingsPanel:
    jobs.lane(lambda store: versions.delete(store, "rentals@2"))
    panel = SettingsPanel(jobs, workspace)
    qtbot.addWidget(panel)
    panel.resize(1178, 686)
    with qtbot.waitExposed(panel):
        panel.show()
    with qtbot.waitSignal(panel.storage.loaded, timeout=WAIT_MS):
        panel.shown()
    return panel


def test_that_a_clean_up_says_what_is_lost_and_frees_it(
    settings: SettingsPanel, jobs: Jobs, qtbot: QtBot
) -> None:
    section = settings.storage
    frees = jobs.lane(storage.binned)[0].frees
    assert [one.version.ref for one in section.bin.rows()] == ["rentals@2"]
    assert "A clean-up frees" in section.frees.text()
    names = {part.name for part in section.usage.rows()}
    assert {"rentals", "bin", "database"} <= names
    qtbot.mouseClick(section.clean_button, Qt.MouseButton.LeftButton)
    assert section.confirm.isVisible()
    texts = {label.text() for label in section.findChildren(QLabel)}
    assert "rentals@2 can then no longer be restored." in texts
    with qtbot.waitSignal(settings.toast, timeout=WAIT_MS) as said:
        qtbot.mouseClick(section.confirm, Qt.MouseButton.LeftButton)
    assert said.args == [f"Freed {frees / 1000:.1f} kB."]
    qtbot.waitUntil(lambda: not section.bin.rows(), timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not section.clean_button.isEnabled(), timeout=WAIT_MS)


def test_that_the_bin_gives_back_what_is_chosen(
    settings: SettingsPanel, jobs: Jobs, qtbot: QtBot
) -> None:
    section = settings.storage
    assert not section.restore.isEnabled()
    section.bin.select(["rentals@2"])
    with qtbot.waitSignal(settings.toast, timeout=WAIT_MS) as said:
        qtbot.mouseClick(section.restore, Qt.MouseButton.LeftButton)
    assert said.args == ["Restored rentals@2."]
    assert len(jobs.lane(lambda store: datasets.list_versions(store, "rentals"))) == 2


def test_that_the_undo_is_offered_in_the_window(app: App, qtbot: QtBot) -> None:
    panel = app.window.show_panel("data")
    undone: list[bool] = []
    panel.undoable.emit("Deleted bike@3.", lambda: undone.append(True))
    assert app.toasts.texts() == ["Deleted bike@3."]
    (undo,) = [b for b in app.window.findChildren(QPushButton) if b.text() == "Undo"]
    qtbot.mouseClick(undo, Qt.MouseButton.LeftButton)
    assert undone == [True]
