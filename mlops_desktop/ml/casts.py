"""Values as other types: the number that a text shows, 3.0 as a whole number, 1 as true."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Callable
from datetime import datetime
from typing import Any

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.ml import moments
from mlops_desktop.ml.expressions import BOOLEAN, DATETIME, INTEGER, NUMBER, TEXT

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


def finite(value: float) -> float | None:
    """The number; None where it is infinite or none at all."""
    return value if -_INF < value < _INF else None


def fitting(value: int) -> int | None:
    """The number; None where it needs more than 64 bits."""
    return value if _LOW <= value < _HIGH else None


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
    found = finite(float(text))
    return -found if negative and found is not None else found


def _text_number(text: str) -> float | None:
    text = text.strip()
    return finite(float(text)) if _PLAIN.fullmatch(text) else None


def _text_integer(text: str) -> int | None:
    text = text.strip()
    if _WHOLE.fullmatch(text):
        return fitting(int(text))
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


CASTS: dict[tuple[ColumnType, ColumnType], Callable[[Any], Any]] = {
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
