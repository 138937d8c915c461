"""What a look at each column of a table shows: kept beside a version and drawn by the screens."""

from __future__ import annotations

from dataclasses import dataclass

from mlops_desktop.core.datasets import ColumnType


@dataclass(frozen=True, slots=True)
class Numbers:
    """Of a column of numbers or times (then microseconds since 1970).

    quantiles: of the 0, 5, 25, 50, 75, 95 and 100 percent. edges has one entry more than counts.
    """

    low: float
    high: float
    mean: float
    std: float
    quantiles: tuple[float, ...]
    edges: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class TopValue:
    value: str
    count: int


@dataclass(frozen=True, slots=True)
class ColumnProfile:
    """distinct counts the values that are there; distinct_exact is False where a sample was used.

    shortest and longest: characters of a TEXT column. numbers: None for TEXT, and where no
    (finite) value is there.
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


QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


@dataclass(frozen=True, slots=True)
class Profile:
    rows: int
    duplicate_rows: int
    columns: tuple[ColumnProfile, ...]

    def column(self, name: str) -> ColumnProfile | None:
        return next((column for column in self.columns if column.name == name), None)
