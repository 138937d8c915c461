"""The operations of expressions on single values: plain Python, for serving.

`ml/vectors.py` does the same for whole columns, by numpy where that gives the very same bits and
by these functions where it would not (numpy's log differs from the C library's in the last bit on
some processors). A value is None where it is missing, else a finite float, an int of 64 bits, a
bool, a str or a naive datetime.
"""

from __future__ import annotations

import math
import operator
from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any

from mlops_desktop.ml import moments
from mlops_desktop.ml.casts import CASTS, finite, fitting, number_in
from mlops_desktop.ml.expressions import DATETIME, INTEGER, Expr

Function = Callable[..., Any]
Read = Callable[[list[Any]], Any]
DAY_US = 86_400_000_000
TESTS = frozenset(
    ("eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "contains", "starts_with", "ends_with")
)  # False where an argument is missing.


def _power(base: float, exponent: float) -> float | None:
    try:
        return finite(math.pow(base, exponent))
    except (ValueError, OverflowError):
        return None


def _exp(value: float) -> float | None:
    try:
        return math.exp(value)
    except OverflowError:
        return None


def _days(later: datetime, earlier: datetime) -> float:
    apart = later - earlier
    return float((apart.days * 86_400 + apart.seconds) * 1_000_000 + apart.microseconds) / DAY_US


_FLOATS: dict[str, Function] = {
    "add": lambda a, b: finite(a + b),
    "subtract": lambda a, b: finite(a - b),
    "multiply": lambda a, b: finite(a * b),
    "modulo": lambda a, b: None if b == 0 else a % b,
}
_INTEGERS: dict[str, Function] = {
    "add": lambda a, b: fitting(a + b),
    "subtract": lambda a, b: fitting(a - b),
    "multiply": lambda a, b: fitting(a * b),
    "modulo": lambda a, b: None if b == 0 else a % b,
    "negate": lambda a: fitting(-a),
    "abs": lambda a: fitting(abs(a)),
}
_PLAINLY: dict[str, Function] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "lt": operator.lt,
    "le": operator.le,
    "gt": operator.gt,
    "ge": operator.ge,
    "number": float,
    "integer": int,
    "negate": operator.neg,
    "abs": abs,
    "divide": lambda a, b: None if b == 0 else finite(a / b),
    "power": _power,
    "days": _days,
    "sqrt": lambda a: None if a < 0 else math.sqrt(a),
    "log": lambda a: None if a <= 0 else math.log(a),
    "log1p": lambda a: None if a <= -1 else math.log1p(a),
    "exp": _exp,
    "sin": math.sin,
    "cos": math.cos,
    "floor": lambda a: fitting(math.floor(a)),
    "ceil": lambda a: fitting(math.ceil(a)),
    "round": lambda a: fitting(round(a)),
    "min": min,
    "max": max,
    "lower": str.lower,
    "upper": str.upper,
    "trim": str.strip,
    "length": len,
    "year": lambda moment: moment.year,
    "quarter": lambda moment: (moment.month + 2) // 3,
    "month": lambda moment: moment.month,
    "day": lambda moment: moment.day,
    "weekday": datetime.weekday,
    "hour": lambda moment: moment.hour,
    "minute": lambda moment: moment.minute,
    "day_of_year": lambda moment: moment.timetuple().tm_yday,
}


def function(expr: Expr) -> Function:
    """What computes the operation from present values; None from it means missing."""
    value = expr.value
    match expr.op:
        case "add" | "subtract" | "multiply" | "modulo":
            return (_INTEGERS if expr.type is INTEGER else _FLOATS)[expr.op]
        case "negate" | "abs" if expr.type is INTEGER:
            return _INTEGERS[expr.op]
        case "in":
            return frozenset(_values(expr)).__contains__
        case "not_in":
            among = frozenset(_values(expr))
            return lambda looked: looked not in among
        case "contains":
            return lambda text: value in text
        case "starts_with":
            return lambda text: text.startswith(value)
        case "ends_with":
            return lambda text: text.endswith(value)
        case "round_to":
            return lambda number: _rounded(number, value)
        case "bin":
            return lambda number: bisect_right(value, number)
        case "lookup":
            pairs, keep, other = value
            found = dict(pairs)
            if keep:
                return lambda old: found.get(old, old)
            return lambda old: found.get(old, other)
        case "parse_number":
            return lambda text: number_in(text, value)
        case "parse_date":
            return moments.reader(value)
        case "cast":
            return CASTS[expr.of[0].type, expr.type]
        case _:
            return _PLAINLY[expr.op]


def _values(expr: Expr) -> list[Any]:
    kind = expr.of[0].type
    return [moments.from_microseconds(v) for v in expr.value] if kind is DATETIME else expr.value


def _rounded(number: float, digits: int) -> float | None:
    try:
        return finite(round(number, digits))
    except OverflowError:
        return None


def reading(expr: Expr, slots: Mapping[str, int]) -> Read:
    """A closure from a row of values to the expression's value. slots: where each column is."""
    if expr.op == "column":
        return itemgetter(slots[expr.value])
    if expr.op == "constant":
        value = moments.from_microseconds(expr.value) if expr.type is DATETIME else expr.value
        return lambda _row: value
    parts = [reading(part, slots) for part in expr.of]
    first = parts[0]
    match expr.op:
        case "and":
            return lambda row: bool(first(row) and parts[1](row))
        case "or":
            return lambda row: bool(first(row) or parts[1](row))
        case "not":
            return lambda row: not first(row)
        case "missing":
            return lambda row: first(row) is None
        case "present":
            return lambda row: first(row) is not None
        case "if":
            yes, no = parts[1:]
            return lambda row: yes(row) if first(row) else no(row)
        case "coalesce":
            return _coalescing(parts)
    absent = False if expr.op in TESTS else None
    if len(parts) == 1:
        return _unary(function(expr), first, absent)
    if len(parts) == 2:
        return _binary(function(expr), first, parts[1], absent)
    return _many(function(expr), parts)


def _coalescing(parts: list[Read]) -> Read:
    def read(row: list[Any]) -> Any:
        for part in parts:
            value = part(row)
            if value is not None:
                return value
        return None

    return read


def _unary(apply: Function, first: Read, absent: bool | None) -> Read:
    def read(row: list[Any]) -> Any:
        value = first(row)
        return absent if value is None else apply(value)

    return read


def _binary(apply: Function, first: Read, second: Read, absent: bool | None) -> Read:
    def read(row: list[Any]) -> Any:
        one = first(row)
        if one is None:
            return absent
        two = second(row)
        return absent if two is None else apply(one, two)

    return read


def _many(apply: Function, parts: list[Read]) -> Read:
    def read(row: list[Any]) -> Any:
        values = [part(row) for part in parts]
        return None if None in values else apply(*values)

    return read
