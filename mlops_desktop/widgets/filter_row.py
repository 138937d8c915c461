"""The row of fields under a table's header: one for each column that is in sight."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHeaderView, QLineEdit, QWidget

FIELD_HEIGHT = 26
_PAUSE_MS = 250
_KEYS = Qt.Key


class Filters(QObject):
    """What was typed for each column and what is wrong with it, shared by the rows that show it.

    typed: the text of a column changed, and the typing has paused. renewed: the fields must show
    other texts. marked: an error came or went.
    """

    typed = Signal(int, str)
    renewed = Signal()
    marked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.names: tuple[str, ...] = ()
        self.examples: tuple[str, ...] = ()
        self.texts: dict[int, str] = {}
        self.errors: dict[int, str] = {}
        self._pause = QTimer(self, interval=_PAUSE_MS, singleShot=True)
        self._pause.timeout.connect(self.tell)
        self._waiting: int | None = None

    def set_columns(self, names: Sequence[str], examples: Sequence[str]) -> None:
        """examples: what can be typed, shown in a field while it is empty."""
        self.names, self.examples = tuple(names), tuple(examples)
        self.set_texts({})

    def set_texts(self, texts: dict[int, str]) -> None:
        self._pause.stop()
        self.texts, self.errors, self._waiting = dict(texts), {}, None
        self.renewed.emit()

    def set_errors(self, errors: dict[int, str]) -> None:
        self.errors = errors
        self.marked.emit()

    def edit(self, column: int, text: str) -> None:
        """Take what is typed; it is told once the typing pauses, or another column is typed in."""
        if self._waiting not in (None, column):
            self.tell()
        self.texts[column], self._waiting = text, column
        self._pause.start()

    def tell(self) -> None:
        """Do not wait any longer."""
        self._pause.stop()
        column, self._waiting = self._waiting, None
        if column is not None:
            self.typed.emit(column, self.texts.get(column, ""))


class FilterField(QLineEdit):
    """Tab and Shift+Tab step between columns; Esc, Enter and Down lead into the rows."""

    stepped = Signal(int)
    left = Signal()

    def __init__(self, parent: QWidget, column: int) -> None:
        super().__init__(parent)
        self.column = column
        self.last = False
        self.setProperty("filter", True)
        self.setFixedHeight(FIELD_HEIGHT)

    def focusNextPrevChild(self, following: bool) -> bool:  # noqa: N802 - Qt's name
        if (following and self.last) or (not following and not self.column):
            return super().focusNextPrevChild(following)
        self.stepped.emit(1 if following else -1)
        return True

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == _KEYS.Key_Escape and self.text():
            self.clear()
            self.textEdited.emit("")
        elif event.key() in (_KEYS.Key_Escape, _KEYS.Key_Down, _KEYS.Key_Return, _KEYS.Key_Enter):
            self.left.emit()
        else:
            super().keyPressEvent(event)


class FilterRow(QWidget):
    """Lies in the foot of a header, and keeps its fields below their columns.

    stepped(column, by): the focus is to go to another column's field. left: into the rows.
    hint_wanted(field): a field with the focus that may have an error; None without one.
    """

    stepped = Signal(int, int)
    left = Signal()
    hint_wanted = Signal(object)

    def __init__(self, header: QHeaderView, filters: Filters) -> None:
        super().__init__(header)
        self._header, self._filters = header, filters
        self._fields: dict[int, FilterField] = {}
        self._first, self._end = 0, 0
        filters.renewed.connect(self._renew)
        filters.marked.connect(self._mark)
        header.sectionResized.connect(self.place)
        header.geometriesChanged.connect(self.place)

    def set_range(self, first: int, end: int) -> None:
        """Show the fields of columns [first, end) alone."""
        self._first, self._end = first, end
        self.place()

    def field(self, column: int) -> FilterField:
        """The field of a column, made when it is first in sight."""
        if column not in self._fields:
            self._fields[column] = self._made(column)
        return self._fields[column]

    def focus(self, column: int) -> None:
        self.place()
        field = self.field(column)
        field.show()
        field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        field.selectAll()

    def place(self) -> None:
        """Put the fields where their columns are now."""
        header, seen = self._header, set()
        width = header.viewport().width()
        first = max(0, header.visualIndexAt(0))
        for visual in range(first, header.count()):
            column = header.logicalIndex(visual)
            left = header.sectionViewportPosition(column)
            if left >= width:
                break
            # The columns of a model are exchanged just before or after the names.
            known = column < min(self._end, len(self._filters.names))
            if self._first <= column and known and not header.isSectionHidden(column):
                seen.add(column)
                field = self.field(column)
                field.setFixedWidth(max(24, header.sectionSize(column) - 8))
                field.move(left + 4, 2)
                field.show()
        for column, field in self._fields.items():
            if column in seen:
                continue
            if field.hasFocus():  # Hidden, it would lose what is being typed.
                field.move(-field.width() - 8, 2)
            else:
                field.hide()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusIn and isinstance(event, QFocusEvent):
            self.hint_wanted.emit(watched)
        elif event.type() == QEvent.Type.FocusOut:
            self._filters.tell()
            self.hint_wanted.emit(None)
        return super().eventFilter(watched, event)

    def _made(self, column: int) -> FilterField:
        field = FilterField(self, column)
        name = self._filters.names[column]
        field.setObjectName(f"filter-{name}")
        field.setAccessibleName(self.tr("Filter of {0}").format(name))
        field.setPlaceholderText(self._filters.examples[column])
        field.setText(self._filters.texts.get(column, ""))
        field.last = column == len(self._filters.names) - 1
        field.textEdited.connect(lambda text: self._filters.edit(column, text))
        field.stepped.connect(lambda by: self.stepped.emit(column, by))
        field.left.connect(self._filters.tell)
        field.left.connect(self.left)
        field.installEventFilter(self)
        return field

    def _renew(self) -> None:
        names = self._filters.names
        for column in [c for c, f in self._fields.items() if not _is_of(f, c, names)]:
            field = self._fields.pop(column)
            field.hide()
            field.deleteLater()
        for column, field in self._fields.items():
            text = self._filters.texts.get(column, "")
            if field.text() != text:
                field.setText(text)
        self.place()
        self._mark()

    def _mark(self) -> None:
        for column, field in self._fields.items():
            error = self._filters.errors.get(column, "")
            field.setToolTip(f"<qt>{escape(error)}</qt>" if error else "")
            field.setAccessibleDescription(error)
            if bool(field.property("wrong")) != bool(error):
                field.setProperty("wrong", bool(error))
                field.style().unpolish(field)
                field.style().polish(field)
            if field.hasFocus():
                self.hint_wanted.emit(field)


def _is_of(field: FilterField, column: int, names: Sequence[str]) -> bool:
    return column < len(names) and field.objectName() == f"filter-{names[column]}"
