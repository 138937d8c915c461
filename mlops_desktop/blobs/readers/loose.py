"""Columns whose cells each have a type of their own, as in JSON, workbooks and SQLite tables.

Cells of one type are kept as they are; texts become dates where all of them are. Where a column
mixes types, all of its cells are written as text and judged as those of a CSV file are.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import pyarrow as pa

from mlops_desktop.blobs.cells import PLAIN, convert
from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.blobs.notation import Notation
from mlops_desktop.blobs.readers.tally import Tally
from mlops_desktop.blobs.readers.verdict import Verdict, judge
from mlops_desktop.core.datasets import ColumnType, DataWarning, WarningKind

_EXACT = 2**53  # Whole numbers up to here are exact as floats.
_KINDS: dict[type, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "text",
    datetime: "datetime",
    date: "datetime",
    dict: "nested",
    list: "nested",
}
_NATURAL = {
    frozenset({"boolean"}): ColumnType.BOOLEAN,
    frozenset({"integer"}): ColumnType.INTEGER,
    frozenset({"number"}): ColumnType.NUMBER,
    frozenset({"integer", "number"}): ColumnType.NUMBER,
    frozenset({"datetime"}): ColumnType.DATETIME,
    frozenset({"nested"}): ColumnType.TEXT,
    frozenset[str](): ColumnType.TEXT,
}


@dataclass(frozen=True, slots=True)
class Plan:
    """How to read a column. as_text: its cells are written as text first, then converted."""

    kind: ColumnType
    as_text: bool = False
    notation: Notation = PLAIN
    warnings: tuple[DataWarning, ...] = ()
    why_day_first: str = ""
    misfit: str = ""


class LooseColumn:
    """Counts the types of cells that stream by; plan() then tells how to read them.

    kinds: which of the words of _KINDS (and 'other') were seen. widest: the largest whole number,
    by its absolute value. texts: a tally, needed where needs_texts() says so.
    """

    def __init__(
        self, name: str, notation: Notation, wanted: ColumnType | None, *, whole_floats: bool
    ) -> None:
        """whole_floats: floats that are all whole are whole numbers, as in a workbook."""
        self.name, self.wanted, self._whole_floats = name, wanted, whole_floats
        self.kinds: set[str] = set()
        self.widest = 0
        self.whole = True  # All floats so far are whole and exact.
        self.texts = Tally(notation)

    def add(self, cells: Sequence[object]) -> None:
        """Count cells; None is missing."""
        types = set(map(type, cells)) - {type(None)}
        self.kinds |= {_KINDS.get(kind, "other") for kind in types}
        if int in types:
            least = min(cell for cell in cells if type(cell) is int)
            most = max(cell for cell in cells if type(cell) is int)
            self.widest = max(self.widest, -least - 1, most)
        if float in types and self.whole:
            self.whole = all(
                cell.is_integer() and abs(cell) <= _EXACT for cell in cells if type(cell) is float
            )

    def needs_texts(self) -> bool:
        """Whether plan() needs a tally of all cells as texts."""
        natural = self._natural()
        return natural is None or self.wanted not in (None, natural)

    def plan(self) -> Plan:
        natural, nested = self._natural(), self._nested()
        if not self.needs_texts():
            return Plan(natural or ColumnType.TEXT, "nested" in self.kinds, warnings=nested)
        texts = self.texts
        verdict = judge(self.name, texts, self.wanted)
        there = texts.rows - texts.empty - texts.marked.count
        if self.wanted is None and self.kinds == {"text"}:
            verdict = self._quoted(
                verdict, numbers=texts.numbers == there > 0 and not texts.zero_led
            )
        elif self.wanted is None and self._is_rounding() and verdict.kind is ColumnType.NUMBER:
            verdict = self._long()
        notation = Notation(texts.notation.decimal, texts.notation.thousands, verdict.day_first)
        warned = (verdict.warning,) if verdict.warning is not None else ()
        return Plan(verdict.kind, True, notation, (*nested, *warned), verdict.why, verdict.misfit)

    def _natural(self) -> ColumnType | None:
        if self.widest > 2**63 - 1 or self._is_rounding():
            return None
        natural = _NATURAL.get(frozenset(self.kinds))
        if natural is ColumnType.NUMBER and self._whole_floats and self.whole:
            return ColumnType.INTEGER
        return natural

    def _is_rounding(self) -> bool:
        return self.kinds == {"integer", "number"} and self.widest > _EXACT

    def _nested(self) -> tuple[DataWarning, ...]:
        if "nested" not in self.kinds:
            return ()
        return (
            DataWarning(
                WarningKind.TYPE,
                (self.name,),
                f"`{self.name}` holds lists or records; each is kept as JSON text.",
                "A model sees each different text as a category of its own.",
                "Write what matters of it into columns of their own.",
            ),
        )

    def _quoted(self, verdict: Verdict, *, numbers: bool) -> Verdict:
        """Of cells that are texts in the file: numbers among them stay text unless asked for."""
        if verdict.kind is ColumnType.DATETIME:
            return verdict
        warning = verdict.warning
        if numbers:
            warning = DataWarning(
                WarningKind.TYPE,
                (self.name,),
                f"`{self.name}` holds numbers that the file keeps as text. Kept as text.",
                "As text, each different number is a category of its own.",
                "If they are amounts and no codes, read the column as number.",
                read_as=(ColumnType.NUMBER,),
            )
        elif verdict.kind is not ColumnType.TEXT:
            warning = None
        return Verdict(ColumnType.TEXT, native=False, sure=True, warning=warning)

    def _long(self) -> Verdict:
        warning = DataWarning(
            WarningKind.TYPE,
            (self.name,),
            f"`{self.name}` mixes decimals with whole numbers of more than 15 digits. "
            "Kept as text.",
            "As numbers, the last digits of the long ones would be rounded.",
            "If that does not matter, read the column as number.",
            read_as=(ColumnType.NUMBER,),
        )
        return Verdict(ColumnType.TEXT, native=False, sure=True, warning=warning)


def as_texts(cells: Sequence[object], *, whole_floats: bool = False) -> Any:
    """Cells as an array of texts. whole_floats: 3.0 is written as 3, as a workbook shows it."""
    return pa.array([_text(cell, whole_floats) for cell in cells], pa.string())


def as_array(cells: Sequence[object], plan: Plan, *, whole_floats: bool = False) -> Any:
    """Cells as an array of the plan's type."""
    if plan.as_text:
        texts = as_texts(cells, whole_floats=whole_floats)
        if plan.kind is ColumnType.TEXT:
            return texts
        return convert(texts, plan.kind, plan.notation)
    if plan.kind is ColumnType.DATETIME:  # A date is a datetime with its hours left out.
        cells = [datetime.combine(cell, time()) if type(cell) is date else cell for cell in cells]
    if plan.kind is ColumnType.INTEGER and whole_floats:
        cells = [int(cell) if isinstance(cell, float) else cell for cell in cells]
    return pa.array(cells, ARROW_TYPES[plan.kind])


def _text(cell: object, whole_floats: bool) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and whole_floats and cell.is_integer() and abs(cell) <= _EXACT:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(" ")
    if isinstance(cell, date | time):
        return cell.isoformat()
    if isinstance(cell, dict | list):
        return json.dumps(cell, ensure_ascii=False)
    if isinstance(cell, timedelta):
        return str(cell.total_seconds()).removesuffix(".0")
    return repr(cell)
