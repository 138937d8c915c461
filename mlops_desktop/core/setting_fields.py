"""What a step of a recipe or a rule of the checks can be set to: for files, forms, errors, help."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class FieldKind(StrEnum):
    """What a setting holds: the name of a column, a list of names, a number, ..."""

    COLUMN = "column"
    COLUMNS = "columns"
    NEW_COLUMN = "new_column"
    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    CHOICE = "choice"
    CHOICES = "choices"
    EXPRESSION = "expression"
    VALUES = "values"  # A mapping of old values to new ones.
    NUMBERS = "numbers"  # A list of numbers that grow.
    VALUE = "value"  # A number, a text, true or false.
    DATASET = "dataset"  # NAME or NAME@VERSION.


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting of a step or a rule. optional: may be left out; default is what that means."""

    name: str
    kind: FieldKind
    title: str
    optional: bool = False
    default: object = None
    choices: tuple[str, ...] = ()
    hint: str = ""


def choice(name: str, title: str, *choices: str, hint: str = "") -> SettingField:
    """A field that may be left out: that means the first of the choices."""
    return SettingField(
        name, FieldKind.CHOICE, title, optional=True, default=choices[0], choices=choices, hint=hint
    )
