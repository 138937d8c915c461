"""How the JSON values of one column become an Arrow column, and the very same values again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any

import orjson
import pyarrow as pa

_EXACT = 2**53  # Whole numbers up to here are floats without loss.
_INT64 = 2**63


class Kind(StrEnum):
    """What a column holds besides missing values."""

    NOTHING = "nothing"
    BOOLEAN = "boolean"
    INTEGER = "integer"
    LONG = "long"  # Whole numbers, some of which no float can hold.
    NUMBER = "number"
    MIXED = "mixed"  # Numbers, some written as 3 and some as 2.5.
    TEXT = "text"
    DATE = "date"
    TIME = "time"
    UTC = "utc"  # Times that end in +00:00.
    JSON = "json"  # All else, each value as its JSON text.


_ARROW: dict[Kind, pa.DataType] = {
    Kind.NOTHING: pa.null(),
    Kind.BOOLEAN: pa.bool_(),
    Kind.INTEGER: pa.int64(),
    Kind.LONG: pa.int64(),
    Kind.NUMBER: pa.float64(),
    Kind.MIXED: pa.float64(),
    Kind.TEXT: pa.string(),
    Kind.DATE: pa.date32(),
    Kind.TIME: pa.timestamp("us"),
    Kind.UTC: pa.timestamp("us", "UTC"),
    Kind.JSON: pa.string(),
}
_NUMBERS = {Kind.INTEGER, Kind.NUMBER, Kind.MIXED}
_TEXTS = {Kind.TEXT, Kind.DATE, Kind.TIME, Kind.UTC}
_PRIMITIVE = {Kind.BOOLEAN, Kind.INTEGER, Kind.LONG, Kind.NUMBER}


def arrow_type(kind: Kind) -> pa.DataType:
    return _ARROW[kind]


def kind_of(values: Sequence[object]) -> Kind:
    """The narrowest kind that holds all of them."""
    types = set(map(type, values)) - {type(None)}
    if not types:
        return Kind.NOTHING
    if types == {bool}:
        return Kind.BOOLEAN
    if types == {float}:
        return Kind.NUMBER
    if types == {str}:
        return _kind_of_texts([value for value in values if value is not None])
    if types <= {int, float}:
        largest = max(abs(value) for value in values if type(value) is int)
        if largest <= _EXACT:
            return Kind.INTEGER if types == {int} else Kind.MIXED
        if types == {int} and largest < _INT64:
            return Kind.LONG
    return Kind.JSON


def joined(first: Kind, second: Kind) -> Kind:
    """The narrowest kind that holds what two kinds hold."""
    both = {first, second} - {Kind.NOTHING}
    if len(both) < 2:
        return both.pop() if both else Kind.NOTHING
    if both == {Kind.INTEGER, Kind.LONG}:
        return Kind.LONG
    if both <= _NUMBERS:
        return Kind.MIXED
    return Kind.TEXT if both <= _TEXTS else Kind.JSON


def encode(values: Sequence[Any], kind: Kind) -> Any:
    """Values of that kind. Of a MIXED column, which whole numbers were written as floats is
    told apart: see is_whole_float()."""
    made: Sequence[Any] = values
    if kind is Kind.MIXED:
        made = [None if value is None else float(value) for value in values]
    elif kind is Kind.JSON:
        made = [None if value is None else orjson.dumps(value).decode() for value in values]
    elif kind is Kind.DATE:
        made = [None if value is None else date.fromisoformat(str(value)) for value in values]
    elif kind in (Kind.TIME, Kind.UTC):
        made = [None if value is None else datetime.fromisoformat(str(value)) for value in values]
    return pa.array(made, _ARROW[kind])


def decode(column: Any, kind: Kind) -> list[Any]:
    """What was encoded; whole numbers of a MIXED column as int."""
    if kind is Kind.NOTHING:
        return [None] * len(column)
    if kind in _PRIMITIVE and not column.null_count:
        plain: list[Any] = column.to_numpy().tolist()
        return plain
    values: list[Any] = column.to_pylist()
    if kind is Kind.MIXED:
        return [int(v) if is_whole_float(v) else v for v in values]
    if kind is Kind.JSON:
        return [None if v is None else orjson.loads(v) for v in values]
    if kind in (Kind.DATE, Kind.TIME, Kind.UTC):
        return [None if v is None else v.isoformat() for v in values]
    return values


def is_whole_float(value: object) -> bool:
    """True for a value that decode() would give back as an int: -0.0 is none."""
    return type(value) is float and value.is_integer() and str(value) != "-0.0"


def _kind_of_texts(texts: Sequence[object]) -> Kind:
    for kind, again in _FORMS.items():
        try:
            if all(again(str(text)) == text for text in texts):
                return kind
        except (ValueError, OverflowError):
            continue
    return Kind.TEXT


def _date(text: str) -> str:
    return date.fromisoformat(text).isoformat()


def _time(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return moment.isoformat() if moment.tzinfo is None else ""


def _utc(text: str) -> str:
    moment = datetime.fromisoformat(text)
    return moment.isoformat() if moment.tzinfo is UTC else ""


_FORMS: dict[Kind, Callable[[str], str]] = {Kind.DATE: _date, Kind.TIME: _time, Kind.UTC: _utc}
