"""One of two versions that are compared: rows by number, hashed over the columns of both."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from mlops_desktop.blobs import packs
from mlops_desktop.blobs.cells import convert
from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.blobs.rowhash import U64, value_hashes
from mlops_desktop.blobs.rowmatch import Numbers
from mlops_desktop.core.changes import ColumnPair
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.paths import Workspace

_KEPT_BYTES = 640 << 20
_ODD = np.uint64(0x632BE59BD9B4E019)  # Marks a text that is no value of the other's type.
_MIX = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


class Reader:
    """Chunks by name, each read once as long as memory for them is left; a pool to read with.

    checkpoint is called before each chunk that is read, and may raise.
    """

    def __init__(self, workspace: Workspace, checkpoint: Callable[[], None]) -> None:
        self._workspace, self._checkpoint = workspace, checkpoint
        self._kept: dict[tuple[str, ColumnType], Any] = {}
        self._room = _KEPT_BYTES
        self._lock = threading.Lock()
        self._places: dict[int, dict[str, int]] = {}
        self.pool: ThreadPoolExecutor

    @contextmanager
    def working(self) -> Iterator[None]:
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as self.pool:
            try:
                yield
            except BaseException:
                self.pool.shutdown(cancel_futures=True)
                raise

    def places(self, manifest: Manifest) -> dict[str, int]:
        """The position of each column, by name."""
        found = self._places.get(id(manifest))
        if found is None:
            found = {column.name: number for number, column in enumerate(manifest.columns)}
            self._places[id(manifest)] = found
        return found

    def array(self, manifest: Manifest, chunk: int, position: int) -> Any:
        """The values of a column of the manifest in one of its chunks."""
        name, kind = manifest.chunks[chunk].columns[position], manifest.columns[position].type
        found = self._kept.get((name, kind))
        if found is None:
            self._checkpoint()
            found = packs.read_chunk(self._workspace, manifest.places, name, kind)
            with self._lock:
                if found.nbytes <= self._room:
                    self._room -= found.nbytes
                    self._kept[name, kind] = found
        return found


class Side:
    """Its columns are those of the pairs, in their order; `first` says which version it is."""

    def __init__(
        self, reader: Reader, manifest: Manifest, pairs: Sequence[ColumnPair], *, first: bool
    ) -> None:
        self.manifest, self._reader = manifest, reader
        place = reader.places(manifest)
        own = [pair.before if first else pair.after for pair in pairs]
        self._places = [place[column.name] for column in own]
        self._kinds = [common_type(pair.before.type, pair.after.type) for pair in pairs]
        self.rows = manifest.rows
        sizes = [chunk.rows for chunk in manifest.chunks]
        self.starts: Numbers = np.concatenate([[0], np.cumsum(sizes, dtype=np.int64)])

    @property
    def width(self) -> int:
        return len(self._places)

    @property
    def chunks(self) -> int:
        return len(self.manifest.chunks)

    def names(self, chunk: int) -> tuple[str, ...]:
        """The names of a chunk's columns: equal names hold equal values."""
        columns = self.manifest.chunks[chunk].columns
        return tuple(columns[place] for place in self._places)

    def span(self, chunk: int) -> Numbers:
        """The numbers of a chunk's rows."""
        return np.arange(self.starts[chunk], self.starts[chunk + 1])

    def values(self, chunk: int, position: int) -> Any:
        """A column of a chunk as an Arrow array, as it is stored."""
        return self._reader.array(self.manifest, chunk, self._places[position])

    def comparable(self, chunk: int, position: int) -> Any:
        """The same as the type in which both versions are compared."""
        return as_type(self.values(chunk, position), self._kinds[position])

    def chunk_hashes(self, chunk: int, position: int, rows: Numbers | None = None) -> U64:
        """One hash a value; rows: of the chunk, from 0."""
        array = self.values(chunk, position)
        if rows is not None and len(rows) < len(array):
            array = array.take(pa.array(rows))
        return hashes(array, self._kinds[position])

    def column_hashes(self, rows: Numbers, position: int) -> U64:
        """One hash a row over one column."""
        found = np.empty(len(rows), np.uint64)
        for chunk, at, inside in self.by_chunk(rows):
            found[at] = self.chunk_hashes(chunk, position, inside)
        return found

    def row_hashes(self, rows: Numbers, positions: Sequence[int] | None = None) -> U64:
        """One hash a row: the sum of salted(position, hash) over the columns, all where None."""
        wanted = range(self.width) if positions is None else positions
        found = np.zeros(len(rows), np.uint64)

        def work(part: tuple[int, Any, Numbers | None]) -> None:
            chunk, at, inside = part
            total = salted(wanted[0], self.chunk_hashes(chunk, wanted[0], inside))
            for position in wanted[1:]:
                total += salted(position, self.chunk_hashes(chunk, position, inside))
            found[at] = total

        list(self._reader.pool.map(work, self.by_chunk(rows)))
        return found

    def by_chunk(self, rows: Numbers) -> Iterator[tuple[int, Any, Numbers | None]]:
        """(chunk, which of the rows, their numbers inside it) for each chunk that holds some."""
        if not len(rows):
            return
        ascending = bool(np.all(rows[1:] >= rows[:-1]))
        order = None if ascending else np.argsort(rows, kind="stable")
        ordered = rows if order is None else rows[order]
        edges = np.searchsorted(ordered, self.starts)
        for chunk in np.flatnonzero(np.diff(edges)):
            low, high = edges[chunk], edges[chunk + 1]
            inside = ordered[low:high] - self.starts[chunk]
            yield int(chunk), slice(low, high) if order is None else order[low:high], inside

    def place(self, rows: Numbers) -> tuple[Numbers, Numbers]:
        """The chunk of each row, and its number in there."""
        chunk = np.searchsorted(self.starts, rows, side="right") - 1
        return chunk, rows - self.starts[chunk]


