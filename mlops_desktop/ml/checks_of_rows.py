"""Rules that each row keeps or breaks: which rows break them, and their worst values."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlops_desktop.core.checks import Rule, RuleKind
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.sentences import TYPE_WORDS
from mlops_desktop.ml import arrow_vectors, expressions, vectors
from mlops_desktop.ml.expressions import Expr
from mlops_desktop.ml.profile import text_of

_WORST = 5
Types = Mapping[str, ColumnType]
Load = Callable[[str], Any]


class CannotRun(Exception):
    """Why a rule cannot be judged on this table, in a sentence."""


def broken(rule: Rule, types: Types, rows: int, load: Load) -> tuple[Any, tuple[str, ...]]:
    """A mask that is true where a row breaks the rule, and the columns at fault."""
    names = rule.columns
    match rule.kind:
        case RuleKind.NOT_MISSING:
            return _missing(names, rows, load)
        case RuleKind.UNIQUE:
            return _repeated(names, rows, load), names
        case RuleKind.RANGE:
            return _outside(rule, types[names[0]], load(names[0])), names
        case RuleKind.ALLOWED:
            values = load(names[0])
            wanted = pa.array(_values(rule, types[names[0]]), values.type)
            return _there_and_not(values, pc.is_in(values, value_set=wanted)), names
        case RuleKind.PATTERN:
            values = _texts(rule, types, load, "only text has a pattern")
            return _there_and_not(values, _matches(values, rule.setting("pattern"))), names
        case RuleKind.LENGTH:
            lengths: Any = pc.utf8_length(_texts(rule, types, load, "only text has a length"))
            return _beyond(lengths, rule.setting("low"), rule.setting("high")), names
        case RuleKind.RELATION:
            return _untrue(rule, types, rows, load)
        case _:
            raise AssertionError(f"{rule.kind} is not about rows.")


def worst(rule: Rule, types: Types, load: Load, bad: Any) -> tuple[str, ...]:
    """The values furthest off (of a range or a length), else the most frequent ones."""
    if rule.kind is RuleKind.NOT_MISSING:
        if len(rule.columns) == 1:
            return ()
        counts = {name: load(name).null_count for name in rule.columns}
        ordered = sorted((name for name in counts if counts[name]), key=lambda n: -counts[n])
        return tuple(f"{counts[name]:,} of `{name}`" for name in ordered[:_WORST])
    if len(rule.columns) != 1:
        return ()
    name = rule.columns[0]
    kind, values = types[name], load(name).filter(bad)
    if rule.kind is RuleKind.RANGE:
        ordered = _extremes(values, rule, kind)
    else:
        counted: Any = pc.value_counts(values)
        most = np.argsort(-counted.field("counts").to_numpy(), kind="stable")[:_WORST]
        ordered = counted.field("values").take(pa.array(most)).to_pylist()
    return tuple(_shown(text_of(kind, value)) for value in ordered)


def check_pattern(pattern: str) -> str:
    """What is wrong with a regular expression, empty where nothing is.

    The engine is RE2 (linear in the text, whatever the pattern), as pyarrow has it.
    """
    try:
        pc.match_substring_regex(pa.array([""]), pattern=pattern)
    except pa.ArrowInvalid as error:
        return str(error).removeprefix("Invalid regular expression: ")
    return ""


def of_another_type(name: str, kind: ColumnType, but: str) -> str:
    return f"`{name}` holds {TYPE_WORDS[kind]}, and {but}."


def _missing(names: tuple[str, ...], rows: int, load: Load) -> tuple[Any, tuple[str, ...]]:
    bad: Any = None
    at_fault = []
    for name in names:
        values = load(name)
        if values.null_count:
            at_fault.append(name)
            here = pc.is_null(values)
            bad = here if bad is None else pc.or_(bad, here)
    return (_none(rows) if bad is None else bad), tuple(at_fault)


def _repeated(names: tuple[str, ...], rows: int, load: Load) -> Any:
    """True for each row that shares its values with another; where one is missing, for none."""
    if len(names) == 1:
        values = load(names[0])
        if pc.count_distinct(values).as_py() == len(values) - values.null_count:
            return _none(rows)
    codes, there = np.zeros(rows, np.int64), np.ones(rows, bool)
    for name in names:
        encoded = load(name).dictionary_encode()  # One dictionary for all chunks.
        if not encoded.num_chunks:
            return _none(rows)
        size = len(encoded.chunk(0).dictionary)
        part = [
            pc.fill_null(chunk.indices, 0).to_numpy(zero_copy_only=False).astype(np.int64)
            for chunk in encoded.chunks
        ]
        there &= pc.is_valid(encoded).to_numpy(zero_copy_only=False)
        # Made small again after each column, so that the product never overflows.
        together: Any = pa.array(codes * size + np.concatenate(part)).dictionary_encode()
        codes = together.indices.to_numpy().astype(np.int64)
    counts = np.bincount(codes[there], minlength=1)
    return pa.array((counts[np.minimum(codes, len(counts) - 1)] > 1) & there)


def _outside(rule: Rule, kind: ColumnType, values: Any) -> Any:
    low, high = rule.setting("low"), rule.setting("high")
    if kind is ColumnType.DATETIME:
        moments = [None if limit is None else _moment(limit) for limit in (low, high)]
        return _beyond(values, *(None if m is None else pa.scalar(m, values.type) for m in moments))
    if not kind.is_numeric:
        raise CannotRun(of_another_type(rule.columns[0], kind, "only numbers and dates are ranged"))
    for limit in (low, high):
        if isinstance(limit, str):
            raise CannotRun(f"`{rule.columns[0]}` holds numbers, and {limit!r} is none.")
    if kind is ColumnType.INTEGER:
        # Whole limits: beyond 2^53 a float could not tell neighbours apart.
        low = None if low is None else _whole(math.ceil(low))
        high = None if high is None else _whole(math.floor(high))
        return _beyond(values, low, high)
    return pc.or_(_beyond(values, low, high), pc.is_nan(values))


def _whole(value: int) -> Any:
    return pa.scalar(max(-(2**63), min(2**63 - 1, value)), pa.int64())


def _beyond(values: Any, low: Any, high: Any) -> Any:
    below = None if low is None else pc.less(values, low)
    above = None if high is None else pc.greater(values, high)
    if below is None or above is None:
        found = above if below is None else below
        return _none(len(values)) if found is None else found
    return pc.or_(below, above)


def _values(rule: Rule, kind: ColumnType) -> list[Any]:
    """The allowed values as the column holds them."""
    return [_as(kind, value, rule.columns[0]) for value in rule.setting("values") or []]


def _as(kind: ColumnType, value: Any, name: str) -> Any:
    try:
        match kind:
            case ColumnType.TEXT:
                return str(value).lower() if isinstance(value, bool) else str(value)
            case ColumnType.BOOLEAN:
                return {"true": True, "false": False}[str(value).lower()]
            case ColumnType.INTEGER:
                return int(value) if float(value) == int(value) else float("nan")
            case ColumnType.NUMBER:
                return float(value)
            case ColumnType.DATETIME:
                return _moment(value)
    except (KeyError, ValueError, TypeError) as error:
        raise CannotRun(
            of_another_type(name, kind, f"{value!r} is not among what it can hold")
        ) from error


def _moment(value: Any) -> datetime:
    try:
        return datetime.fromisoformat(str(value)).replace(tzinfo=None)
    except ValueError as error:
        raise CannotRun(f"{value!r} is no date such as 2024-12-31.") from error


def _texts(rule: Rule, types: Types, load: Load, but: str) -> Any:
    name = rule.columns[0]
    if types[name] is not ColumnType.TEXT:
        raise CannotRun(of_another_type(name, types[name], but))
    return load(name)


def _matches(values: Any, pattern: str) -> Any:
    if fault := check_pattern(pattern):
        raise CannotRun(f"The pattern is not a regular expression: {fault}.")
    return pc.match_substring_regex(values, pattern=rf"\A(?:{pattern})\z")


def _untrue(rule: Rule, types: Types, rows: int, load: Load) -> tuple[Any, tuple[str, ...]]:
    """True where the condition is not. Where a column that it reads is missing it cannot be told,
    unless it asks for just that."""
    try:
        asked = expressions.condition(rule.setting("condition"), types)
    except UserError as error:
        raise CannotRun(str(error)) from error
    names = tuple(name for name, _ in asked.columns)
    read = {name: arrow_vectors.vector(load(name)) for name in names}
    bad = ~np.broadcast_to(vectors.truth(vectors.evaluate(asked, read.__getitem__)), rows)
    if not _asks_for_missing(asked):
        for vector in read.values():
            if vector.missing is not None:
                bad = bad & ~vector.missing
    return pa.array(bad), names


def _asks_for_missing(expr: Expr) -> bool:
    return expr.op in ("missing", "present", "coalesce") or any(map(_asks_for_missing, expr.of))


def _there_and_not(values: Any, good: Any) -> Any:
    return pc.and_(pc.is_valid(values), pc.invert(pc.fill_null(good, True)))


def _none(rows: int) -> Any:
    return pa.array(np.zeros(rows, bool))


def _extremes(values: Any, rule: Rule, kind: ColumnType) -> list[Any]:
    """The lowest of those that are too low, the highest of those that are too high."""
    low = rule.setting("low")
    ordered = values.unique().sort()
    if kind is ColumnType.DATETIME:
        low = None if low is None else _moment(low)
    lowest = [v for v in ordered.slice(0, _WORST).to_pylist() if low is not None and v < low]
    highest = ordered.slice(max(0, len(ordered) - _WORST)).to_pylist()[::-1]
    highest = [value for value in highest if value not in lowest]
    # One of each end first.
    return (lowest[:1] + highest[:1] + lowest[1:2] + highest[1:])[:_WORST]


def _shown(text: str) -> str:
    if not text.strip():
        return "a blank"
    return f"{text[:60]}\u2026" if len(text) > 60 else text
