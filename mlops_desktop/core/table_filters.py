"""Filters of a table's columns: what they ask of a value, and the recipe step that keeps the same.

`core/filter_syntax.py` reads them from what a person types.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.expressions import quoted

Value = int | float | str
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class FilterError(UserError):
    """What is wrong with the filter of a column, in words to show below its field."""

    def __init__(self, column: str, what: str, hint: str) -> None:
        super().__init__(what, hint=hint)
        self.column = column


@dataclass(frozen=True, slots=True)
class Span:
    """From low to high; None is open. Moments are microseconds since 1970."""

    low: Value | None = None
    high: Value | None = None
    low_in: bool = True
    high_in: bool = True


NOTHING = Span(1, 0)  # Of numbers: no value lies in it.


@dataclass(frozen=True, slots=True)
class Equals:
    """Exactly this text, or this truth value."""

    value: str | bool


@dataclass(frozen=True, slots=True)
class Contains:
    """Texts that hold it, whatever the case."""

    text: str


@dataclass(frozen=True, slots=True)
class Starts:
    """Texts that start with it, whatever the case."""

    text: str


@dataclass(frozen=True, slots=True)
class Missing:
    """Nothing is there."""


@dataclass(frozen=True, slots=True)
class Present:
    """Something is there."""


Test = Span | Equals | Contains | Starts | Missing | Present


@dataclass(frozen=True, slots=True)
class CellFilter:
    """A row fits where any of the tests holds; negated: where something is there and none does.

    words: the filter as a person reads it behind the column's name, such as `= 5 or 7`.
    """

    column: Column
    tests: tuple[Test, ...]
    negated: bool
    words: str

    def __str__(self) -> str:
        return f"{self.column.name} {self.words}"

    @property
    def condition(self) -> str:
        """The same as an expression of a recipe's step."""
        name = quoted(self.column.name)
        equal = [value for test in self.tests if (value := _only_value(self.column, test))]
        parts = [_tested(self.column, t) for t in self.tests if not _only_value(self.column, t)]
        if self.negated and not parts:
            return f"{name} != {equal[0]}" if len(equal) == 1 else f"{name} not in {_list(equal)}"
        if equal:
            same = f"{name} = {equal[0]}" if len(equal) == 1 else f"{name} in {_list(equal)}"
            parts.insert(0, same)
        either = " or ".join(parts)
        # A comparison with a missing value is false, and its opposite true.
        return f"{name} is not missing and not ({either})" if self.negated else either


def condition(filters: Sequence[CellFilter]) -> str:
    """All the filters as one expression of a recipe's step."""
    parts = [found.condition for found in filters]
    if len(parts) > 1:
        parts = [f"({part})" if " or " in part else part for part in parts]
    return " and ".join(parts)


def _only_value(column: Column, test: Test) -> str:
    """What an equal value is written as; empty where the test asks for something else."""
    match test:
        case Equals(value=value):
            return _literal(value)
        case Span(low=low, high=high) if low is not None and low == high:
            return _literal(low) if column.type is not ColumnType.DATETIME else ""
    return ""


def _tested(column: Column, test: Test) -> str:
    name = quoted(column.name)
    match test:
        case Missing():
            return f"{name} is missing"
        case Contains(text=text):
            return f"contains(lower({name}), {_literal(text.lower())})"
        case Starts(text=text):
            return f"starts_with(lower({name}), {_literal(text.lower())})"
        case Span() if test == NOTHING:
            return f"{name} is missing and {name} is not missing"
        case Span():
            limits = _limits(column, test)
            return " and ".join(f"{name} {limit}" for limit in limits) or f"{name} is not missing"
        case _:
            return f"{name} is not missing"


def _limits(column: Column, span: Span) -> list[str]:
    found = []
    low, high, below = span.low, span.high, "<=" if span.high_in else "<"
    if column.type is ColumnType.DATETIME and isinstance(high, int):
        high, below = high + 1, "<"  # Before a midnight reads better than up to 23:59:59.999999.
    for sign, value in ((">=" if span.low_in else ">", low), (below, high)):
        if value is not None:
            moment = column.type is ColumnType.DATETIME and isinstance(value, int)
            found.append(f"{sign} {_moment(value) if moment else _literal(value)}")  # type: ignore[arg-type]
    return found


def _list(values: Sequence[str]) -> str:
    return f"({', '.join(values)})"


def _literal(value: Value | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    whole = isinstance(value, float) and value.is_integer() and abs(value) < 1e15
    return repr(int(value) if whole else value)


def _moment(microseconds: int) -> str:
    moment = (EPOCH + timedelta(microseconds=microseconds)).replace(tzinfo=None)
    return f"'{moment.isoformat(' ').removesuffix(' 00:00:00')}'"
