"""The frame around the panels: keys, the palette, panes and dropped files."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QMimeData, QPoint, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QPushButton, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from mlops_desktop.panels.window import Command, MainWindow, Place
from mlops_desktop.widgets.palette import match_score
from mlops_desktop.widgets.theme import app_theme


class Panel(QWidget):
    def __init__(self, name: str) -> None:
        super().__init__()
        self.times_shown = 0
        self.button = QPushButton(name)
        QVBoxLayout(self).addWidget(self.button)

    def shown(self) -> None:
        self.times_shown += 1


@pytest.fixture
def made() -> list[str]:
    return []


@pytest.fixture
def window(qtbot: QtBot, made: list[str]) -> MainWindow:
    app_theme()

    def place(key: str, title: str, icon: str, bottom: bool = False) -> Place:
        return Place(key, title, icon, lambda: (made.append(key), Panel(title))[1], bottom)

    window = MainWindow(
        "mlops_desktop",
        [
            place("home", "Home", "house"),
            place("data", "Data", "database"),
            place("activity", "Activity", "list-checks", bottom=True),
        ],
    )
    qtbot.addWidget(window)
    with qtbot.waitExposed(window):
        window.show()
    window.show_panel("home")
    return window


def test_that_a_panel_is_made_when_first_shown(window: MainWindow, made: list[str], qtbot: QtBot):
    assert made == ["home"]
    qtbot.keyClick(window, Qt.Key.Key_2, Qt.KeyboardModifier.ControlModifier)
    qtbot.keyClick(window, Qt.Key.Key_J, Qt.KeyboardModifier.ControlModifier)
    assert (window.current, made) == ("activity", ["home", "data", "activity"])


def test_that_a_shown_panel_is_told_so(window: MainWindow):
    window.show_panel("data")
    window.show_panel("home")
    panel = window.panel("home")
    assert isinstance(panel, Panel)
    assert panel.times_shown == 2


def test_that_the_palette_finds_and_runs_a_command(window: MainWindow, qtbot: QtBot):
    ran: list[str] = []
    window.add_command(Command("Import a file", lambda: ran.append("import"), "Ctrl+O"))
    qtbot.keyClick(window, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    assert window.palette_popup.isVisible()
    qtbot.keyClicks(window.palette_popup.box, "impf")
    qtbot.keyClick(window.palette_popup.box, Qt.Key.Key_Return)
    assert ran == ["import"]
    assert not window.palette_popup.isVisible()


def test_that_a_commands_shortcut_works_without_the_palette(window: MainWindow, qtbot: QtBot):
    ran: list[str] = []
    window.add_command(Command("Import a file", lambda: ran.append("import"), "Ctrl+O"))
    qtbot.keyClick(window, Qt.Key.Key_O, Qt.KeyboardModifier.ControlModifier)
    assert ran == ["import"]


def test_that_the_palette_says_so_where_nothing_is_found(window: MainWindow, qtbot: QtBot):
    window.open_palette()
    palette = window.palette_popup
    assert not palette.nothing.isVisible()
    qtbot.keyClicks(palette.box, "qqqqqq")
    assert palette.nothing.isVisible()
    assert not palette.list.isVisible()


def test_that_things_are_found_when_they_have_been_looked_up(window: MainWindow, qtbot: QtBot):
    palette, opened = window.palette_popup, []
    with qtbot.waitSignal(palette.opened):
        window.open_palette()
    qtbot.keyClicks(palette.box, "bike")
    assert palette.nothing.text().startswith("Looking")
    things = [
        Command(title, lambda title=title: opened.append(title), group="data version", about="gold")
        for title in ("bike@1", "bike@2")
    ]
    palette.show_things(things)
    assert [palette.list.item(n).text() for n in range(palette.list.count())] == [
        "bike@1",
        "bike@2",
    ]
    qtbot.keyClick(palette.box, Qt.Key.Key_Down)
    palette.show_things(list(reversed(things)))
    assert palette.list.currentItem().text() == "bike@2", "What was chosen stays chosen."
    qtbot.keyClick(palette.box, Qt.Key.Key_Return)
    assert opened == ["bike@2"]
    window.open_palette()
    names = [palette.list.item(n).text() for n in range(palette.list.count())]
    assert "bike@1" not in names, "Nothing typed: commands only."


def test_that_escape_closes_the_palette(window: MainWindow, qtbot: QtBot):
    window.open_palette()
    qtbot.keyClick(window.palette_popup.box, Qt.Key.Key_Escape)
    assert not window.palette_popup.isVisible()


def test_that_f6_goes_round_the_panes(window: MainWindow, qtbot: QtBot):
    window.rail.focus()
    panel = window.panel("home")
    assert isinstance(panel, Panel)
    seen = []
    for _ in range(4):
        qtbot.keyClick(window, Qt.Key.Key_F6)
        seen.append(window.focusWidget())
    assert panel.button in seen
    assert len(set(seen)) == 4


def test_that_a_dropped_csv_is_told_and_another_file_is_not(window: MainWindow, qtbot: QtBot):
    def drop(path: str) -> None:
        mime = QMimeData()
        mime.setUrls([QUrl.fromLocalFile(path)])
        event = QDropEvent(
            QPoint(5, 5),
            Qt.DropAction.CopyAction,
            mime,
            Qt.MouseButton.LeftButton,
            Qt.KeyboardModifier.NoModifier,
        )
        window.dropEvent(event)

    with qtbot.waitSignal(window.file_dropped) as told:
        drop("/somewhere/bikes.csv")
    assert told.args[0].endswith("bikes.csv")
    with qtbot.assertNotEmitted(window.file_dropped):
        drop("/somewhere/bikes.exe")


def test_that_better_matches_come_first():
    assert match_score("exp", "Export") == 0
    first, second = match_score("run", "Go to run 12"), match_score("run", "Prune")
    assert first is not None
    assert second is not None
    assert first < second
    assert match_score("xyz", "Export") is None


def test_that_help_opens_on_what_the_panel_shows(window: MainWindow, qtbot: QtBot):
    topics: list[str] = []
    window.help_wanted.connect(topics.append)
    qtbot.keyClick(window, Qt.Key.Key_F1)
    window.show_panel("data")
    window.panel("data").help_topic = lambda: "checks"  # type: ignore[attr-defined]
    qtbot.keyClick(window, Qt.Key.Key_F1)
    assert topics == ["home", "checks"]
