"""A distribution in a few pixels, painted fast enough for hundreds on one screen."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRect, QRectF, Qt
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from mlops_desktop.widgets.theme import app_theme, follow_theme

_LEFT, _RIGHT = Qt.AlignmentFlag.AlignLeft, Qt.AlignmentFlag.AlignRight
_MIDDLE = Qt.AlignmentFlag.AlignVCenter


class Histogram(QWidget):
    """Tiny bars for a profile card: cheap enough for hundreds. ends stand below, left and right.

    parts are stacked, such as a split by target.
    """

    def __init__(self, name: str = "", height: int = 64) -> None:
        super().__init__()
        self._parts: NDArray[np.float64] = np.zeros((0, 0))
        self._ends = ("", "")
        self.setAccessibleName(name)
        self.setMinimumSize(60, height)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        follow_theme(self, lambda _: self.update())

    def set_counts(
        self,
        counts: Sequence[float] | Sequence[Sequence[float]],
        *,
        ends: tuple[str, str] = ("", ""),
    ) -> None:
        """counts: one number a bin, or one row a part."""
        self._parts = np.atleast_2d(np.asarray(counts, float))
        self._ends = ends
        self.setAccessibleDescription(f"{len(self._parts[0])} bins, {ends[0]} to {ends[1]}")
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        if not self._parts.size:
            return
        theme, painter = app_theme(), QPainter(self)
        foot = 16 if any(self._ends) else 2
        floor, bins = self.height() - foot, self._parts.shape[1]
        totals = self._parts.sum(axis=0)
        highest = max(float(totals.max()), 1e-9)
        scale, pitch = (floor - 2) / highest, self.width() / bins
        gap = 1 if pitch > 3 else 0
        base = np.zeros(bins)
        for number, part in enumerate(self._parts):
            color = theme.series(number)
            for at in np.flatnonzero(part):
                top = floor - (base[at] + part[at]) * scale
                tall = max(1.0, part[at] * scale)
                painter.fillRect(QRectF(at * pitch, top, max(1.0, pitch - gap), tall), color)
            base += part
        painter.setPen(theme.color("divider"))
        painter.drawLine(0, floor, self.width(), floor)
        painter.setFont(theme.font(8))
        painter.setPen(theme.color("muted"))
        below = QRect(0, floor + 1, self.width(), foot)
        painter.drawText(below, _LEFT | _MIDDLE, self._ends[0])
        painter.drawText(below, _RIGHT | _MIDDLE, self._ends[1])