def differences(
    reader: Reader, before: Side, after: Side, rows: tuple[Numbers, Numbers]
) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """[columns, pairs of rows]: True where the two rows of a pair differ in a column."""
    chunks, inside = before.place(rows[0])
    other_chunks, other_inside = after.place(rows[1])
    aside = inside == other_inside
    found = np.zeros((before.width, len(rows[0])), bool)
    names = [before.names(chunk) for chunk in range(before.chunks)]
    other_names = [after.names(chunk) for chunk in range(after.chunks)]

    def work(position: int) -> None:
        code: dict[str, int] = {}
        mine = np.array([code.setdefault(n[position], len(code)) for n in names])
        theirs = np.array([code.setdefault(n[position], len(code)) for n in other_names])
        unsure = ~(aside & (mine[chunks] == theirs[other_chunks]))
        if unsure.any():
            old = before.column_hashes(rows[0][unsure], position)
            found[position, unsure] = old != after.column_hashes(rows[1][unsure], position)

    if len(rows[0]):
        list(reader.pool.map(work, range(before.width)))
    return found


def salted(position: int, hashes: U64) -> U64:
    """Hashes of a column such that sums over columns tell rows apart (SplitMix64's finaliser,
    Steele et al., 2014)."""
    mixed = hashes + np.uint64((position + 1) * 0x9E3779B97F4A7C15 % 2**64)
    mixed ^= mixed >> np.uint64(30)
    mixed *= _MIX[0]
    mixed ^= mixed >> np.uint64(27)
    mixed *= _MIX[1]
    mixed ^= mixed >> np.uint64(31)
    return mixed


def common_type(before: ColumnType, after: ColumnType) -> ColumnType:
    """The type in which values of two types are compared: 1 equals 1.0, and '1' equals both."""
    if before is after:
        return before
    kinds = {before, after} - {ColumnType.TEXT}
    if len(kinds) == 1:
        return kinds.pop()
    return ColumnType.TEXT if ColumnType.DATETIME in kinds else ColumnType.NUMBER


def as_type(array: Any, kind: ColumnType) -> Any:
    """The values as a common type; a text that is no such value becomes missing."""
    wanted = ARROW_TYPES[kind]
    if array.type == wanted:
        return array
    if pa.types.is_string(array.type):
        return convert(array, kind)
    if pa.types.is_boolean(array.type) and kind is ColumnType.NUMBER:
        array = array.cast(pa.int64())
    return pc.cast(array, wanted, safe=False)


def hashes(array: Any, kind: ColumnType) -> U64:
    """One hash a value, equal where the values are equal as that type."""
    converted = as_type(array, kind)
    found = value_hashes(converted)
    if pa.types.is_string(array.type) and kind is not ColumnType.TEXT:
        odd = pc.and_(array.is_valid(), converted.is_null()).to_numpy(zero_copy_only=False)
        if odd.any():
            found = np.where(odd, value_hashes(array) ^ _ODD, found)
    return found
