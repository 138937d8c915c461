"""The operations of expressions on whole columns: numpy arrays with a mask of what is missing.

Where numpy might differ from plain Python in the last bit, the functions of `ml/operations.py`
are applied to each value; for text always, once to each different word.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.ml import moments, operations
from mlops_desktop.ml.expressions import BOOLEAN, DATETIME, INTEGER, NUMBER, TEXT, Expr

Array = npt.NDArray[Any]
DTYPES: dict[ColumnType, Any] = {
    INTEGER: np.int64,
    NUMBER: np.float64,
    BOOLEAN: np.bool_,
    TEXT: np.int32,
    DATETIME: np.int64,
}
_DAY = operations.DAY_US
_LARGE = 2.0**62


@dataclass(slots=True)
class Vec:
    """A column, or one value for all rows (arrays of length 1).

    values: of DTYPES; microseconds since 1970 for DATETIME; places in `words` for TEXT; anything
    of that dtype where it is missing. missing: None where nothing is.
    """

    type: ColumnType
    values: Array
    missing: Array | None = None
    words: list[str] = field(default_factory=list)

    def spread(self, rows: int) -> Vec:
        """The same with one entry a row."""
        if len(self.values) == rows:
            return self
        missing = None if self.missing is None else np.broadcast_to(self.missing, rows)
        return Vec(self.type, np.broadcast_to(self.values, rows), missing, self.words)


def evaluate(expr: Expr, read: Callable[[str], Vec]) -> Vec:
    """The expression's values; its length is 1 where it reads no column. read: gives a column."""
    with np.errstate(all="ignore"):
        return _evaluate(expr, read)


def _evaluate(expr: Expr, read: Callable[[str], Vec]) -> Vec:
    if expr.op == "column":
        return read(expr.value)
    if expr.op == "constant":
        if expr.type is TEXT:
            return Vec(TEXT, np.zeros(1, np.int32), None, [expr.value])
        return Vec(expr.type, np.array([expr.value], DTYPES[expr.type]))
    parts = [_evaluate(part, read) for part in expr.of]
    compute = _BY_NUMPY.get(expr.op)
    found = None if compute is None else compute(expr, parts)
    return _one_by_one(expr, parts) if found is None else found


def listed(vec: Vec) -> list[Any]:
    """Its values as plain Python has them, None where missing."""
    if vec.type is TEXT:
        words: list[Any] = vec.words or [None]
        values = [words[code] for code in vec.values.tolist()]
    elif vec.type is DATETIME:
        values = [moments.from_microseconds(value) for value in vec.values.tolist()]
    else:
        values = vec.values.tolist()
    if vec.missing is not None:
        for place in np.flatnonzero(vec.missing).tolist():
            values[place] = None
    return values


def of_values(kind: ColumnType, values: Sequence[Any]) -> Vec:
    """A column from plain Python values, None where missing."""
    if kind is NUMBER:
        numbers = np.array(values, np.float64)  # None becomes NaN.
        return Vec(kind, numbers, _mask(~np.isfinite(numbers)))
    missing = _mask(np.array([value is None for value in values], bool))
    if kind is TEXT:
        places: dict[Any, int] = {}
        codes = [0 if v is None else places.setdefault(v, len(places)) for v in values]
        return Vec(kind, np.array(codes, np.int32), missing, list(places))
    if kind is DATETIME:
        values = [0 if value is None else moments.microseconds(value) for value in values]
    elif missing is not None:
        values = [0 if value is None else value for value in values]
    return Vec(kind, np.array(values, DTYPES[kind]), missing)


def truth(vec: Vec) -> Array:
    """True where a condition is true; a missing one is not."""
    values: Array = vec.values
    return values if vec.missing is None else values & ~vec.missing


def _mask(missing: Array) -> Array | None:
    return missing if missing.any() else None


def _either(*masks: Array | None) -> Array | None:
    found: Array | None = None
    for mask in masks:
        if mask is not None:
            found = mask if found is None else found | mask
    return found


def _one_by_one(expr: Expr, parts: list[Vec]) -> Vec:
    apply = operations.function(expr)
    if len(parts) == 1 and parts[0].type is TEXT:
        found = _by_word(expr, apply, parts[0])
    else:
        found = _by_value(expr, apply, parts)
    if expr.op in operations.TESTS:
        return Vec(BOOLEAN, truth(found))
    return found


def _by_word(expr: Expr, apply: Callable[..., Any], part: Vec) -> Vec:
    words = of_values(expr.type, [apply(word) for word in part.words] or [None])
    missing = None if words.missing is None else words.missing[part.values]
    return Vec(expr.type, words.values[part.values], _either(part.missing, missing), words.words)


