"""What type a column of a CSV file has, judged from the texts of all its cells."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mlops_desktop.blobs.cells import (
    BOOLEAN,
    NUMBER,
    PLAIN_TIME,
    ZONED_TIME,
    times,
    too_long,
)
from mlops_desktop.core.datasets import MISSING, ColumnType, DataWarning, WarningKind

_WHOLE = r"^[+-]?(0|[1-9][0-9]*)$"
_ZERO_LED = r"^[+-]?0[0-9]+$"
_OTHER_DATE = (
    r"^[0-9]{1,2}[./-][0-9]{1,2}[./-]([0-9]{4}|[0-9]{2})\b|^[0-9]{4}[./][0-9]{1,2}[./][0-9]{1,2}\b"
)
_MOSTLY = 0.95  # So many numbers among the cells make the rest look like mistakes.
_PARTLY = 0.5


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

    def __init__(self) -> None:
        self.rows = 0
        self.empty = 0
        self.marked = First()  # Blank, NA, null and the like: they stand for missing.
        self.whole = self.numbers = 0
        self.zero_led = self.too_long = 0  # Whole, but 007 or more digits than 64 bits hold.
        self.booleans = self.times = self.zoned = self.other_dates = 0
        self.not_number = First()
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
        number = _matches(cells, NUMBER)
        plain = pc.is_valid(times(cells, PLAIN_TIME, None))
        zoned = pc.is_valid(times(cells, ZONED_TIME, "UTC"))
        large = too_long(cells)
        self.numbers += _count(number)
        self.whole += _count(_matches(cells, _WHOLE)) - large
        self.zero_led += _count(_matches(cells, _ZERO_LED))
        self.too_long += large
        self.booleans += _count(_matches(cells, BOOLEAN))
        self.times += _count(plain)
        self.zoned += _count(zoned)
        self.other_dates += _count(_matches(cells, _OTHER_DATE))
        self.not_number.add(pc.and_not(there, number), texts, before)
        self.not_time.add(pc.and_not(there, pc.or_(plain, zoned)), texts, before)
        self.as_is = False

    def _add_clean(self, texts: Any) -> bool:
        """The quick way: a block of nothing but numbers, as most columns are."""
        if texts.null_count == len(texts):
            return True
        if not self.as_is:
            return False
        try:
            pc.cast(texts, pa.float64())
        except pa.ArrowInvalid:
            return False
        if _count(_matches(texts, r"^[+]|[nN]")):
            return False  # Arrow's reader takes +1 for no integer, and nan and inf are special.
        zero_led, large = _count(_matches(texts, _ZERO_LED)), too_long(texts)
        self.zero_led += zero_led
        self.too_long += large
        self.whole += _count(_matches(texts, _WHOLE)) - large
        self.numbers += len(texts) - texts.null_count
        return True


@dataclass(frozen=True, slots=True)
class Verdict:
    """kind: what the column is read as. native: Arrow's CSV reader can read it by itself.
    sure: more rows can only contradict it in a way that Arrow's reader reports."""

    kind: ColumnType
    native: bool
    sure: bool
    warning: DataWarning | None = None


def judge(name: str, tally: Tally, wanted: ColumnType | None = None) -> Verdict:
    """The type of a column from its tally; wanted is what the user asked for."""
    cells = tally.rows - tally.empty - tally.marked.count
    if wanted is not None:
        return _as_wanted(name, tally, wanted)
    padded = tally.zero_led or (tally.too_long and tally.whole + tally.too_long == cells)
    if cells and tally.numbers == cells and not padded:
        kind = ColumnType.INTEGER if tally.whole == cells else ColumnType.NUMBER
        return _clean(name, tally, kind, "numbers")
    if cells and tally.booleans == cells:
        return _clean(name, tally, ColumnType.BOOLEAN, "true or false")
    if cells and tally.times + tally.zoned == cells:
        return _clean(name, tally, ColumnType.DATETIME, "dates")
    if not cells or padded:
        return Verdict(ColumnType.TEXT, native=True, sure=bool(cells))
    warning = _spoiled(name, tally, cells)
    return Verdict(ColumnType.TEXT, native=True, sure=warning is None, warning=warning)


