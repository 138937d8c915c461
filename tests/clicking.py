"""What tests of panels do as a person would: press a button, or ask the store and wait."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mlops_desktop.store.store import Store
from mlops_desktop.work.jobs import Jobs

T = TypeVar("T")
_WAIT_MS = 20_000


def click(widget: QWidget, name: str, qtbot: QtBot) -> None:
    """Press the button of that object name, once it is there to be pressed."""
    button = widget.findChild(QPushButton, name)
    assert button is not None, name
    qtbot.waitUntil(lambda: button.isVisible() and button.isEnabled(), timeout=_WAIT_MS)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def ask(jobs: Jobs, work: Callable[[Store], T], qtbot: QtBot) -> T:
    """What the store answers."""
    found: list[T] = []
    jobs.run(jobs, work, found.append)
    qtbot.waitUntil(lambda: bool(found), timeout=_WAIT_MS)
    return found[0]