def _by_value(expr: Expr, apply: Callable[..., Any], parts: list[Vec]) -> Vec:
    missing = _either(*(part.missing for part in parts))
    rows = max(len(part.values) for part in parts)
    if any(len(part.values) == 0 for part in parts):
        rows = 0
    whole = [part.spread(rows) for part in parts]
    if missing is None:
        return of_values(expr.type, list(map(apply, *map(listed, whole))))
    missing = np.broadcast_to(missing, rows)
    there = np.flatnonzero(~missing)
    some = [Vec(part.type, part.values[there], None, part.words) for part in whole]
    found = of_values(expr.type, list(map(apply, *map(listed, some))))
    values = np.zeros(rows, DTYPES[expr.type])
    values[there] = found.values
    missing = missing.copy()
    missing[there] = False if found.missing is None else found.missing
    return Vec(expr.type, values, missing, found.words)


def _numbers(values: Array, *masks: Array | None) -> Vec:
    return Vec(NUMBER, values, _either(*masks, _mask(~np.isfinite(values))))


def _added(expr: Expr, parts: list[Vec]) -> Vec:
    one, two = parts
    a, b = one.values, two.values
    compute = {"add": np.add, "subtract": np.subtract, "multiply": np.multiply}[expr.op]
    found: Array = compute(a, b)
    if expr.type is NUMBER:
        return _numbers(found, one.missing, two.missing)
    if expr.op == "multiply":
        return _multiplied(found, one, two)
    # It went over where both operands have one sign, and the result the other.
    over = (a ^ found) & ((b if expr.op == "add" else ~b) ^ found) < 0
    return Vec(INTEGER, found, _either(one.missing, two.missing, _mask(over)))


def _multiplied(found: Array, one: Vec, two: Vec) -> Vec:
    about = np.abs(one.values.astype(np.float64) * two.values.astype(np.float64))
    over = about > _LARGE
    if over.any():
        a, b = np.broadcast_to(one.values, over.shape), np.broadcast_to(two.values, over.shape)
        for place in np.flatnonzero(over).tolist():
            over[place] = not -(2**63) <= int(a[place]) * int(b[place]) < 2**63
    return Vec(INTEGER, found, _either(one.missing, two.missing, _mask(over)))


def _divided(expr: Expr, parts: list[Vec]) -> Vec:
    one, two = parts
    zero = _mask(two.values == 0)
    values = (np.mod if expr.op == "modulo" else np.divide)(one.values, two.values)
    missing = _either(one.missing, two.missing, zero)
    return Vec(INTEGER, values, missing) if expr.type is INTEGER else _numbers(values, missing)


def _negated(expr: Expr, parts: list[Vec]) -> Vec:
    [part] = parts
    values = np.negative(part.values) if expr.op == "negate" else np.abs(part.values)
    over = _mask(part.values == -(2**63)) if expr.type is INTEGER else None
    return Vec(expr.type, values, _either(part.missing, over))


def _cast(expr: Expr, parts: list[Vec]) -> Vec | None:
    [part] = parts
    kind, values = part.type, part.values
    if expr.type is NUMBER and kind is not TEXT:
        return Vec(NUMBER, values.astype(np.float64), part.missing)
    if kind is BOOLEAN and expr.type is INTEGER:
        return Vec(INTEGER, values.astype(np.int64), part.missing)
    if kind is NUMBER and expr.type is INTEGER:
        unfit = (np.floor(values) != values) | (values < -(2.0**63)) | (values >= 2.0**63)
        return Vec(INTEGER, values.astype(np.int64), _either(part.missing, _mask(unfit)))
    if kind in (INTEGER, NUMBER) and expr.type is BOOLEAN:
        unfit = (values != 0) & (values != 1)
        return Vec(BOOLEAN, values == 1, _either(part.missing, _mask(unfit)))
    return None


def _rounded(expr: Expr, parts: list[Vec]) -> Vec:
    [part] = parts
    values = {"floor": np.floor, "ceil": np.ceil, "round": np.rint}[expr.op](part.values)
    over = (values < -(2.0**63)) | (values >= 2.0**63)
    return Vec(INTEGER, values.astype(np.int64), _either(part.missing, _mask(over)))


def _sqrt(_expr: Expr, parts: list[Vec]) -> Vec:
    [part] = parts
    return _numbers(np.sqrt(part.values), part.missing)


def _extreme(expr: Expr, parts: list[Vec]) -> Vec:
    found = parts[0].values
    for part in parts[1:]:
        better = part.values < found if expr.op == "min" else part.values > found
        found = np.where(better, part.values, found)
    return Vec(expr.type, found, _either(*(part.missing for part in parts)))


def _days(_expr: Expr, parts: list[Vec]) -> Vec:
    one, two = parts
    days = (one.values - two.values).astype(np.float64) / _DAY
    return Vec(NUMBER, days, _either(one.missing, two.missing))


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")
}


def _compared(expr: Expr, parts: list[Vec]) -> Vec:
    one, two = parts
    a, b = one.values, two.values
    if one.type is TEXT:
        a, b = _ranked(parts)
    found = _COMPARE[expr.op](a, b)
    return Vec(BOOLEAN, truth(Vec(BOOLEAN, found, _either(one.missing, two.missing))))


