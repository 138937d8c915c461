"""Push buttons of each rank, icon buttons, and the button that copies a text."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QCoreApplication, QSize, Qt, QTimer
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtWidgets import QMenu, QPushButton, QToolButton

from mlops_desktop.widgets.icons import icon, set_icon
from mlops_desktop.widgets.theme import follow_theme

_ICON_TOKENS = {"primary": "on_accent", "danger": "error", "link": "accent"}


class Button(QPushButton):
    """kind: primary (one a screen), secondary, danger, quiet (no border) or link."""

    def __init__(
        self,
        text: str,
        icon_name: str = "",
        *,
        kind: str = "secondary",
        clicked: Callable[[], object] | None = None,
        shortcut: str = "",
        tip: str = "",
    ) -> None:
        # The space before the text keeps it away from the icon, which Qt glues to it.
        super().__init__(f" {text}" if icon_name else text)
        self.setProperty("kind", kind)
        self.setAccessibleName(text)
        self.setAutoDefault(False)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._icon_name = icon_name
        if icon_name:
            self.setIconSize(QSize(16, 16))
            follow_theme(self, lambda _: self._take_icon())
        if clicked is not None:
            self.clicked.connect(lambda: clicked())  # noqa: PLW0108 - Qt's `checked` ends here
        if shortcut:
            self.setShortcut(QKeySequence(shortcut))
            tip = f"{tip or text} ({self.shortcut().toString(_NATIVE)})"
        if tip:
            self.setToolTip(tip)

    def _take_icon(self) -> None:
        if self._icon_name:
            token = _ICON_TOKENS.get(str(self.property("kind")), "text")
            self.setIcon(icon(self._icon_name, token))

    def set_kind(self, kind: str) -> None:
        """Change its rank, as where another button became the screen's main one."""
        if self.property("kind") != kind:
            self.setProperty("kind", kind)
            self._take_icon()
            self.style().unpolish(self)
            self.style().polish(self)

    def set_menu(self, menu: QMenu) -> None:
        """Open a menu below the button instead of clicking it."""
        self.setProperty("menu", True)
        self.setMenu(menu)
        self.style().unpolish(self)
        self.style().polish(self)


def primary(text: str, icon_name: str = "", clicked: Callable[[], object] | None = None) -> Button:
    """The one action that the screen is for."""
    return Button(text, icon_name, kind="primary", clicked=clicked)


def secondary(
    text: str, icon_name: str = "", clicked: Callable[[], object] | None = None
) -> Button:
    return Button(text, icon_name, clicked=clicked)


def danger(text: str, icon_name: str = "", clicked: Callable[[], object] | None = None) -> Button:
    """For what cannot be undone."""
    return Button(text, icon_name, kind="danger", clicked=clicked)


def link(text: str, clicked: Callable[[], object] | None = None, *, inline: bool = False) -> Button:
    """inline: as low as a line of text, to stand among others."""
    made = Button(text, kind="link", clicked=clicked)
    made.setProperty("inline", inline)
    return made


class IconButton(QToolButton):
    """An icon alone; name is its tooltip and its accessible name."""

    def __init__(
        self, icon_name: str, name: str, clicked: Callable[[], object] | None = None
    ) -> None:
        super().__init__()
        self.setProperty("kind", "icon")
        self.setToolTip(name)
        self.setAccessibleName(name)
        self.setIconSize(QSize(16, 16))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        set_icon(self, icon_name)
        if clicked is not None:
            self.clicked.connect(lambda: clicked())  # noqa: PLW0108 - Qt's `checked` ends here


class CopyButton(Button):
    """Copies a text, and says so for a moment in its own place."""

    def __init__(self, text: Callable[[], str], name: str = "") -> None:
        label = QCoreApplication.translate("CopyButton", "Copy")
        super().__init__(label, "copy", clicked=self.copy)
        self._label = self.text()
        self._text = text
        self.setAccessibleName(name or label)
        self.setToolTip(name)
        self._back = QTimer(self, interval=1500, singleShot=True)
        self._back.timeout.connect(self._restore)

    def copy(self) -> None:
        QGuiApplication.clipboard().setText(self._text())
        # Keep the width, so that nothing beside the button moves.
        self.setMinimumWidth(self.width())
        self.setText(f" {self.tr('Copied')}")
        self.setIcon(icon("check", "ok"))
        self._back.start()

    def _restore(self) -> None:
        self.setText(self._label)
        self.setIcon(icon("copy"))


_NATIVE = QKeySequence.SequenceFormat.NativeText
