"""Writing a table as it streams by: cuts at places that its content chooses, chunks, packs."""

from __future__ import annotations

import hashlib
import json
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from mlops_desktop.blobs import chunks, packs
from mlops_desktop.blobs.manifests import Chunk, Manifest
from mlops_desktop.blobs.packs import PackWriter
from mlops_desktop.blobs.parents import Parent
from mlops_desktop.blobs.rowhash import U64, WINDOW, rolling, row_hashes
from mlops_desktop.core.datasets import Column
from mlops_desktop.paths import Workspace

_MIN_ROWS = 12_288  # Of a chunk; the average is twice, the most four times as much.
_MAX_CELLS = 16 << 20  # Of an average chunk: wide tables get shorter ones, to bound the memory.
_MAX_BYTES = 256 << 20  # Of rows that wait for their cut: long texts are cut sooner.
_KEPT_BYTES = 192 << 20  # Of chunks that stay in memory for who looks at the new table next.


class TableWriter:
    """Takes record batches of one schema; finish() gives the manifest, publish() the blobs.

    A cut falls after at least `min` rows at the first row whose rolling hash is below a limit, so
    that an inserted row moves one cut and no more. As long as rows keep the place that they had
    in the parent (some column that varies is unchanged), the parent's cuts are used instead: an
    edit may hit a row that made a cut.
    """

    def __init__(
        self,
        workspace: Workspace,
        folder: Path,
        columns: Sequence[Column],
        known: Sequence[Manifest] = (),
    ) -> None:
        """folder: scratch in the workspace. known: versions to share chunks with, parent first."""
        self._workspace = workspace
        self._columns = tuple(columns)
        self.staged = packs.Staged(workspace.root, folder / f"packs-{secrets.token_hex(4)}")
        self._packs = PackWriter(self.staged.folder)
        self._known = {
            name: place for manifest in reversed(known) for name, place in manifest.places.items()
        }
        self._added: set[str] = set()
        self._min = max(512, min(_MIN_ROWS, _MAX_CELLS // 2 // max(1, len(columns))))
        self._parent = Parent(known[0], self._columns, self._min) if known else None
        self._next: int | None = 0 if known else None  # The parent's chunk that may come next.
        self._limit = np.uint64(2**64 // self._min)
        self._batches: list[pa.RecordBatch] = []
        self._rolling: list[U64] = []
        self._recent = np.zeros(WINDOW - 1, np.uint64)
        self._rows = self._bytes = 0  # That wait for their cut.
        self._chunks: list[Chunk] = []
        self._content = [_ContentHash() for _ in columns]
        self._kept_bytes = 0
        self._stored: Callable[[], None] = _nothing  # Ends what was begun with the last chunk.
        self._pool = ThreadPoolExecutor(min(8, os.cpu_count() or 1))

    def __enter__(self) -> TableWriter:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)
        if error[0] is not None:
            self._packs.discard()

    def write(self, batch: pa.RecordBatch) -> U64:
        """Add rows; the answer is their hashes."""
        hashes = row_hashes(batch)
        recent = np.concatenate([self._recent, hashes])
        self._batches.append(batch)
        self._rolling.append(rolling(recent))
        self._recent = recent[1 - WINDOW :]
        self._rows += len(hashes)
        self._bytes += batch.nbytes
        if self._rows >= self._min or self._bytes > _MAX_BYTES:
            self._cut(final=self._bytes > _MAX_BYTES)
        return hashes

    def keep(self, manifest: Manifest) -> Iterator[U64]:
        """Begin with the rows of a stored version; gives their hashes, and must be used up.

        Its chunks are taken over as they are, but for a small one at its end, which grows.
        """
        chunks = list(manifest.chunks)
        rest: list[Chunk] = []
        while chunks and chunks[-1].rows < self._min:
            rest.insert(0, chunks.pop())
        for chunk in chunks:
            batch = self._read(chunk)
            list(self._pool.map(_ContentHash.add, self._content, batch.columns))
            hashes = row_hashes(batch)
            self._chunks.append(chunk)
            self._recent = np.concatenate([self._recent, hashes])[1 - WINDOW :]
            yield hashes
        self._next = None
        for chunk in rest:
            yield self.write(self._read(chunk))

    def _read(self, chunk: Chunk) -> pa.RecordBatch:
        def array(position: int) -> Any:
            kind = self._columns[position].type
            return packs.read_chunk(self._workspace, self._known, chunk.columns[position], kind)

        arrays = list(self._pool.map(array, range(len(self._columns))))
        return pa.RecordBatch.from_arrays(arrays, names=[column.name for column in self._columns])

    def finish(self) -> Manifest:
        """Write what is left. The table can be read from `staged` from now on."""
        self._cut(final=True)
        self._stored()
        places = {**self._known, **self._packs.finish()}
        used = {name for chunk in self._chunks for name in chunk.columns}
        used |= {base for name in used if (base := places[name].base)}
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
            places={name: places[name] for name in sorted(used)},
        )

    def add_blob(self, data: bytes) -> str:
        """Bytes that become a blob together with the packs; the answer is its name."""
        return self._packs.add_blob(data)

    def publish(self) -> int:
        """Make all that was added blobs of the workspace, after finish(); the answer is by how
        many bytes the disk is fuller."""
        return self._packs.publish(self._workspace)

    def _cut(self, *, final: bool) -> None:
        """Store the chunks that can be told by now; all rows where no more can be waited for."""
        if not self._rows:
            return
        table, hashes = pa.Table.from_batches(self._batches), np.concatenate(self._rolling)
        done = 0
        while done < len(hashes) and (rows := self._take(table, hashes, done, final=final)):
            done += rows
        if done:
            rest = table.slice(done)
            self._batches, self._rolling = rest.to_batches(), [hashes[done:]]
            self._rows, self._bytes = rest.num_rows, rest.nbytes

    def _take(self, table: pa.Table, hashes: U64, start: int, *, final: bool) -> int:
        """Store one chunk from `start` on; the answer is its rows, 0 where more are needed."""
        available = len(hashes) - start
        if self._parent is not None and self._next is not None:
            rows = self._parent.rows(self._next, available, final=final)
            if rows is None:
                return 0
            if rows:
                arrays, names = self._named(table, start, rows)
                if self._parent.holds(self._next, rows, arrays, names):
                    self._store(arrays, names, self._next)
                    return rows
        most = 4 * self._min
        rows = self._content_cut(hashes[start : start + most])
        if not rows:
            if not final and available < most:
                return 0
            rows = min(available, most)
        arrays, names = self._named(table, start, rows)
        same = self._parent.find(rows, arrays, names) if self._parent is not None else None
        self._store(arrays, names, same)
        return rows

    def _content_cut(self, hashes: U64) -> int:
        below = np.flatnonzero(hashes[self._min - 1 :] < self._limit)
        return int(below[0]) + self._min if len(below) else 0

    def _named(self, table: pa.Table, start: int, rows: int) -> tuple[list[Any], list[str]]:
        arrays = [column.slice(start, rows).combine_chunks() for column in table.columns]
        return arrays, list(self._pool.map(chunks.chunk_name, arrays))

    def _store(self, arrays: list[Any], names: list[str], same: int | None) -> None:
        """same: the number of the parent's chunk that holds these rows, perhaps edited."""
        before: list[str | None] = [None] * len(names)
        if self._parent is not None and same is not None:
            before = self._parent.names(same)
        self._next = None if same is None else same + 1
        new = {
            name: (position, array)
            for position, (name, array) in enumerate(zip(names, arrays, strict=True))
            if name not in self._known and name not in self._added
        }
        self._added.update(new)
        self._chunks.append(Chunk(len(arrays[0]), tuple(names)))
        self._stored()  # One chunk at a time, so that hashes of contents take values in order.
        hashed = self._pool.map(_ContentHash.add, self._content, arrays)
        encoded = self._pool.map(
            lambda item: self._encoded(item[1], item[0], before[item[0]]), new.values()
        )

        def stored() -> None:
            self._stored = _nothing
            list(hashed)
            for (name, (_, array)), (data, base) in zip(new.items(), encoded, strict=True):
                self._packs.add(name, data, base)
                self._keep_in_memory(name, array)

        # Meanwhile the next rows are read.
        self._stored = stored

    def _keep_in_memory(self, name: str, array: Any) -> None:
        self._kept_bytes += array.nbytes
        if self._kept_bytes <= _KEPT_BYTES:
            self.staged.kept[name] = array
        else:
            self.staged.kept.clear()

    def _encoded(self, array: Any, position: int, before: str | None) -> tuple[bytes, str | None]:
        if before is not None:
            base = self._known[before].base or before
            kind = self._columns[position].type
            values = packs.read_chunk(self._workspace, self._known, base, kind)
            data = chunks.difference(values, array)
            if data is not None:
                return data, base
        return chunks.encode(array), None


def _nothing() -> None:
    """There is no chunk yet, or the last one is stored."""


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
