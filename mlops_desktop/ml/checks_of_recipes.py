"""Rules about columns that a recipe left out, made, or gave another type: they do not apply."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from mlops_desktop.core import expressions
from mlops_desktop.core.checks import Rule, RuleKind
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.expression_nodes import Call, Name, Node

_TOLD = 3


def applying(
    rule: Rule, columns: Mapping[str, ColumnType], elsewhere: Mapping[str, str]
) -> tuple[Rule | None, str]:
    """The rule without the columns that it cannot be about here, None where nothing is left of
    it; and why, in a sentence or none.

    elsewhere: column -> what a recipe did to it, such as "is left out by clean@1".
    """
    gone = [
        name
        for name in read_by(rule)
        if name in elsewhere and (name not in columns or _is_of_another_type(rule, columns[name]))
    ]
    if not gone:
        return rule, ""
    left = tuple(name for name in rule.columns if name not in gone)
    whole = rule.kind in (RuleKind.RELATION, RuleKind.UNIQUE) or not left
    return (None if whole else replace(rule, columns=left)), why(gone, elsewhere)


def read_by(rule: Rule) -> tuple[str, ...]:
    """The columns that a rule is about."""
    if rule.kind is not RuleKind.RELATION:
        return rule.columns
    try:
        return tuple(dict.fromkeys(_names(expressions.parse(rule.setting("condition")))))
    except UserError:
        return ()


def why(names: list[str], elsewhere: Mapping[str, str]) -> str:
    words = [f"`{name}` {elsewhere[name]}" for name in names[:_TOLD]]
    more = len(names) - _TOLD
    return f"{', '.join(words)}{f', and {more} more' if more > 0 else ''}."


def _is_of_another_type(rule: Rule, kind: ColumnType) -> bool:
    return rule.kind is RuleKind.COLUMN and rule.setting("type") not in (None, kind)


def _names(node: Node) -> Iterator[str]:
    if isinstance(node, Name):
        yield node.name
    elif isinstance(node, Call):
        for part in node.arguments:
            yield from _names(part)
