"""The command palette: every action and every thing by name, found by a few letters of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from PySide6.QtCore import QEvent, QModelIndex, QObject, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import (
    QApplication,
    QFrame,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.icons import pixmap
from mlops_desktop.widgets.theme import app_theme

_COMMAND = Qt.ItemDataRole.UserRole
_MOST = 60
_WIDTH, _ROW, _CHROME = 560, 34, 62


class Command(NamedTuple):
    """group is a muted word before the shortcut: 'run', 'model', 'help'. about: more words that
    find it, shown muted behind the title."""

    title: str
    run: Callable[[], object]
    shortcut: str = ""
    icon: str = "chevron-right"
    group: str = ""
    about: str = ""


class CommandPalette(QFrame):
    """Opens over the window, under the box in the top bar. A source gives commands at once; what
    has to be looked up comes later, by show_things(), to whoever has heard `opened`.
    """

    opened = Signal()

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._over = window
        self._sources: list[Callable[[], Sequence[Command]]] = []
        self._commands: list[Command] = []
        self._things: list[Command] = []
        self._waiting = False
        self._highest = 440
        self._before: QWidget | None = None
        self.setProperty("popup", True)
        self.setAccessibleName(self.tr("Commands"))
        self.box = QLineEdit()
        says = self.tr("Find a dataset, run, model or deployment, or run a command")
        self.box.setPlaceholderText(says)
        self.box.setAccessibleName(says)
        self.list = QListWidget()
        self.list.setProperty("bare", True)
        self.list.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.list.setItemDelegate(_CommandDelegate(self.list))
        self.list.setAccessibleName(self.tr("Commands"))
        column = QVBoxLayout(self)
        column.setContentsMargins(8, 8, 8, 8)
        column.setSpacing(8)
        column.addWidget(self.box)
        column.addWidget(self.list)
        self.nothing = label(muted=True)
        self.nothing.setContentsMargins(12, 0, 12, 0)
        column.addWidget(self.nothing)
        self.box.textChanged.connect(self._filter)
        self.box.installEventFilter(self)
        self.list.itemClicked.connect(self._run)
        self.hide()

    def add_source(self, source: Callable[[], Sequence[Command]]) -> None:
        """source is asked each time the palette opens, so keep it quick."""
        self._sources.append(source)

    def open(self, top: int) -> None:
        self._commands = [command for source in self._sources for command in source()]
        self._before = QApplication.focusWidget()
        self.box.clear()
        self._filter("")
        window = self._over
        width = min(_WIDTH, window.width() - 32)
        self._highest = min(440, window.height() - top - 32)
        self.setGeometry((window.width() - width) // 2, top, width, self._highest)
        self._fit()
        self.show()
        self.raise_()
        self.box.setFocus(Qt.FocusReason.PopupFocusReason)
        self._waiting = True
        self.opened.emit()

    def show_things(self, things: Sequence[Command]) -> None:
        """What can be found by name beside the commands; what was typed meanwhile stays."""
        self._things, self._waiting = list(things), False
        if self.isVisible() and self.box.text().strip():
            title = self.list.currentItem().text() if self.list.currentRow() > 0 else ""
            self._filter(self.box.text())
            same = self.list.findItems(title, Qt.MatchFlag.MatchExactly) if title else []
            if same:
                self.list.setCurrentItem(same[0])

    def close_palette(self) -> None:
        if self.isVisible():
            self.hide()
            if self._before is not None and self._before.isVisible():
                self._before.setFocus(Qt.FocusReason.PopupFocusReason)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.box and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.KeyPress and self._key(Qt.Key(event.key())):
                return True
        elif watched is self.box and event.type() == QEvent.Type.FocusOut and self.isVisible():
            self.hide()
        return super().eventFilter(watched, event)

    def _key(self, key: Qt.Key) -> bool:
        steps = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: 8,
            Qt.Key.Key_PageUp: -8,
        }
        if key in steps:
            row = self.list.currentRow() + steps[key]
            self.list.setCurrentRow(max(0, min(self.list.count() - 1, row)))
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if (item := self.list.currentItem()) is not None:
                self._run(item)
        elif key == Qt.Key.Key_Escape:
            self.close_palette()
        else:
            return False
        return True

    def _filter(self, text: str) -> None:
        every = [*self._commands, *self._things] if text.strip() else self._commands
        scored = [
            (score, number)
            for number, command in enumerate(every)
            if (score := match_score(text, f"{command.title} {command.group} {command.about}"))
            is not None
        ]
        self.list.clear()
        for _, number in sorted(scored)[:_MOST]:
            command = every[number]
            item = QListWidgetItem(command.title)
            item.setData(_COMMAND, command)
            self.list.addItem(item)
        self.list.setCurrentRow(0)
        self._fit()

    def _fit(self) -> None:
        rows = max(1, self.list.count())
        self.list.setVisible(self.list.count() > 0)
        waiting, none = self.tr("Looking\u2026"), self.tr("Nothing has this name.")
        self.nothing.setText(waiting if self._waiting else none)
        self.nothing.setVisible(not self.list.count())
        self.resize(self.width(), min(self._highest, _CHROME + rows * _ROW))

    def _run(self, item: QListWidgetItem) -> None:
        command: Command = item.data(_COMMAND)
        self.close_palette()
        command.run()


def match_score(typed: str, title: str) -> int | None:
    """How far title is from what was typed; less is better, None where letters are missing.

    A run of letters at the start of a word counts most, then letters in order.
    """
    score, words = 0, title.casefold()
    for part in typed.casefold().split():
        if words.startswith(part):
            continue
        if f" {part}" in words:
            score += 1
        elif part in words:
            score += 3
        else:
            at = -1
            for letter in part:
                after = words.find(letter, at + 1)
                if after < 0:
                    return None
                score += 4 + after - at
                at = after
    return score


class _CommandDelegate(QStyledItemDelegate):
    def sizeHint(
        self,
        option: QStyleOptionViewItem,  # noqa: ARG002
        index: QModelIndex | QPersistentModelIndex,  # noqa: ARG002
    ) -> QSize:
        return QSize(100, _ROW)

    def paint(
        self,
        painter: QPainter,
        option: QStyleOptionViewItem,
        index: QModelIndex | QPersistentModelIndex,
    ) -> None:
        theme, rect = app_theme(), option.rect
        command: Command = index.data(_COMMAND)
        if option.state & QStyle.StateFlag.State_Selected:
            painter.save()
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.color("selection"))
            painter.drawRoundedRect(rect, 6, 6)
            painter.restore()
        top = rect.top() + (rect.height() - 16) // 2
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(rect.left() + 10, top, pixmap(command.icon, "muted", 16, ratio))
        middle = Qt.AlignmentFlag.AlignVCenter
        inner = rect.adjusted(36, 0, -12, 0)
        painter.setPen(theme.color("muted"))
        painter.setFont(theme.font(9))
        right = "   ".join(part for part in (command.group, command.shortcut) if part)
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignRight, right)
        inner.adjust(0, 0, -painter.fontMetrics().horizontalAdvance(right) - 16, 0)
        painter.setFont(theme.font(weight=QFont.Weight.Normal))
        painter.setPen(theme.color("text"))
        metrics = painter.fontMetrics()
        right_end = Qt.TextElideMode.ElideRight
        title = metrics.elidedText(command.title, right_end, inner.width())
        painter.drawText(inner, middle | Qt.AlignmentFlag.AlignLeft, title)
        if command.about:
            inner.adjust(metrics.horizontalAdvance(title) + 12, 0, 0, 0)
            painter.setPen(theme.color("muted"))
            about = metrics.elidedText(command.about, right_end, max(0, inner.width()))
            painter.drawText(inner, middle | Qt.AlignmentFlag.AlignLeft, about)
