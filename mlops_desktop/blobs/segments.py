"""Prediction segments: what a deployment answered, one JSON line a request, never rewritten.

The first line is the header; every later line is one request. A file belongs to one process and
one model version: each start, swap and size limit opens a new one, so a line that a crash has
torn stays the last of its file, and readers pass over it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Container, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from mlops_desktop.blobs.objects import sync_folder

FORMAT = 1
SIZE_LIMIT = 64 * 1024 * 1024
_BLOCK = 1 << 20


@dataclass(frozen=True, slots=True)
class SegmentHeader:
    """columns: the input names in the order of each row. model_version: the row's id.

    outputs: "prediction", then the class labels in the order of the probabilities. dropped: inputs
    that are not recorded (so not among columns). hashed: those of the columns that are recorded
    as keyed hashes.
    """

    deployment: int
    model: str
    version: int
    model_version: int
    columns: tuple[str, ...]
    outputs: tuple[str, ...]
    dropped: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Record:
    """One answered request. t: arrival, microseconds since 1970; us: time taken.

    x: rows of input values, None where missing, datetimes as ISO text. y: a number or a class
    label (text) a row. p: the probabilities of each row's classes, None for numbers.
    e: the explanation of each row as it was given, None where none was asked for.
    """

    id: str
    t: int
    us: int
    x: list[list[object]]
    y: list[float | str]
    p: list[list[float]] | None
    e: list[dict[str, Any]] | None = None


class SegmentWriter:
    """Appends to one file. A failed append leaves the file as it was, or marks it broken."""

    def __init__(self, folder: Path, header: SegmentHeader) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.header = header
        self.path = folder / f"{time.time_ns() // 1000:016d}-{os.getpid()}.jsonl"
        flags = os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_APPEND | getattr(os, "O_BINARY", 0)
        self._descriptor = os.open(self.path, flags, 0o600)
        self.size = 0
        self.broken = False
        self.dirty = False
        try:
            self.append(_header_line(header))
        except OSError:
            os.close(self._descriptor)
            self.path.unlink(missing_ok=True)
            raise
        sync_folder(folder)

    def append(self, line: bytes) -> int:
        """Write one line that ends in a newline, in one call; the answer is where it starts.

        Raises OSError where not all of it was written; then nothing of it is left.
        """
        start = self.size
        try:
            written = os.write(self._descriptor, line)
            if written != len(line):
                # The disk filled up in the middle: writing on says why (ENOSPC).
                written += os.write(self._descriptor, line[written:])
            if written != len(line):
                raise OSError(f"only {written} of {len(line)} bytes were written")
        except OSError:
            self._cut(start)
            raise
        self.size = start + written
        self.dirty = True
        return start

    def sync(self) -> None:
        """Everything appended so far is on the disk. After an error the file is not used again."""
        self.dirty = False
        try:
            os.fsync(self._descriptor)
        except OSError:
            self.broken = True
            raise

    def close(self) -> None:
        os.close(self._descriptor)

    def _cut(self, size: int) -> None:
        try:
            os.ftruncate(self._descriptor, size)
        except OSError:
            self.broken = True


def segment_files(folder: Path) -> list[Path]:
    """The segments of one deployment, oldest first."""
    return sorted(folder.glob("*.jsonl")) if folder.is_dir() else []


def read_header(path: Path) -> SegmentHeader | None:
    """The header, or None where a crash has left none."""
    with path.open("rb") as file:
        line = file.readline()
    if not line.endswith(b"\n"):
        return None
    fields = orjson.loads(line)
    return SegmentHeader(
        fields["deployment"],
        fields["model"],
        fields["version"],
        fields["model_version"],
        tuple(fields["columns"]),
        tuple(fields["outputs"]),
        tuple(fields.get("dropped", ())),
        tuple(fields.get("hashed", ())),
    )


def read_records(
    path: Path, offset: int = 0, only: Container[str] | None = None
) -> Iterator[tuple[Record, int]]:
    """Whole records from a byte offset on (0: the start), each with the offset after it.

    Reading on from the last offset later gives what was appended since, each record once.
    only: the request ids that are wanted; the others are passed over without a closer look.
    """
    with path.open("rb") as file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            if line.startswith(b'{"id"') and (
                only is None or line.split(b'"', 4)[3].decode() in only
            ):
                yield parse_record(line), offset


def parse_record(line: bytes) -> Record:
    fields = orjson.loads(line)
    return Record(
        fields["id"],
        fields["t"],
        fields["us"],
        fields["x"],
        fields["y"],
        fields.get("p"),
        fields.get("e"),
    )


def last_records(folder: Path, count: int) -> list[tuple[SegmentHeader, Record]]:
    """The newest records of a deployment, newest first, read from the ends of its files."""
    found: list[tuple[SegmentHeader, Record]] = []
    for path in reversed(segment_files(folder)):
        header = read_header(path)
        if header is None:
            continue
        for line in _lines_from_end(path):
            if not line.startswith(b'{"id"'):
                break
            found.append((header, parse_record(line)))
            if len(found) == count:
                return found
    return found


def _lines_from_end(path: Path) -> Iterator[bytes]:
    """Whole lines, last first; a torn last line is left out."""
    with path.open("rb") as file:
        position, rest, at_end = file.seek(0, os.SEEK_END), b"", True
        while position:
            step = min(_BLOCK, position)
            position -= step
            file.seek(position)
            rest, *lines = (file.read(step) + rest).split(b"\n")
            if lines and at_end:
                lines.pop()  # Nothing, or a torn line.
                at_end = False
            yield from reversed(lines)
        if rest and not at_end:
            yield rest


def _header_line(header: SegmentHeader) -> bytes:
    fields: dict[str, object] = {
        "format": FORMAT,
        "deployment": header.deployment,
        "model": header.model,
        "version": header.version,
        "model_version": header.model_version,
        "columns": header.columns,
        "outputs": header.outputs,
    }
    if header.dropped or header.hashed:
        fields |= {"dropped": header.dropped, "hashed": header.hashed}
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)
