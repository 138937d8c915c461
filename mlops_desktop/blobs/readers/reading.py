"""What every reader of a format gives: columns, warnings, guesses, and rows as record batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from mlops_desktop.core.datasets import Column, DataWarning, ImportOptions
from mlops_desktop.core.importing import Guess

Progress = Callable[[float, str], None]


@dataclass(slots=True)
class Seen:
    """What was read, known when all rows are: the SHA-256 of the file and its bytes."""

    sha256: str = ""
    bytes: int = 0


class Reading(Protocol):
    """A file of some format and how it is to be read.

    width: the columns of the file; a sample may have fewer. sampled: only the first rows were
    looked at. options: all that are settled. warnings, and misfits (by column, the first value
    that is not of the type that was asked for): complete when all rows were read.
    """

    @property
    def columns(self) -> tuple[Column, ...]: ...
    @property
    def width(self) -> int: ...
    @property
    def sampled(self) -> bool: ...
    @property
    def warnings(self) -> Sequence[DataWarning]: ...
    @property
    def misfits(self) -> dict[str, str]: ...
    @property
    def guesses(self) -> tuple[Guess, ...]: ...
    @property
    def options(self) -> ImportOptions: ...

    def batches(self, seen: Seen, progress: Progress) -> Iterator[pa.RecordBatch]:
        """The rows in order. Raises Contradiction, and UserError for rows that are broken."""


class Contradiction(Exception):
    """A cell further down does not fit what was guessed: start again with `reading`."""

    def __init__(self, reading: Reading) -> None:
        super().__init__()
        self.reading = reading
