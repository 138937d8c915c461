"""Horizontal bars from a zero line, painted by hand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QWidget

from mlops_desktop.widgets.plot_card import PlotCard
from mlops_desktop.widgets.theme import Theme, app_theme

_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
_MIDDLE = Qt.AlignmentFlag.AlignVCenter


class Bar(NamedTuple):
    """shown: the value as text at the bar's end; without it the number."""

    name: str
    value: float
    shown: str = ""


class BarPlot(PlotCard):
    """Horizontal bars from a zero line: importances, or what pushed an answer up and down.

    bar_clicked(index) is emitted by a click, or by Enter on the bar that the arrow keys chose.
    """

    bar_clicked = Signal(int)

    def __init__(self, title: str, x_label: str = "", name_label: str = "") -> None:
        self._bars: tuple[Bar, ...] = ()
        super().__init__(title)
        self._x_label, self._name_label = x_label, name_label
        self._face = _Bars(x_label)
        self._face.chosen.connect(self.bar_clicked)
        self.set_chart(self._face)

    def set_bars(self, bars: Sequence[Bar], x_label: str | None = None) -> None:
        self._bars = tuple(bars)
        if x_label is not None:
            self._x_label = self._face.x_label = x_label
        self.touch()

    def table(self) -> tuple[Sequence[str], Sequence[tuple[object, ...]]]:
        titles = [self._name_label or self.tr("name"), self._x_label or self.tr("value")]
        return titles, [(bar.name, bar.value) for bar in self._bars]

    def redraw(self) -> None:
        self._face.show_bars(self._bars)


class _Bars(QWidget):
    chosen = Signal(int)

    def __init__(self, x_label: str) -> None:
        super().__init__()
        self.x_label = x_label
        self._bars: tuple[Bar, ...] = ()
        self._at = -1
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumHeight(60)

    def show_bars(self, bars: tuple[Bar, ...]) -> None:
        self._bars = bars
        self._at = min(self._at, len(bars) - 1)
        self.setAccessibleDescription("; ".join(f"{b.name} {_number(b)}" for b in bars[:10]))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        return QSize(280, 28 * max(1, len(self._bars)) + self._foot())

    def minimumSizeHint(self) -> QSize:
        return QSize(160, 20 * min(12, max(1, len(self._bars))) + self._foot())

    def _foot(self) -> int:
        return 24 if self.x_label else 4

    def _pitch(self) -> float:
        return min(40.0, (self.height() - self._foot()) / max(1, len(self._bars)))

    def paintEvent(self, _: QPaintEvent) -> None:
        if not self._bars:
            return
        theme, painter = app_theme(), QPainter(self)
        painter.setFont(theme.font(9))
        metrics = painter.fontMetrics()
        names = min(
            round(self.width() * 0.42),
            max(metrics.horizontalAdvance(b.name) for b in self._bars) + 2,
        )
        values = max(metrics.horizontalAdvance(_number(bar)) for bar in self._bars) + 10
        low = min(0.0, *(bar.value for bar in self._bars))
        high = max(0.0, *(bar.value for bar in self._bars))
        left = names + 10 + (values if low < 0 else 0)
        width = max(10, self.width() - left - (values if high > 0 else 4))
        scale = width / ((high - low) or 1.0)
        zero, pitch = left - low * scale, self._pitch()
        for number, bar in enumerate(self._bars):
            row = QRectF(0, number * pitch, self.width(), pitch)
            self._paint_bar(painter, theme, bar, row, (names, zero, scale))
            if number == self._at and self.hasFocus():
                painter.setPen(theme.color("accent"))
                painter.drawRect(row.adjusted(0.5, 0.5, -1, -1))
        painter.setPen(theme.color("border"))
        painter.drawLine(QPointF(zero, 0), QPointF(zero, pitch * len(self._bars)))
        painter.setPen(theme.color("muted"))
        foot = QRect(names, self.height() - 20, self.width() - names, 20)
        text = metrics.elidedText(self.x_label, Qt.TextElideMode.ElideRight, foot.width())
        painter.drawText(foot, Qt.AlignmentFlag.AlignCenter, text)

    def _paint_bar(
        self,
        painter: QPainter,
        theme: Theme,
        bar: Bar,
        row: QRectF,
        place: tuple[int, float, float],
    ) -> None:
        names, zero, scale = place
        metrics = painter.fontMetrics()
        name = metrics.elidedText(bar.name, Qt.TextElideMode.ElideMiddle, names)
        painter.setPen(theme.color("text"))
        painter.drawText(QRectF(0, row.top(), names, row.height()), _RIGHT | _MIDDLE, name)
        end, thick = zero + bar.value * scale, min(22.0, row.height() * 0.62)
        body = QRectF(min(zero, end), row.center().y() - thick / 2, abs(end - zero), thick)
        painter.fillRect(body, theme.series(0 if bar.value >= 0 else 1))
        painter.setPen(theme.color("muted"))
        if bar.value >= 0:
            room = QRectF(end + 6, row.top(), 200, row.height())
            painter.drawText(room, _LEFT | _MIDDLE, _number(bar))
        else:
            room = QRectF(end - 206, row.top(), 200, row.height())
            painter.drawText(room, _RIGHT | _MIDDLE, _number(bar))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        at = int(event.position().y() / self._pitch())
        if 0 <= at < len(self._bars) and event.button() == Qt.MouseButton.LeftButton:
            self._at = at
            self.update()
            self.chosen.emit(at)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        if step is not None and self._bars:
            self._at = max(0, min(len(self._bars) - 1, self._at + step))
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._at >= 0:
            self.chosen.emit(self._at)
        else:
            super().keyPressEvent(event)


def _number(bar: Bar) -> str:
    return bar.shown or f"{bar.value:.3g}"
