"""Rows and columns of cells, which the pointer and the arrow keys choose from."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

_STEPS = {
    Qt.Key.Key_Down: (1, 0),
    Qt.Key.Key_Up: (-1, 0),
    Qt.Key.Key_Right: (0, 1),
    Qt.Key.Key_Left: (0, -1),
}


class CellGrid(QWidget):
    """Subclasses say where the cells lie (ground) and paint them; `at` is the cell to mark.

    moved and chosen carry (row, column): of the cell that is at now, of a click or Enter on it.
    """

    moved = Signal(int, int)
    chosen = Signal(int, int)

    def __init__(self) -> None:
        super().__init__()
        self.at = (0, 0)
        self._rows = self._columns = 0
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def ground(self) -> QRectF:
        """The part of the widget that the cells share equally."""
        raise NotImplementedError

    def set_shape(self, rows: int, columns: int) -> None:
        self._rows, self._columns = rows, columns
        self.at = self._inside(*self.at)
        self.update()

    def cell(self, row: int, column: int) -> QRectF:
        ground = self.ground()
        wide, high = ground.width() / self._columns, ground.height() / self._rows
        return QRectF(ground.left() + column * wide, ground.top() + row * high, wide, high)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        if (cell := self._find(event.position())) is not None:
            self._go(cell)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        cell = self._find(event.position())
        if cell is not None and event.button() == Qt.MouseButton.LeftButton:
            self._go(cell)
            self.chosen.emit(*cell)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = _STEPS.get(Qt.Key(event.key()))
        some = self._rows * self._columns > 0
        if step is not None and some:
            self._go(self._inside(self.at[0] + step[0], self.at[1] + step[1]))
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and some:
            self.chosen.emit(*self.at)
        else:
            super().keyPressEvent(event)

    def _find(self, at: QPointF) -> tuple[int, int] | None:
        ground = self.ground()
        if not self._rows * self._columns or not ground.contains(at):
            return None
        row = int((at.y() - ground.top()) * self._rows / ground.height())
        column = int((at.x() - ground.left()) * self._columns / ground.width())
        return self._inside(row, column)

    def _inside(self, row: int, column: int) -> tuple[int, int]:
        return max(0, min(row, self._rows - 1)), max(0, min(column, self._columns - 1))

    def _go(self, cell: tuple[int, int]) -> None:
        if cell != self.at:
            self.at = cell
            self.update()
        self.moved.emit(*cell)
