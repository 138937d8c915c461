"""What changed between two versions of data: columns, rows, cells, and how values are spread."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_desktop.core.datasets import Column, ColumnType, DatasetVersion
from mlops_desktop.core.figures import percent

RowNumbers = npt.NDArray[np.int64]
KOLMOGOROV_SMIRNOV = "Kolmogorov-Smirnov"
CHI_SQUARE = "Chi-square"
SURE = 0.05  # A shift whose p-value is not below may be chance.
SMALL, LARGE = 0.1, 0.3  # Effects below and from there on; 0.1 is where monitoring sees drift.


def _no_rows() -> RowNumbers:
    return np.zeros(0, np.int64)


class ColumnChangeKind(StrEnum):
    ADDED = "added"
    REMOVED = "removed"
    RENAMED = "renamed"
    RETYPED = "retyped"


@dataclass(frozen=True, slots=True)
class ColumnPair:
    """A column of both versions; its name or its type may differ."""

    before: Column
    after: Column

    @property
    def name(self) -> str:
        return self.after.name

    @property
    def retyped(self) -> bool:
        return self.before.type is not self.after.type


@dataclass(frozen=True, slots=True)
class ColumnChange:
    """same: the share of the rows of both versions in which the value is equal, where both have
    the column."""

    kind: ColumnChangeKind
    before: Column | None
    after: Column | None
    same: float | None = None

    def __str__(self) -> str:
        match self.kind, self.before, self.after:
            case ColumnChangeKind.ADDED, _, Column(name, kind):
                return f"`{name}` is new ({kind})"
            case ColumnChangeKind.REMOVED, Column(name, kind), _:
                return f"`{name}` is gone ({kind})"
            case ColumnChangeKind.RENAMED, Column(old), Column(name):
                return f"`{old}` is now called `{name}`; {self._sameness()}"
            case _, Column(_, old), Column(name, kind):
                return f"`{name}` was {old} and is {kind}; {self._sameness()}"
        return str(self.kind)

    def _sameness(self) -> str:
        if self.same is None:
            return "there are no rows to compare"
        if self.same == 1:
            return "all values are the same"
        return f"{percent(self.same)} of the values are the same"


@dataclass(frozen=True, slots=True)
class Spread:
    """One column in one version. mean and std: of numbers (times: microseconds since 1970).

    counts: rows a bin, or a category and last those that are missing.
    """

    rows: int
    missing: int
    counts: tuple[int, ...]
    mean: float | None = None
    std: float | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """How the spread of a column differs, with its test.

    edges: of the bins of numbers and times, one more than counts; else categories names them.
    statistic: the distance D of Kolmogorov-Smirnov or chi-square; p: how likely chance alone
    gives as much; effect: how far, in the unit of `measure`. sampled: from some of the rows.
    """

    column: str
    type: ColumnType
    test: str
    statistic: float
    p: float
    measure: str
    effect: float
    before: Spread
    after: Spread
    words: str
    edges: tuple[float, ...] = ()
    categories: tuple[str, ...] = ()
    sampled: bool = False

    @property
    def sure(self) -> bool:
        return self.p < SURE

    @property
    def size(self) -> str:
        """In a word, for people: none that is clear, small, medium or large."""
        if not self.sure:
            return "no clear shift"
        if self.effect < SMALL:
            return "small"
        return "medium" if self.effect < LARGE else "large"

    @property
    def tested(self) -> str:
        """The test in one line, such as 'Kolmogorov-Smirnov 0.12, p < 0.001'."""
        p = "p < 0.001" if self.p < 0.001 else f"p = {self.p:.3f}"
        statistic = f"{self.statistic:.3f}" if self.statistic < 10 else f"{self.statistic:,.0f}"
        return f"{self.test} {statistic}, {p}; {self.measure} {self.effect:.3f}"


@dataclass(frozen=True, slots=True)
class RowNumbersOf:
    """Which rows changed (from 0), for pages of them. changed_before and changed_after belong
    together; those with an `after` are in its order, the others in the order of `before`."""

    changed_before: RowNumbers = field(default_factory=_no_rows)
    changed_after: RowNumbers = field(default_factory=_no_rows)
    added: RowNumbers = field(default_factory=_no_rows)
    removed: RowNumbers = field(default_factory=_no_rows)


@dataclass(frozen=True, slots=True)
class Changes:
    """What turns one version into another. Rows that only moved are no change.

    pairs: the columns of both, in the order of `after`. key: the columns whose values tell which
    row is which; without one, rows are the same where all their values are. keys: columns that
    could be one. same_rows: equal in all pairs. cells: changed cells a column, by its name in
    `after`. reordered: rows stand in another order. shifts: the largest effect first.
    """

    before: DatasetVersion
    after: DatasetVersion
    pairs: tuple[ColumnPair, ...]
    columns: tuple[ColumnChange, ...]
    key: tuple[str, ...]
    key_guessed: bool
    keys: tuple[str, ...]
    same_rows: int
    reordered: bool
    cells: dict[str, int]
    shifts: tuple[Shift, ...]
    rows: RowNumbersOf = field(default_factory=RowNumbersOf, compare=False, repr=False)

    @property
    def added(self) -> int:
        return len(self.rows.added)

    @property
    def removed(self) -> int:
        return len(self.rows.removed)

    @property
    def changed(self) -> int:
        return len(self.rows.changed_after)

    @property
    def nothing(self) -> bool:
        """True where both hold the same columns and rows, in whatever order."""
        return not (self.columns or self.added or self.removed or self.changed)

    def __str__(self) -> str:
        """The whole in a sentence without its full stop."""
        if self.nothing:
            return "The same rows in another order" if self.reordered else "Nothing changed"
        found = [part for part in (self.rows_words(), self.columns_words()) if part]
        return "; ".join(found)

    def rows_words(self) -> str:
        """'12 rows added, 3 removed, 40 changed in 2 columns'; empty where all rows are equal."""
        parts = [
            f"{count:,} {word}"
            for count, word in ((self.added, "added"), (self.removed, "removed"))
            if count
        ]
        if self.changed:
            inside = counted(len(self.cells), "column")
            parts.append(f"{self.changed:,} changed in {inside}")
        if not parts:
            return ""
        count, _, rest = parts[0].partition(" ")
        parts[0] = f"{count} {'row' if count == '1' else 'rows'} {rest}"
        return ", ".join(parts)

    def columns_words(self) -> str:
        """'1 column renamed, 2 added'; empty where the columns are the same."""
        kinds = [change.kind for change in self.columns]
        parts = [(kinds.count(kind), kind.value) for kind in ColumnChangeKind if kind in kinds]
        if not parts:
            return ""
        first = f"{counted(parts[0][0], 'column')} {parts[0][1]}"
        return ", ".join([first, *(f"{count} {word}" for count, word in parts[1:])])

    def matched_words(self) -> str:
        """How rows were told apart."""
        if not self.pairs:
            return "they have no column in common"
        if not self.key:
            return "rows are told apart by all their values"
        names = " and ".join(f"`{name}`" for name in self.key)
        return f"rows are told apart by {names}{' (guessed)' if self.key_guessed else ''}"


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row before and after, values in the order of Fields; () and None on the side that lacks
    it. differs: which of the fields changed. Rows count from 0."""

    before_row: int | None
    after_row: int | None
    before: tuple[Any, ...]
    after: tuple[Any, ...]
    differs: tuple[bool, ...]


def fields(changes: Changes) -> tuple[tuple[Column | None, Column | None], ...]:
    """Every column of one of the two as (before, after): the key first, then as they stand in
    `after`, then those that are gone."""
    pair_of = {pair.after.name: pair for pair in changes.pairs}
    paired = {pair.before.name for pair in changes.pairs}
    found: list[tuple[Column | None, Column | None]] = [
        (pair.before if (pair := pair_of.get(column.name)) else None, column)
        for column in changes.after.columns
    ]
    found.sort(key=lambda both: both[1] is None or both[1].name not in changes.key)
    return (*found, *((c, None) for c in changes.before.columns if c.name not in paired))


def counted(count: int, noun: str) -> str:
    """'1 column', '1,200 columns'."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
