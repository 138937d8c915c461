"""Arithmetic, rounding, casts and date parts on whole columns, by numpy.

Only what gives the very same bits as plain Python does: the rest is done value by value.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from mlops_desktop.ml.expressions import BOOLEAN, INTEGER, NUMBER, TEXT, Expr
from mlops_desktop.ml.operations import DAY_US
from mlops_desktop.ml.vec import Array, Vec, either, mask_of

_LARGE = 2.0**62


def _numbers(values: Array, *masks: Array | None) -> Vec:
    return Vec(NUMBER, values, either(*masks, mask_of(~np.isfinite(values))))


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
    return Vec(INTEGER, found, either(one.missing, two.missing, mask_of(over)))


def _multiplied(found: Array, one: Vec, two: Vec) -> Vec:
    about = np.abs(one.values.astype(np.float64) * two.values.astype(np.float64))
    over = about > _LARGE
    if over.any():
        a, b = np.broadcast_to(one.values, over.shape), np.broadcast_to(two.values, over.shape)
        for place in np.flatnonzero(over).tolist():
            over[place] = not -(2**63) <= int(a[place]) * int(b[place]) < 2**63
    return Vec(INTEGER, found, either(one.missing, two.missing, mask_of(over)))


def _divided(expr: Expr, parts: list[Vec]) -> Vec:
    one, two = parts
    zero = mask_of(two.values == 0)
    values = (np.mod if expr.op == "modulo" else np.divide)(one.values, two.values)
    missing = either(one.missing, two.missing, zero)
    return Vec(INTEGER, values, missing) if expr.type is INTEGER else _numbers(values, missing)


def _negated(expr: Expr, parts: list[Vec]) -> Vec:
    [part] = parts
    values = np.negative(part.values) if expr.op == "negate" else np.abs(part.values)
    over = mask_of(part.values == -(2**63)) if expr.type is INTEGER else None
    return Vec(expr.type, values, either(part.missing, over))


def _cast(expr: Expr, parts: list[Vec]) -> Vec | None:
    [part] = parts
    kind, values = part.type, part.values
    if expr.type is NUMBER and kind is not TEXT:
        return Vec(NUMBER, values.astype(np.float64), part.missing)
    if kind is BOOLEAN and expr.type is INTEGER:
        return Vec(INTEGER, values.astype(np.int64), part.missing)
    if kind is NUMBER and expr.type is INTEGER:
        unfit = (np.floor(values) != values) | (values < -(2.0**63)) | (values >= 2.0**63)
        return Vec(INTEGER, values.astype(np.int64), either(part.missing, mask_of(unfit)))
    if kind in (INTEGER, NUMBER) and expr.type is BOOLEAN:
        unfit = (values != 0) & (values != 1)
        return Vec(BOOLEAN, values == 1, either(part.missing, mask_of(unfit)))
    return None


def _rounded(expr: Expr, parts: list[Vec]) -> Vec:
    [part] = parts
    values = {"floor": np.floor, "ceil": np.ceil, "round": np.rint}[expr.op](part.values)
    over = (values < -(2.0**63)) | (values >= 2.0**63)
    return Vec(INTEGER, values.astype(np.int64), either(part.missing, mask_of(over)))


def _sqrt(_expr: Expr, parts: list[Vec]) -> Vec:
    [part] = parts
    return _numbers(np.sqrt(part.values), part.missing)


def _extreme(expr: Expr, parts: list[Vec]) -> Vec:
    found = parts[0].values
    for part in parts[1:]:
        better = part.values < found if expr.op == "min" else part.values > found
        found = np.where(better, part.values, found)
    return Vec(expr.type, found, either(*(part.missing for part in parts)))


def _days(_expr: Expr, parts: list[Vec]) -> Vec:
    one, two = parts
    days = (one.values - two.values).astype(np.float64) / DAY_US
    return Vec(NUMBER, days, either(one.missing, two.missing))


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
            found = part.values % DAY_US // 3_600_000_000
        case _:
            found = part.values % 3_600_000_000 // 60_000_000
    return Vec(INTEGER, found, part.missing)


NUMERIC: dict[str, Callable[[Expr, list[Vec]], Vec | None]] = {
    **dict.fromkeys(("add", "subtract", "multiply"), _added),
    **dict.fromkeys(("divide", "modulo"), _divided),
    **dict.fromkeys(("negate", "abs"), _negated),
    **dict.fromkeys(("number", "integer", "cast"), _cast),
    **dict.fromkeys(("floor", "ceil", "round"), _rounded),
    **dict.fromkeys(("min", "max"), _extreme),
    **dict.fromkeys(
        ("year", "quarter", "month", "day", "weekday", "day_of_year", "hour", "minute"), _date_part
    ),
    "sqrt": _sqrt,
    "days": _days,
    "bin": _binned,
}
