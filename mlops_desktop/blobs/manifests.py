"""The manifest of a dataset version: its schema, its chunks and where they lie; reading rows."""

from __future__ import annotations

import difflib
import json
import os
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import Any

import pyarrow as pa

from mlops_desktop.blobs import chunks, objects, packs
from mlops_desktop.blobs.packs import Place
from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.errors import Damaged, NotFound, UserError
from mlops_desktop.paths import Workspace

FORMAT = 1
_THREADS = min(8, os.cpu_count() or 1)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some rows: the names of their columns' chunks, in the order of the schema."""

    rows: int
    columns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Manifest:
    """A table as it lies on the disk. content_hash ignores how it was cut."""

    columns: tuple[Column, ...]
    rows: int
    content_hash: str
    chunks: tuple[Chunk, ...]
    places: dict[str, Place]


def save(workspace: Workspace, manifest: Manifest) -> str:
    """Store the manifest; the answer is its blob's name."""
    return objects.put_bytes(workspace, encode(manifest))


def encode(manifest: Manifest) -> bytes:
    """The bytes of a manifest's blob."""
    names = list(dict.fromkeys(place.pack for place in manifest.places.values()))
    number = {pack: index for index, pack in enumerate(names)}
    document = {
        "format": FORMAT,
        "schema": [{"name": c.name, "type": c.type.value} for c in manifest.columns],
        "rows": manifest.rows,
        "content_hash": manifest.content_hash,
        "chunks": [{"rows": c.rows, "columns": c.columns} for c in manifest.chunks],
        "packs": names,
        "places": {
            name: [number[place.pack], place.offset, place.length]
            + ([place.base] if place.base else [])
            for name, place in manifest.places.items()
        },
    }
    return compress_json(document)


@lru_cache(maxsize=16)
def read(workspace: Workspace, name: str) -> Manifest:
    """The manifest of that blob. Immutable, hence cached."""
    document = expand_json(objects.get_bytes(workspace, name))
    if document["format"] != FORMAT:
        raise UserError(
            "This dataset version was stored by a newer version of the app.",
            hint="Install the newer version.",
        )
    names = document["packs"]
    return Manifest(
        columns=tuple(Column(c["name"], ColumnType(c["type"])) for c in document["schema"]),
        rows=document["rows"],
        content_hash=document["content_hash"],
        chunks=tuple(Chunk(c["rows"], tuple(c["columns"])) for c in document["chunks"]),
        places={
            key: Place(names[pack], *rest) for key, (pack, *rest) in document["places"].items()
        },
    )


def faults(workspace: Workspace, name: str) -> list[str]:
    """What is wrong with the stored version of that manifest, in words; empty when all is well.

    Every pack is hashed, every chunk read and compared with its name, and the rows counted.
    """
    try:
        manifest = read(workspace, name)
        found = (
            [f"manifest {name[:12]}: {fault}"] if (fault := objects.verify(workspace, name)) else []
        )
    except Damaged as error:
        return [str(error)]
    for pack in sorted({place.pack for place in manifest.places.values()}):
        fault = objects.verify(workspace, pack)
        found += [f"pack {pack[:12]}: {fault}"] if fault else []
    for number, chunk in enumerate(manifest.chunks):
        for column, part in zip(manifest.columns, chunk.columns, strict=True):
            try:
                array = packs.read_chunk(workspace, manifest.places, part, column.type)
            except Damaged as error:
                found.append(f"column {column.name!r}, chunk {number}: {error.what}")
                continue
            if len(array) != chunk.rows:
                found.append(f"column {column.name!r}, chunk {number}: {len(array)} rows")
    if sum(chunk.rows for chunk in manifest.chunks) != manifest.rows:
        found.append("the chunks do not add up to the rows")
    return found


def load(
    workspace: Workspace, manifest: Manifest, columns: Sequence[str] | None = None
) -> pa.Table:
    """The whole table, or the named columns of it in that order."""
    return read_rows(workspace, manifest, 0, manifest.rows, columns)


def parts(workspace: Workspace, manifest: Manifest, position: int, every: int = 1) -> Iterator[Any]:
    """The arrays of the column at that position, of each `every`-th chunk."""
    kind = manifest.columns[position].type
    for chunk in manifest.chunks[::every]:
        yield packs.read_chunk(workspace, manifest.places, chunk.columns[position], kind)


def read_rows(
    workspace: Workspace,
    manifest: Manifest,
    start: int,
    count: int,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """Rows [start, start + count), cut short at the end; only their chunks are read."""
    place = {column.name: position for position, column in enumerate(manifest.columns)}
    names = list(place) if columns is None else list(columns)
    missing = next((name for name in names if name not in place), None)
    if missing is not None:
        near = difflib.get_close_matches(missing, place, n=3)
        hint = f"Did you mean {' or '.join(near)}?" if near else ""
        raise NotFound(f"There is no column {missing!r}.", hint=hint)
    positions = [place[name] for name in names]
    ends = list(accumulate(chunk.rows for chunk in manifest.chunks))
    start = max(0, start)
    stop = min(manifest.rows, start + max(0, count))
    first = bisect_right(ends, start)
    last = bisect_right(ends, stop - 1) if stop > start else first - 1
    wanted = manifest.chunks[first : last + 1]
    skip = start - (ends[first - 1] if first else 0)
    jobs = [(chunk.columns[p], manifest.columns[p].type) for p in positions for chunk in wanted]
    with ThreadPoolExecutor(_THREADS) as pool:
        arrays = list(
            pool.map(lambda job: packs.read_chunk(workspace, manifest.places, *job), jobs)
        )
    schema = pa.schema(
        [
            (n, chunks.ARROW_TYPES[manifest.columns[p].type])
            for n, p in zip(names, positions, strict=True)
        ]
    )
    parts = len(wanted)
    table = pa.table(
        [
            pa.chunked_array(arrays[i * parts : (i + 1) * parts], type=field.type)
            for i, field in enumerate(schema)
        ],
        schema=schema,
    )
    return table.slice(skip, stop - start) if wanted else table


def compress_json(document: object) -> bytes:
    """JSON as zstd, which `zstd -d` and pyarrow read."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    with pa.BufferOutputStream() as sink:
        with pa.CompressedOutputStream(sink, "zstd") as stream:
            stream.write(text)
        return sink.getvalue().to_pybytes()


def expand_json(data: bytes) -> Any:
    with pa.CompressedInputStream(pa.BufferReader(data), "zstd") as stream:
        return json.loads(stream.read())
