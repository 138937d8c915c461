"""What readers of JSON and of workbooks share: blocks of cells are looked at, then read."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa

from mlops_desktop.blobs import objects
from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.blobs.notation import Notation
from mlops_desktop.blobs.readers.loose import LooseColumn, Plan, as_array, as_texts
from mlops_desktop.blobs.readers.reading import Progress, Seen
from mlops_desktop.core.datasets import Column, DataWarning, ImportOptions
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.importing import Guess

Block = dict[str, Sequence[object]]


class CellReading(ABC):
    """A subclass opens its file in __init__, gives blocks, and calls look() at the end.

    A block holds some rows: a column's name -> its cells. Not every block has every column.
    """

    whole_floats = False  # 3.0 is the number 3, as in a workbook.

    def __init__(self, path: Path, options: ImportOptions, most: int | None) -> None:
        """most: a sample of so many columns will do."""
        self.path, self.most = path, most
        self.options = options
        self.sampled = False
        self.width = 0
        self.warned: list[DataWarning] = []
        self.guessed: list[Guess] = []
        self._plans: dict[str, Plan] = {}
        self._notation = Notation(
            options.decimal or ".", options.thousands or "", options.day_first
        )

    @abstractmethod
    def blocks(self) -> Iterator[tuple[Block, int, float]]:
        """Blocks with their number of rows, and how much of the file is done."""

    def look(self, progress: Progress) -> None:
        """Look at the types of all cells: once, and where a column mixes types once more."""
        found: dict[str, LooseColumn] = {}
        rows = 0
        for block, count, done in self.blocks():
            progress(done / 2, f"Looking at the types: {rows:,} rows")
            for name, cells in block.items():
                if name not in found:
                    found[name] = self._new(name)
                found[name].add(cells)
            rows += count
        if not rows:
            raise UserError(f"{self.path.name} has no rows.", hint="Choose a file with data in it.")
        self.width = max(self.width, len(found))
        doubtful = [name for name, column in found.items() if column.needs_texts()][: self.most]
        if doubtful:
            for block, count, done in self.blocks():
                progress(done / 2, "Looking at columns of mixed types")
                for name in doubtful:
                    cells = block.get(name, [None] * count)
                    found[name].texts.add(self._as_texts(name, cells))
        self._plans = {name: column.plan() for name, column in list(found.items())[: self.most]}

    @property
    def columns(self) -> tuple[Column, ...]:
        return tuple(Column(name, plan.kind) for name, plan in self._plans.items())

    @property
    def warnings(self) -> list[DataWarning]:
        return [*self.warned, *(w for plan in self._plans.values() for w in plan.warnings)]

    @property
    def misfits(self) -> dict[str, str]:
        return {name: plan.misfit for name, plan in self._plans.items() if plan.misfit}

    @property
    def guesses(self) -> tuple[Guess, ...]:
        dates = [p for p in self._plans.values() if p.notation.day_first is not None]
        if not dates and self.options.day_first is None:
            return tuple(self.guessed)
        why = next((p.why_day_first for p in dates if p.why_day_first), "All dates fit that way.")
        value = dates[0].notation.day_first if dates else None
        if self.options.day_first is not None:
            value, why = self.options.day_first, "You chose it."
        return (*self.guessed, Guess("day_first", value, why, (True, False)))

    def batches(self, seen: Seen, progress: Progress) -> Iterator[pa.RecordBatch]:
        """The rows in order."""
        schema = pa.schema([(c.name, ARROW_TYPES[c.type]) for c in self.columns])
        rows = 0
        for block, count, done in self.blocks():
            arrays = [
                self._as_array(name, block.get(name, [None] * count), plan)
                for name, plan in self._plans.items()
            ]
            rows += count
            progress((1 + done) / 2, f"Reading: {rows:,} rows")
            yield pa.RecordBatch.from_arrays(arrays, schema=schema)
        if self.most is None:
            seen.sha256, seen.bytes = objects.sha256_of(self.path), self.path.stat().st_size

    def _new(self, name: str) -> LooseColumn:
        wanted = self.options.types.get(name)
        return LooseColumn(name, self._notation, wanted, whole_floats=self.whole_floats)

    def _as_texts(self, name: str, cells: Sequence[object]) -> Any:
        try:
            return as_texts(cells, whole_floats=self.whole_floats)
        except (UnicodeError, TypeError, ValueError) as error:
            raise self._unreadable(name, error) from error

    def _as_array(self, name: str, cells: Sequence[object], plan: Plan) -> Any:
        try:
            return as_array(cells, plan, whole_floats=self.whole_floats)
        except MemoryError:  # Arrow's own is an ArrowException, too.
            raise
        except (UnicodeError, pa.ArrowException, OverflowError) as error:
            raise self._unreadable(name, error) from error

    def _unreadable(self, name: str, error: Exception) -> UserError:
        return UserError(
            f"Column {name!r} of {self.path.name} holds what is no text.",
            why=str(error)[:300],
            hint="Correct the file.",
        )

    def use(self, **options: object) -> None:
        """Remember what was guessed, for when the file is read again."""
        self.options = replace(self.options, **options)  # type: ignore[arg-type]