def _matches(cells: Any, pattern: str) -> Any:
    return pc.fill_null(pc.match_substring_regex(cells, pattern), False)


def _count(mask: Any) -> int:
    total: Any = pc.sum(mask)
    return total.as_py() or 0


def _clean(name: str, tally: Tally, kind: ColumnType, what: str) -> Verdict:
    if not tally.marked.count:
        native = (tally.as_is if kind.is_numeric else True) and not tally.zoned
        return Verdict(kind, native=native, sure=native)
    warning = DataWarning(
        WarningKind.TYPE,
        (name,),
        f"`{name}`: {tally.marked.count:,} of {tally.rows:,} values are not {what} "
        f"({tally.marked}). Read as missing.",
        "One such cell would have turned the whole column into text.",
        "Nothing, if missing is what they mean. Else correct the file and import it again.",
        read_as=(ColumnType.TEXT,),
    )
    return Verdict(kind, native=False, sure=False, warning=warning)


def _as_wanted(name: str, tally: Tally, wanted: ColumnType) -> Verdict:
    if wanted is ColumnType.TEXT:
        return Verdict(wanted, native=True, sure=True)
    good = {
        ColumnType.INTEGER: tally.whole + tally.zero_led,
        ColumnType.NUMBER: tally.numbers,
        ColumnType.BOOLEAN: tally.booleans,
        ColumnType.DATETIME: tally.times + tally.zoned,
    }[wanted]
    bad = tally.rows - tally.empty - good
    warning = None
    if bad:
        sort = tally.not_time if wanted is ColumnType.DATETIME else tally.not_number
        firsts = [first for first in (tally.marked, sort) if first.count]
        first = f" ({min(firsts, key=lambda f: f.row)})" if firsts else ""
        warning = DataWarning(
            WarningKind.TYPE,
            (name,),
            f"`{name}`: {bad:,} of {tally.rows:,} values are not of the type {wanted.value} that "
            f"was asked for{first}. Read as missing.",
            "They are lost in this version.",
            "Correct them in the file, or import the column as text.",
            read_as=(ColumnType.TEXT,),
        )
    return Verdict(wanted, native=False, sure=False, warning=warning)


def _spoiled(name: str, tally: Tally, cells: int) -> DataWarning | None:
    share = tally.numbers / cells
    times = tally.times + tally.zoned
    if share >= _PARTLY:
        bad = tally.not_number
        few = share >= _MOSTLY
        return DataWarning(
            WarningKind.TYPE,
            (name,),
            f"`{name}`: {bad.count:,} of {tally.rows:,} values are not numbers ({bad}). "
            "Kept as text.",
            "As text, each different number is a category of its own.",
            "Treat them as missing: import again with the type number for this column."
            if few
            else "Split the column in two, or import it with the type number to drop the texts.",
            read_as=(ColumnType.NUMBER,),
        )
    if times / cells >= _PARTLY:
        return DataWarning(
            WarningKind.DATES,
            (name,),
            f"`{name}`: {tally.not_time.count:,} of {tally.rows:,} values are not dates "
            f"({tally.not_time}). Kept as text.",
            "As text, nothing can be learned from the order or the season.",
            "Treat them as missing: import again with the type datetime for this column.",
            read_as=(ColumnType.DATETIME,),
        )
    if tally.other_dates / cells >= _PARTLY:
        return DataWarning(
            WarningKind.DATES,
            (name,),
            f"`{name}` holds dates that are not written as year-month-day "
            f"({tally.not_time}). Kept as text.",
            "Whether the day or the month comes first cannot be known for sure.",
            "Write them as 2026-11-24 in the file and import it again.",
        )
    return None
