"""Expressions on whole columns.

Where numpy might differ from plain Python in the last bit, the functions of `ml/operations.py`
are applied to each value; for text always, once to each different word.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from mlops_desktop.ml import operations
from mlops_desktop.ml.expressions import BOOLEAN, TEXT, Expr
from mlops_desktop.ml.number_vectors import NUMERIC
from mlops_desktop.ml.vec import DTYPES, Array, Vec, either, listed, mask_of, of_values, truth

__all__ = ["Vec", "evaluate", "listed", "truth"]
_BLOCK = 1 << 18


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
    return Vec(expr.type, words.values[part.values], either(part.missing, missing), words.words)


def _by_value(expr: Expr, apply: Callable[..., Any], parts: list[Vec]) -> Vec:
    rows = min(len(part.values) for part in parts)
    rows = rows and max(len(part.values) for part in parts)
    missing = either(*(part.missing for part in parts))
    there = np.arange(rows)
    if missing is not None:
        there = np.flatnonzero(~np.broadcast_to(missing, rows))
    whole = [part.spread(rows) for part in parts]
    values, absent = np.zeros(rows, DTYPES[expr.type]), np.ones(rows, bool)
    words: dict[str, int] = {}
    # Python's objects take ten times the room: a block of rows at a time.
    for start in range(0, len(there), _BLOCK):
        block = there[start : start + _BLOCK]
        some = [Vec(part.type, part.values[block], None, part.words) for part in whole]
        found = of_values(expr.type, list(map(apply, *map(listed, some))))
        if expr.type is TEXT:
            places = [words.setdefault(word, len(words)) for word in found.words] or [0]
            found.values = np.array(places, np.int32)[found.values]
        values[block] = found.values
        absent[block] = False if found.missing is None else found.missing
    return Vec(expr.type, values, mask_of(absent), list(words))


_COMPARE: dict[str, Callable[[Any, Any], Any]] = {
    name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")
}


def _compared(expr: Expr, parts: list[Vec]) -> Vec:
    one, two = parts
    a, b = one.values, two.values
    if one.type is TEXT:
        a, b = _ranked(parts)
    found = _COMPARE[expr.op](a, b)
    return Vec(BOOLEAN, truth(Vec(BOOLEAN, found, either(one.missing, two.missing))))


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
        still = None if part.missing is None else mask_of(found.missing & part.missing)
        found = Vec(expr.type, values, still, found.words)
    return found


def _chosen(expr: Expr, parts: list[Vec]) -> Vec:
    yes = truth(parts[0])
    one, two = _same_words(parts[1:])
    missing = None
    if one.missing is not None or two.missing is not None:
        no = np.zeros(1, bool)
        missing = mask_of(
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


_BY_NUMPY: dict[str, Callable[[Expr, list[Vec]], Vec | None]] = {
    **NUMERIC,
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), _compared),
    **dict.fromkeys(("and", "or", "not"), _logical),
    **dict.fromkeys(("missing", "present"), _presence),
    **dict.fromkeys(("in", "not_in"), _among),
    "coalesce": _coalesced,
    "if": _chosen,
}
