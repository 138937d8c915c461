"""A person's walk through the window on the sample, by real clicks: run by test_gui_loop.py.

It looks widgets up by their names, clicks and types as a person does, and waits for what is shown.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QEventLoop, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QMenu,
    QSpinBox,
    QWidget,
)

from mlops_desktop.app import App
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.cards import Chip
from mlops_desktop.widgets.rail import RailButton
from mlops_desktop.widgets.row_table import RowTable

W = TypeVar("W", bound=QWidget)
_PATIENCE_S = 120.0


class Walker:
    """Hands and eyes in front of the window."""

    def __init__(self, app: App) -> None:
        self._app = app

    def find(self, kind: type[W], name: str) -> W:
        """The visible widget of that name, once it is there."""
        found: list[W] = []

        def there() -> bool:
            found[:] = [w for w in self._app.window.findChildren(kind, name) if w.isVisible()]
            return bool(found)

        self.wait(there, f"{name} is visible")
        return found[0]

    def click(self, name: str) -> None:
        button = self.find(QAbstractButton, name)
        self.wait(button.isEnabled, f"{name} can be clicked")
        QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(12, button.height() // 2))
        self.say(f"clicked {name}")

    def type(self, name: str, text: str) -> None:
        field = self.find(QLineEdit, name)
        QTest.mouseClick(field, Qt.MouseButton.LeftButton)
        field.selectAll()
        QTest.keyClicks(field, text)

    def choose(self, name: str, text: str) -> None:
        box = self.find(QComboBox, name)
        self.wait(lambda: box.findText(text) >= 0, f"{name} offers {text}")
        box.setFocus()
        box.setCurrentIndex(box.findText(text))
        box.activated.emit(box.currentIndex())

    def spin(self, name: str, value: int) -> None:
        box = self.find(QSpinBox, name)
        box.lineEdit().selectAll()
        QTest.keyClicks(box, f"{value}")
        QTest.keyClick(box, Qt.Key.Key_Tab)

    def text(self, name: str) -> str:
        return self.find(QLabel, name).text()

    def pick(self, menu_button: str, words: str) -> None:
        """Open a button's menu and click the entry that holds these words."""
        button = self.find(QAbstractButton, menu_button)
        menu = button.menu()
        assert isinstance(menu, QMenu)
        menu.popup(button.mapToGlobal(QPoint(0, button.height())))
        self.wait(menu.isVisible, "the menu is open")
        (action,) = [a for a in menu.actions() if words in a.text()]
        QTest.mouseClick(menu, Qt.MouseButton.LeftButton, pos=menu.actionGeometry(action).center())
        self.say(f"chose {words}")

    def wait(self, fact: Callable[[], object], what: str, seconds: float = _PATIENCE_S) -> None:
        end = time.monotonic() + seconds
        while not fact():
            if time.monotonic() > end:
                picture = Path("walk-stuck.png").absolute()
                self._app.window.grab().save(str(picture))
                sys.exit(f"waited in vain until {what}; see {picture}")
            _let_pass(20)

    def go(self, title: str, key: str) -> None:
        """Click a panel's button in the rail."""
        rail = self._app.window.rail
        (button,) = [b for b in rail.findChildren(RailButton) if b.accessibleName() == title]
        QTest.mouseClick(button, Qt.MouseButton.LeftButton)
        self.wait_panel(key)

    def wait_panel(self, key: str) -> None:
        self.wait(lambda: self._app.window.current == key, f"{key} is shown")

    def say(self, text: str) -> None:
        sys.stdout.write(f"{time.monotonic() - _BEGUN:6.1f} s  {text}\n")
        sys.stdout.flush()


def walk(app: App) -> None:
    """The whole loop: sample, train, register, approve, deploy, ask, replay, retrain, swap."""
    me = Walker(app)
    _data(me)
    _train(me)
    _approve_and_deploy(me)
    _monitor_and_retrain(me)


