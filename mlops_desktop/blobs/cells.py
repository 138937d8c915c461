"""What the text of a cell means, by type: the same for an import and for rows to predict."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.blobs.notation import Notation, as_iso
from mlops_desktop.core.datasets import ColumnType

_LONG = r"^[+-]?[0-9]{19,}$"  # May not fit in 64 bits.
BOOLEAN = r"^(true|True|TRUE|false|False|FALSE)$"
_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,6})?)?"
_ZONE = r"(Z|[+-][0-9]{2}:?[0-9]{2})"
PLAIN_TIME = rf"^{_DAY}([T ]{_CLOCK})?$"
ZONED_TIME = rf"^{_DAY}[T ]{_CLOCK}{_ZONE}$"
PLAIN = Notation()
# The years 1 to 9999 are those that Python can show.
FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799


def convert(texts: Any, kind: ColumnType, notation: Notation = PLAIN) -> Any:
    """Texts as values of a type; what is no such value becomes missing."""
    cells = pc.utf8_trim_whitespace(texts)
    if kind is ColumnType.DATETIME:
        found = pc.coalesce(times(cells, PLAIN_TIME, None), times(cells, ZONED_TIME, "UTC"))
        if notation.day_first is None:
            return found
        written = as_iso(cells, day_first=notation.day_first)
        return pc.coalesce(found, times(written, PLAIN_TIME, None))
    if kind is ColumnType.BOOLEAN:
        cells = _matching(cells, BOOLEAN)
        return pc.equal(pc.utf8_lower(cells), pa.scalar("true"))
    pattern = notation.integer if kind is ColumnType.INTEGER else notation.number
    cells = notation.plain(_matching(cells, pattern))
    if kind is ColumnType.INTEGER and too_long(cells):
        cells = pa.array([text if text and _fits(text) else None for text in cells.to_pylist()])
    return pc.cast(pc.replace_substring_regex(cells, r"^\+", ""), ARROW_TYPES[kind])


def _matching(cells: Any, pattern: str) -> Any:
    return pc.if_else(pc.match_substring_regex(cells, pattern), cells, None)


def too_long(cells: Any) -> int:
    """How many of the whole numbers of 19 digits do not fit in 64 bits."""
    if (pc.max(pc.binary_length(cells)).as_py() or 0) < 19:
        return 0
    return sum(not _fits(text) for text in _matching(cells, _LONG).drop_null().to_pylist())


def _fits(text: str) -> bool:
    return -(2**63) <= int(text) < 2**63


def times(cells: Any, pattern: str, zone: str | None) -> Any:
    """The cells of that pattern as times, missing where the calendar has no such day, and outside
    the years 1 to 9999."""
    matching = _matching(cells, pattern)
    try:
        found = pc.cast(matching, pa.timestamp("us", zone))
    except pa.ArrowInvalid:
        found = pa.array([_time(cell, zone) for cell in matching], pa.timestamp("us", zone))
    found = found.cast(pa.timestamp("us"))
    # Made here, as with its first value pyarrow imports pandas, which not every program needs.
    first, end = (
        pa.scalar(second * 1_000_000, found.type) for second in (FIRST_SECOND, LAST_SECOND + 1)
    )
    there = pc.and_(pc.greater_equal(found, first), pc.less(found, end))
    return pc.if_else(there, found, None)


def _time(cell: Any, zone: str | None) -> Any:
    try:
        return pc.cast(cell, pa.timestamp("us", zone)).as_py()
    except pa.ArrowInvalid:
        return None
