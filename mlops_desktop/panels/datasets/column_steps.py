"""What can be done with a column: each makes steps, which wait in Cleaning until they are saved."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QGridLayout, QMenu, QVBoxLayout, QWidget

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.profile import ColumnProfile
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.widgets.buttons import secondary
from mlops_desktop.widgets.inline_ask import InlineAsk
from mlops_desktop.widgets.profile_face import type_word

_CASTS = (ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.BOOLEAN, ColumnType.TEXT)


class ColumnSteps(QWidget):
    """steps_wanted carries steps of a recipe."""

    steps_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._name = ""
        down = QVBoxLayout(self)
        down.setContentsMargins(0, 0, 0, 0)
        down.setSpacing(8)
        down.addLayout(self._build_buttons())
        self.rename = InlineAsk("", self.tr("Rename"), self.tr("New name"))
        self.rename.setObjectName("rename-column")
        self.rename.answered.connect(self._rename)
        down.addWidget(self.rename)

    def _build_buttons(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(8)
        rename = secondary(self.tr("Rename"), "", lambda: self.rename.ask())  # noqa: PLW0108
        self.cast, self.fill = secondary(self.tr("Type")), secondary(self.tr("Fill"))
        drop = secondary(self.tr("Drop"), "", partial(self._emit, StepKind.DROP_COLUMNS))
        for place, (button, name, tip) in enumerate(
            (
                (rename, "rename-button", self.tr("Give the column another name")),
                (self.cast, "change-type", self.tr("Change the type")),
                (self.fill, "fill-column", self.tr("Fill missing values")),
                (drop, "drop-column", self.tr("Leave the column out")),
            )
        ):
            button.setObjectName(name)
            button.setToolTip(tip)
            grid.addWidget(button, place // 2, place % 2)
        return grid

    def show_column(self, column: ColumnProfile) -> None:
        self._name = column.name
        self.rename.hide()
        casts, fills = QMenu(self), QMenu(self)
        for kind in _CASTS:
            if kind is not column.type and column.type is not ColumnType.DATETIME:
                cast = partial(self._emit, StepKind.CAST, to=kind.value)
                casts.addAction(type_word(kind), cast)
        if column.type is ColumnType.TEXT:
            casts.addAction(
                self.tr("number, as people write it"), partial(self._emit, StepKind.PARSE_NUMBER)
            )
            casts.addAction(
                type_word(ColumnType.DATETIME), partial(self._emit, StepKind.PARSE_DATE)
            )
        ways = {"most_frequent": self.tr("the most frequent value")}
        if column.type.is_numeric:
            ways = {"median": self.tr("the median"), "mean": self.tr("the mean"), **ways}
        for way, words in ways.items():
            fills.addAction(words, partial(self._emit, StepKind.FILL, **{"with": way}))
        fills.addAction(
            self.tr("nothing: drop those rows"), partial(self._emit, StepKind.DROP_MISSING)
        )
        for button, menu, usable in (
            (self.cast, casts, not casts.isEmpty()),
            (self.fill, fills, bool(column.missing)),
        ):
            old = button.menu()
            button.set_menu(menu)
            button.setEnabled(usable)
            if old is not None:
                old.deleteLater()

    def _rename(self, name: str) -> None:
        self.rename.hide()
        step = Step(StepKind.RENAME, {"column": self._name, "into": name})
        self.steps_wanted.emit([step])

    def _emit(self, kind: StepKind, **settings: object) -> None:
        self.steps_wanted.emit([Step(kind, {"columns": [self._name], **settings})])
