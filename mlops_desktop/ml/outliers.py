"""Few values that lie far from all others, as a slip of the keyboard leaves them."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mlops_desktop.core.profile import ColumnProfile, Numbers

_FENCE = 3.0  # Tukey's outer fences: so many quartile distances beyond the quartiles.
_GAP = 3.0  # And as many between a value and the next one inwards.
_LEAST_ROWS = 50
_LEAST_VALUES = 11  # Fewer are grades or counts, where each value is as good as the next.


@dataclass(frozen=True, slots=True)
class FarOut:
    """values: what lies out on one side, the farthest first. next: the last one that does not."""

    values: tuple[float, ...]
    next: float
    above: bool


def far_out(column: ColumnProfile) -> list[FarOut]:
    """At most one entry a side, told from the column's ten lowest and highest values.

    Beyond Tukey's outer fences (Exploratory Data Analysis, 1977) lies a good part of any skewed
    column, so a value must also stand apart: by three quartile distances from the next one and,
    where nothing is negative, by as many on the scale of logarithms, which skewed amounts
    (fares, areas) are regular on. Where a quarter is 0 it must be twice the next instead.
    """
    numbers = column.numbers
    known = numbers is not None and column.type.is_numeric
    if not known or column.rows < _LEAST_ROWS or column.distinct < _LEAST_VALUES:
        return []
    assert numbers is not None
    sides = (_beyond(numbers, numbers.highest, above=True), _beyond(numbers, numbers.lowest))
    return [side for side in sides if side is not None]


def _beyond(numbers: Numbers, ends: tuple[float, ...], *, above: bool = False) -> FarOut | None:
    low, high = numbers.quantiles[2], numbers.quantiles[4]
    spread = high - low
    if spread <= 0:
        return None
    fence = high + _FENCE * spread if above else low - _FENCE * spread
    for inner in range(len(ends) - 1, 0, -1):
        value, following = ends[inner - 1], ends[inner]
        outside = value > fence if above else value < fence
        if (
            outside
            and abs(value - following) >= _GAP * spread
            and _apart(numbers, value, following)
        ):
            return FarOut(ends[:inner], following, above)
    return None


def _apart(numbers: Numbers, value: float, following: float) -> bool:
    """Whether the gap is one on the scale of logarithms, too, where there is such a scale."""
    if numbers.quantiles[1] < 0 or min(value, following) < 0:
        return True
    if min(value, following) == 0:
        return False  # Zeros that stand apart have a warning of their own.
    gap = abs(math.log(value / following))
    low, high = numbers.quantiles[2], numbers.quantiles[4]
    return gap >= (_GAP * math.log(high / low) if low > 0 else math.log(2))
