"""Lines for curl and for Python that ask the same, ready to be copied."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPlainTextEdit

from mlops_desktop.widgets.buttons import CopyButton
from mlops_desktop.widgets.cards import Card
from mlops_desktop.widgets.tabs import Tabs
from mlops_desktop.widgets.theme import app_theme


class ProgramsCard(Card):
    """prefix: stands before the object names, where a screen has two of these."""

    def __init__(self, title: str, prefix: str = "") -> None:
        copy = CopyButton(self._program, self.tr("Copy the program"))
        copy.setObjectName(f"{prefix}copy-code")
        super().__init__(title, actions=(copy,))
        self._tabs = Tabs(self.tr("Language"))
        self._tabs.bar.setObjectName(f"{prefix}code-tabs")
        empty = self.tr("It has no address yet: start it.")
        self._curl = _Code(f"{prefix}curl-example", self.tr("The same with curl"), empty)
        self._python = _Code(f"{prefix}python-example", self.tr("The same in Python"), empty)
        self._tabs.add("curl", self._curl)
        self._tabs.add("Python", self._python)
        self.add(self._tabs, 1)

    def show_programs(self, curl: str, python: str) -> None:
        self._curl.setPlainText(curl)
        self._python.setPlainText(python)

    def _program(self) -> str:
        return (self._curl, self._python)[self._tabs.current()].toPlainText()


class _Code(QPlainTextEdit):
    """A program to read and to copy; low, so that it takes the height that is left."""

    def __init__(self, object_name: str, name: str, empty: str) -> None:
        super().__init__(readOnly=True)
        self.setObjectName(object_name)
        self.setAccessibleName(name)
        self.setPlaceholderText(empty)
        self.setFont(app_theme().monospace(9))
        self.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.setTabChangesFocus(True)

    def sizeHint(self) -> QSize:
        return QSize(240, 96)
