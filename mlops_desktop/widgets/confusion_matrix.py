"""How often each class was taken for which, painted by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import (
    QFont,
    QFontMetrics,
    QPainter,
    QPaintEvent,
    QPen,
)

from mlops_desktop.core.figures import percent
from mlops_desktop.widgets.cell_grid import CellGrid
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


class _Matrix(CellGrid):
    def __init__(self) -> None:
        super().__init__()
        self._labels: tuple[str, ...] = ()
        self._counts: NDArray[np.int64] = np.zeros((0, 0), np.int64)
        self.setMinimumSize(200, 150)

    def show_counts(self, labels: tuple[str, ...], counts: NDArray[np.int64]) -> None:
        self._labels, self._counts = labels, counts
        self.set_shape(len(labels), len(labels))

    def ground(self) -> QRectF:
        metrics = QFontMetrics(app_theme().font(9))
        names = max((metrics.horizontalAdvance(text) for text in self._labels), default=0)
        left, top = min(self.width() // 3, names) + 30, 42
        return QRectF(left, top, self.width() - left - 4, self.height() - top - 4)

    def paintEvent(self, _: QPaintEvent) -> None:
        if not self._labels:
            return
        theme, painter = app_theme(), QPainter(self)
        ground, size = self.ground(), self.cell(0, 0)
        left, top, wide, high = ground.left(), ground.top(), size.width(), size.height()
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
            cell = self.cell(actual, predicted).adjusted(0, 0, -2, -2)
            share = float(self._counts[actual, predicted] / totals[actual])
            self._paint_cell(painter, cell, (actual, predicted), share)

    def _paint_cell(
        self, painter: QPainter, cell: QRectF, at: tuple[int, int], share: float
    ) -> None:
        theme = app_theme()
        token = "series" if at[0] == at[1] else "miss"
        ink = theme.series(0 if token == "series" else 1)
        painter.fillRect(cell, mixed(ink, theme.color("surface"), 0.08 + 0.42 * share))
        if at == self.at and self.hasFocus():
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
