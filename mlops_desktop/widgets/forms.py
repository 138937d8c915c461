"""Forms from a list of fields: labels with buddies, the fitting editor, and the values typed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from PySide6.QtCore import QLocale, Qt, Signal
from PySide6.QtGui import QDoubleValidator, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QFormLayout,
    QLabel,
    QLineEdit,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.spin_box import indent

FieldKind = Literal["text", "number", "whole", "yes_no", "choice", "secret"]
Value = str | float | int | bool | None


@dataclass(frozen=True, slots=True)
class Field:
    """One input. optional: may stay empty, and is then None. open_choice: other texts may be
    typed. low and high only warn: a model may be asked about values that it has not seen.
    """

    name: str
    kind: FieldKind = "text"
    title: str = ""
    choices: tuple[str, ...] = ()
    open_choice: bool = False
    low: float | None = None
    high: float | None = None
    optional: bool = False
    hint: str = ""
    unit: str = ""


class Form(QWidget):
    """changed() after each edit, submitted() on Enter in a line."""

    changed = Signal()
    submitted = Signal()

    def __init__(self, fields: Sequence[Field] = ()) -> None:
        super().__init__()
        self._rows = QFormLayout(self)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setHorizontalSpacing(12)
        self._rows.setVerticalSpacing(8)
        self._rows.setLabelAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self._editors: dict[str, QWidget] = {}
        self._notes: dict[str, QLabel] = {}
        self._fields: tuple[Field, ...] = ()
        self.set_fields(fields)

    def set_fields(self, fields: Sequence[Field]) -> None:
        while self._rows.rowCount():
            self._rows.removeRow(0)
        self._editors, self._notes, self._fields = {}, {}, tuple(fields)
        for field in fields:
            self._add(field)

    def editor(self, name: str) -> QWidget:
        return self._editors[name]

    def values(self) -> dict[str, Value]:
        """What was typed, by name; None for an empty optional field. Ask problems() before."""
        return {field.name: self._value(field) for field in self._fields}

    def set_values(self, values: Mapping[str, Value]) -> None:
        for field in self._fields:
            if field.name in values:
                _put(self._editors[field.name], values[field.name])

    def problems(self) -> dict[str, str]:
        """Names with what is wrong: an empty or unreadable field. Shown below each field too."""
        found = {}
        for field in self._fields:
            text = self._problem(field)
            if text:
                found[field.name] = text
            self._say(field, text, "error")
        return found

    def _add(self, field: Field) -> None:
        editor = self._make(field)
        title = field.title or field.name
        words = QLabel(f"{title} ({field.unit})" if field.unit else title)
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setProperty("muted", True)
        words.setBuddy(editor)
        words.setMinimumHeight(32)
        words.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        editor.setAccessibleName(title)
        editor.setAccessibleDescription(field.hint)
        note = label(field.hint, muted=True, wrap=True)
        note.setVisible(bool(field.hint))
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(editor)
        column.addWidget(note)
        self._rows.addRow(words, column)
        self._editors[field.name], self._notes[field.name] = editor, note

    def _make(self, field: Field) -> QWidget:
        if field.kind == "yes_no":
            box = QCheckBox(self.tr("yes"))
            box.toggled.connect(lambda: self._edited(field))
            return box
        if field.kind == "choice":
            combo = _Combo()
            combo.setEditable(field.open_choice)
            combo.addItems(([""] if field.optional else []) + list(field.choices))
            combo.currentTextChanged.connect(lambda: self._edited(field))
            return combo
        if field.kind == "whole" and field.low is not None and field.high is not None:
            spin = QSpinBox()
            indent(spin)
            spin.setRange(math.floor(field.low), math.ceil(field.high))
            spin.valueChanged.connect(lambda: self._edited(field))
            return spin
        line = QLineEdit()
        if field.kind in ("number", "whole"):
            check = QDoubleValidator(line)
            check.setLocale(QLocale.c())
            line.setValidator(check)
        if field.kind == "secret":
            line.setEchoMode(QLineEdit.EchoMode.Password)
        if field.optional:
            line.setPlaceholderText(self.tr("may stay empty"))
        line.textChanged.connect(lambda: self._edited(field))
        line.returnPressed.connect(self.submitted)
        return line

    def _edited(self, field: Field) -> None:
        self._say(field, self._outside(field), "warn")
        self.changed.emit()

    def _value(self, field: Field) -> Value:
        editor = self._editors[field.name]
        if isinstance(editor, QCheckBox):
            return editor.isChecked()
        if isinstance(editor, QSpinBox):
            return editor.value()
        text = _text(editor).strip()
        if not text:
            return None if field.optional or field.kind in ("number", "whole") else ""
        if field.kind == "number":
            return _number(text)
        if field.kind == "whole":
            number = _number(text)
            return None if number is None else round(number)
        return text

    def _problem(self, field: Field) -> str:
        value = self._value(field)
        empty = value is None or value == ""
        if empty and not field.optional:
            number = field.kind in ("number", "whole")
            return self.tr("Type a number.") if number else self.tr("This must not be empty.")
        return ""

    def _outside(self, field: Field) -> str:
        value = self._value(field)
        if isinstance(value, bool) or not isinstance(value, int | float):
            return ""
        low = -math.inf if field.low is None else field.low
        high = math.inf if field.high is None else field.high
        if low <= value <= high:
            return ""
        return self.tr("Outside of what was seen: {0:g} to {1:g}.").format(low, high)

    def _say(self, field: Field, text: str, token: str) -> None:
        note, editor = self._notes[field.name], self._editors[field.name]
        note.setText(text or field.hint)
        note.setVisible(bool(text or field.hint))
        note.setProperty("token", token if text else "")
        editor.setProperty("wrong", bool(text) and token == "error")
        for widget in (note, editor):
            widget.style().unpolish(widget)
            widget.style().polish(widget)


class _Combo(QComboBox):
    """Scrolling past it must not change what was chosen."""

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()


def _text(editor: QWidget) -> str:
    if isinstance(editor, QComboBox):
        return editor.currentText()
    return editor.text() if isinstance(editor, QLineEdit) else ""


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _put(editor: QWidget, value: Value) -> None:
    if isinstance(editor, QCheckBox):
        editor.setChecked(bool(value))
    elif isinstance(editor, QSpinBox):
        editor.setValue(round(float(value or 0)))
    elif isinstance(editor, QComboBox):
        text = "" if value is None else str(value)
        at = editor.findText(text)
        if at >= 0:
            editor.setCurrentIndex(at)
        else:
            editor.setEditText(text)
    elif isinstance(editor, QLineEdit):
        shown = f"{value:.10g}" if isinstance(value, float) else str(value)
        editor.setText("" if value is None else shown)
