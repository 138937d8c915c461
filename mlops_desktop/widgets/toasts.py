"""Quiet notices at the bottom of the window. They never take the focus, nor cover the buttons
that lead on, which stand at the right."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from mlops_desktop.core.errors import UserError
from mlops_desktop.widgets.buttons import Button, IconButton
from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.icons import IconLabel

_ICONS = {
    "ok": ("circle-check", "ok"),
    "info": ("info", "accent"),
    "warn": ("triangle-alert", "warn"),
    "error": ("circle-alert", "error"),
}
_MOST = 3
_SHOWN_MS = 6_000


class Toasts(QObject):
    """One for a window; above_px keeps them off the status bar. Errors stay until dismissed."""

    def __init__(self, window: QWidget, above_px: int = 42) -> None:
        super().__init__(window)
        self._over = window
        self._above_px = above_px
        self._shown: list[_Toast] = []
        window.installEventFilter(self)

    def show(
        self,
        text: str,
        kind: str = "info",
        action: str = "",
        clicked: Callable[[], object] | None = None,
    ) -> None:
        """Say one sentence, with at most one thing to do about it (such as Undo)."""
        toast = _Toast(self._over, text, kind, action, clicked, self._close)
        self._shown.append(toast)
        for old in self._shown[:-_MOST]:
            self._close(old)
        toast.show()
        self._place()
        if kind != "error":
            QTimer.singleShot(_SHOWN_MS, toast, lambda: self._expire(toast))

    def offer_undo(self, text: str, undo: Callable[[], object]) -> None:
        """Say what was done, and offer to undo it."""
        self.show(text, action=self.tr("Undo"), clicked=undo)

    def show_error(self, error: UserError) -> None:
        self.show(str(error), "error")

    def show_crash(self, report: str) -> None:
        """Say the last line of a traceback, and offer the whole to be copied."""
        self.show(
            self.tr("This is a fault of the app: {0}").format(report.strip().splitlines()[-1]),
            "error",
            self.tr("Copy the report"),
            lambda: QGuiApplication.clipboard().setText(report),
        )

    def texts(self) -> list[str]:
        return [toast.text for toast in self._shown]

    def _expire(self, toast: _Toast) -> None:
        if toast.underMouse():
            QTimer.singleShot(_SHOWN_MS, toast, lambda: self._expire(toast))
        else:
            self._close(toast)

    def _close(self, toast: _Toast) -> None:
        if toast in self._shown:
            self._shown.remove(toast)
            toast.hide()
            toast.deleteLater()
            self._place()

    def _place(self) -> None:
        bottom = self._over.height() - self._above_px
        for toast in reversed(self._shown):
            toast.adjustSize()
            toast.move((self._over.width() - toast.width()) // 2, bottom - toast.height())
            toast.raise_()
            bottom -= toast.height() + 8

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._place()
        return super().eventFilter(watched, event)


class _Toast(QFrame):
    def __init__(
        self,
        window: QWidget,
        text: str,
        kind: str,
        action: str,
        clicked: Callable[[], object] | None,
        close: Callable[[_Toast], None],
    ) -> None:
        super().__init__(window)
        self.text = text
        self.setProperty("popup", True)
        self.setAttribute(Qt.WidgetAttribute.WA_ShowWithoutActivating)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setAccessibleName(text)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 6, 6, 6)
        row.setSpacing(10)
        row.addWidget(IconLabel(*_ICONS[kind]))
        words = label(text)
        if words.sizeHint().width() > 380:
            words.setWordWrap(True)
            words.setFixedWidth(380)
        row.addWidget(words, 1)
        if action and clicked is not None:
            button = Button(action, kind="link", clicked=clicked)
            button.clicked.connect(lambda: close(self))
            row.addWidget(button)
        row.addWidget(IconButton("x", self.tr("Dismiss"), lambda: close(self)))