def _ranked(parts: list[Vec]) -> list[Array]:
    """The place of each text among all different ones in order."""
    ordered = sorted({word for part in parts for word in part.words})
    rank = {word: place for place, word in enumerate(ordered)}
    return [np.array([rank[w] for w in p.words] or [0], np.int32)[p.values] for p in parts]


def _same_words(parts: list[Vec]) -> list[Vec]:
    """The columns with one list of words, where they are text."""
    if parts[0].type is not TEXT:
        return parts
    places: dict[str, int] = {}
    found = []
    for part in parts:
        moved = [places.setdefault(word, len(places)) for word in part.words] or [0]
        found.append((np.array(moved, np.int32)[part.values], part.missing))
    words = list(places)
    return [Vec(TEXT, codes, missing, words) for codes, missing in found]


def _coalesced(expr: Expr, parts: list[Vec]) -> Vec:
    parts = _same_words(parts)
    found = parts[0]
    for part in parts[1:]:
        if found.missing is None:
            break
        values = np.where(found.missing, part.values, found.values)
        still = None if part.missing is None else _mask(found.missing & part.missing)
        found = Vec(expr.type, values, still, found.words)
    return found


def _chosen(expr: Expr, parts: list[Vec]) -> Vec:
    yes = truth(parts[0])
    one, two = _same_words(parts[1:])
    missing = None
    if one.missing is not None or two.missing is not None:
        no = np.zeros(1, bool)
        missing = _mask(
            np.where(
                yes,
                no if one.missing is None else one.missing,
                no if two.missing is None else two.missing,
            )
        )
    return Vec(expr.type, np.where(yes, one.values, two.values), missing, one.words)


def _logical(expr: Expr, parts: list[Vec]) -> Vec:
    values = [truth(part) for part in parts]
    if expr.op == "not":
        return Vec(BOOLEAN, ~values[0])
    return Vec(BOOLEAN, values[0] & values[1] if expr.op == "and" else values[0] | values[1])


def _presence(expr: Expr, parts: list[Vec]) -> Vec:
    missing = parts[0].missing
    if missing is None:
        missing = np.zeros(len(parts[0].values), bool)
    return Vec(BOOLEAN, missing if expr.op == "missing" else ~missing)


def _among(expr: Expr, parts: list[Vec]) -> Vec | None:
    [part] = parts
    if part.type is TEXT:
        return None
    found = np.isin(part.values, np.array(expr.value, DTYPES[part.type]))
    return Vec(BOOLEAN, truth(Vec(BOOLEAN, found ^ (expr.op == "not_in"), part.missing)))


def _binned(expr: Expr, parts: list[Vec]) -> Vec:
    [part] = parts
    return Vec(INTEGER, np.searchsorted(expr.value, part.values, side="right"), part.missing)


def _date_part(expr: Expr, parts: list[Vec]) -> Vec:
    [part] = parts
    moment = part.values.astype("datetime64[us]")
    days = moment.astype("datetime64[D]")
    months = moment.astype("datetime64[M]")
    match expr.op:
        case "year":
            found = moment.astype("datetime64[Y]").astype(np.int64) + 1970
        case "quarter":
            found = months.astype(np.int64) % 12 // 3 + 1
        case "month":
            found = months.astype(np.int64) % 12 + 1
        case "day":
            found = (days - months.astype("datetime64[D]")).astype(np.int64) + 1
        case "weekday":
            found = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday.
        case "day_of_year":
            first = moment.astype("datetime64[Y]").astype("datetime64[D]")
            found = (days - first).astype(np.int64) + 1
        case "hour":
            found = part.values % _DAY // 3_600_000_000
        case _:
            found = part.values % 3_600_000_000 // 60_000_000
    return Vec(INTEGER, found, part.missing)


_BY_NUMPY: dict[str, Callable[[Expr, list[Vec]], Vec | None]] = {
    **dict.fromkeys(("add", "subtract", "multiply"), _added),
    **dict.fromkeys(("divide", "modulo"), _divided),
    **dict.fromkeys(("negate", "abs"), _negated),
    **dict.fromkeys(("number", "integer", "cast"), _cast),
    **dict.fromkeys(("floor", "ceil", "round"), _rounded),
    **dict.fromkeys(("min", "max"), _extreme),
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), _compared),
    **dict.fromkeys(("and", "or", "not"), _logical),
    **dict.fromkeys(("missing", "present"), _presence),
    **dict.fromkeys(("in", "not_in"), _among),
    **dict.fromkeys(
        ("year", "quarter", "month", "day", "weekday", "day_of_year", "hour", "minute"), _date_part
    ),
    "sqrt": _sqrt,
    "days": _days,
    "coalesce": _coalesced,
    "if": _chosen,
    "bin": _binned,
}
