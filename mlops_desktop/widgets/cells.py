"""How a table cell is drawn: aligned text, a muted placeholder, or a pill; fast, by hand."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from mlops_desktop.widgets.sheet import mixed
from mlops_desktop.widgets.theme import Theme, app_theme, follow_theme

ROW_HEIGHT = 28
CELL_PADDING = 8
BEFORE, AFTER = "before", "after"  # Marks of cells that changed.
_SIGNS = {BEFORE: "\u2212", AFTER: "+"}
_SIGN_ROOM = 14
_Index = QModelIndex | QPersistentModelIndex


class Cell(NamedTuple):
    """kind: '' for text, else the kind of pill: ok, warn, error, info or neutral.

    marked: tinted; BEFORE and AFTER also have a sign at the left, a minus or a plus.
    """

    text: str
    right: bool = False
    muted: bool = False
    kind: str = ""
    marked: bool | str = False


class CellModel(Protocol):
    def cell(self, row: int, column: int) -> Cell: ...


def pill_colors(theme: Theme, kind: str) -> tuple[QColor, QColor]:
    """The text and the background of a pill."""
    if kind in ("ok", "warn", "error"):
        return theme.color(kind), theme.tint(kind)
    if kind == "info":
        return theme.color("accent"), theme.tint("accent")
    return theme.color("text"), mixed(theme.color("border"), theme.color("surface"), 0.28)


def paint_pill(painter: QPainter, rect: QRectF, text: str, kind: str, font: QFont) -> None:
    """A rounded pill with a word in it, as wide as rect."""
    ink, ground = pill_colors(app_theme(), kind)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(ground)
    painter.drawRoundedRect(rect, rect.height() / 2, rect.height() / 2)
    painter.setPen(ink)
    painter.setFont(font)
    painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


class CellDelegate(QStyledItemDelegate):
    """Draws what the model's cell() says. Much cheaper than asking seven roles a cell."""

    def __init__(self, model: CellModel, parent: QWidget) -> None:
        super().__init__(parent)
        self._model = model
        follow_theme(self, self._take_colors)

    def _take_colors(self, theme: Theme) -> None:
        self._text, self._muted = theme.color("text"), theme.color("muted")
        self._selection, self._accent = theme.color("selection"), theme.color("accent")
        self._divider = mixed(theme.color("divider"), theme.color("surface"), 0.55)
        self._tints = {
            True: theme.tint("warn"),
            BEFORE: theme.tint("error"),
            AFTER: theme.tint("ok"),
        }
        self._inks = {BEFORE: theme.color("error"), AFTER: theme.color("ok")}
        self._font = theme.font()
        self._pill_font = theme.font(9, QFont.Weight.DemiBold)
        self._metrics = QFontMetrics(self._font)
        self._pill_metrics = QFontMetrics(self._pill_font)

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: ARG002
        cell = self._model.cell(index.row(), index.column())
        metrics, more = (self._pill_metrics, 20) if cell.kind else (self._metrics, 2)
        return QSize(metrics.horizontalAdvance(cell.text) + 2 * CELL_PADDING + more, ROW_HEIGHT)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        cell = self._model.cell(index.row(), index.column())
        rect = option.rect
        state = option.state
        if state & QStyle.StateFlag.State_Selected:
            painter.fillRect(rect, self._selection)
        elif cell.marked:
            painter.fillRect(rect, self._tints[cell.marked])
        painter.setPen(self._divider)
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        if state & QStyle.StateFlag.State_HasFocus:
            painter.fillRect(rect.left(), rect.bottom() - 1, rect.width(), 2, self._accent)
        inner = rect.adjusted(CELL_PADDING, 0, -CELL_PADDING, 0)
        if cell.kind:
            self._paint_pill(painter, QRectF(inner), cell)
            return
        side = Qt.AlignmentFlag.AlignRight if cell.right else Qt.AlignmentFlag.AlignLeft
        if isinstance(cell.marked, str):
            painter.setFont(self._pill_font)
            painter.setPen(self._inks[cell.marked])
            painter.drawText(inner, Qt.AlignmentFlag.AlignVCenter, _SIGNS[cell.marked])
            inner = inner.adjusted(_SIGN_ROOM, 0, 0, 0)
        text = cell.text
        if self._metrics.horizontalAdvance(text) > inner.width():
            text = self._metrics.elidedText(text, Qt.TextElideMode.ElideRight, inner.width())
        painter.setFont(self._font)
        painter.setPen(self._muted if cell.muted else self._text)
        painter.drawText(inner, side | Qt.AlignmentFlag.AlignVCenter, text)

    def _paint_pill(self, painter: QPainter, inner: QRectF, cell: Cell) -> None:
        metrics = self._pill_metrics
        text = metrics.elidedText(
            cell.text, Qt.TextElideMode.ElideRight, max(0, round(inner.width()) - 20)
        )
        width = min(inner.width(), metrics.horizontalAdvance(text) + 20)
        top = inner.top() + (inner.height() - 20) / 2
        left = inner.right() - width if cell.right else inner.left()
        pill = QRectF(left, top, width, 20)
        paint_pill(painter, pill, text, cell.kind, self._pill_font)
