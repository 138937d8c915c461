"""The shorthand of a table's filter row, such as `>5`, `1..5`, `^Rome` or `2024-01..2024-03`.

A filter is parsed for the type of its column, never evaluated. Alternatives are parted by `|`:

    >5  >=5  <5  <=5  1..5  1..  ..5    numbers and dates, both ends included
    5   2024-01                         in a column of numbers or dates: equal to it, within it
    rome                                in a column of text: holds it, whatever the case
    ^rome                               starts with it, whatever the case
    =Rome  !=Rome  Rome|Milan           exactly it, not it, one of them
    empty  !empty                       nothing is there, something is
    "empty"  ="a|b"                     quotes take any text as it stands

A missing value fits `empty` and nothing else, not even `!=Rome`. A date stands for all of its
year, month, day, hour, minute or second: `>2024-01` begins with February. Text in quotes can be
compared, too: `>"m"` follows the code points.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction

from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.table_filters import (
    EPOCH,
    NOTHING,
    CellFilter,
    Contains,
    Equals,
    FilterError,
    Missing,
    Present,
    Span,
    Starts,
    Test,
)

_MOST_INT = 2**63 - 1
_SIGNS = (">=", "<=", "!=", ">", "<", "=", "^")
_ORDER = (">=", "<=", ">", "<")
_QUOTED = re.compile(r'"((?:[^"]|"")*)"\s*(?:\||$)')
_NUMBER = re.compile(
    r"[+-]?(\d{1,3}(,\d{3})+(\.\d*)?|\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:[T ](\d{1,2})(?::(\d{2})(?::(\d{2}))?)?)?)?)?"
)
_YES, _NO = ("yes", "true", "1"), ("no", "false", "0")
_HINTS = {
    ColumnType.INTEGER: "Write 5, >5, 1..5, 1|2|3 or empty.",
    ColumnType.NUMBER: "Write 5, >5, 1..5, 1|2|3 or empty.",
    ColumnType.BOOLEAN: "Write yes, no or empty.",
    ColumnType.TEXT: "Write a part of the text, =all of it, ^its start, a|b|c or empty.",
    ColumnType.DATETIME: "Write 2024-01-31, >2024-01, 2024-01..2024-03 or empty.",
}


def parse(column: Column, text: str) -> CellFilter | None:
    """The filter that the text means in that column; None where it is blank. Raises FilterError."""
    text = text.strip()
    if not text:
        return None
    negated = text.startswith("!=")
    parts = _split(text[2:] if negated else text)
    if not parts:
        raise FilterError(column.name, f"{text} needs a value.", _HINTS[column.type])
    exact = negated or len(parts) > 1
    found = [_read(column, part, exact=exact) for part in parts]
    tests = tuple(test for test, _, _ in found)
    said = [(verb, value) for _, verb, value in found]
    return CellFilter(column, tests, negated, _words(said, negated=negated))


def exactly(column: Column, value: object) -> str:
    """What is typed to find a value as the table shows it; moments are texts there."""
    if value is None or value != value:
        return "empty"
    if isinstance(value, bool):
        return "=yes" if value else "=no"
    if column.type is not ColumnType.TEXT:
        return f"={value!r}" if isinstance(value, float) else f"={value}"
    text = str(value)
    plain = text == text.strip() and text and not set(text) & set('|"')
    if plain and text.casefold() not in ("empty", "!empty"):
        return f"={text}"
    return '="' + text.replace('"', '""') + '"'


@dataclass(frozen=True, slots=True)
class _Part:
    """One alternative: its sign, its text, and whether that stood in quotes."""

    sign: str
    text: str
    quoted: bool


def _split(text: str) -> list[_Part]:
    """The alternatives. A bar in quotes parts nothing; quotes inside a word are plain text."""
    parts, at = [], 0
    while at < len(text):
        rest = text[at:].lstrip()
        at = len(text) - len(rest)
        sign = next((sign for sign in _SIGNS if rest.startswith(sign)), "")
        value = rest[len(sign) :].lstrip()
        start = len(text) - len(value)
        quoted = _QUOTED.match(value)
        if quoted:
            parts.append(_Part(sign, quoted[1].replace('""', '"'), quoted=True))
            at = start + quoted.end()
        else:
            end = text.find("|", start)
            end = len(text) if end < 0 else end
            word = text[start:end].strip()
            if sign or word:
                parts.append(_Part(sign, word, quoted=False))
            at = end + 1
    return parts


_Read = tuple[Test, str, str]  # The test, and a verb and a value for its words.


def _read(column: Column, part: _Part, *, exact: bool) -> _Read:
    kind, sign, text = column.type, part.sign, part.text
    if not part.quoted and not text:
        raise FilterError(column.name, f"A value is missing behind {sign}.", _HINTS[kind])
    if sign == "!=":
        what = "!= comes first, and rules out all that follows it."
        raise FilterError(column.name, what, "!=a|b leaves out both a and b.")
    if not part.quoted and sign in ("", "=") and text.casefold() in ("empty", "!empty"):
        there = text.startswith("!")
        return (Present(), "is not", "empty") if there else (Missing(), "is", "empty")
    if sign == "^" and kind is not ColumnType.TEXT:
        what = f"^ looks at the start of a text, and {column.name} holds none."
        raise FilterError(column.name, what, _HINTS[kind])
    match kind:
        case ColumnType.TEXT:
            return _read_text(column, part, exact=exact)
        case ColumnType.BOOLEAN:
            return _read_boolean(column, part)
        case _:
            return _read_span(column, part)


def _read_text(column: Column, part: _Part, *, exact: bool) -> _Read:
    sign, text = part.sign, part.text
    if sign == "^":
        return Starts(text), "starts with", text
    if sign in _ORDER:
        if not part.quoted:
            what = f"{column.name} holds text, which {sign} would put in the order of letters."
            hint = f'Read it as numbers first, or write {sign}"{text}" to mean letters.'
            raise FilterError(column.name, what, hint)
        return _bounded(sign, text), sign, text
    low, dots, high = text.partition("..")
    said = part.quoted or exact or sign == "="
    if dots and not said and _is_number(low) and _is_number(high):
        what = f"{column.name} holds text, which has no range of numbers."
        raise FilterError(column.name, what, f'Read it as numbers first, or write "{text}".')
    if exact or sign == "=" or not text:
        return Equals(text), "=", text
    return Contains(text), "contains", text


def _read_boolean(column: Column, part: _Part) -> _Read:
    word = part.text.casefold()
    if part.sign not in ("", "=") or word not in _YES + _NO:
        what = f"{column.name} holds yes or no, not {part.sign}{part.text}."
        raise FilterError(column.name, what, _HINTS[column.type])
    return Equals(word in _YES), "=", "yes" if word in _YES else "no"


def _read_span(column: Column, part: _Part) -> _Read:
    """Of whole numbers, numbers and moments."""
    sign, text = part.sign, part.text
    low, dots, high = text.partition("..")
    if not dots or part.quoted:
        return _limits(column, sign or "=", text), sign or "=", text
    low, high = low.strip(), high.strip()
    if sign or not (low or high):
        what = f"{sign}{text} is no range."
        raise FilterError(column.name, what, _HINTS[column.type])
    if not high:
        return _limits(column, ">=", low), ">=", low
    if not low:
        return _limits(column, "<=", high), "<=", high
    first, last = _limits(column, ">=", low), _limits(column, "<=", high)
    span = Span(first.low, last.high)
    if span.low is not None and span.high is not None and span.low > span.high:  # type: ignore[operator]
        what = f"{text} is empty: it starts above its end."
        raise FilterError(column.name, what, f"Write {high}..{low}.")
    return span, "from", f"{low} to {high}"


def _limits(column: Column, sign: str, text: str) -> Span:
    if column.type is ColumnType.DATETIME:
        start, end = _period(column, text)
        return _whole(sign, Fraction(start), None if end is None else Fraction(end - 1))
    if not _is_number(text):
        what = f"{text} is no number."
        raise FilterError(column.name, what, _HINTS[column.type])
    plain = text.replace(",", "")
    if math.isinf(float(plain)):
        raise FilterError(column.name, f"{text} is too large.", "Use less than 1.8e308.")
    if column.type is ColumnType.NUMBER:
        return _bounded(sign, float(plain))
    exact = Fraction(plain)
    return _whole(sign, exact, exact)


def _bounded(sign: str, value: float | str) -> Span:
    match sign:
        case ">" | ">=":
            return Span(low=value, low_in=sign == ">=")
        case "<" | "<=":
            return Span(high=value, high_in=sign == "<=")
        case _:
            return Span(value, value)


def _whole(sign: str, first: Fraction, last: Fraction | None) -> Span:
    """Whole numbers that are before, after or in [first, last]; last None: it has no end."""
    match sign:
        case ">":
            return NOTHING if last is None else _clamped(math.floor(last) + 1, None)
        case ">=":
            return _clamped(math.ceil(first), None)
        case "<":
            return _clamped(None, math.ceil(first) - 1)
        case "<=":
            return Span() if last is None else _clamped(None, math.floor(last))
        case _:
            return _clamped(math.ceil(first), None if last is None else math.floor(last))


def _clamped(low: int | None, high: int | None) -> Span:
    """Limits of 64 bits that mean the same."""
    if (low is not None and low > _MOST_INT) or (high is not None and high < ~_MOST_INT):
        return NOTHING
    low = None if low is None or low < ~_MOST_INT else low
    high = None if high is None or high > _MOST_INT else high
    return NOTHING if low is not None and high is not None and low > high else Span(low, high)


def _is_number(text: str) -> bool:
    return _NUMBER.fullmatch(text.strip()) is not None


def _period(column: Column, text: str) -> tuple[int, int | None]:
    """The first microsecond of the year, month, day ... and the first one after it."""
    match = _DATE.fullmatch(text)
    try:
        if match is None:
            raise ValueError
        given = [int(part) for part in match.groups() if part is not None]
        year, month, day, *clock = given + [1] * (3 - len(given))
        hour, minute, second = clock + [0] * (3 - len(clock))
        start = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        what = f"{text} is no date."
        raise FilterError(column.name, what, _HINTS[ColumnType.DATETIME]) from None
    try:
        match len(given):
            case 1:
                end = start.replace(year=start.year + 1)
            case 2:
                end = (start + timedelta(days=31)).replace(day=1)
            case size:
                end = start + timedelta(**{("days", "hours", "minutes", "seconds")[size - 3]: 1})
    except (ValueError, OverflowError):
        return _micros(start), None
    return _micros(start), _micros(end)


def _micros(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)


def _words(said: list[tuple[str, str]], *, negated: bool) -> str:
    values = [value or "(no text)" for _, value in said]
    if negated:
        return f"is not {values[0]}" if len(said) == 1 else f"is none of {', '.join(values)}"
    if len(said) > 1 and all(verb == "=" for verb, _ in said):
        return f"= {' or '.join(values)}"
    pairs = zip(said, values, strict=True)
    return " or ".join(f"{verb} {value}" for (verb, _), value in pairs)
