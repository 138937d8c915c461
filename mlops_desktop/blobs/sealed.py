"""Sealed segments: closed ones as Parquet, one row a prediction, read as the JSON lines were.

A file keeps the header line, and where each record ended in the JSON lines: offsets and indexes of
ids that were made of one form hold for the other. Lines that fit no columns stand in `raw`, byte
by byte. child/seal.py writes them; segments.py asks here, and so does everybody else through it.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mlops_desktop.blobs.records import Record
from mlops_desktop.blobs.sealedvalues import Kind, arrow_type, decode
from mlops_desktop.core.errors import Damaged

FORMAT = 1
METADATA = b"mlops_desktop.segment"
_BEFORE = ("request_id", "row", "time", "model", "version", "latency_us")
_AFTER = ("explanation", "body_digest", "written_as_float", "raw", "jsonl_end")
_ID_COLUMNS = ["request_id", "row", "raw", "jsonl_end"]
_END = -1
_AT_END = 256
Offsets = npt.NDArray[np.int64]


class Line(NamedTuple):
    """One line of the segment: a record and the digest of its body (16 bytes, where its client
    named it), or raw bytes. end: where it ended in the JSON lines."""

    record: Record | None
    digest: bytes | None
    raw: bytes | None
    end: int


@dataclass(frozen=True, slots=True)
class Facts:
    """header: the first line, length: bytes, both of the JSON lines. classes: labels that have a
    probability. kinds: of the prediction, the probabilities and the inputs, in this order.
    has_inputs: False where the records hold none, as those of a shadow. ends: of the last line of
    each row group, in the JSON lines."""

    header: bytes
    length: int
    classes: tuple[str, ...]
    inputs: tuple[str, ...]
    kinds: tuple[Kind, ...]
    has_inputs: bool
    ends: tuple[int, ...] = ()

    def schema(self) -> pa.Schema:
        types: dict[str, pa.DataType] = {
            "request_id": pa.string(),
            "row": pa.int32(),
            "time": pa.timestamp("us", "UTC"),
            "model": pa.string(),
            "version": pa.int32(),
            "latency_us": pa.int64(),
            "body_digest": pa.binary(16),
            "explanation": pa.string(),
            "written_as_float": pa.string(),
            "raw": pa.binary(),
            "jsonl_end": pa.int64(),
        }
        names = ["prediction", *(f"probability_{label}" for label in self.classes)]
        names += [f"input_{name}" for name in self.inputs if self.has_inputs]
        values = zip(names, map(arrow_type, self.kinds), strict=True)
        fields = [
            *((name, types[name]) for name in _BEFORE),
            *values,
            *((name, types[name]) for name in _AFTER),
        ]
        told = {
            "format": FORMAT,
            "header": self.header.decode(),
            "length": self.length,
            "classes": self.classes,
            "inputs": self.inputs,
            "kinds": self.kinds,
            "has_inputs": self.has_inputs,
        }
        text = json.dumps(told).encode()
        # Pages carry their own checksums, the foot of a Parquet file has none.
        return pa.schema(fields, metadata={METADATA: b"%08x%s" % (zlib.crc32(text), text)})


def facts(path: Path) -> Facts:
    """What the foot of a file says. Raises Damaged, FileNotFoundError."""
    stat = path.stat()
    return _facts(str(path), stat.st_mtime_ns, stat.st_size)


def lines(path: Path, offset: int = 0, only: Collection[str] | None = None) -> Iterator[Line]:
    """The lines behind an offset in the JSON lines, in order. only: of these request ids, and all
    raw ones. Raises Damaged, FileNotFoundError."""
    known = facts(path)
    if offset >= known.length:
        return
    wanted = None if only is None else pa.array(list(only), pa.string())
    with _opened(path) as file:
        for group in range(_group_of(known, offset), len(known.ends)):
            yield from _of_group(known, file, group, offset, wanted)


def lines_from_end(path: Path) -> Iterator[Line]:
    """All lines, the last first. Raises Damaged, FileNotFoundError."""
    known = facts(path)
    with _opened(path) as file:
        for group in reversed(range(len(known.ends))):
            table = _table(file, group)
            begins = np.flatnonzero(table.column(1).to_numpy() == 0)
            after = table.num_rows
            # Few at a time: who asks for the last ones of many wants no more.
            for some in range(len(begins) - 1, -1, -_AT_END):
                first = int(begins[max(0, some - _AT_END + 1)])
                yield from reversed(list(_made(known, table.slice(first, after - first))))
                after = first


def verify(path: Path) -> None:
    """Read all of a file. Raises Damaged, FileNotFoundError."""
    known = facts(path)
    with _opened(path) as file:
        for group in range(len(known.ends)):
            _table(file, group)


def line_at(path: Path, start: int) -> Line | None:
    """The line that began there in the JSON lines. Raises Damaged, FileNotFoundError."""
    known = facts(path)
    group = _group_of(known, start)
    if group == len(known.ends):
        return None
    with _opened(path) as file:
        table = _table(file, group)
        ends = table.column(table.num_columns + _END).to_numpy()
        first, after = _same(ends, int(np.searchsorted(ends, start, "right")))
        return next(_made(known, table.slice(first, after - first)))


def id_lines(path: Path, *, last_first: bool = False) -> Iterator[tuple[bytes, Offsets, int]]:
    """For each row group: lines that begin as the JSON lines did, up to the id, where each of them
    began there, and where the last one ended. Raises Damaged, FileNotFoundError."""
    known = facts(path)
    groups = range(len(known.ends))
    with _opened(path) as file:
        for group in reversed(groups) if last_first else groups:
            table: Any = file.read_row_group(
                group, columns=["request_id", "row", "raw", "jsonl_end"]
            )
            table = table.filter(pc.equal(table["row"], pa.scalar(0)))
            begin = known.ends[group - 1] if group else len(known.header)
            ends = table["jsonl_end"].to_numpy()
            texts = [
                b'{"id":"' + request_id.encode() + b'"' if raw is None else _whole(raw)
                for request_id, raw in zip(
                    table["request_id"].to_pylist(), table["raw"].to_pylist(), strict=True
                )
            ]
            begins = np.concatenate([[begin], ends[:-1]])
            yield b"\n".join([*texts, b""]), begins, int(ends[-1])


@lru_cache(maxsize=4096)
def _facts(path: str, _modified_ns: int, _size: int) -> Facts:
    with _opened(Path(path)) as file:
        metadata: Any = file.metadata
        text = metadata.metadata[METADATA]
        if int(text[:8], 16) != zlib.crc32(text[8:]):
            raise ValueError("The checksum of its foot is wrong.")
        told = json.loads(text[8:])
        if told["format"] != FORMAT:
            raise ValueError("It was written by a newer version of the app.")
        groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
        return Facts(
            told["header"].encode(),
            told["length"],
            tuple(told["classes"]),
            tuple(told["inputs"]),
            tuple(Kind(kind) for kind in told["kinds"]),
            told["has_inputs"],
            tuple(group.column(metadata.num_columns - 1).statistics.max for group in groups),
        )


@contextmanager
def _opened(path: Path) -> Iterator[pq.ParquetFile]:
    try:
        with pq.ParquetFile(str(path), page_checksum_verification=True) as file:
            yield file
    except (FileNotFoundError, MemoryError):  # Arrow's own is an ArrowException, too.
        raise
    except (OSError, pa.ArrowException, KeyError, ValueError) as error:
        raise Damaged(
            f"The sealed predictions {path.name} are damaged.",
            why=str(error).splitlines()[0] if str(error) else "",
            hint=f"Put the file back from a copy of the workspace. It lies in {path.parent}.",
        ) from error


def _group_of(known: Facts, offset: int) -> int:
    """The row group with the first line that ends behind an offset."""
    return int(np.searchsorted(np.array(known.ends, np.int64), offset, "right"))


def _same(ends: Offsets, at: int) -> tuple[int, int]:
    """The first row of a record that has a row there, and the one after its last."""
    end = ends[at]
    return int(np.searchsorted(ends, end, "left")), int(np.searchsorted(ends, end, "right"))


def _whole(raw: bytes) -> bytes:
    """A line without its end; nothing of one that a crash has torn."""
    return raw[:-1] if raw.endswith(b"\n") else b""


def _table(file: pq.ParquetFile, group: int) -> Any:
    return file.read_row_group(group, use_threads=False)


def _of_group(
    known: Facts,
    file: pq.ParquetFile,
    group: int,
    offset: int = 0,
    wanted: Any = None,
) -> Iterator[Line]:
    mask: Any = None
    if wanted is not None:
        few = file.read_row_group(group, columns=["request_id"], use_threads=False)
        ids: Any = few.column(0)
        mask = pc.or_(pc.is_in(ids, value_set=wanted), pc.is_null(ids))
        if not pc.any(mask).as_py():
            return
    table = _table(file, group)
    if mask is not None:
        table = table.filter(mask)
    if offset:
        table = table.filter(pc.greater(table.column(table.num_columns + _END), pa.scalar(offset)))
    yield from _made(known, table)


def _made(known: Facts, table: Any) -> Iterator[Line]:
    """The lines of whole records."""
    if not table.num_rows:
        return
    columns = table.columns
    ids, rows, times, latencies = (
        columns[0].to_pylist(),
        columns[1].to_numpy(),
        columns[2].cast(pa.int64()).to_pylist(),
        columns[5].to_pylist(),
    )
    first = len(_BEFORE)
    values = [
        decode(column, kind) for column, kind in zip(columns[first:], known.kinds, strict=False)
    ]
    reasons, digests, floats, raws, ends = (
        column.to_pylist() for column in columns[first + len(known.kinds) :]
    )
    for place, text in enumerate(floats):
        for number in orjson.loads(text) if text is not None else ():
            values[number][place] = float(values[number][place])
    probable = 1 + len(known.classes)
    answers = values[0]
    shares = [list(row) for row in zip(*values[1:probable], strict=True)]
    inputs = [list(row) for row in zip(*values[probable:], strict=True)]
    inputs = inputs or [[] for _ in answers]
    starts = [*map(int, np.flatnonzero(rows == 0)), table.num_rows]
    for start, after in pairwise(starts):
        if raws[start] is not None:
            yield Line(None, None, raws[start], ends[start])
            continue
        record = Record(
            ids[start],
            times[start],
            latencies[start],
            inputs[start:after] if known.has_inputs else [],
            answers[start:after],
            shares[start:after] if shares and shares[start][0] is not None else None,
            None if reasons[start] is None else [*map(orjson.loads, reasons[start:after])],
        )
        yield Line(record, digests[start], None, ends[start])
