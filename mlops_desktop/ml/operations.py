"""The operations of expressions on single values: plain Python, for serving.

`ml/vectors.py` does the same for whole columns, by numpy where that gives the very same bits and
by these functions where it would not (numpy's log differs from the C library's in the last bit on
some processors). A value is None where it is missing, else a finite float, an int of 64 bits, a
bool, a str or a naive datetime.
"""

from __future__ import annotations

import math
import operator
import re
import unicodedata
from bisect import bisect_right
from collections.abc import Callable, Mapping
from datetime import datetime
from operator import itemgetter
from typing import Any

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.ml import moments
from mlops_desktop.ml.expressions import BOOLEAN, DATETIME, INTEGER, NUMBER, TEXT, Expr

Function = Callable[..., Any]
Read = Callable[[list[Any]], Any]
DAY_US = 86_400_000_000
TESTS = frozenset(
    ("eq", "ne", "lt", "le", "gt", "ge", "in", "not_in", "contains", "starts_with", "ends_with")
)  # False where an argument is missing.
_INF = math.inf
_LOW, _HIGH = -(2**63), 2**63
_TRUE = frozenset(("true", "t", "yes", "y", "1"))
_FALSE = frozenset(("false", "f", "no", "n", "0"))
_WHOLE = re.compile(r"[+-]?[0-9]{1,19}")
_PLAIN = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
_SPACES = "\u00a0\u2009\u202f\u2019 "
_GROUPING = r"[+-]?[0-9]{1,3}(?:[%s][0-9]{2,3})*[%s][0-9]{3}(?:[%s].*)?"
_GROUPED = {
    decimal: re.compile(_GROUPING % (between, between, decimal))
    for decimal, between in ((".", f",'{_SPACES}"), (",", f".'{_SPACES}"))
}


def _finite(value: float) -> float | None:
    return value if -_INF < value < _INF else None


def _fitting(value: int) -> int | None:
    return value if _LOW <= value < _HIGH else None


def _power(base: float, exponent: float) -> float | None:
    try:
        return _finite(math.pow(base, exponent))
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
    "add": lambda a, b: _finite(a + b),
    "subtract": lambda a, b: _finite(a - b),
    "multiply": lambda a, b: _finite(a * b),
    "modulo": lambda a, b: None if b == 0 else a % b,
}
_INTEGERS: dict[str, Function] = {
    "add": lambda a, b: _fitting(a + b),
    "subtract": lambda a, b: _fitting(a - b),
    "multiply": lambda a, b: _fitting(a * b),
    "modulo": lambda a, b: None if b == 0 else a % b,
    "negate": lambda a: _fitting(-a),
    "abs": lambda a: _fitting(abs(a)),
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
    "divide": lambda a, b: None if b == 0 else _finite(a / b),
    "power": _power,
    "days": _days,
    "sqrt": lambda a: None if a < 0 else math.sqrt(a),
    "log": lambda a: None if a <= 0 else math.log(a),
    "log1p": lambda a: None if a <= -1 else math.log1p(a),
    "exp": _exp,
    "sin": math.sin,
    "cos": math.cos,
    "floor": lambda a: _fitting(math.floor(a)),
    "ceil": lambda a: _fitting(math.ceil(a)),
    "round": lambda a: _fitting(round(a)),
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
            return _CASTS[expr.of[0].type, expr.type]
        case _:
            return _PLAINLY[expr.op]


def _values(expr: Expr) -> list[Any]:
    kind = expr.of[0].type
    return [moments.from_microseconds(v) for v in expr.value] if kind is DATETIME else expr.value


def _rounded(number: float, digits: int) -> float | None:
    try:
        return _finite(round(number, digits))
    except OverflowError:
        return None


def number_in(text: str, decimal: str = ".") -> float | None:
    """The number that a text such as "1.234,50", "$12", "(3)" or "5 %" shows; None where none."""
    text = text.strip().replace("\u2212", "-")
    negative = text[:1] == "(" and text[-1:] == ")"
    text = text[1:-1] if negative else text
    if not text.isascii() or "$" in text or "%" in text:
        text = "".join(c for c in text if c != "%" and unicodedata.category(c) != "Sc")
    text = text.strip()
    if _GROUPED[decimal].fullmatch(text):
        kept = "0123456789+-eE" + decimal
        text = "".join(c for c in text if c in kept)
    if decimal == ",":
        text = text.replace(".", "x").replace(",", ".")
    if not _PLAIN.fullmatch(text):
        return None
    found = _finite(float(text))
    return -found if negative and found is not None else found


def _text_number(text: str) -> float | None:
    text = text.strip()
    return _finite(float(text)) if _PLAIN.fullmatch(text) else None


def _text_integer(text: str) -> int | None:
    text = text.strip()
    if _WHOLE.fullmatch(text):
        return _fitting(int(text))
    found = _text_number(text)
    return None if found is None else _whole(found)


def _text_boolean(text: str) -> bool | None:
    text = text.strip().lower()
    return True if text in _TRUE else False if text in _FALSE else None


def _whole(number: float) -> int | None:
    return int(number) if number.is_integer() and _LOW <= number < _HIGH else None


def _either(number: float) -> bool | None:
    return bool(number) if number in (0, 1) else None


def _number_text(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


_CASTS: dict[tuple[ColumnType, ColumnType], Function] = {
    (NUMBER, INTEGER): _whole,
    (BOOLEAN, INTEGER): int,
    (TEXT, INTEGER): _text_integer,
    (INTEGER, NUMBER): float,
    (BOOLEAN, NUMBER): float,
    (TEXT, NUMBER): _text_number,
    (INTEGER, BOOLEAN): _either,
    (NUMBER, BOOLEAN): _either,
    (TEXT, BOOLEAN): _text_boolean,
    (INTEGER, TEXT): str,
    (NUMBER, TEXT): _number_text,
    (BOOLEAN, TEXT): lambda value: "true" if value else "false",
    (DATETIME, TEXT): datetime.isoformat,
    (TEXT, DATETIME): moments.from_iso,
}
CASTS = frozenset(_CASTS)


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
