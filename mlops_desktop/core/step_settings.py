"""The settings of a step as its form wants them: whole, of the right kinds, nothing unknown."""

from __future__ import annotations

import difflib
import math
from itertools import pairwise
from typing import Any

from mlops_desktop.core.errors import UserError
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.setting_fields import FieldKind, SettingField

_TEXTS = {
    FieldKind.COLUMN: "the name of a column",
    FieldKind.NEW_COLUMN: "a name",
    FieldKind.TEXT: "a text",
    FieldKind.EXPRESSION: "a formula",
    FieldKind.DATASET: "a dataset version, such as bikes@2",
}


def complete(step: Step) -> dict[str, Any]:
    """All settings of the step, with defaults where it has none. Raises UserError for one that is
    unknown, missing or of the wrong kind."""
    fields = {field.name: field for field in step.kind.form.fields}
    for name in step.settings:
        if name not in fields:
            near = " or ".join(difflib.get_close_matches(name, fields, n=2))
            raise UserError(
                f"It has no setting {name!r}.",
                hint=f"Did you mean {near}?" if near else f"It has {', '.join(fields)}.",
            )
    return {name: _read(field, step.settings.get(name)) for name, field in fields.items()}


def _read(field: SettingField, value: object) -> object:
    if value is None or (value == [] and field.optional):
        if not field.optional:
            raise UserError(
                f"{field.title} is missing.", hint=f"Set {field.name} to {_wanted(field)}."
            )
        return field.default
    if not _fits(field, value):
        raise UserError(
            f"{field.title} is {value!r}.", hint=f"Set {field.name} to {_wanted(field)}."
        )
    return value


def _fits(field: SettingField, value: object) -> bool:
    match field.kind:
        case FieldKind.COLUMNS:
            return _texts(value)
        case FieldKind.NUMBER:
            return _is_number(value)
        case FieldKind.INTEGER:
            return type(value) is int
        case FieldKind.CHOICE:
            return value in field.choices
        case FieldKind.CHOICES:
            return _texts(value) and set(value) <= set(field.choices)  # type: ignore[call-overload]
        case FieldKind.VALUES:
            return (
                isinstance(value, dict)
                and bool(value)
                and all(isinstance(old, str) for old in value)
                and all(new is None or _is_scalar(new) for new in value.values())
            )
        case FieldKind.NUMBERS:
            return (
                isinstance(value, list | tuple)
                and bool(value)
                and all(map(_is_number, value))
                and all(low < high for low, high in pairwise(value))
            )
        case FieldKind.VALUE:
            return _is_scalar(value)
        case _:
            return isinstance(value, str) and bool(value.strip() or field.optional)


def _wanted(field: SettingField) -> str:
    match field.kind:
        case FieldKind.COLUMNS:
            return "a list of columns, such as [age, price]"
        case FieldKind.NUMBER:
            return "a number"
        case FieldKind.INTEGER:
            return "a whole number"
        case FieldKind.CHOICE:
            return " or ".join(field.choices)
        case FieldKind.CHOICES:
            return f"a list of some of {', '.join(field.choices)}"
        case FieldKind.VALUES:
            return "old and new values, such as {n: no, y: yes}"
        case FieldKind.NUMBERS:
            return "a list of numbers that grow, such as [0, 10, 100]"
        case FieldKind.VALUE:
            return "a number, a text, true or false"
        case kind:
            return _TEXTS[kind]


def _texts(value: object) -> bool:
    return (
        isinstance(value, list | tuple)
        and bool(value)
        and all(isinstance(item, str) for item in value)
        and len(set(value)) == len(value)
    )


def _is_number(value: object) -> bool:
    return type(value) in (int, float) and math.isfinite(value)  # type: ignore[arg-type]


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | bool) or _is_number(value)
