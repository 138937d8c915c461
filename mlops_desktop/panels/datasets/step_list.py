"""The ordered steps: what each does in words, a tick to switch it, its error in place."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.core.errors import UserError
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.step_words import words
from mlops_desktop.core.steps import StepKind
from mlops_desktop.widgets.buttons import Button, IconButton
from mlops_desktop.widgets.theme import Theme, follow_theme

_VALUES = (
    StepKind.PARSE_NUMBER,
    StepKind.PARSE_DATE,
    StepKind.FILL,
    StepKind.CLIP,
    StepKind.CAST,
    StepKind.MAP_VALUES,
    StepKind.GROUP_RARE,
    StepKind.LOG,
)


class StepList(QWidget):
    """All signals name a step by its place, from 0."""

    chosen = Signal(int)
    switched = Signal(int, bool)
    moved = Signal(int, int)
    edit_wanted = Signal(int)
    delete_wanted = Signal(int)
    add_wanted = Signal(object)
    undo_wanted = Signal()
    redo_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._showing = False
        self._errors: dict[int, UserError] = {}
        self._build()
        follow_theme(self, self._take_colors)

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.add = Button(self.tr("Add a step"), "plus")
        self.add.setObjectName("add-step")
        self.add.set_menu(step_menu(self, self.add_wanted.emit))
        self.undo = IconButton("undo-2", self.tr("Undo (Ctrl+Z)"), self.undo_wanted.emit)
        self.redo = IconButton("redo-2", self.tr("Redo (Ctrl+Shift+Z)"), self.redo_wanted.emit)
        above = QHBoxLayout()
        above.setSpacing(4)
        above.addWidget(self.add)
        above.addStretch(1)
        above.addWidget(self.undo)
        above.addWidget(self.redo)
        column.addLayout(above)
        self.list = QListWidget()
        self.list.setObjectName("steps")
        self.list.setAccessibleName(self.tr("Steps of the recipe"))
        self.list.setWordWrap(True)
        self.list.setTextElideMode(Qt.TextElideMode.ElideNone)
        self.list.setUniformItemSizes(False)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setDragDropMode(QAbstractItemView.DragDropMode.InternalMove)
        self.list.setStyleSheet("QListView::item { padding: 6px 4px; }")
        self.list.currentRowChanged.connect(self._on_chosen)
        self.list.itemChanged.connect(self._on_changed)
        self.list.itemDoubleClicked.connect(lambda _: self.edit_wanted.emit(self.place))
        model = self.list.model()
        model.rowsMoved.connect(self._on_moved)
        column.addWidget(self.list, 1)
        below = QHBoxLayout()
        below.setSpacing(4)
        self._tools = []
        for name, icon, text, work in (
            ("edit-step", "pencil", self.tr("Change the step (Enter)"), self._edit),
            ("step-up", "chevron-up", self.tr("Move up (Alt+Up)"), lambda: self._move(-1)),
            ("step-down", "chevron-down", self.tr("Move down (Alt+Down)"), lambda: self._move(1)),
            ("delete-step", "trash-2", self.tr("Delete the step (Del)"), self._delete),
        ):
            button = IconButton(icon, text, work)
            button.setObjectName(name)
            below.addWidget(button)
            self._tools.append(button)
        below.addStretch(1)
        column.addLayout(below)

    @property
    def place(self) -> int:
        """Of the chosen step; -1 where none is."""
        return self.list.currentRow()

    def show_steps(
        self, steps: Sequence[Step], errors: dict[int, UserError], place: int | None = None
    ) -> None:
        """errors: by place. place: of the step to choose, the one that was where None."""
        place = self.place if place is None else place
        self._showing, self._errors = True, errors
        self.list.clear()
        for number, step in enumerate(steps, 1):
            error = errors.get(number - 1)
            text = f"{number}. {step.kind.form.title}\n{words(step)}"
            if error is not None:
                text += "\n" + error.what.partition("): ")[2]
            item = QListWidgetItem(text)
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsDropEnabled)
            item.setCheckState(Qt.CheckState.Checked if step.on else Qt.CheckState.Unchecked)
            if error is not None and error.hint:
                item.setToolTip(error.hint)
            self.list.addItem(item)
        self.list.setCurrentRow(min(max(0, place), len(steps) - 1))
        self._color()
        self._showing = False
        for tool in self._tools:
            tool.setEnabled(bool(steps))

    def show_history(self, *, undo: bool, redo: bool) -> None:
        self.undo.setEnabled(undo)
        self.redo.setEnabled(redo)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        alt = event.modifiers() == Qt.KeyboardModifier.AltModifier
        match event.key():
            case Qt.Key.Key_Delete:
                self._delete()
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._edit()
            case Qt.Key.Key_Up if alt:
                self._move(-1)
            case Qt.Key.Key_Down if alt:
                self._move(1)
            case _:
                super().keyPressEvent(event)

    def sizeHint(self) -> QSize:
        return QSize(300, 320)

    def _take_colors(self, theme: Theme) -> None:
        self._error_color, self._muted = theme.color("error"), theme.color("muted")
        self._text = theme.color("text")
        self._color()

    def _color(self) -> None:
        shown, self._showing = self._showing, True
        for place in range(self.list.count()):
            item = self.list.item(place)
            on = item.checkState() == Qt.CheckState.Checked
            color = self._text if on else self._muted
            item.setForeground(self._error_color if place in self._errors else color)
        self._showing = shown

    def _on_chosen(self, place: int) -> None:
        if not self._showing and place >= 0:
            self.chosen.emit(place)

    def _on_changed(self, item: QListWidgetItem) -> None:
        if not self._showing:
            on = item.checkState() == Qt.CheckState.Checked
            self.switched.emit(self.list.row(item), on)

    def _on_moved(self, _parent: object, start: int, _end: int, _into: object, to: int) -> None:
        if not self._showing:
            self.moved.emit(start, to if to < start else to - 1)

    def _edit(self) -> None:
        if self.place >= 0:
            self.edit_wanted.emit(self.place)

    def _delete(self) -> None:
        if self.place >= 0:
            self.delete_wanted.emit(self.place)

    def _move(self, by: int) -> None:
        to = self.place + by
        if self.place >= 0 and 0 <= to < self.list.count():
            self.moved.emit(self.place, to)


def step_menu(owner: QWidget, then: Callable[[StepKind], object]) -> QMenu:
    """All kinds of steps in three groups; then(kind) is called for the chosen one."""
    menu = QMenu(owner)
    menu.setToolTipsVisible(True)
    rows = [kind for kind in StepKind if kind.is_table_step]
    columns = [kind for kind in StepKind if kind not in rows and kind not in _VALUES]
    for title, kinds in (
        (owner.tr("Rows"), rows),
        (owner.tr("Values"), _VALUES),
        (owner.tr("Columns"), columns),
    ):
        menu.addSection(title)
        for kind in kinds:
            action = menu.addAction(kind.form.title)
            action.setToolTip(kind.form.help)
            action.setData(kind.value)
    menu.triggered.connect(lambda action: then(StepKind(action.data())))
    return menu
