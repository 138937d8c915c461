"""Texts that are more than a name: dates written in several ways, HTML, e-mail addresses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow.compute as pc

_DATES = 0.9  # The share of the values that must be dates.
_LEAST = 5
_FEW = 0.01

_TIME = r"([ T][0-9]{1,2}:[0-9]{2}.*)?$"
_MONTHS = r"(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|janv|fevr|mai|juin|juil|aout|okt|dez)"
# What a date may look like: a regular expression, an example, how strptime writes it.
_FORMS = (
    (r"^[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}" + _TIME, "2024-12-31", "%Y-%m-%d"),
    (r"^[0-9]{4}/[0-9]{1,2}/[0-9]{1,2}" + _TIME, "2024/12/31", "%Y/%m/%d"),
    (r"^[0-9]{4}\.[0-9]{1,2}\.[0-9]{1,2}" + _TIME, "2024.12.31", "%Y.%m.%d"),
    (r"(?i)^[0-9]{1,2} " + _MONTHS + r"[a-z]* [0-9]{4}" + _TIME, "31 Dec 2024", "%d %b %Y"),
    (r"(?i)^" + _MONTHS + r"[a-z]* [0-9]{1,2},? [0-9]{4}" + _TIME, "Dec 31, 2024", "%b %d, %Y"),
)
_SEPARATORS = ("/", ".", "-")
_SHORT = r"[0-9]{{1,2}}{0}[0-9]{{1,2}}{0}([0-9]{{4}}|[0-9]{{2}})"
_DAY = r"(1[3-9]|2[0-9]|3[01])"

_CLOCKS = (
    ("", r"^[^:]*$"),
    (" %H:%M", r"^[^:T]* [0-9]{1,2}:[0-9]{2}$"),
    (" %H:%M:%S", r"^[^:T]* [0-9]{1,2}:[0-9]{2}:[0-9]{2}$"),
    ("T%H:%M:%S", r"T[0-9]{1,2}:[0-9]{2}:[0-9]{2}$"),
)

TAGS = (
    r"(?i)</?(a|b|i|u|p|br|hr|em|li|ul|ol|td|tr|th|h[1-6]|div|img|span|code|font|table|strong|"
    r"script|style|blockquote|pre)(\s[^<>]*)?/?>|&(nbsp|amp|lt|gt|quot|#[0-9]{2,5});"
)


@dataclass(frozen=True, slots=True)
class DateForm:
    """example: '31/12/2024'. format: as strptime has it, with a bar between those with and without
    a time of day. first: the first such row, from 1."""

    example: str
    format: str
    rows: int
    first: int


@dataclass(frozen=True, slots=True)
class Dates:
    """forms: the ways in which a column's dates are written, the most frequent first.

    unclear: in so many rows day and month may be taken for each other, in a form where no other
    row tells which comes first (then forms holds it as day first).
    """

    forms: tuple[DateForm, ...]
    unclear: int


def look_like_dates(sample: Any) -> bool:
    """Whether most values of an array of texts are dates of some form."""
    there = sample.drop_null()
    if len(there) < _LEAST or not _count(pc.match_substring_regex(there, r"[0-9]{2}")):
        return False
    dates = sum(_count(pc.match_substring_regex(there, pattern)) for pattern, _, _ in _FORMS)
    dates += sum(_count(_short(there, separator)) for separator in _SEPARATORS)
    return dates >= _DATES * len(there)


def dates(texts: Any) -> Dates:
    """How the dates of a whole column are written; values that are none are left out.

    12/31/2024 and 31/12/2024 are told apart by the rows where one of the two is above 12.
    """
    found: list[DateForm] = []
    unclear = 0
    for pattern, example, form in _FORMS:
        found += _form(texts, pc.match_substring_regex(texts, pattern), example, form)
    for separator in _SEPARATORS:
        short = _short(texts, separator)
        if not _count(short):
            continue
        sign = rf"\{separator}"
        day_first = pc.and_(short, pc.match_substring_regex(texts, rf"^{_DAY}{sign}"))
        month_first = pc.and_(
            short, pc.match_substring_regex(texts, rf"^[0-9]{{1,2}}{sign}{_DAY}{sign}")
        )
        either = pc.and_not(pc.and_not(short, day_first), month_first)
        long_year = _count(pc.match_substring_regex(texts, rf"{sign}[0-9]{{4}}\b")) > 0
        year, shown = ("%Y", "2024") if long_year else ("%y", "24")
        european = (separator.join(("31", "12", shown)), separator.join(("%d", "%m", year)))
        american = (separator.join(("12", "31", shown)), separator.join(("%m", "%d", year)))
        days, months = _count(day_first), _count(month_first)
        if days and months:
            unclear += _count(either)
            found += [*_form(texts, day_first, *european), *_form(texts, month_first, *american)]
        elif months:
            found += _form(texts, short, *american)
        else:
            unclear += 0 if days else _count(either)
            found += _form(texts, short, *european)
    found.sort(key=lambda form: -form.rows)
    return Dates(tuple(found), unclear)


def rows_with(texts: Any, pattern: str) -> tuple[int, int]:
    """In how many rows the pattern occurs, and in which first (from 1; 0 for none)."""
    hits = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
    count = _count(hits)
    return count, int(pc.index(hits, True).as_py()) + 1 if count else 0


def often_has(sample: Any, pattern: str) -> bool:
    """Whether at least a hundredth of an array's texts (and five of them) hold the pattern."""
    there = len(sample) - sample.null_count
    return bool(rows_with(sample, pattern)[0] >= max(_LEAST, _FEW * there))


def _short(texts: Any, separator: str) -> Any:
    sign = rf"\{separator}"
    return pc.match_substring_regex(texts, "^" + _SHORT.format(sign) + _TIME)


def _form(texts: Any, hits: Any, example: str, form: str) -> list[DateForm]:
    count = _count(hits)
    if not count:
        return []
    hits = pc.fill_null(hits, False)
    first = int(pc.index(hits, True).as_py()) + 1
    clocks = [
        form + clock
        for clock, pattern in _CLOCKS
        if _count(pc.match_substring_regex(texts.filter(hits), pattern))
    ]
    return [DateForm(example, "|".join(clocks or [form]), count, first)]


def _count(mask: Any) -> int:
    total: Any = pc.sum(mask)
    return total.as_py() or 0
