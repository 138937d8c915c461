"""Writing a table as it streams by: cuts at places that its content chooses, chunks, packs."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mlops_desktop.blobs import chunks
from mlops_desktop.blobs.manifests import Chunk, Manifest
from mlops_desktop.blobs.packs import PackWriter
from mlops_desktop.blobs.rowhash import U64, row_hashes
from mlops_desktop.core.datasets import Column
from mlops_desktop.paths import Workspace

_MIN_ROWS = 12_288  # Of a chunk; the average is twice, the most four times as much.
_MAX_CELLS = 16 << 20  # Of an average chunk: wide tables get shorter ones, to bound the memory.


class TableWriter:
    """Takes record batches of one schema; finish() gives the manifest.

    A cut falls after at least `min` rows at the first row whose hash is below a limit, so that an
    inserted row moves one cut and no more. As long as rows keep the place that they had in the
    parent (some column that varies is unchanged), the parent's cuts are used instead: an edit may
    hit a row that made a cut.
    """

    def __init__(
        self, folder: Path, columns: Sequence[Column], known: Sequence[Manifest] = ()
    ) -> None:
        """folder: scratch for packs. known: versions whose chunks can be shared, parent first."""
        self._columns = tuple(columns)
        self._packs = PackWriter(folder)
        self._known = {n: place for manifest in reversed(known) for n, place in manifest.places.items()}
        self._added: set[str] = set()
        self._parent = _Parent(known[0], self._columns) if known else None
        self._next: int | None = 0 if known else None  # The parent's chunk that may come next.
        self._min = max(512, min(_MIN_ROWS, _MAX_CELLS // 2 // max(1, len(columns))))
        self._limit = np.uint64(2**64 // self._min)
        self._batches: list[pa.RecordBatch] = []
        self._hashes: list[U64] = []
        self._rows = 0
        self._chunks: list[Chunk] = []
        self._content = [_ContentHash() for _ in columns]
        self._pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))

    def write(self, batch: pa.RecordBatch) -> U64:
        """Add rows; the answer is their hashes."""
        hashes = row_hashes(batch)
        self._batches.append(batch)
        self._hashes.append(hashes)
        self._rows += len(hashes)
        if self._rows >= self._min:
            self._cut(final=False)
        return hashes

    def finish(self, workspace: Workspace) -> Manifest:
        """Write what is left and publish the packs."""
        self._cut(final=True)
        self._pool.shutdown()
        places = self._packs.publish(workspace)
        used = {name for chunk in self._chunks for name in chunk.columns}
        schema = [[column.name, column.type.value] for column in self._columns]
        rows = sum(chunk.rows for chunk in self._chunks)
        digest = hashlib.sha256(json.dumps([schema, rows]).encode())
        for content in self._content:
            digest.update(content.digest())
        return Manifest(
            columns=self._columns,
            rows=rows,
            content_hash=digest.hexdigest(),
            chunks=tuple(self._chunks),
            places={name: places.get(name) or self._known[name] for name in sorted(used)},
        )

    def _cut(self, *, final: bool) -> None:
        table = pa.Table.from_batches(self._batches) if self._batches else None
        hashes = np.concatenate(self._hashes) if self._hashes else np.zeros(0, np.uint64)
        done = 0
        while table is not None and done < len(hashes):
            rows = self._take(table, hashes, done, final=final)
            if not rows:
                break
            done += rows
        if table is not None and done:
            self._batches = table.slice(done).to_batches()
            self._hashes = [hashes[done:]]
            self._rows -= done

    def _take(self, table: pa.Table, hashes: U64, start: int, *, final: bool) -> int:
        """Store one chunk from `start` on; the answer is its rows, 0 where more are needed."""
        available = len(hashes) - start
        if self._parent is not None and self._next is not None:
            rows = self._parent.inner_rows(self._next)
            if rows and rows > available and not final:
                return 0
            if rows and rows <= available:
                arrays, names = self._named(table, start, rows)
                if self._parent.holds(self._next, rows, arrays, names):
                    self._next += 1
                    self._store(arrays, names)
                    return rows
            if rows:
                self._next = None
        rows = self._content_cut(hashes[start : start + 4 * self._min])
        if not rows:
            if not final and available < 4 * self._min:
                return 0
            rows = min(available, 4 * self._min)
        arrays, names = self._named(table, start, rows)
        if self._parent is not None and self._next is None:
            self._next = self._parent.after(rows, arrays, names)
        self._store(arrays, names)
        return rows

    def _content_cut(self, hashes: U64) -> int:
        below = np.flatnonzero(hashes[self._min - 1 :] < self._limit)
        return int(below[0]) + self._min if len(below) else 0

    def _named(self, table: pa.Table, start: int, rows: int) -> tuple[list[Any], list[str]]:
        arrays = [column.slice(start, rows).combine_chunks() for column in table.columns]
        return arrays, list(self._pool.map(chunks.chunk_name, arrays))

    def _store(self, arrays: list[Any], names: list[str]) -> None:
        new = {}
        for name, array in zip(names, arrays, strict=True):
            if name not in self._known and name not in self._added:
                new[name] = array
        self._added.update(new)
        hashed = self._pool.map(_ContentHash.add, self._content, arrays)
        for name, data in zip(new, self._pool.map(chunks.encode, new.values()), strict=True):
            self._packs.add(name, data)
        list(hashed)
        self._chunks.append(Chunk(len(arrays[0]), tuple(names)))


class _Parent:
    """The version before: where its rows were cut, and whether they are the same ones."""

    def __init__(self, manifest: Manifest, columns: tuple[Column, ...]) -> None:
        self._chunks = manifest.chunks
        place = {column: position for position, column in enumerate(manifest.columns)}
        self._columns = [place.get(column) for column in columns]
        self._index = {
            name: number
            for number, chunk in reversed(list(enumerate(manifest.chunks)))
            for name in chunk.columns
        }

    def inner_rows(self, number: int) -> int:
        """The rows of a chunk that the content cut; 0 for the last, which the table's end cut."""
        return self._chunks[number].rows if number < len(self._chunks) - 1 else 0

    def holds(self, number: int, rows: int, arrays: list[Any], names: list[str]) -> bool:
        """True where a column that varies is the same in the parent's chunk of that number."""
        chunk = self._chunks[number]
        return chunk.rows == rows and any(
            place is not None and chunk.columns[place] == name and _varies(array)
            for place, array, name in zip(self._columns, arrays, names, strict=True)
        )

    def after(self, rows: int, arrays: list[Any], names: list[str]) -> int | None:
        """The number of the parent's chunk that follows these rows, where it has them."""
        for number in {self._index[name] for name in names if name in self._index}:
            if self.holds(number, rows, arrays, names):
                return number + 1
        return None


def _varies(array: Any) -> bool:
    return len(array.slice(0, 1000).unique()) > 1 or len(array.unique()) > 1


class _ContentHash:
    """A running hash of one column's values, whatever the cuts."""

    def __init__(self) -> None:
        self._parts = [hashlib.sha256() for _ in range(3)]

    def add(self, array: Any) -> None:
        validity, lengths, values = chunks.canonical(array)
        self._parts[0].update(validity or b"\1" * len(array))
        self._parts[1].update(lengths)
        self._parts[2].update(values)

    def digest(self) -> bytes:
        return b"".join(part.digest() for part in self._parts)
