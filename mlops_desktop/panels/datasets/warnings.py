"""What may be wrong with a version, the worst first, each with what can be done about it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.core.answers import ASKED, Answer, Answers, key_of
from mlops_desktop.core.datasets import ColumnType, DataWarning, WarningKind
from mlops_desktop.core.recipes import Step
from mlops_desktop.widgets.buttons import Button, link, secondary
from mlops_desktop.widgets.cards import Card, Chip, label
from mlops_desktop.widgets.marked import marked
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.widgets.row_model import Kind

_SHOWN = 2
_MOST = 60
_MOST_HEIGHT = 216
_CHIP_WIDTH = 92
_TOP_LEFT = Qt.AlignmentFlag.AlignTop | Qt.AlignmentFlag.AlignLeft


class Warnings(Card):
    """answered carries a warning and an Answer or None; read_as a column and a ColumnType, or
    a bool for dates with the day first;
    fix_wanted the steps of a recipe that mend what was found.

    narrow: for a column beside the rest; then all of them are shown, their buttons below.
    """

    answered = Signal(object, object)
    read_as = Signal(str, object)
    fix_wanted = Signal(object)

    def __init__(self, *, narrow: bool = False) -> None:
        super().__init__()
        self._narrow = narrow
        self.setObjectName("warnings")
        self.setAccessibleName(self.tr("Warnings"))
        self._warnings: tuple[DataWarning, ...] = ()
        self._answers: Answers = {}
        self._pending: tuple[Step, ...] = ()
        self._all = False
        self._can_read_again = True
        self.body.setContentsMargins(12, 6, 12, 6)
        self.body.setSpacing(0)
        self._inside = QWidget()
        self._column = QVBoxLayout(self._inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._area = scrolled(self._inside)
        self._more = link("", self._toggle)
        self._more.setObjectName("more-warnings")
        self.body.addWidget(self._area)
        self.body.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)

    def set_warnings(
        self,
        warnings: Sequence[DataWarning],
        answers: Answers,
        *,
        can_read_again: bool,
    ) -> None:
        """can_read_again: the version came from a file, so types can be changed."""
        if tuple(warnings) != self._warnings:
            self._all = False
        self._warnings, self._answers = tuple(warnings), answers
        self._can_read_again = can_read_again
        self._fill()

    def set_pending(self, steps: Sequence[Step]) -> None:
        """The steps that Cleaning has already: their fixes cannot be pressed again."""
        if tuple(steps) != self._pending:
            self._pending = tuple(steps)
            self._fill()

    def _fill(self) -> None:
        while (item := self._column.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.setParent(None)  # So that nobody finds its buttons until it is gone.
                old.deleteLater()
        shown = self._warnings[: _MOST if self._all or self._narrow else _SHOWN]
        for warning in shown:
            row = self._row(warning)
            self._column.addWidget(row)
            row.show()  # What is not shown yet has no height.
        self._column.addStretch(1)
        self.setVisible(bool(shown))
        hidden = len(self._warnings) - _SHOWN
        self._more.setVisible(hidden > 0 and not self._narrow)
        self._more.setText(
            self.tr("Show fewer") if self._all else self.tr("Show {0} more").format(hidden)
        )
        self._fit()

    def _fit(self) -> None:
        # The area itself has not heard of a new width yet.
        margins = self.body.contentsMargins()
        width = self.contentsRect().width() - margins.left() - margins.right()
        high = self._column.heightForWidth(width) if self._column.hasHeightForWidth() else 0
        # A bar that comes by itself takes width, so that rows wrap and need it: it would stay.
        bar = Qt.ScrollBarPolicy.ScrollBarAlwaysOff
        if high > _MOST_HEIGHT and not self._narrow:
            bar = Qt.ScrollBarPolicy.ScrollBarAlwaysOn
            high = _MOST_HEIGHT
        self._area.setVerticalScrollBarPolicy(bar)
        self._area.setFixedHeight(max(0, high))

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _toggle(self) -> None:
        self._all = not self._all
        self._fill()

    def _row(self, warning: DataWarning) -> QWidget:
        row = QWidget()
        if self._narrow:
            self._fill_narrow(row, warning)
            return row
        across = QHBoxLayout(row)
        across.setContentsMargins(0, 6, 0, 6)
        across.setSpacing(12)
        chip = QWidget()
        chip.setFixedWidth(_CHIP_WIDTH)
        inside = QHBoxLayout(chip)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.addWidget(_chip(warning), 0, _TOP_LEFT)
        across.addWidget(chip, 0, Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(marked(warning.what))
        words.addWidget(marked(warning.why, muted=True))
        across.addLayout(words, 1)
        row.setToolTip(f"\u200b{warning.fix}")
        for button in self._buttons(warning):
            across.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return row

    def _fill_narrow(self, row: QWidget, warning: DataWarning) -> None:
        down = QVBoxLayout(row)
        down.setContentsMargins(0, 6, 0, 6)
        down.setSpacing(4)
        down.addWidget(_chip(warning), 0, Qt.AlignmentFlag.AlignLeft)
        down.addWidget(marked(warning.what))
        down.addWidget(marked(warning.fix, muted=True))
        for button in self._buttons(warning):
            down.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def _buttons(self, warning: DataWarning) -> list[QWidget]:
        if warning.kind in ASKED:
            return self._answer_buttons(warning)
        return [*self._read_buttons(warning), *self._fix_buttons(warning)]

    def _fix_buttons(self, warning: DataWarning) -> list[QWidget]:
        """A version that can be read again needs no step for what reading can do."""
        suggestion = warning.suggestion
        read = {ColumnType.NUMBER, ColumnType.DATETIME} & set(warning.read_as)
        if suggestion is None or (read and self._can_read_again):
            return []
        button = secondary(
            suggestion.label, "", partial(self.fix_wanted.emit, list(suggestion.steps))
        )
        button.setToolTip(self.tr("Adds a step in Cleaning; nothing changes before you save it"))
        if all(step in self._pending for step in suggestion.steps):
            button.setEnabled(False)
            button.setToolTip(self.tr("It is among the pending steps in Cleaning"))
        return [_named(button, f"fix-{warning.kind.value}-{'-'.join(warning.columns)}")]

    def _read_buttons(self, warning: DataWarning) -> list[QWidget]:
        if not self._can_read_again or len(warning.columns) != 1:
            return []
        column = warning.columns[0]
        words = {
            ColumnType.TEXT: self.tr("Keep as text"),
            ColumnType.NUMBER: self.tr("Read as number"),
            ColumnType.DATETIME: self.tr("Read as dates"),
        }
        types: list[QWidget] = [
            _named(
                secondary(words[kind], "", partial(self.read_as.emit, column, kind)),
                f"read-{column}-as-{kind.value}",
            )
            for kind in warning.read_as
            if kind in words
        ]
        dates = [
            _named(
                secondary(
                    self.tr("Read day first") if way else self.tr("Read month first"),
                    "",
                    partial(self.read_as.emit, column, way),
                ),
                f"read-{column}-{'day' if way else 'month'}-first",
            )
            for way in warning.day_first
        ]
        return [*types, *dates]

    def _answer_buttons(self, warning: DataWarning) -> list[QWidget]:
        given = self._answers.get(key_of(warning))
        name = "-".join(warning.columns)
        if given is None:
            tell = self.answered.emit
            return [
                _named(
                    secondary(
                        self.tr("Leave out in training"),
                        "",
                        partial(tell, warning, Answer.LEAVE_OUT),
                    ),
                    f"leave-out-{name}",
                ),
                _named(
                    secondary(self.tr("Keep"), "", partial(tell, warning, Answer.KEEP)),
                    f"keep-{name}",
                ),
            ]
        said = self.tr("left out in training") if given is Answer.LEAVE_OUT else self.tr("kept")
        undo = link(self.tr("Change"), partial(self.answered.emit, warning, None), inline=True)
        return [label(said, muted=True), _named(undo, f"change-{name}")]


def _chip(warning: DataWarning) -> Chip:
    kind: Kind = "error" if warning.kind is WarningKind.LEAK else "warn"
    return Chip(warning.kind.value, kind)


def _named(button: Button, name: str) -> Button:
    button.setObjectName(name)
    return button
