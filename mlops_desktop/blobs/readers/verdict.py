"""What type a column of texts has, judged from the tally of all its cells."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mlops_desktop.blobs.readers.tally import Tally
from mlops_desktop.core.datasets import ColumnType, DataWarning, WarningKind

_MOSTLY = 0.95  # So many numbers among the cells make the rest look like mistakes.
_PARTLY = 0.5


@dataclass(frozen=True, slots=True)
class Verdict:
    """kind: what the column is read as. native: Arrow's CSV reader can read it by itself.
    sure: more rows can only contradict it in a way that Arrow's reader reports. day_first: how
    its dates are written, where they are not written year first; why: the reason for that.
    misfit: the first cell that is not of the type that was asked for, nor stands for missing."""

    kind: ColumnType
    native: bool
    sure: bool
    warning: DataWarning | None = None
    day_first: bool | None = None
    why: str = ""
    misfit: str = ""


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
    if cells and (ordered := _ordered(name, tally, cells)):
        return ordered
    if not cells or padded:
        return Verdict(ColumnType.TEXT, native=True, sure=bool(cells))
    warning = _spoiled(name, tally, cells)
    return Verdict(ColumnType.TEXT, native=True, sure=warning is None, warning=warning)


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
        "Leave it so if they mean missing; else correct the file and import it again.",
        read_as=(ColumnType.TEXT,),
    )
    return Verdict(kind, native=False, sure=False, warning=warning)


def _ordered(name: str, tally: Tally, cells: int) -> Verdict | None:
    """Dates with the day or the month first, where all cells are such in one of the two ways."""
    asked, plain = tally.notation.day_first, tally.times + tally.zoned
    ways = [way for way in (True, False) if tally.written[way] + plain == cells]
    if asked is not None:
        ways = [way for way in ways if way is asked]
    if not ways or not tally.other_dates:
        return None
    clean = _clean(name, tally, ColumnType.DATETIME, "dates")
    verdict = replace(clean, native=False, sure=False, day_first=ways[0])
    only = tally.only[ways[0]]
    if asked is not None or not tally.either.count:
        return verdict
    if only.count:
        word = "day" if ways[0] else "month"
        return replace(verdict, why=f"`{name}` fits only with the {word} first ({only}).")
    why = (
        f"The dates of `{name}` fit with the day first and with the month first "
        f"({tally.either}); most of the world writes the day first."
    )
    warning = DataWarning(
        WarningKind.DATES,
        (name,),
        f"`{name}` may be read with the day or with the month first ({tally.either}). "
        "Read with the day first.",
        "No value tells which: none is above 12.",
        "Look at the dates; if they are wrong, read the file again with the month first.",
        day_first=(False,),
    )
    return replace(verdict, warning=verdict.warning or warning, why=why)


def _as_wanted(name: str, tally: Tally, wanted: ColumnType) -> Verdict:
    if wanted is ColumnType.TEXT:
        return Verdict(wanted, native=True, sure=True)
    good = {
        ColumnType.INTEGER: tally.whole + tally.zero_led,
        ColumnType.NUMBER: tally.numbers,
        ColumnType.BOOLEAN: tally.booleans,
        ColumnType.DATETIME: tally.times + tally.zoned + max(tally.written.values()),
    }[wanted]
    order = None
    if wanted is ColumnType.DATETIME and tally.other_dates:
        asked = tally.notation.day_first
        order = tally.written[True] >= tally.written[False] if asked is None else asked
        good = tally.times + tally.zoned + tally.written[order]
    bad = tally.rows - tally.empty - good
    warning = None
    misfit = ""
    if bad:
        sort = tally.not_number
        if wanted in (ColumnType.DATETIME, ColumnType.INTEGER):
            sort = tally.not_time if wanted is ColumnType.DATETIME else tally.not_whole
        if bad > tally.marked.count:
            misfit = str(sort).removeprefix("first: ") if sort.count else "one of its values"
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
    return Verdict(
        wanted, native=False, sure=False, warning=warning, day_first=order, misfit=misfit
    )


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
            f"`{name}`: dates are written in different ways ({_odd(tally)}). Kept as text.",
            "As text, nothing can be learned from the order or the season.",
            "Write them all in one way, or read them as dates: what does not fit becomes missing.",
            read_as=(ColumnType.DATETIME,),
        )
    return None


def _odd(tally: Tally) -> str:
    """The first date of each way that the others do not fit."""
    firsts = [first for first in tally.only.values() if first.count] or [tally.not_time]
    return "; ".join(str(first) for first in firsts)
