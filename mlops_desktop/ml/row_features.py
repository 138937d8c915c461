"""The feature steps of a model on single rows: what a server runs. Neither pyarrow nor pandas."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.ml import moments
from mlops_desktop.ml.fitted import FittedStep
from mlops_desktop.ml.operations import Read, reading


class RowFeatures:
    """Fitted steps compiled for rows of plain values. Safe to use from several threads."""

    def __init__(
        self,
        fitted: Iterable[FittedStep],
        input_columns: Sequence[str],
        output_columns: Sequence[str],
    ) -> None:
        """input_columns: of the rows that come. Raises KeyError where a step or an output needs a
        column that is not there."""
        self.inputs = tuple(input_columns)
        self.outputs = tuple(output_columns)
        # A row grows to the right: what comes, then what is read of it as its type, then what is
        # made. at: where a column lies; typed: where it lies as its type.
        at = {name: place for place, name in enumerate(self.inputs)}
        typed: dict[str, int] = {}
        self._reads: list[Read] = []
        for step in fitted:
            for made in step.makes:
                for name, kind in made.expression.columns:
                    if name not in typed:
                        typed[name] = self._append(_converting(name, at[name], kind))
                        if kind is ColumnType.DATETIME:
                            at[name] = typed[name]  # ISO text comes out as a moment, too.
            made_at = {
                made.column.name: self._append(reading(made.expression, typed))
                for made in step.makes
            }
            at |= made_at
            typed |= made_at
        self._places = [at[name] for name in self.outputs]

    def _append(self, read: Read) -> int:
        self._reads.append(read)
        return len(self.inputs) + len(self._reads) - 1

    @classmethod
    def from_json(
        cls,
        fitted: Sequence[dict[str, Any]],
        input_columns: Sequence[str],
        output_columns: Sequence[str],
    ) -> RowFeatures:
        """From what FittedStep.to_json gave."""
        return cls(map(FittedStep.from_json, fitted), input_columns, output_columns)

    def row(self, values: Sequence[object]) -> list[object]:
        """The output columns of one row, None where missing; columns that no step touches stay as
        they came. Raises ValueError for a value that its column cannot hold."""
        slots = list(values)
        for read in self._reads:
            slots.append(read(slots))
        return [slots[place] for place in self._places]

    def rows(self, rows: Iterable[Sequence[object]]) -> list[list[object]]:
        """As row(), for many."""
        return [self.row(values) for values in rows]


def _converting(name: str, place: int, kind: ColumnType) -> Read:
    value_at, convert = itemgetter(place), _CONVERT[kind]

    def read(row: list[Any]) -> Any:
        value = value_at(row)
        try:
            return None if value is None else convert(value)
        except (ValueError, TypeError, OverflowError) as error:
            raise ValueError(f"{value!r} in the column {name!r} is not {kind.value}.") from error

    return read


def _number(value: Any) -> float | None:
    number = value if type(value) is float else float(value)
    return number if math.isfinite(number) else None


def _integer(value: Any) -> int | None:
    if isinstance(value, int | str):
        number = int(value)
    elif not math.isfinite(value):
        return None
    else:
        number = int(value)
        if number != value:
            raise ValueError("not whole")
    if not -(2**63) <= number < 2**63:
        raise ValueError("too large")
    return number


def _boolean(value: Any) -> bool | None:
    if isinstance(value, bool) or value in (0, 1):
        return bool(value)
    if value != value:
        return None
    raise ValueError("neither true nor false")


def _text(value: Any) -> str | None:
    if isinstance(value, str):
        return value
    if value != value:
        return None
    raise ValueError("not text")


def _moment(value: Any) -> datetime | None:
    return moments.moment(value)


_CONVERT: dict[ColumnType, Callable[[Any], Any]] = {
    ColumnType.NUMBER: _number,
    ColumnType.INTEGER: _integer,
    ColumnType.BOOLEAN: _boolean,
    ColumnType.TEXT: _text,
    ColumnType.DATETIME: _moment,
}
