"""How numbers and dates are written in a file of text: decimal comma, thousands, day or month
first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute

pc: Any = pyarrow.compute  # Its stubs know of no plain Python values.

# A space of thousands may be one that no line breaks at; an apostrophe a typographic one.
_MARKS = {".": r"\.", ",": ",", " ": "[ \u00a0\u202f]", "'": "['\u2019]", "_": "_"}
THOUSANDS = tuple(_MARKS)
_SIGN = "[+-]?"
_ENDLESS = r"^[+-]?(inf|Inf|Infinity)$"
_TIME = (
    r"(?:[ T,]+(?P<h>[0-9]{1,2}):(?P<n>[0-9]{2})(?::(?P<s>[0-9]{2}(?:\.[0-9]{1,6})?))?"
    r"(?: ?(?P<p>[AaPp])\.?[Mm]\.?)?)?$"
)
_ENDS_IN_YEAR = r"^(?P<a>[0-9]{1,2})[./-](?P<b>[0-9]{1,2})[./-](?P<y>[0-9]{4}|[0-9]{2})" + _TIME
_YEAR_FIRST = r"^(?P<y>[0-9]{4})[./-](?P<a>[0-9]{1,2})[./-](?P<b>[0-9]{1,2})" + _TIME
_PIVOT = 69  # As POSIX has it: 68 is 2068, and 69 is 1969.


@dataclass(frozen=True)
class Notation:
    """decimal: '.' or ','. thousands: one of THOUSANDS, or ''. day_first: None where not known."""

    decimal: str = "."
    thousands: str = ""
    day_first: bool | None = None

    @property
    def is_plain(self) -> bool:
        return self.decimal == "." and not self.thousands

    @cached_property
    def number(self) -> str:
        """The pattern of a number, whole ones included."""
        point = _MARKS[self.decimal]
        part = rf"({self._whole}({point}[0-9]*)?|{point}[0-9]+)([eE][+-]?[0-9]{{1,3}})?"
        return rf"^{_SIGN}{part}$|{_ENDLESS}"

    @cached_property
    def whole(self) -> str:
        """The pattern of a whole number without zeros before it."""
        return rf"^{_SIGN}(0|[1-9][0-9]*{self._grouped('[1-9]')})$"

    @cached_property
    def integer(self) -> str:
        """The pattern of any whole number."""
        return rf"^{_SIGN}{self._whole}$"

    @cached_property
    def _whole(self) -> str:
        return f"([0-9]+{self._grouped('[0-9]')})"

    def _grouped(self, first: str) -> str:
        if not self.thousands:
            return ""
        return f"|{first}[0-9]{{0,2}}({_MARKS[self.thousands]}[0-9]{{3}})+"

    def plain(self, cells: Any) -> Any:
        """Cells that are numbers of this notation as 1234.5."""
        if self.thousands:
            cells = pc.replace_substring_regex(cells, _MARKS[self.thousands], "")
        return pc.replace_substring(cells, ",", ".") if self.decimal == "," else cells


def as_iso(cells: Any, *, day_first: bool) -> Any:
    """Dates such as 24.11.2026, 11/24/26 3:05 PM or 2026/1/5 as 2026-11-24 15:05:00; what is none
    is missing. Whether the calendar has the day is left to who reads them."""
    ends = _iso(pc.extract_regex(cells, _ENDS_IN_YEAR), day_first=day_first)
    starts = _iso(pc.extract_regex(cells, _YEAR_FIRST), day_first=False)
    return pc.coalesce(ends, starts)


def _iso(found: Any, *, day_first: bool) -> Any:
    def part(name: str) -> Any:
        return pc.struct_field(found, name)

    def filled(texts: Any, empty: str) -> Any:
        return pc.if_else(pc.equal(texts, ""), empty, texts)

    day, month = (part("a"), part("b")) if day_first else (part("b"), part("a"))
    year, hour, half = part("y"), filled(part("h"), "0"), pc.utf8_lower(part("p"))
    recent = pc.less(pc.cast(year, pa.int64()), _PIVOT)
    century = pc.if_else(pc.equal(pc.utf8_length(year), 2), pc.if_else(recent, "20", "19"), "")
    number = pc.cast(hour, pa.int64())
    on_clock = pc.and_(pc.greater_equal(number, 1), pc.less_equal(number, 12))
    twelve = pc.if_else(pc.equal(number, 12), 0, number)
    number = pc.if_else(pc.equal(half, ""), number, pc.if_else(on_clock, twelve, None))
    number = pc.if_else(pc.equal(half, "p"), pc.add(number, 12), number)
    date = pc.binary_join_element_wise(
        pc.binary_join_element_wise(century, year, ""), _two(month), _two(day), "-"
    )
    time = pc.binary_join_element_wise(
        _two(pc.cast(number, pa.string())), filled(part("n"), "00"), filled(part("s"), "00"), ":"
    )
    return pc.binary_join_element_wise(date, time, " ")


def _two(texts: Any) -> Any:
    return pc.utf8_lpad(texts, 2, "0")
