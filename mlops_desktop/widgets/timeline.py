"""Versions down a line, newest first and grouped by name; painted, so that thousands are cheap."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from PySide6.QtCore import (
    QAbstractListModel,
    QEvent,
    QModelIndex,
    QPersistentModelIndex,
    QPoint,
    QPointF,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QContextMenuEvent, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import (
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QToolTip,
)

from mlops_desktop.widgets.cells import paint_pill
from mlops_desktop.widgets.row_model import Kind
from mlops_desktop.widgets.theme import app_theme, follow_theme

_ENTRY_PX, _GROUP_PX, _LABELS_PX, _GUTTER = 60, 36, 24, 28
_Index = QModelIndex | QPersistentModelIndex
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_RIGHT = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class TimelineEntry(NamedTuple):
    """chips: words with the kinds of their pills; labels: more of them, on a line of their own.
    An entry without a key is a group's title."""

    key: str
    title: str
    chips: tuple[tuple[str, Kind], ...] = ()
    right: str = ""
    below: str = ""
    labels: tuple[tuple[str, Kind], ...] = ()


class Timeline(QListView):
    """chosen(key) is emitted where the user, or choose(), picks an entry. menu_wanted(key, place on
    the screen): a right click, or the menu key, which picks the entry first."""

    chosen = Signal(str)
    menu_wanted = Signal(str, QPoint)

    def __init__(self, name: str) -> None:
        super().__init__()
        self._entries = _Entries(self)
        self.setModel(self._entries)
        self.setItemDelegate(_Painter(self))
        self.setAccessibleName(name)
        self.setProperty("bare", True)
        self.setMouseTracking(True)
        self.setVerticalScrollMode(QListView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.selectionModel().currentChanged.connect(self._tell)
        follow_theme(self, lambda _: self.viewport().update())

    def set_entries(self, entries: Sequence[TimelineEntry]) -> None:
        """Show others; the chosen one stays so, silently, where it is still there."""
        kept, at = self.current(), self.verticalScrollBar().value()
        selection = self.selectionModel()
        blocked = selection.blockSignals(True)
        self._entries.set_entries(entries)
        self._go_to(kept)
        selection.blockSignals(blocked)
        self.verticalScrollBar().setValue(at)

    def current(self) -> str:
        """The chosen entry's key, or nothing."""
        entry = self._entries.entry(self.currentIndex())
        return entry.key if entry is not None else ""

    def choose(self, key: str) -> None:
        self._go_to(key)

    def keys(self) -> list[str]:
        return [entry.key for entry in self._entries.entries if entry.key]

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        index = self.currentIndex() if by_key else self.indexAt(event.pos())
        entry = self._entries.entry(index)
        if entry is None or not entry.key:
            return
        self.setCurrentIndex(index)
        at = self.visualRect(index).center() if by_key else event.pos()
        self.menu_wanted.emit(entry.key, self.viewport().mapToGlobal(at))

    def _go_to(self, key: str) -> None:
        for row, entry in enumerate(self._entries.entries):
            if key and entry.key == key:
                self.setCurrentIndex(self._entries.index(row))

    def _tell(self, index: QModelIndex, _: QModelIndex) -> None:
        entry = self._entries.entry(index)
        if entry is not None and entry.key:
            self.chosen.emit(entry.key)


class _Entries(QAbstractListModel):
    def __init__(self, parent: Timeline) -> None:
        super().__init__(parent)
        self.entries: tuple[TimelineEntry, ...] = ()

    def set_entries(self, entries: Sequence[TimelineEntry]) -> None:
        self.beginResetModel()
        self.entries = tuple(entries)
        self.endResetModel()

    def entry(self, index: _Index) -> TimelineEntry | None:
        return self.entries[index.row()] if index.isValid() else None

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self.entries)

    def flags(self, index: _Index) -> Qt.ItemFlag:
        entry = self.entry(index)
        if entry is None or not entry.key:
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        entry = self.entry(index)
        if entry is None:
            return None
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            chips = [text for text, _ in (*entry.labels, *entry.chips)]
            words = [entry.title, *chips, entry.right, entry.below]
            return ", ".join(word for word in words if word)
        return None


