"""Settings of rules and steps as fields of a form, and what was typed as they hold it."""

from __future__ import annotations

import csv
from collections.abc import Sequence

from mlops_desktop.core.setting_fields import FieldKind, SettingField
from mlops_desktop.widgets.forms import Field, Value
from mlops_desktop.widgets.forms import FieldKind as EditorKind

_EDITORS: dict[FieldKind, EditorKind] = {
    FieldKind.NUMBER: "number",
    FieldKind.INTEGER: "whole",
    FieldKind.CHOICE: "choice",
    FieldKind.COLUMN: "choice",
}
_LISTS = (FieldKind.CHOICES, FieldKind.NUMBERS, FieldKind.VALUES)


def form_field(field: SettingField, columns: Sequence[str] = ()) -> Field:
    """columns: what a field of a column offers."""
    hint = field.hint
    if field.kind is FieldKind.CHOICES and field.choices:
        hint = ", ".join(field.choices)
    if field.kind is FieldKind.VALUES:
        hint = "yes = Yes, n/a = (nothing after = means missing)"
    return Field(
        field.name,
        _EDITORS.get(field.kind, "text"),
        field.title,
        choices=tuple(columns) if field.kind is FieldKind.COLUMN else field.choices,
        optional=field.optional,
        hint=hint,
    )


def shown(value: object) -> Value:
    """A setting as its editor shows it; a list with commas between its values."""
    if isinstance(value, dict):
        return ", ".join(_quoted(f"{old} = {_text(new)}".rstrip()) for old, new in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_quoted(_text(item)) for item in value)
    return _text(value) if isinstance(value, bool) else value  # type: ignore[return-value]


def meant(field: SettingField, value: object, *, numeric: bool) -> object:
    """What was typed, as the rule or step holds it. numeric: its column holds numbers."""
    if field.kind in _LISTS:
        lines = list(csv.reader([str(value)], skipinitialspace=True))
        items = [item for item in (lines[0] if lines else []) if item.strip()]
        if field.kind is FieldKind.VALUES:
            return dict(_pair(item) for item in items)
        numeric = numeric or field.kind is FieldKind.NUMBERS
        return [_scalar(item, numeric=numeric) for item in items]
    if field.kind is FieldKind.VALUE:
        return _scalar(str(value), numeric=numeric)
    return value


def _pair(text: str) -> tuple[str, object]:
    old, _, new = text.partition("=")
    new = new.strip()
    return old.strip(), _scalar(new, numeric=True) if new else None


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    if text and text == text.strip() and not set(text) & set(',"\n'):
        return text
    return '"' + text.replace('"', '""') + '"'


def _scalar(text: str, *, numeric: bool) -> object:
    if numeric:
        for read in (int, float):
            try:
                return read(text.replace(",", ""))
            except ValueError:
                continue
    return text
