"""A matrix as coloured cells with their numbers: correlations, or shares of categories."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QRectF, Qt, Signal
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen

from mlops_desktop.core.figures import percent
from mlops_desktop.widgets.cell_grid import CellGrid
from mlops_desktop.widgets.plot_card import PlotCard
from mlops_desktop.widgets.sheet import mixed
from mlops_desktop.widgets.theme import Theme, app_theme

_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_CENTRE = Qt.AlignmentFlag.AlignCenter
_SCALE_WIDTH, _GAP = 60, 8
_LEAST_ROW = 13
_MOST_FOOT = 96


class MatrixMap(PlotCard):
    """Above zero in the first series' colour, below in the second's, stronger where farther away;
    each cell that has room for it holds its number, so that colour is not alone. NaN stays empty.

    cell_clicked carries (row, column) indexes; arrow keys and Enter do the same. describe tells
    of a cell what the readout says. percent: values from 0 to 1 are shown as such.
    """

    cell_clicked = Signal(int, int)

    def __init__(
        self,
        title: str,
        describe: Callable[[int, int], str],
        *,
        percent: bool = False,
        corner: str = "",
    ) -> None:
        self._row_names: tuple[str, ...] = ()
        self._column_names: tuple[str, ...] = ()
        self._values: NDArray[np.float64] = np.zeros((0, 0))
        super().__init__(title)
        self._describe, self._corner = describe, corner
        self._face = _Cells(percent)
        self._face.moved.connect(lambda row, column: self.set_readout(describe(row, column)))
        self._face.chosen.connect(self.cell_clicked)
        self.set_chart(self._face)

    def set_values(
        self, rows: Sequence[str], columns: Sequence[str], values: NDArray[np.float64]
    ) -> None:
        """values[row, column] from -1 to 1."""
        self._row_names, self._column_names = tuple(rows), tuple(columns)
        self._values = np.asarray(values, float)
        self.touch()

    def table(self) -> tuple[Sequence[str], Sequence[tuple[object, ...]]]:
        titles = [self._corner or self.tr("column"), *self._column_names]
        lines = zip(self._row_names, self._values.tolist(), strict=True)
        return titles, [
            (name, *(None if value != value else round(value, 3) for value in line))
            for name, line in lines
        ]

    def redraw(self) -> None:
        self._face.show_values(self._row_names, self._column_names, self._values)


class _Cells(CellGrid):
    def __init__(self, percent: bool) -> None:
        super().__init__()
        self._percent = percent
        self._row_names: tuple[str, ...] = ()
        self._column_names: tuple[str, ...] = ()
        self._values: NDArray[np.float64] = np.zeros((0, 0))
        self.setMouseTracking(True)
        self.setMinimumSize(240, 120)

    def show_values(
        self, rows: tuple[str, ...], columns: tuple[str, ...], values: NDArray[np.float64]
    ) -> None:
        self._row_names, self._column_names, self._values = rows, columns, values
        metrics = QFontMetrics(app_theme().font(9))
        foot = min(_MOST_FOOT, _widest(metrics, columns)) + _GAP
        self.setMinimumHeight(max(120, _LEAST_ROW * len(rows) + round(foot)))
        self.set_shape(len(rows), len(columns))

    def ground(self) -> QRectF:
        metrics = QFontMetrics(app_theme().font(9))
        left = min(self.width() * 0.25, _widest(metrics, self._row_names)) + _GAP
        width = self.width() - left - _SCALE_WIDTH
        foot = 20.0
        if _widest(metrics, self._column_names) > width / max(1, len(self._column_names)):
            foot = min(_MOST_FOOT, _widest(metrics, self._column_names)) + _GAP
        return QRectF(left, 2, width, self.height() - foot - 2)

    def paintEvent(self, _: QPaintEvent) -> None:
        if not self._values.size:
            return
        theme, painter = app_theme(), QPainter(self)
        painter.setFont(theme.font(9))
        self._paint_names(painter, theme)
        size = self.cell(0, 0)
        roomy = size.width() > 12 and size.height() > 12
        painter.setFont(theme.font(8))
        numbered = (
            size.width() >= painter.fontMetrics().horizontalAdvance("-0.88") + 4
            and size.height() >= painter.fontMetrics().height()
        )
        for row, column in np.ndindex(*self._values.shape):
            value = float(self._values[row, column])
            cell = self.cell(row, column).adjusted(0, 0, -1 if roomy else 0, -1 if roomy else 0)
            if value != value:
                painter.fillRect(cell, theme.color("background"))
                continue
            ink = theme.series(0 if value >= 0 else 1)
            strength = min(1.0, abs(value))
            ground = mixed(ink, theme.color("surface"), 0.06 + 0.74 * strength)
            painter.fillRect(cell, ground)
            if numbered:
                painter.setPen(_readable_on(ground, theme))
                painter.drawText(cell, _CENTRE, self._text(value))
        self._paint_scale(painter, theme)
        if self.hasFocus() or self.underMouse():
            painter.setPen(QPen(theme.color("text"), 2))
            painter.drawRect(self.cell(*self.at))

    def _text(self, value: float) -> str:
        if self._percent:
            return percent(value, whole=True)
        return "0" if abs(value) < 0.005 else f"{value:.2f}".replace("0.", ".", 1)

    def _paint_names(self, painter: QPainter, theme: Theme) -> None:
        ground, metrics = self.ground(), painter.fontMetrics()
        painter.setPen(theme.color("muted"))
        step = max(1, -(-(metrics.height() - 4) // max(1, int(self.cell(0, 0).height()))))
        for number in range(0, len(self._row_names), step):
            cell = self.cell(number, 0)
            place = QRectF(0, cell.center().y() - 10, ground.left() - _GAP, 20)
            painter.drawText(place, _RIGHT, _cut(metrics, self._row_names[number], place.width()))
        wide = self.cell(0, 0).width()
        flat = _widest(metrics, self._column_names) <= wide
        step = 1 if flat else max(1, -(-(metrics.height() - 4) // max(1, int(wide))))
        for number in range(0, len(self._column_names), step):
            middle = self.cell(0, number).center().x()
            name = self._column_names[number]
            if flat:
                place = QRectF(middle - wide / 2, ground.bottom() + 2, wide, 18)
                painter.drawText(place, _CENTRE, name)
                continue
            painter.save()
            painter.translate(middle, ground.bottom() + 4)
            painter.rotate(-90)
            room = self.height() - ground.bottom() - 6
            place = QRectF(-room, -10, room, 20)
            painter.drawText(place, _RIGHT, _cut(metrics, name, room))
            painter.restore()

    def _paint_scale(self, painter: QPainter, theme: Theme) -> None:
        ground = self.ground()
        signed = bool(np.nanmin(self._values, initial=0.0) < 0)
        steps = np.linspace(1, -1 if signed else 0, 41)
        high = ground.height() / len(steps)
        left = ground.right() + 12
        for number, value in enumerate(steps):
            ink = mixed(
                theme.series(0 if value >= 0 else 1),
                theme.color("surface"),
                0.06 + 0.74 * abs(float(value)),
            )
            painter.fillRect(QRectF(left, ground.top() + number * high, 8, high + 1), ink)
        painter.setFont(theme.font(8))
        painter.setPen(theme.color("muted"))
        words = QRectF(left + 12, ground.top(), _SCALE_WIDTH - 24, ground.height())
        top = "100%" if self._percent else "1"
        painter.drawText(words, Qt.AlignmentFlag.AlignTop, top)
        bottom = "0%" if self._percent else ("\u22121" if signed else "0")
        painter.drawText(words, Qt.AlignmentFlag.AlignBottom, bottom)
        if signed:
            painter.drawText(words, _LEFT, "0")


def _widest(metrics: QFontMetrics, names: Sequence[str]) -> float:
    return float(max((metrics.horizontalAdvance(name) for name in names), default=0)) + 4


def _readable_on(ground: QColor, theme: Theme) -> QColor:
    """Of the text's colour and the surface's the one with more contrast (WCAG 2)."""
    return max(
        (theme.color("text"), theme.color("surface")), key=lambda ink: _contrast(ink, ground)
    )


def _contrast(one: QColor, other: QColor) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(color: QColor) -> float:
    parts = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (color.redF(), color.greenF(), color.blueF())
    ]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def _cut(metrics: QFontMetrics, text: str, width: float) -> str:
    return metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, round(width))
