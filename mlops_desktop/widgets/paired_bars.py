"""Two distributions side by side: what was usual, and what is now."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from mlops_desktop.core.figures import percent
from mlops_desktop.widgets.plot_card import LegendEntry, PlotCard
from mlops_desktop.widgets.theme import app_theme

_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
_MIDDLE = Qt.AlignmentFlag.AlignVCenter
_ROWS = 12  # More are too thin to compare; the least changed ones are left out.


class Pair(NamedTuple):
    """Shares of the rows in 0..1, before and now."""

    name: str
    before: float
    now: float


class PairedBars(PlotCard):
    """Horizontal bars in pairs: an outline for what was usual, a filled one for what is now."""

    def __init__(self, title: str, before: str, now: str) -> None:
        self._names = (before, now)
        self._pairs: tuple[Pair, ...] = ()
        super().__init__(title)
        self._face = _Pairs()
        self.set_chart(self._face)

    def set_pairs(self, pairs: Sequence[Pair]) -> None:
        self._pairs = tuple(pairs)
        self.touch()

    def table(self) -> tuple[Sequence[str], Sequence[tuple[object, ...]]]:
        return ["", *self._names], list(self._pairs)

    def redraw(self) -> None:
        kept = [pair for pair in self._pairs if pair.before or pair.now]
        kept.sort(key=lambda pair: -abs(pair.now - pair.before))
        shown = set(kept[:_ROWS])
        self._face.show_pairs(tuple(pair for pair in self._pairs if pair in shown))
        theme = app_theme()
        before = LegendEntry(self._names[0], theme.color("text"))
        self.legend.set_entries([before, LegendEntry(self._names[1], theme.series(0), None)])


class _Pairs(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._pairs: tuple[Pair, ...] = ()
        self.setMinimumHeight(80)

    def show_pairs(self, pairs: tuple[Pair, ...]) -> None:
        self._pairs = pairs
        self.setAccessibleDescription(
            "; ".join(f"{p.name} {percent(p.before)}, {percent(p.now)}" for p in pairs)
        )
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(280, 20 * max(1, len(self._pairs)))

    def paintEvent(self, _: QPaintEvent) -> None:
        if not self._pairs:
            return
        theme, painter = app_theme(), QPainter(self)
        pitch = min(36.0, self.height() / len(self._pairs))
        painter.setFont(theme.font(9 if pitch >= 15 else 8))
        metrics = painter.fontMetrics()
        widest = max(metrics.horizontalAdvance(pair.name) for pair in self._pairs)
        left = min(round(self.width() * 0.4), widest + 2) + 10
        values = metrics.horizontalAdvance("100 %") + 8
        scale = (self.width() - left - values) / max(max(p.before, p.now) for p in self._pairs)
        for number, pair in enumerate(self._pairs):
            row = QRectF(0, number * pitch, self.width(), pitch)
            painter.setPen(theme.color("text"))
            name = metrics.elidedText(pair.name, Qt.TextElideMode.ElideMiddle, left - 10)
            painter.drawText(QRectF(0, row.top(), left - 10, pitch), _RIGHT | _MIDDLE, name)
            body = QRectF(left, row.top() + pitch * 0.2, pair.now * scale, pitch * 0.6)
            painter.fillRect(body, theme.series(0))
            # The outline is taller, so that it shows whether the bar is longer or shorter.
            painter.setPen(QPen(theme.color("text"), 1))
            usual = QRectF(left, row.top() + 1.5, pair.before * scale, pitch - 3)
            painter.drawRect(usual)
            painter.setPen(theme.color("muted"))
            end = left + max(pair.before, pair.now) * scale + 6
            painter.drawText(QRectF(end, row.top(), values, pitch), _LEFT | _MIDDLE, _share(pair))
        painter.setPen(theme.color("border"))
        painter.drawLine(left, 0, left, round(pitch * len(self._pairs)))


def _share(pair: Pair) -> str:
    return "<1\u00a0%" if 0 < pair.now < 0.01 else f"{100 * pair.now:.0f}\u00a0%"
