"""Rules as plain documents, such as a file of them holds, and what may stand in a rule."""

from __future__ import annotations

import difflib
import math
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from mlops_desktop.core import expressions
from mlops_desktop.core.checks import Rule, RuleKind, Severity
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.setting_fields import FieldKind, SettingField

_OWN = ("rule", "columns", "severity", "on", "note")
RULES_LIMIT = 20_000


def to_document(rule: Rule) -> dict[str, object]:
    """A rule as a file holds it: what is the usual case is left out."""
    found: dict[str, object] = {"rule": rule.kind.value}
    if rule.columns:
        found["columns"] = list(rule.columns)
    found |= {name: value for name, value in rule.settings.items() if value is not None}
    found["severity"] = rule.severity.value
    if not rule.on:
        found["on"] = False
    if rule.note:
        found["note"] = rule.note
    return found


def from_documents(documents: object) -> tuple[Rule, ...]:
    """Rules from a list of what to_document gave, or a person wrote. Raises UserError that names
    the rule by its place, counted from 1."""
    if not isinstance(documents, list):
        raise UserError(
            "The rules are not a list.", hint="Each begins with `- rule: range`, or another kind."
        )
    if len(documents) > RULES_LIMIT:
        raise UserError(
            f"There are {len(documents):,} rules.", hint=f"Use at most {RULES_LIMIT:,}."
        )
    found = []
    for number, document in enumerate(documents, 1):
        try:
            found.append(checked(_rule(document)))
        except UserError as error:
            raise UserError(
                f"Rule {number}: {error.what}", why=error.why, hint=error.hint
            ) from error
    return tuple(found)


def checked(rule: Rule) -> Rule:
    """The rule with its settings in their own types, or a UserError that says what is wrong.

    Whether its columns are in a table is not asked: that is seen when it runs.
    """
    form = rule.kind.form
    columns = tuple(dict.fromkeys(rule.columns))
    if form.columns == "none" and columns:
        raise UserError(f"A rule {rule.kind.value!r} is about no column of its own.")
    if form.columns != "none" and not columns:
        raise UserError(f"The rule {rule.kind.value!r} names no column.", hint="Add `columns`.")
    if form.columns == "one" and len(columns) > 1:
        raise UserError(
            f"A rule {rule.kind.value!r} is about one column, not {len(columns)}.",
            hint="Write one rule for each.",
        )
    known = {field.name: field for field in form.fields}
    for name in rule.settings:
        if name not in known:
            near = difflib.get_close_matches(name, [*known, *_OWN], n=1)
            hint = f"Did you mean {near[0]!r}?" if near else f"It has {', '.join(known) or 'none'}."
            raise UserError(f"A rule {rule.kind.value!r} has no setting {name!r}.", hint=hint)
    settings = {}
    for name, field in known.items():
        value = rule.settings.get(name)
        if value is not None and value != "":
            settings[name] = _value(field, value)
        elif field.default is None and not field.optional:
            raise UserError(
                f"The rule {rule.kind.value!r} needs {name!r}.", hint=f"Such as {field.hint}."
            )
    made = Rule(rule.kind, columns, settings, rule.severity, rule.on, rule.note)
    _check_limits(made)
    return made


def _rule(document: object) -> Rule:
    if not isinstance(document, Mapping):
        raise UserError("It is not a list of settings.", hint="It begins with `rule: range`.")
    fields: dict[str, Any] = {str(key): value for key, value in document.items()}
    # YAML 1.1 reads the key `on` as true.
    on = fields.pop("on", fields.pop("True", True))
    kind = _choice(RuleKind, fields.pop("rule", None), "rule")
    columns = fields.pop("columns", ())
    if isinstance(columns, str | int | float):
        columns = [columns]
    severity = _choice(Severity, fields.pop("severity", Severity.WARN.value), "severity")
    if not isinstance(on, bool):
        raise UserError(f"'on' is {on!r}.", hint="Write true or false.")
    if not isinstance(columns, list | tuple):
        raise UserError("'columns' is not a list.", hint="Write it as [a, b].")
    note = str(fields.pop("note", "") or "")
    return Rule(kind, tuple(str(name) for name in columns), fields, severity, on, note)


def _choice(kind: Any, value: object, name: str) -> Any:
    try:
        return kind(value)
    except ValueError as error:
        choices = [item.value for item in kind]
        near = difflib.get_close_matches(str(value), choices, n=1)
        hint = f"Did you mean {near[0]!r}?" if near else f"Use one of {', '.join(choices)}."
        what = f"{name!r} is missing." if value is None else f"There is no {name} {value!r}."
        raise UserError(what, hint=hint) from error


def _value(field: SettingField, value: Any) -> object:
    match field.kind:
        case FieldKind.NUMBER | FieldKind.INTEGER:
            return _number(field, value)
        case FieldKind.CHOICE:
            if value not in field.choices:
                raise UserError(
                    f"{field.name!r} is {value!r}.", hint=f"Use one of {', '.join(field.choices)}."
                )
            return value
        case FieldKind.CHOICES:
            return _list(field, value)
        case FieldKind.VALUE:
            return _scalar(field, value)
        case FieldKind.EXPRESSION:
            expressions.parse(str(value))
            return str(value).strip()
        case FieldKind.DATASET:
            Ref.parse(str(value))
            return str(value).strip()
        case _:
            return str(value)


def _number(field: SettingField, value: Any) -> object:
    whole = field.kind is FieldKind.INTEGER
    right = not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)
    if right and whole:
        right = float(value).is_integer()
    if not right:
        kind = "whole number" if whole else "number"
        raise UserError(
            f"{field.name!r} is {value!r}, not a {kind}.", hint="Write it without text."
        )
    if value < 0:
        raise UserError(f"{field.name!r} is below 0.", hint="Use 0 or more.")
    if field.name == "tolerated" and value > 1:
        raise UserError(
            f"'tolerated' is {value:g}.", hint="It is a share: 0.05 means 5 % of the rows."
        )
    return int(value) if whole else value


def _list(field: SettingField, value: Any) -> list[object]:
    items = value if isinstance(value, Iterable) and not isinstance(value, str) else [value]
    found = [_scalar(field, item) for item in items]
    return list({(type(item), item): item for item in found}.values())  # 1 is not true.


def _scalar(field: SettingField, value: Any) -> object:
    if isinstance(value, date):  # YAML reads 2024-12-31 as one; a datetime is one, too.
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        raise UserError(f"{field.name!r} is not a finite number.", hint="Leave it out instead.")
    if not isinstance(value, str | int | float):
        raise UserError(f"{field.name!r} holds {value!r}.", hint="Use texts and numbers.")
    return value


def _check_limits(rule: Rule) -> None:
    limits = [
        n for n in ("low", "high", "change") if any(f.name == n for f in rule.kind.form.fields)
    ]
    given = [name for name in limits if rule.settings.get(name) is not None]
    if limits and not given:
        raise UserError(
            f"The rule {rule.kind.value!r} has no limit.", hint=f"Give {' or '.join(limits)}."
        )
    low, high = rule.settings.get("low"), rule.settings.get("high")
    if low is None or high is None:
        return
    if isinstance(low, str) != isinstance(high, str):
        raise UserError(f"'low' is {low!r} and 'high' is {high!r}.", hint="Use two of a kind.")
    if low > high:  # type: ignore[operator]
        raise UserError(
            f"'low' ({low}) is above 'high' ({high}).", hint="Exchange them, or leave one out."
        )
