"""What a look at a table shows, column by column and of columns together; drawn by the screens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_desktop.core.datasets import ColumnType

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

Triangle = tuple[tuple[float | None, ...], ...]  # Row i holds the entries (i, 0) to (i, i - 1).


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of a column of numbers or times (then microseconds since 1970).

    quantiles: of the 0, 5, 25, 50, 75, 95 and 100 percent. edges has one entry more than counts.
    lowest and highest: up to ten different values, the farthest first.
    """

    low: float
    high: float
    mean: float
    std: float
    quantiles: tuple[float, ...]
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    lowest: tuple[float, ...] = ()
    highest: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class TopValue:
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """distinct counts the values that are there; distinct_exact is False where a sample was used.

    shortest, longest and mean_length: characters of a TEXT column. numbers: None for TEXT, and
    where no (finite) value is there.
    """

    name: str
    type: ColumnType
    rows: int
    missing: int
    distinct: int
    distinct_exact: bool = True
    numbers: Numbers | None = None
    top: tuple[TopValue, ...] = ()
    shortest: int | None = None
    longest: int | None = None
    mean_length: float | None = None


QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Correlations:
    """How strongly columns go together, from `rows` rows (random ones where sampled).

    columns: those that were looked at, in the order of the table; of them are ordered those of
    numbers, times and yes-or-no. spearman and pearson: -1 to 1, between such. Others are
    categories; strength is 0 to 1, Cramer's V between two of them, the correlation ratio between
    one and numbers. None where it cannot be told, or is no matter of that measure.
    left_out: so many more would have had one.
    """

    rows: int
    sampled: bool
    columns: tuple[str, ...]
    ordered: tuple[bool, ...]
    spearman: Triangle
    pearson: Triangle
    strength: Triangle
    left_out: int = 0

    def matrix(self, *, ranks: bool = True) -> npt.NDArray[np.float64]:
        """The whole square with NaN where nothing is known; numbers by rank or by value."""
        import numpy as np  # noqa: PLC0415  Not needed by those who only list.

        between = self.spearman if ranks else self.pearson
        found = full(between)
        strength = full(self.strength)
        return np.where(np.isnan(found), strength, found)


@dataclass(frozen=True, slots=True)
class GapPattern:
    """`rows` rows lack exactly these columns (indexes into Gaps.columns)."""

    columns: tuple[int, ...]
    rows: int


@dataclass(frozen=True, slots=True)
class Gaps:
    """Which values are missing together, from `rows` rows (random ones where sampled).

    columns: those with gaps. patterns: the most frequent first, the complete rows among them;
    other_patterns so many more, of other_rows rows. nullity: Pearson's correlation of being
    missing, from -1 (one or the other) to 1 (always together).
    """

    rows: int
    sampled: bool
    columns: tuple[str, ...]
    missing: tuple[int, ...]
    patterns: tuple[GapPattern, ...]
    other_patterns: int
    other_rows: int
    nullity: Triangle
    left_out: int = 0


@dataclass(frozen=True, slots=True)
class Profile:
    """correlations and gaps: None in profiles that were made before they were looked at."""

    rows: int
    duplicate_rows: int
    columns: tuple[ColumnProfile, ...]
    correlations: Correlations | None = None
    gaps: Gaps | None = None

    def column(self, name: str) -> ColumnProfile | None:
        return next((column for column in self.columns if column.name == name), None)


@dataclass(frozen=True, slots=True)
class TargetSplit:
    """A column's histogram by a target. Its bins are those of the profile: of numbers between
    their edges, else the top values and, last, all others.

    classes: the target's most frequent values and, last, '' for the others where there are more;
    counts has a row for each of them. Empty where the target is a number: then means holds its
    mean in each bin (None where a bin is empty), and counts one row.
    """

    column: str
    target: str
    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    means: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Box:
    """The quantiles of 5, 25, 50, 75 and 95 percent of `rows` numbers beside one category."""

    name: str
    rows: int
    quantiles: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two columns against each other, in one of three ways.

    x and y: points of two columns of numbers, x in seconds since 1970 where x_is_time. boxes:
    numbers (y) by category (x). Else shares: of the rows with the value x_names[i], how many have
    y_names[j], from 0 to 1. rows: those where both are there; sampled: not all are points.
    """

    x_name: str
    y_name: str
    rows: int
    sampled: bool
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()
    x_is_time: bool = False
    boxes: tuple[Box, ...] = ()
    x_names: tuple[str, ...] = ()
    y_names: tuple[str, ...] = ()
    shares: tuple[tuple[float, ...], ...] = ()


def triangle(matrix: npt.NDArray[np.float64]) -> Triangle:
    """The part of a symmetric matrix below the diagonal, to three digits; NaN becomes None."""
    import numpy as np  # noqa: PLC0415  Not needed by those who only list.

    rounded = np.round(matrix, 3)
    return tuple(
        tuple(None if np.isnan(value) else float(value) for value in rounded[row, :row])
        for row in range(len(rounded))
    )


def full(values: Sequence[Sequence[float | None]]) -> npt.NDArray[np.float64]:
    """The symmetric matrix of a triangle, with 1 on its diagonal."""
    import numpy as np  # noqa: PLC0415  Not needed by those who only list.

    matrix = np.eye(len(values))
    for row, entries in enumerate(values):
        if row:
            matrix[row, :row] = [np.nan if value is None else value for value in entries]
            matrix[:row, row] = matrix[row, :row]
    return matrix