def _data(me: Walker) -> None:
    me.click("open-sample")
    me.wait_panel("data")
    warnings = me.find(QWidget, "warnings")

    def said() -> str:
        return " ".join(label.text() for label in warnings.findChildren(QLabel))

    me.wait(lambda: "casual" in said() and "registered" in said(), "the leak is warned of")
    me.say("the leak is warned of")


def _train(me: Walker) -> None:
    me.go("Train", "train")
    me.click("new-training")
    me.choose("train-target", "cnt")
    me.choose("train-time-column", "dteday")
    me.spin("train-budget", 60)
    me.click("train-more")
    me.click("train-random_forest")
    tree = me.find(QWidget, "train-leave-out")
    left_out = [
        item.text(0)
        for number in range(tree.topLevelItemCount())  # type: ignore[attr-defined]
        if (item := tree.topLevelItem(number)).checkState(0) is Qt.CheckState.Checked  # type: ignore[attr-defined]
    ]
    assert {"casual", "registered"} <= set(left_out), f"the leak is left out: {left_out}"
    me.click("train-button")
    table = me.find(RowTable, "runs-table")
    me.wait(lambda: [r.state.value for r in table.rows()] == ["done"] * 3, "three runs are done")
    best = min(table.rows(), key=lambda run: run.value or 1e9)
    table.select([best.id])
    me.wait(lambda: "times better" in me.text("verdict"), "the verdict is in words")
    me.say(me.text("verdict"))
    me.click("register-run")
    me.type("register-name", "demand")
    me.click("register-button")
    me.wait_panel("models")


def _approve_and_deploy(me: Walker) -> None:
    me.click("approve-model")
    me.type("approval-note", "Looked at with the depot.")
    me.click("confirm-approve")
    me.click("make-champion")
    me.click("deploy-model")
    me.wait_panel("deploy")
    me.click("start-new")
    chip = me.find(Chip, "deployment-state")
    me.wait(lambda: "running" in chip.text().lower(), "the server runs")
    me.click("predict-button")
    me.wait(lambda: any(c.isdigit() for c in me.text("answer-value")), "the model answers")
    me.say(f"the model answers {me.text('answer-value')}")


def _monitor_and_retrain(me: Walker) -> None:
    me.go("Monitor", "monitor")
    me.pick("replay-button", "2012")
    alerts = me.find(QWidget, "alerts-card")

    def said() -> str:
        return " ".join(label.text() for label in alerts.findChildren(QLabel))

    me.wait(lambda: "error" in said().lower(), "the error alert stands")
    me.say("the error alert stands")
    me.wait(lambda: not _busy(me), "the replay is over")
    me.click("retrain-button")
    result = me.find(QWidget, "monitor-result")
    me.wait(
        lambda: any("waits for your approval" in x.text() for x in result.findChildren(QLabel)),
        "the new version waits",
    )
    me.say("the new version waits for approval")
    (review,) = [b for b in result.findChildren(QAbstractButton) if "Review" in b.text()]
    QTest.mouseClick(review, Qt.MouseButton.LeftButton)
    me.wait_panel("models")
    me.wait(lambda: "neither was trained on" in me.text("model-comparison"), "they are compared")
    me.say(me.text("model-comparison"))
    me.click("approve-model")
    me.type("approval-note", "It knows 2012, too.")
    me.click("confirm-approve")
    me.go("Deploy", "deploy")
    me.click("swap-version")
    chip = me.find(Chip, "deployment-state")
    me.wait(lambda: "v2" in chip.text(), "version 2 serves")
    me.say("version 2 serves")


def _let_pass(milliseconds: int) -> None:
    """Unlike QTest.qWait, an event loop lets other threads have Python's lock meanwhile."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def _busy(me: Walker) -> bool:
    return any(w.isVisible() for w in me._app.window.findChildren(QWidget, "monitor-job"))


def main(root: Path) -> int:
    qt = QApplication(sys.argv[:1])
    app = App(Workspace(root), qt)
    app.jobs.set_training_workers(2)
    app.start()
    walk(app)
    app.window.may_close = lambda: True
    app.window.close()
    app.end()
    return 0


_BEGUN = time.monotonic()
if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
