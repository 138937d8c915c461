"""Counting the rows that equal an earlier one, by their hashes, in memory that has a bound."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from mlops_desktop.blobs.rowhash import U64

_BLOCK_ROWS = 1 << 20
_KEPT_ROWS = 1 << 22  # Above, the hashes lie in a file: eight bytes a row add up.
_PART_ROWS = 1 << 23  # That are sorted at once.


class RowHashes:
    """The hashes of a table's rows as they stream by, in their order."""

    def __init__(self, file: Path) -> None:
        """file: where they lie when there are many; in a scratch folder, its name is new."""
        self._file = file
        self._kept: list[U64] = []
        self._rows = self._kept_rows = 0

    def add(self, hashes: U64) -> None:
        """The next rows."""
        self._kept.append(hashes)
        self._kept_rows += len(hashes)
        self._rows += len(hashes)
        if self._kept_rows > _KEPT_ROWS:
            with self._file.open("ab") as file:
                for kept in self._kept:
                    file.write(kept.data)
            self._kept, self._kept_rows = [], 0

    def repeated(self) -> tuple[int, int | None]:
        """How many rows equal an earlier one, and the first of them (rows count from 1)."""
        bits = max(0, (self._rows - 1) // _PART_ROWS).bit_length()
        count, first = 0, self._rows
        for part in range(1 << bits):
            members = [block[_of_part(block, bits, part)] for block in self._blocks()]
            found, place = _repeated(np.concatenate([np.zeros(0, np.uint64), *members]))
            if place is not None:
                count += found
                first = min(first, self._row(bits, part, place))
        return count, first + 1 if count else None

    def _row(self, bits: int, part: int, place: int) -> int:
        """The row of the hash at that place among those of its part; both count from 0."""
        start = 0
        for block in self._blocks():
            rows = np.flatnonzero(_of_part(block, bits, part))
            if place < len(rows):
                return start + int(rows[place])
            start, place = start + len(block), place - len(rows)
        raise AssertionError("A part has no more hashes than there are.")

    def _blocks(self) -> Iterator[U64]:
        if self._file.exists():
            with self._file.open("rb") as file:
                while len(block := np.fromfile(file, np.uint64, _BLOCK_ROWS)):
                    yield block
        yield from self._kept


def _of_part(block: U64, bits: int, part: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which hashes begin with these bits; equal ones are in one part."""
    if not bits:
        return np.ones(len(block), bool)
    matches: np.ndarray[tuple[int], np.dtype[np.bool_]]
    matches = block >> np.uint64(64 - bits) == np.uint64(part)
    return matches


def _repeated(hashes: U64) -> tuple[int, int | None]:
    """How many equal an earlier one, and the place of the first of them."""
    again = np.sort(hashes)
    again = again[1:][again[1:] == again[:-1]]
    if not len(again):
        return 0, None
    values = again[np.concatenate([[True], again[1:] != again[:-1]])]
    seen = np.zeros(len(values), bool)
    for start in range(0, len(hashes), _BLOCK_ROWS):
        block = hashes[start : start + _BLOCK_ROWS]
        places = np.minimum(np.searchsorted(values, block), len(values) - 1)
        rows = np.flatnonzero(values[places] == block)
        groups, first = np.unique(places[rows], return_index=True)
        later = np.ones(len(rows), bool)
        later[first] = seen[groups]
        if later.any():
            return len(again), start + int(rows[later.argmax()])
        seen[groups] = True
    raise AssertionError("Hashes that repeat are found again.")
