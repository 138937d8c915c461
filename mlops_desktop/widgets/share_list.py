"""Values with how often each occurs, as bars in a narrow place."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mlops_desktop.widgets.sheet import mixed
from mlops_desktop.widgets.theme import app_theme, follow_theme

_ROW = 24
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ShareList(QWidget):
    """One line a value: a bar as long as its share behind its name and its count."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._items: tuple[tuple[str, int, float], ...] = ()
        self.setAccessibleName(name)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        follow_theme(self, lambda _: self.update())

    def set_shares(self, items: Sequence[tuple[str, int, float]]) -> None:
        """Of each value its text, its count, and its share from 0 to 1."""
        self._items = tuple(items)
        self.setAccessibleDescription("; ".join(f"{name} {count:,}" for name, count, _ in items))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(160, _ROW * len(self._items))

    def paintEvent(self, _: QPaintEvent) -> None:
        theme, painter = app_theme(), QPainter(self)
        painter.setFont(theme.font(9))
        ink = mixed(theme.series(0), theme.color("surface"), 0.28)
        for number, (name, count, share) in enumerate(self._items):
            row = QRectF(0, number * _ROW, self.width(), _ROW - 4)
            painter.fillRect(QRectF(0, row.top(), max(2.0, share * row.width()), row.height()), ink)
            words = f"{count:,}"
            room = row.width() - painter.fontMetrics().horizontalAdvance(words) - 20
            text = painter.fontMetrics().elidedText(
                name or self.tr("(empty)"), Qt.TextElideMode.ElideRight, round(room)
            )
            painter.setPen(theme.color("text"))
            painter.drawText(row.adjusted(6, 0, -6, 0), _LEFT, text)
            painter.setPen(theme.color("muted"))
            painter.drawText(row.adjusted(6, 0, -6, 0), _RIGHT, words)