class _Painter(QStyledItemDelegate):
    def __init__(self, view: Timeline) -> None:
        super().__init__(view)
        self._view = view

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: ARG002
        entry = self._view._entries.entry(index)
        if entry is None or not entry.key:
            return QSize(160, _GROUP_PX)
        return QSize(160, _ENTRY_PX + (_LABELS_PX if entry.labels else 0))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        entry = self._view._entries.entry(index)
        if entry is None:
            return
        theme = app_theme()
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if not entry.key:
            painter.setFont(theme.font(weight=QFont.Weight.DemiBold))
            painter.setPen(theme.color("text"))
            self._text(painter, option.rect.adjusted(8, 4, -8, 0), entry.title, _LEFT)
            painter.setFont(theme.font(9))
            painter.setPen(theme.color("muted"))
            painter.drawText(option.rect.adjusted(8, 4, -8, 0), _RIGHT, entry.right)
        else:
            self._paint_entry(painter, option, entry, index.row())
        painter.restore()

    def _paint_entry(
        self, painter: QPainter, option: QStyleOptionViewItem, entry: TimelineEntry, row: int
    ) -> None:
        theme, rect = app_theme(), option.rect
        chosen = bool(option.state & QStyle.StateFlag.State_Selected)
        ground = QRectF(rect.adjusted(2, 1, -2, -1))
        if chosen:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("selection"))
            painter.drawRoundedRect(ground, 6, 6)
        if option.state & QStyle.StateFlag.State_HasFocus:
            painter.setPen(QPen(theme.color("accent"), 2))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(ground.adjusted(1, 1, -1, -1), 5, 5)
        self._paint_line(painter, rect, row, chosen)
        upper = QRect(rect.left() + _GUTTER, rect.top() + 8, rect.width() - _GUTTER - 12, 22)
        painter.setFont(theme.font(weight=QFont.Weight.DemiBold))
        painter.setPen(theme.color("text"))
        painter.drawText(upper, _LEFT, entry.title)
        left = upper.left() + painter.fontMetrics().horizontalAdvance(entry.title) + 10
        painter.setFont(theme.font())
        value_px = painter.fontMetrics().horizontalAdvance(entry.right)
        painter.drawText(upper, _RIGHT, entry.right)
        self._paint_chips(
            painter, entry.chips, left, upper.right() - value_px - 10, upper.top() + 1
        )
        self._paint_chips(painter, entry.labels, upper.left(), upper.right(), upper.top() + 48)
        painter.setFont(theme.font(9))
        painter.setPen(theme.color("muted"))
        self._text(painter, upper.translated(0, 22), entry.below, _LEFT)

    def _paint_line(self, painter: QPainter, rect: QRect, row: int, chosen: bool) -> None:
        """The line through a group's entries, with a dot for this one."""
        theme, entries = app_theme(), self._view._entries.entries
        x, middle = rect.left() + 15.0, rect.top() + 19.0
        painter.setPen(QPen(theme.color("border"), 1.5))
        if row and entries[row - 1].key:
            painter.drawLine(QPointF(x, rect.top()), QPointF(x, middle - 6))
        if row + 1 < len(entries) and entries[row + 1].key:
            painter.drawLine(QPointF(x, middle + 6), QPointF(x, rect.bottom() + 1))
        painter.setPen(QPen(theme.color("accent" if chosen else "border"), 2))
        painter.setBrush(theme.color("accent" if chosen else "surface"))
        painter.drawEllipse(QPointF(x, middle), 4.5, 4.5)

    def _paint_chips(
        self,
        painter: QPainter,
        chips: tuple[tuple[str, Kind], ...],
        left: int,
        end: int,
        top: int,
    ) -> None:
        font = app_theme().font(9, QFont.Weight.DemiBold)
        metrics = QFontMetrics(font)
        for text, kind in chips:
            width = metrics.horizontalAdvance(text) + 20
            if left + width > end:
                width = end - left
                text = metrics.elidedText(text, Qt.TextElideMode.ElideRight, width - 20)  # noqa: PLW2901
            if width < 36:
                return
            paint_pill(painter, QRectF(left, top, width, 20), text, kind, font)
            left += width + 6

    def _text(self, painter: QPainter, rect: QRect, text: str, side: Qt.AlignmentFlag) -> None:
        metrics = painter.fontMetrics()
        painter.drawText(
            rect, side, metrics.elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        )

    def helpEvent(self, event: QEvent, view: object, option: object, index: _Index) -> bool:  # noqa: ARG002
        entry = self._view._entries.entry(index)
        if entry is not None and entry.key:
            words = self._view._entries.data(index)
            QToolTip.showText(self._view.cursor().pos(), _escaped(str(words)), self._view)
        return True


def _escaped(text: str) -> str:
    """A tooltip that shows names as they are, whatever they hold."""
    return f"<span>{text.replace('&', '&amp;').replace('<', '&lt;')}</span>"
