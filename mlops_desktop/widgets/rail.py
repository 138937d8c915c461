"""The left rail: one button a panel, icon and word, or the icon alone when collapsed."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QAbstractButton,
    QButtonGroup,
    QFrame,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.widgets.buttons import IconButton
from mlops_desktop.widgets.icons import pixmap, set_icon
from mlops_desktop.widgets.sheet import mixed
from mlops_desktop.widgets.theme import Theme, app_theme, follow_theme

_WIDE, _NARROW = 188, 57


class Place(NamedTuple):
    """A panel's entry: make() is called when it is first shown. Those at the bottom are tools."""

    key: str
    title: str
    icon: str
    make: Callable[[], QWidget]
    bottom: bool = False


class RailButton(QAbstractButton):
    """The chosen one stands on the selection's colour with its icon in the accent's."""

    def __init__(self, place: Place, shortcut: str) -> None:
        super().__init__()
        self._icon_name = place.icon
        self._badge = ""
        self.setText(place.title)
        self.setAccessibleName(place.title)
        self.setToolTip(f"{place.title} ({shortcut})" if shortcut else place.title)
        self.setCheckable(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        follow_theme(self, self._repaint)

    def set_badge(self, text: str) -> None:
        self._badge = text
        self.setAccessibleDescription(text)
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(_NARROW, 35)

    def _repaint(self, _: Theme) -> None:
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        theme, painter = app_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        ground = self.rect().toRectF().adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(Qt.PenStyle.NoPen)
        if self.isChecked():
            painter.setBrush(theme.color("selection"))
            painter.drawRoundedRect(ground, 6, 6)
        elif self.underMouse():
            painter.setBrush(mixed(theme.color("text"), theme.color("surface"), 0.06))
            painter.drawRoundedRect(ground, 6, 6)
        if self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(ground.adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
        token = "accent" if self.isChecked() else "muted"
        picture = pixmap(self._icon_name, token, 18, self.devicePixelRatioF())
        painter.drawPixmap(10, (self.height() - 18) // 2, picture)
        self._paint_words(painter, theme)

    def _paint_words(self, painter: QPainter, theme: Theme) -> None:
        if self.width() < _WIDE // 2:
            if self._badge:
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(theme.color("warn"))
                painter.drawEllipse(26, 6, 7, 7)
            return
        weight = QFont.Weight.DemiBold if self.isChecked() else QFont.Weight.Normal
        painter.setFont(theme.font(weight=weight))
        painter.setPen(theme.color("text"))
        flags = Qt.AlignmentFlag.AlignVCenter
        words = QRect(38, 0, self.width() - 46, self.height())
        painter.drawText(words, flags | Qt.AlignmentFlag.AlignLeft, self.text())
        if self._badge:
            painter.setFont(theme.font(9, QFont.Weight.DemiBold))
            painter.setPen(theme.color("warn"))
            painter.drawText(words, flags | Qt.AlignmentFlag.AlignRight, self._badge)


class Rail(QFrame):
    """chosen(key) is emitted when the user asks for a panel."""

    chosen = Signal(str)

    def __init__(self, places: list[Place], shortcuts: dict[str, str]) -> None:
        super().__init__()
        self.setProperty("bar", "left")
        self.setAccessibleName(self.tr("Panels"))
        self._buttons: dict[str, RailButton] = {}
        group = QButtonGroup(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(10, 12, 10, 12)
        column.setSpacing(2)
        for place in sorted(places, key=lambda place: place.bottom):
            if place.bottom and not any(b.property("bottom") for b in self._buttons.values()):
                column.addStretch(1)
            button = RailButton(place, shortcuts.get(place.key, ""))
            button.setProperty("bottom", place.bottom)
            button.clicked.connect(lambda _=False, key=place.key: self.chosen.emit(key))
            group.addButton(button)
            column.addWidget(button)
            self._buttons[place.key] = button
        if not any(place.bottom for place in places):
            column.addStretch(1)
        self._fold = IconButton("panel-left-close", self.tr("Collapse the rail"), self.toggle)
        column.addSpacing(4)
        column.addWidget(self._fold, 0, Qt.AlignmentFlag.AlignLeft)
        self.set_collapsed(False)

    @property
    def collapsed(self) -> bool:
        return self.width() == _NARROW

    def set_collapsed(self, collapsed: bool) -> None:
        self.setFixedWidth(_NARROW if collapsed else _WIDE)
        set_icon(self._fold, "panel-left-open" if collapsed else "panel-left-close", "muted")
        name = self.tr("Expand the rail") if collapsed else self.tr("Collapse the rail")
        self._fold.setToolTip(name)
        self._fold.setAccessibleName(name)

    def toggle(self) -> None:
        self.set_collapsed(not self.collapsed)

    def set_current(self, key: str) -> None:
        self._buttons[key].setChecked(True)

    def set_badge(self, key: str, text: str) -> None:
        """A short word beside a panel's name, such as '2'; empty takes it away."""
        self._buttons[key].set_badge(text)

    def focus(self) -> None:
        for button in self._buttons.values():
            if button.isChecked():
                button.setFocus(Qt.FocusReason.ShortcutFocusReason)
