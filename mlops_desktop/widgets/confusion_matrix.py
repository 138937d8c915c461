"""How often each class was taken for which, painted by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from mlops_desktop.core.figures import percent
from mlops_desktop.widgets.plot_card import PlotCard
from mlops_desktop.widgets.sheet import mixed
from mlops_desktop.widgets.theme import app_theme

_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
_MIDDLE = Qt.AlignmentFlag.AlignVCenter


class ConfusionMatrix(PlotCard):
    """Counts of actual against predicted classes; cell_clicked(actual, predicted) by index."""

    cell_clicked = Signal(int, int)

    def __init__(self, title: str) -> None:
        self._labels: tuple[str, ...] = ()
        self._counts: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        super().__init__(title)
        self._face = _Matrix()
        self._face.chosen.connect(self.cell_clicked)
        self.set_chart(self._face)

    def set_counts(self, labels: Sequence[str], counts: NDArray[np.int64]) -> None:
        """counts[actual, predicted], in the order of labels."""
        self._labels, self._counts = tuple(labels), np.asarray(counts)
        self.touch()

    def table(self) -> tuple[Sequence[str], Sequence[tuple[object, ...]]]:
        titles = [self.tr("actual"), *(self.tr("predicted {0}").format(x) for x in self._labels)]
        rows = zip(self._labels, self._counts.tolist(), strict=True)
        return titles, [(name, *counts) for name, counts in rows]

    def redraw(self) -> None:
        self._face.show_counts(self._labels, self._counts)


class _Matrix(QWidget):
    chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self._labels: tuple[str, ...] = ()
        self._counts: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self._at = (0, 0)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMinimumSize(200, 150)

    def show_counts(self, labels: tuple[str, ...], counts: NDArray[np.int64]) -> None:
        self._labels, self._counts = labels, counts
        self.update()

    def _place(self) -> tuple[int, int, float, float]:
        """The matrix's left and top, and a cell's width and height."""
        metrics = QFontMetrics(app_theme().font(9))
        names = max((metrics.horizontalAdvance(text) for text in self._labels), default=0)
        left, top, count = min(self.width() // 3, names) + 30, 42, max(1, len(self._labels))
        return left, top, (self.width() - left - 4) / count, (self.height() - top - 4) / count

    def paintEvent(self, _: QPaintEvent) -> None:
        if not self._labels:
            return
        theme, painter = app_theme(), QPainter(self)
        left, top, wide, high = self._place()
        centre = Qt.AlignmentFlag.AlignCenter
        painter.setFont(theme.font(9))
        painter.setPen(theme.color("muted"))
        painter.drawText(QRectF(left, 0, self.width() - left, 18), centre, self.tr("predicted"))
        painter.save()
        painter.rotate(-90)
        painter.drawText(
            QRectF(-self.height(), 0, self.height() - top, 18), centre, self.tr("actual")
        )
        painter.restore()
        for number, name in enumerate(self._labels):
            text = painter.fontMetrics().elidedText(
                name, Qt.TextElideMode.ElideRight, round(wide) - 4
            )
            painter.drawText(QRectF(left + number * wide, 20, wide, 20), centre, text)
            row = QRectF(20, top + number * high, left - 28, high)
            text = painter.fontMetrics().elidedText(
                name, Qt.TextElideMode.ElideRight, round(row.width())
            )
            painter.drawText(row, _RIGHT | _MIDDLE, text)
        totals = np.maximum(1, self._counts.sum(axis=1))
        for actual, predicted in np.ndindex(*self._counts.shape):
            cell = QRectF(left + predicted * wide, top + actual * high, wide - 2, high - 2)
            share = float(self._counts[actual, predicted] / totals[actual])
            self._paint_cell(painter, cell, (actual, predicted), share)

    def _paint_cell(
        self, painter: QPainter, cell: QRectF, at: tuple[int, int], share: float
    ) -> None:
        theme = app_theme()
        token = "series" if at[0] == at[1] else "miss"
        ink = theme.series(0 if token == "series" else 1)
        painter.fillRect(cell, mixed(ink, theme.color("surface"), 0.08 + 0.42 * share))
        if at == self._at and self.hasFocus():
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.drawRect(cell.adjusted(1, 1, -1, -1))
        painter.setPen(theme.color("text"))
        count = f"{int(self._counts[at]):,}"
        if cell.height() > 40 and cell.width() > 44:
            painter.setFont(theme.font(12, QFont.Weight.DemiBold))
            upper = cell.adjusted(0, 0, 0, -cell.height() / 2)
            painter.drawText(
                upper, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignBottom, count
            )
            painter.setFont(theme.font(9))
            lower = cell.adjusted(0, cell.height() / 2, 0, 0)
            top = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop
            painter.drawText(lower, top, percent(share, whole=True))
        else:
            painter.setFont(theme.font(8))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, count)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        left, top, wide, high = self._place()
        column = int((event.position().x() - left) // wide)
        row = int((event.position().y() - top) // high)
        if 0 <= row < len(self._labels) and 0 <= column < len(self._labels):
            self._at = (row, column)
            self.update()
            self.chosen.emit(row, column)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        steps = {
            Qt.Key.Key_Down: (1, 0),
            Qt.Key.Key_Up: (-1, 0),
            Qt.Key.Key_Right: (0, 1),
            Qt.Key.Key_Left: (0, -1),
        }
        step = steps.get(Qt.Key(event.key()))
        if step is not None:
            last = len(self._labels) - 1
            row, column = self._at[0] + step[0], self._at[1] + step[1]
            self._at = (max(0, min(last, row)), max(0, min(last, column)))
            self.update()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self._labels:
            self.chosen.emit(*self._at)
        else:
            super().keyPressEvent(event)
