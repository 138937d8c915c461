"""Cards, headings, status pills, key-value lists and what an empty screen says."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QFont, QFontMetrics, QKeyEvent, QMouseEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.widgets.cells import paint_pill
from mlops_desktop.widgets.icons import IconLabel
from mlops_desktop.widgets.row_model import Kind
from mlops_desktop.widgets.theme import app_theme

_HEADING_PT = {1: 16.0, 2: 13.0, 3: 10.0}


def label(text: str = "", *, muted: bool = False, token: str = "", wrap: bool = False) -> QLabel:
    """Text in the theme's colours. It can be selected by mouse where it wraps."""
    made = QLabel(text)
    made.setTextFormat(Qt.TextFormat.PlainText)
    if muted:
        made.setProperty("muted", True)
    if token:
        made.setProperty("token", token)
    if wrap:
        made.setWordWrap(True)
        made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        made.setSizePolicy(policy)
    return made


def heading(text: str = "", level: int = 3) -> QLabel:
    """Level 1 names a screen (16 pt), 2 a statement (13 pt), 3 a card (10 pt)."""
    made = label(text)
    made.setFont(app_theme().font(_HEADING_PT[level], QFont.Weight.DemiBold))
    return made


def numeral(text: str = "", points: float = 16.0) -> QLabel:
    """A large figure, such as '3 versions'."""
    made = label(text)
    made.setFont(app_theme().font(points, QFont.Weight.Medium))
    return made


class Chip(QWidget):
    """A status in a word on a coloured pill: ok, warn, error, info or neutral."""

    def __init__(self, text: str = "", kind: Kind = "neutral") -> None:
        super().__init__()
        self._font = app_theme().font(9, QFont.Weight.DemiBold)
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._text, self._kind = "", kind
        self.set_status(text, kind)

    def text(self) -> str:
        return self._text

    def set_status(self, text: str, kind: Kind) -> None:
        self._text, self._kind = text, kind
        self.setAccessibleName(text)
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(QFontMetrics(self._font).horizontalAdvance(self._text) + 22, 20)

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        paint_pill(painter, QRectF(self.rect()), self._text, self._kind, self._font)


class Card(QFrame):
    """A surface with an optional title and buttons beside it; put the content into `body`."""

    clicked = Signal()

    def __init__(
        self, title: str = "", *, actions: Sequence[QWidget] = (), clickable: bool = False
    ) -> None:
        super().__init__()
        self.setProperty("card", True)
        self._clickable = clickable
        if clickable:
            self.setProperty("clickable", True)
            self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
            self.setCursor(Qt.CursorShape.PointingHandCursor)
            self.setAccessibleName(title)
        self.body = QVBoxLayout(self)
        self.body.setContentsMargins(16, 12, 16, 12)
        self.body.setSpacing(8)
        self.title = heading(title)
        self.header = QHBoxLayout()
        self.header.setSpacing(8)
        if title or actions:
            self.header.addWidget(self.title)
            self.header.addStretch(1)
            for action in actions:
                self.header.addWidget(action)
            self.body.addLayout(self.header)

    def set_title(self, title: str) -> None:
        self.title.setText(title)

    def add(self, widget: QWidget, stretch: int = 0) -> QWidget:
        self.body.addWidget(widget, stretch)
        return widget

    def set_chosen(self, chosen: bool) -> None:
        """Mark the card as the one that the rest of the screen shows."""
        self.setProperty("chosen", chosen)
        self.style().unpolish(self)
        self.style().polish(self)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if self._clickable and inside and event.button() == Qt.MouseButton.LeftButton:
            self.clicked.emit()
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        pressed = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space)
        if self._clickable and pressed and self.hasFocus():
            self.clicked.emit()
            return
        super().keyPressEvent(event)


class KeyValues(QWidget):
    """Names on the left, values on the right of them; a value may be a widget."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(1, 1)

    def set_pairs(self, pairs: Sequence[tuple[str, str | QWidget]]) -> None:
        while (item := self._grid.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for row, (name, value) in enumerate(pairs):
            plain = isinstance(value, str)
            side = Qt.AlignmentFlag.AlignTop if plain else Qt.AlignmentFlag.AlignVCenter
            self._grid.addWidget(label(name, muted=True), row, 0, side)
            shown = label(value, wrap=True) if isinstance(value, str) else value
            if isinstance(value, str):
                shown.setAccessibleName(f"{name}: {value}")
                self._grid.addWidget(shown, row, 1)
            else:
                # Aligned, since a widget of fixed width would cap the whole column.
                self._grid.addWidget(shown, row, 1, Qt.AlignmentFlag.AlignLeft)


class EmptyState(QWidget):
    """What a screen says while it has nothing to show: an icon, a sentence, the next step."""

    def __init__(self, icon_name: str, sentence: str, button: QWidget | None = None) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setSpacing(12)
        column.addStretch(2)
        centre = Qt.AlignmentFlag.AlignHCenter
        column.addWidget(IconLabel(icon_name, "muted", 32), 0, centre)
        self._sentence = label(sentence, muted=True)
        self._sentence.setAlignment(centre)
        self._sentence.setWordWrap(True)
        column.addWidget(self._sentence)
        if button is not None:
            column.addWidget(button, 0, centre)
        column.addStretch(3)

    def set_sentence(self, sentence: str) -> None:
        self._sentence.setText(sentence)
