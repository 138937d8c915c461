"""Lucide icons, drawn in the theme's colours."""

from __future__ import annotations

from functools import lru_cache

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QAction, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QAbstractButton, QLabel

from mlops_desktop.resources import resource
from mlops_desktop.widgets.sheet import mixed
from mlops_desktop.widgets.theme import Theme, app_theme, follow_theme

_SIZES = (16, 20, 24, 32)


def icon(name: str, token: str = "text") -> QIcon:
    """The icon as it looks now. Use set_icon() where it must follow the theme."""
    theme = app_theme()
    color = theme.color(token)
    faint = mixed(color, theme.color("surface"), 0.45).name()
    made = QIcon()
    for size in _SIZES:
        for ratio in (1.0, 2.0):
            made.addPixmap(_drawn(name, color.name(), size, ratio))
            made.addPixmap(_drawn(name, faint, size, ratio), QIcon.Mode.Disabled)
    return made


def pixmap(name: str, token: str = "text", size: int = 16, ratio: float = 1.0) -> QPixmap:
    """One picture of the icon, size in logical pixels."""
    return _drawn(name, app_theme().color(token).name(), size, ratio)


def set_icon(target: QAbstractButton | QAction, name: str, token: str = "text") -> None:
    """Give a button or an action the icon, and recolour it whenever the theme changes."""

    def apply(_: Theme) -> None:
        target.setIcon(icon(name, token))

    follow_theme(target, apply)


class IconLabel(QLabel):
    """An icon that cannot be clicked. It follows the theme."""

    def __init__(self, name: str, token: str = "text", size: int = 16) -> None:
        super().__init__()
        self._name, self._token, self._size = name, token, size
        self.setFixedSize(QSize(size, size))
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        follow_theme(self, self._draw)

    def set_icon(self, name: str, token: str) -> None:
        self._name, self._token = name, token
        self._draw(app_theme())

    def _draw(self, _: Theme) -> None:
        ratio = self.devicePixelRatioF()
        self.setPixmap(pixmap(self._name, self._token, self._size, ratio))


@lru_cache(maxsize=1024)
def _drawn(name: str, color: str, size: int, ratio: float) -> QPixmap:
    picture = QPixmap(round(size * ratio), round(size * ratio))
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    _renderer(name, color).render(painter, QRectF(picture.rect()))
    painter.end()
    picture.setDevicePixelRatio(ratio)
    return picture


def _renderer(name: str, color: str) -> QSvgRenderer:
    svg = resource("icons", f"{name}.svg").read_text(encoding="utf-8")
    svg = svg.replace("currentColor", color).replace('stroke-width="2"', 'stroke-width="1.75"')
    return QSvgRenderer(QByteArray(svg.encode()))
