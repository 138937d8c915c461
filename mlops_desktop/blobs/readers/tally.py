"""Counting what the texts of a column look like, as they stream by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mlops_desktop.blobs.cells import (
    BOOLEAN,
    PLAIN,
    PLAIN_TIME,
    ZONED_TIME,
    times,
    too_long,
)
from mlops_desktop.blobs.notation import Notation, as_iso
from mlops_desktop.core.datasets import MISSING

_ZERO_LED = r"^[+-]?0[0-9]+$"
# Found in all dates that as_iso() reads, so that texts without one are not tried.
_OTHER_DATE = r"^[0-9]{1,4}[./-][0-9]{1,2}[./-][0-9]{1,4}\b"


@dataclass(slots=True)
class First:
    """How many cells of some sort there are, and the first of them (rows count from 1)."""

    count: int = 0
    row: int = 0
    value: str = ""

    def add(self, mask: Any, values: Any, before: int) -> None:
        found = _count(mask)
        if found and not self.count:
            position = pc.index(mask, True).as_py()
            self.row, self.value = before + position + 1, values[position].as_py()
        self.count += found

    def __str__(self) -> str:
        shown = repr(self.value[:40]) if self.value.strip() else "blank"
        return f"first: row {self.row:,}, {shown}"


class Tally:
    """Counts the sorts of cells of one column as its texts stream by.

    `as_is`: every cell so far is one that Arrow's own CSV reader takes for the type.
    """

    def __init__(self, notation: Notation = PLAIN) -> None:
        """notation.day_first: None where both ways are to be tried."""
        self.notation = notation
        self.rows = 0
        self.empty = 0
        self.marked = First()  # Blank, NA, null and the like: they stand for missing.
        self.whole = self.numbers = 0
        self.zero_led = self.too_long = 0  # Whole, but 007 or more digits than 64 bits hold.
        self.booleans = self.times = self.zoned = self.other_dates = 0
        self.written = {True: 0, False: 0}  # Other dates, read with the day first or not.
        self.either = First()  # A date that can be read both ways, and differs.
        self.only = {True: First(), False: First()}  # One that fits only one way.
        self.not_number = First()
        self.not_whole = First()
        self.not_time = First()
        self.as_is = True

    def add(self, texts: Any) -> None:
        """Count one block of a column that was read as text."""
        before = self.rows
        self.rows += len(texts)
        self.empty += texts.null_count
        if self._add_clean(texts):
            return
        trimmed = pc.utf8_trim_whitespace(texts)
        marks = pc.is_in(pc.utf8_lower(trimmed), value_set=pa.array(MISSING))
        marked = pc.and_(pc.is_valid(texts), marks)
        self.marked.add(marked, texts, before)
        cells = pc.if_else(marked, None, trimmed)
        there = pc.is_valid(cells)
        number = _matches(cells, self.notation.number)
        plain = pc.is_valid(times(cells, PLAIN_TIME, None))
        zoned = pc.is_valid(times(cells, ZONED_TIME, "UTC"))
        large = too_long(cells if self.notation.is_plain else self.notation.plain(cells))
        self.numbers += _count(number)
        whole = _matches(cells, self.notation.whole)
        zero_led = _matches(cells, _ZERO_LED)
        self.whole += _count(whole) - large
        self.zero_led += _count(zero_led)
        self.not_whole.add(pc.and_not(there, pc.or_(whole, zero_led)), texts, before)
        self.too_long += large
        self.booleans += _count(_matches(cells, BOOLEAN))
        self.times += _count(plain)
        self.zoned += _count(zoned)
        read = pc.or_(plain, zoned)
        other = pc.and_not(_matches(cells, _OTHER_DATE), read)
        if found := _count(other):
            self.other_dates += found
            read = pc.or_(read, self._add_dates(pc.if_else(other, cells, None), texts, before))
        self.not_number.add(pc.and_not(there, number), texts, before)
        self.not_time.add(pc.and_not(there, read), texts, before)
        self.as_is = False

    def _add_dates(self, cells: Any, texts: Any, before: int) -> Any:
        """Count dates that are not in the ISO form; the answer is which of them are dates."""
        days = times(as_iso(cells, day_first=True), PLAIN_TIME, None)
        months = times(as_iso(cells, day_first=False), PLAIN_TIME, None)
        is_day, is_month = pc.is_valid(days), pc.is_valid(months)
        self.written[True] += _count(is_day)
        self.written[False] += _count(is_month)
        self.only[True].add(pc.and_not(is_day, is_month), texts, before)
        self.only[False].add(pc.and_not(is_month, is_day), texts, before)
        self.either.add(pc.fill_null(pc.not_equal(days, months), False), texts, before)
        return pc.or_(is_day, is_month)

    def _add_clean(self, texts: Any) -> bool:
        """The quick way: a block of nothing but numbers, as most columns are."""
        if texts.null_count == len(texts):
            return True
        if not self.as_is or self.notation.thousands:
            return False
        if self.notation.decimal == ",":
            if _count(pc.match_substring(texts, ".")):
                return False
            texts = pc.replace_substring(texts, ",", ".")
        try:
            pc.cast(texts, pa.float64())
        except pa.ArrowInvalid:
            return False
        if _count(_matches(texts, r"^[+]|[nN]")):
            return False  # Arrow's reader takes +1 for no integer, and nan and inf are special.
        whole, zero_led = _matches(texts, PLAIN.whole), _matches(texts, _ZERO_LED)
        large = too_long(texts)
        self.zero_led += _count(zero_led)
        self.too_long += large
        self.whole += _count(whole) - large
        parts = pc.and_not(pc.is_valid(texts), pc.or_(whole, zero_led))
        self.not_whole.add(parts, texts, self.rows - len(texts))
        self.numbers += len(texts) - texts.null_count
        return True


def _matches(cells: Any, pattern: str) -> Any:
    return pc.fill_null(pc.match_substring_regex(cells, pattern), False)


def _count(mask: Any) -> int:
    total: Any = pc.sum(mask)
    return total.as_py() or 0
