"""Numbers by category as boxes: the middle half, the median, and where 90 % of the rows lie."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from mlops_desktop.core.profile import Box
from mlops_desktop.widgets.plot_card import PlotCard
from mlops_desktop.widgets.sheet import mixed
from mlops_desktop.widgets.theme import app_theme

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignCenter
_FOOT, _COUNT_WIDTH = 40, 64


class BoxPlot(PlotCard):
    """One line a category; the whiskers are the quantiles of 5 and 95 percent."""

    def __init__(self, title: str) -> None:
        self._boxes: tuple[Box, ...] = ()
        self._labels = ("", "")
        super().__init__(title)
        self._face = _Boxes()
        self.set_chart(self._face)

    def set_boxes(self, boxes: Sequence[Box], category: str, number: str) -> None:
        """category and number: what the two axes show, with the unit."""
        self._boxes, self._labels = tuple(boxes), (category, number)
        self.touch()

    def table(self) -> tuple[Sequence[str], Sequence[tuple[object, ...]]]:
        titles = [self._labels[0], self.tr("rows"), "5 %", "25 %", self.tr("median")]
        rows = [(box.name, box.rows, *box.quantiles) for box in self._boxes]
        return [*titles, "75 %", "95 %"], rows

    def redraw(self) -> None:
        self._face.show_boxes(self._boxes, self._labels[1])


class _Boxes(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._boxes: tuple[Box, ...] = ()
        self._label = ""
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_boxes(self, boxes: tuple[Box, ...], label: str) -> None:
        self._boxes, self._label = boxes, label
        self.setAccessibleDescription(
            "; ".join(f"{box.name}: {box.quantiles[2]:.4g}" for box in boxes[:12])
        )
        self.updateGeometry()
        self.update()

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 18 * max(1, len(self._boxes)) + _FOOT)

    def paintEvent(self, _: QPaintEvent) -> None:
        if not self._boxes:
            return
        theme, painter = app_theme(), QPainter(self)
        painter.setFont(theme.font(9))
        metrics = painter.fontMetrics()
        names = min(
            round(self.width() * 0.3),
            max(metrics.horizontalAdvance(box.name) for box in self._boxes) + 2,
        )
        low = min(box.quantiles[0] for box in self._boxes)
        high = max(box.quantiles[-1] for box in self._boxes)
        ground = QRectF(
            names + 12, 2, self.width() - names - 20 - _COUNT_WIDTH, self.height() - _FOOT
        )
        scale = ground.width() / ((high - low) or 1.0)
        pitch = min(36.0, ground.height() / len(self._boxes))
        ink, surface = theme.series(0), theme.color("surface")

        def at(value: float) -> float:
            return ground.left() + (value - low) * scale

        for number, box in enumerate(self._boxes):
            row = QRectF(0, ground.top() + number * pitch, self.width(), pitch)
            middle, thick = row.center().y(), min(20.0, pitch * 0.64)
            painter.setPen(theme.color("text"))
            name = metrics.elidedText(box.name, Qt.TextElideMode.ElideMiddle, names)
            painter.drawText(QRectF(0, row.top(), names, pitch), _RIGHT, name)
            painter.setPen(QPen(theme.color("border"), 1))
            painter.drawLine(
                QPointF(at(box.quantiles[0]), middle), QPointF(at(box.quantiles[4]), middle)
            )
            left, right = at(box.quantiles[1]), at(box.quantiles[3])
            body = QRectF(left, middle - thick / 2, max(1.0, right - left), thick)
            painter.fillRect(body, mixed(ink, surface, 0.45))
            median = at(box.quantiles[2])
            painter.setPen(QPen(ink, 2))
            painter.drawLine(
                QPointF(median, middle - thick / 2), QPointF(median, middle + thick / 2)
            )
            painter.setPen(theme.color("muted"))
            count = QRectF(ground.right() + 8, row.top(), _COUNT_WIDTH, pitch)
            painter.drawText(count, _LEFT, f"{box.rows:,}")
        base = ground.top() + pitch * len(self._boxes) + 4
        painter.setPen(theme.color("divider"))
        painter.drawLine(QPointF(ground.left(), base), QPointF(ground.right(), base))
        painter.setPen(theme.color("muted"))
        foot = QRectF(ground.left(), base + 2, ground.width(), 16)
        painter.drawText(foot, _LEFT, f"{low:,.4g}")
        painter.drawText(foot, _RIGHT, f"{high:,.4g}")
        words = QRectF(ground.left(), base + 18, ground.width(), 16)
        text = metrics.elidedText(self._label, Qt.TextElideMode.ElideRight, round(words.width()))
        painter.drawText(words, _CENTRE, text)
        rows = QRectF(ground.right() + 8, base + 2, _COUNT_WIDTH, 16)
        painter.drawText(rows, _LEFT, self.tr("rows"))
