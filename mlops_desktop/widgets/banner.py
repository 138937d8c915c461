"""Strips that say something about the screen they stand in, and the box for an error."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.core.errors import UserError
from mlops_desktop.widgets.buttons import Button, CopyButton, IconButton
from mlops_desktop.widgets.cards import heading, label
from mlops_desktop.widgets.icons import IconLabel
from mlops_desktop.widgets.theme import Theme, follow_theme

_ICONS = {
    "ok": ("circle-check", "ok"),
    "info": ("info", "accent"),
    "warn": ("triangle-alert", "warn"),
    "error": ("circle-alert", "error"),
}


class _Strip(QFrame):
    """A tinted, rounded ground with a thin edge in the colour of its kind; never less high than
    its words, however little room there is."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        self._token = _ICONS[kind][1]
        self._ground, self._edge = QColor(), QColor()
        follow_theme(self, self._take_colors)

    def _take_colors(self, theme: Theme) -> None:
        self._ground, self._edge = theme.tint(self._token), theme.color(self._token)
        self.update()

    def fit(self) -> None:
        """Call it when the words have changed."""
        layout = self.layout()
        if layout is not None:
            layout.invalidate()
            self.setMinimumHeight(layout.totalMinimumHeightForWidth(self.width()))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.fit()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self._edge, 1))
        painter.setBrush(self._ground)
        painter.drawRoundedRect(self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)


class Banner(_Strip):
    """One statement with its actions: kind is ok, info, warn or error."""

    closed = Signal()

    def __init__(
        self,
        kind: str,
        text: str,
        actions: Sequence[Button] = (),
        *,
        detail: str = "",
        closable: bool = False,
    ) -> None:
        super().__init__(kind)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 8, 8, 8)
        row.setSpacing(8)
        row.addWidget(IconLabel(*_ICONS[kind]), 0, Qt.AlignmentFlag.AlignVCenter)
        words = QVBoxLayout()
        words.setSpacing(2)
        self.text = label(wrap=True)
        words.addWidget(self.text)
        self.detail = label(muted=True, wrap=True)
        words.addWidget(self.detail)
        row.addLayout(words, 1)
        for action in actions:
            row.addWidget(action)
        if closable:
            row.addWidget(IconButton("x", self.tr("Dismiss"), self._close))
        self.say(text, detail)

    def say(self, text: str, detail: str = "") -> None:
        self.text.setText(text)
        self.detail.setText(detail)
        self.detail.setVisible(bool(detail))
        self.setAccessibleName(text)
        self.fit()

    def _close(self) -> None:
        self.hide()
        self.closed.emit()


class ErrorBox(_Strip):
    """A UserError in place: what, why and what to do, to copy, with an optional action."""

    def __init__(self, error: UserError | None = None, actions: Sequence[QWidget] = ()) -> None:
        super().__init__("error")
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 12, 12, 12)
        row.setSpacing(8)
        row.addWidget(IconLabel(*_ICONS["error"]), 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(4)
        self._what = heading()
        self._what.setWordWrap(True)
        self._why = label(wrap=True)
        self._hint = label(wrap=True)
        for part in (self._what, self._why, self._hint):
            words.addWidget(part)
        row.addLayout(words, 1)
        for action in actions:
            row.addWidget(action, 0, Qt.AlignmentFlag.AlignTop)
        self._error = error
        copy = CopyButton(lambda: str(self._error or ""), self.tr("Copy the error"))
        row.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        self.show_error(error)

    def show_error(self, error: UserError | None) -> None:
        """Show the error, or hide the box for None."""
        self._error = error
        self.setVisible(error is not None)
        if error is not None:
            for part, text in (
                (self._what, error.what),
                (self._why, error.why),
                (self._hint, error.hint),
            ):
                part.setText(text)
                part.setVisible(bool(text))
            self.setAccessibleName(str(error))
            self.fit()
