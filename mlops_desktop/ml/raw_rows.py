"""Raw rows in parts that need not fit in memory, and what a recipe has made of them so far."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlops_desktop.core.datasets import Column
from mlops_desktop.ml.arrow_vectors import ARROW_TYPES, columns_of, features_on_table
from mlops_desktop.ml.fitted import FittedStep, needed

Places = npt.NDArray[np.int64]


class RawRows(Protocol):
    """A table of which some columns are read at a time, in blocks of rows."""

    @property
    def columns(self) -> tuple[Column, ...]: ...
    @property
    def num_rows(self) -> int: ...

    def blocks(self, names: Sequence[str]) -> Iterable[pa.Table]:
        """All rows of these columns, in order; at least one column is asked for."""


@dataclass(frozen=True, slots=True)
class TableRows:
    """A table in memory, as one block."""

    table: pa.Table

    @property
    def columns(self) -> tuple[Column, ...]:
        return columns_of(self.table)

    @property
    def num_rows(self) -> int:
        return self.table.num_rows

    def blocks(self, names: Sequence[str]) -> Iterable[pa.Table]:
        return (self.table.select(names),)


@dataclass(slots=True)
class Prepared:
    """Raw rows after some steps: which rows are left, and the feature steps that were fitted.

    places: for each row that is left its place in the parts, one below the other, ascending; all
    of them where None. Columns are made when they are asked for.
    """

    parts: list[RawRows]
    places: Places | None = None
    fitted: list[FittedStep] = field(default_factory=list)

    @property
    def columns(self) -> tuple[Column, ...]:
        found = self.parts[0].columns
        for step in self.fitted:
            found = step.after(found)
        return found

    @property
    def all_rows(self) -> int:
        return sum(part.num_rows for part in self.parts)

    @property
    def num_rows(self) -> int:
        return self.all_rows if self.places is None else len(self.places)

    def below(self, other: RawRows) -> None:
        """Add the rows of another table, which has all the columns."""
        before = self.all_rows
        self.parts.append(other)
        if self.places is not None:
            more = np.arange(before, before + other.num_rows)
            self.places = np.concatenate([self.places, more])

    def keep(self, kept: Places) -> None:
        """Only these of the rows that are left stay: places among them, ascending."""
        self.places = kept if self.places is None else self.places[kept]

    def __getitem__(self, name: str) -> Any:
        """A whole column."""
        columns = [column for column in self.columns if column.name == name]
        return whole(self.blocks([name]), columns)[name]

    def blocks(self, names: Sequence[str] | None = None) -> Iterator[pa.Table]:
        """The rows in order: these columns, or all of them."""
        raw, steps = [c.name for c in self.parts[0].columns], tuple(self.fitted)
        if names is not None:
            wanted, steps = needed(steps, names)
            # A column that is made of none has as many rows as any other.
            raw = list(wanted) or raw[:1]
        for block in self._raw_blocks(raw):
            table = features_on_table(block, steps)
            yield table if names is None else table.select(list(names))

    def _raw_blocks(self, names: Sequence[str]) -> Iterator[pa.Table]:
        types = {column.name: ARROW_TYPES[column.type] for column in self.parts[0].columns}
        schema, start = pa.schema([(name, types[name]) for name in names]), 0
        for part in self.parts:
            for block in part.blocks(names):
                # What is below takes the types of what is above.
                table = block.cast(schema) if len(self.parts) > 1 else block
                end = start + table.num_rows
                if self.places is not None:
                    first, last = np.searchsorted(self.places, (start, end))
                    table = table.take(self.places[first:last] - start)
                yield table
                start = end


def whole(blocks: Iterable[pa.Table], columns: Sequence[Column]) -> pa.Table:
    """Blocks one below the other; columns: what they have, where there is no block."""
    tables = list(blocks)
    if tables:
        return pa.concat_tables(tables)
    return pa.schema([(c.name, ARROW_TYPES[c.type]) for c in columns]).empty_table()
