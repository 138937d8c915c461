"""Rules that a good version keeps, to begin with: taken from its profile and its relations."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import permutations
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mlops_desktop.core.checks import Rule, RuleKind, Severity
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.expressions import quoted
from mlops_desktop.core.profile import ColumnProfile, Numbers, Profile
from mlops_desktop.core.sentences import number
from mlops_desktop.ml import checks
from mlops_desktop.ml.checks import Checked
from mlops_desktop.ml.relations import sums

_ROOM = 0.1  # Of the span: the next rows may go a bit beyond what was seen.
_FEW_VALUES = 20  # A text of more is no list of values. As many as a profile names.
_LEAST_REPEATS = 5  # A value occurs so often on average, or the list would not be complete.
_MOST_CODES = 31  # Whole numbers without a gap, such as the days of a month.
_OLD_DAYS = 62
_MOST_DATES = 6  # Columns, of which each pair is tried.
_HEAD_ROWS = 4096


def propose(profile: Profile, data: Checked) -> list[Rule]:
    """Rules for the next versions, all of which this one keeps.

    Types and unique values block, all others warn. A note says how a limit was found.
    """
    found = [*_types(profile), *_not_missing(profile)]
    for column in profile.columns:
        found += _of_column(column, data)
    found += _relations(profile, data)
    found.append(
        Rule(
            RuleKind.ROWS,
            settings={"change": 0.5},
            note="Half as many rows, or half as many again, would be a surprise.",
        )
    )
    outcomes = checks.run(found, data)
    return [outcome.rule for outcome in outcomes if outcome.passed]


def _types(profile: Profile) -> Iterator[Rule]:
    for kind in ColumnType:
        names = tuple(c.name for c in profile.columns if c.type is kind)
        if names:
            settings: dict[str, object] = {"type": kind.value}
            yield Rule(RuleKind.COLUMN, names, settings, Severity.BLOCK)


def _not_missing(profile: Profile) -> Iterator[Rule]:
    names = tuple(c.name for c in profile.columns if not c.missing)
    if names and profile.rows:
        yield Rule(RuleKind.NOT_MISSING, names)
    for column in profile.columns:
        share = 1.5 * column.missing / column.rows if column.rows else 0.0
        if 0 < share < 1:
            settings: dict[str, object] = {"tolerated": _rounded_up(share)}
            note = f"Seen: {number(column.missing)} of {number(column.rows)}; half as many more."
            yield Rule(RuleKind.NOT_MISSING, (column.name,), settings, note=note)


def _of_column(column: ColumnProfile, data: Checked) -> Iterator[Rule]:
    there = column.rows - column.missing
    if there < 2:
        return
    all_differ = column.distinct == there and column.distinct_exact
    if all_differ and column.type in (ColumnType.TEXT, ColumnType.INTEGER) and there > _FEW_VALUES:
        yield Rule(RuleKind.UNIQUE, (column.name,), severity=Severity.BLOCK)
        if column.type is ColumnType.TEXT:
            yield from _shape(column.name, data)
        return  # A number that names a row goes on beyond any range.
    if column.type is ColumnType.TEXT:
        yield from _few(column, there)
    elif column.type is ColumnType.DATETIME:
        yield from _fresh(column, data)
    elif column.type.is_numeric and column.numbers is not None:
        yield _range(column, column.numbers)


def _few(column: ColumnProfile, there: int) -> Iterator[Rule]:
    known = [top.value for top in column.top]
    complete = column.distinct_exact and len(known) == column.distinct
    if complete and len(known) <= _FEW_VALUES and there >= _LEAST_REPEATS * len(known):
        yield Rule(RuleKind.ALLOWED, (column.name,), {"values": sorted(known)})


def _range(column: ColumnProfile, numbers: Numbers) -> Rule:
    """What was seen and a tenth of the span more, but never across 0.

    Without room: two values, a share, and whole numbers that are codes, such as months.
    """
    low, high = numbers.low, numbers.high
    whole = column.type is ColumnType.INTEGER
    seen = f"Seen: {number(_plain(low, whole))} to {number(_plain(high, whole))}"
    settings: dict[str, object]
    if whole and column.distinct_exact and column.distinct <= 2:
        settings = {"values": sorted(int(top.value) for top in column.top)}
        return Rule(RuleKind.ALLOWED, (column.name,), settings)
    room = _ROOM * (high - low)
    note = f"{seen}; a tenth of the span is added on both sides, but not across 0."
    if whole and column.distinct == high - low + 1 and high - low <= _MOST_CODES:
        note = f"{seen}, each of them."
    elif low >= 0 and high <= 1:
        low, high, note = 0.0, 1.0, f"{seen}; a share ends at 1."
    else:
        low = max(0.0, low - room) if low >= 0 else low - room
        high = min(0.0, high + room) if high <= 0 else high + room
    low, high = (math.floor(low), math.ceil(high)) if whole else _rounded(low, high)
    settings = {"low": _plain(low, whole), "high": _plain(high, whole)}
    return Rule(RuleKind.RANGE, (column.name,), settings, note=note)


def _fresh(column: ColumnProfile, data: Checked) -> Iterator[Rule]:
    if column.numbers is None:
        return
    newest = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=column.numbers.high)
    age = (data.imported_at - newest).total_seconds() / 86_400
    if 0 <= age <= _OLD_DAYS:
        days = max(2, math.ceil(2 * age))
        note = f"Seen: {age:.0f} days; twice as many."
        yield Rule(RuleKind.FRESH, (column.name,), {"days": days}, note=note)


def _shape(name: str, data: Checked) -> Iterator[Rule]:
    """The pattern of names that all look alike, such as 7590-VHVEG."""
    first = pc.drop_null(data.load(name).slice(0, _HEAD_ROWS)).to_pylist()
    shapes = {_pattern(text) for text in first[:_HEAD_ROWS]}
    if len(shapes) == 1 and len(pattern := shapes.pop()) <= 120:
        yield Rule(RuleKind.PATTERN, (name,), {"pattern": pattern})


_RUN = re.compile(r"(?P<digits>[0-9]+)|(?P<upper>[A-Z]+)|(?P<lower>[a-z]+)|(?P<other>.)", re.DOTALL)
_SPECIAL = re.compile(r"[\\.^$*+?{}\[\]()|]")
_CLASSES = {"digits": "[0-9]", "upper": "[A-Z]", "lower": "[a-z]"}


def _pattern(text: str) -> str:
    parts = []
    for run in _RUN.finditer(text):
        kind, size = str(run.lastgroup), len(run[0])
        if kind == "other":
            parts.append(_SPECIAL.sub(r"\\\g<0>", run[0]))
        else:
            parts.append(f"{_CLASSES[kind]}{{{size}}}" if size > 1 else _CLASSES[kind])
    return "".join(parts)


def _relations(profile: Profile, data: Checked) -> Iterator[Rule]:
    """Columns that add up to another one, and dates that may follow one another."""
    dates = [c.name for c in profile.columns if c.type is ColumnType.DATETIME]
    for first, second in permutations(dates[:_MOST_DATES], 2):
        condition = f"{quoted(first)} <= {quoted(second)}"
        yield Rule(RuleKind.RELATION, settings={"condition": condition})

    def load(names: Any) -> pa.Table:
        return pa.table({name: data.load(name) for name in names})

    numeric = [c.name for c in profile.columns if c.type.is_numeric and c.distinct > 2]
    head = pa.table({name: data.load(name).slice(0, _HEAD_ROWS) for name in numeric})
    for found in sums(profile, head, load):
        total, parts = quoted(found.total), " + ".join(quoted(part) for part in found.parts)
        whole = all(
            data.columns[name] is ColumnType.INTEGER for name in (*found.parts, found.total)
        )
        # Adding floats loses the last digits.
        condition = f"{parts} = {total}" if whole else f"abs({parts} - {total}) < 0.001"
        yield Rule(RuleKind.RELATION, settings={"condition": condition})


def _rounded_up(share: float) -> float:
    """A share with two digits."""
    step = 10.0 ** (math.floor(math.log10(share)) - 1)
    return _tidy(math.ceil(share / step - 1e-9) * step)


def _rounded(low: float, high: float) -> tuple[float, float]:
    """Limits with about three digits of their span, further apart."""
    span = high - low
    if not (0 < span < math.inf):
        return low, high
    step = 10.0 ** (math.floor(math.log10(span)) - 2)
    return _tidy(math.floor(low / step) * step), _tidy(math.ceil(high / step) * step)


def _tidy(value: float) -> float:
    return float(f"{value:.12g}")


def _plain(value: float, whole: bool) -> int | float:
    return int(value) if whole else float(value)
