"""Prediction segments: what a deployment answered, one JSON line a request, never rewritten.

The first line is the header; every later line is one request. A file belongs to one process and
one model version: each start, swap and size limit opens a new one, so a line that a crash has
torn stays the last of its file, and readers pass over it.

A closed segment is sealed later: a Parquet file of the same stem stands in its place (sealed.py).
Readers here take both forms, and one that went from one to the other, or away, meanwhile.
"""

from __future__ import annotations

import os
import time
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from mlops_desktop.blobs.objects import sync_folder
from mlops_desktop.blobs.records import (
    Record,
    SegmentHeader,
    header_line,
    header_of,
    parse_record,
    record_of,
)

# Found here under their noun; they have a file of their own.
__all__ = ["Record", "SegmentHeader", "parse_record"]
LINES, SEALED = ".jsonl", ".parquet"
SIZE_LIMIT = 64 * 1024 * 1024
_BLOCK = 1 << 20


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
            self.append(header_line(header))
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
    """The segments of one deployment, oldest first, each once, in the form that it has."""
    found: dict[str, Path] = {}
    # A look may miss both forms of a segment that is sealed just then; two looks cannot.
    for _ in range(2):
        with suppress(FileNotFoundError, NotADirectoryError):
            for entry in os.scandir(folder):
                path = folder / entry.name
                if path.suffix == LINES or (path.suffix == SEALED and path.stem not in found):
                    found[path.stem] = path
    return [found[stem] for stem in sorted(found)]


def segment_name(path: Path) -> str:
    """What offsets call a segment, in either form."""
    return path.stem + LINES


def forms(path: Path) -> tuple[Path, Path]:
    """Where a segment lies as JSON lines, and where sealed. While it is sealed it is both."""
    return path.with_suffix(LINES), path.with_suffix(SEALED)


def is_sealed(path: Path) -> bool:
    return path.suffix == SEALED


def size_on_disk(path: Path) -> int:
    """Bytes of a segment; 0 where it is gone."""
    size = 0
    for form in forms(path):
        with suppress(FileNotFoundError):
            size += form.stat().st_size
    return size


def length(path: Path) -> int:
    """Bytes of a segment as JSON lines, which offsets count, in either form; 0 where it is gone."""
    plain, packed = forms(path)
    with suppress(FileNotFoundError):
        return plain.stat().st_size
    # pyarrow takes 0.1 s and 40 MB, and a server, which imports this file, never needs it.
    from mlops_desktop.blobs import sealed  # noqa: PLC0415

    with suppress(FileNotFoundError):
        return sealed.facts(packed).length
    return 0


def read_header(path: Path) -> SegmentHeader | None:
    """The header, or None where a crash has left none, or the segment is gone."""
    plain, packed = forms(path)
    line = b""
    try:
        with plain.open("rb") as file:
            line = file.readline()
    except FileNotFoundError:
        from mlops_desktop.blobs import sealed  # noqa: PLC0415

        with suppress(FileNotFoundError):
            line = sealed.facts(packed).header
    return header_of(line)


def read_records(
    path: Path, offset: int = 0, only: Collection[str] | None = None
) -> Iterator[tuple[Record, int]]:
    """Whole records from an offset on (0: the start), each with the offset after it.

    Reading on from the last offset later gives what was appended since, each record once.
    only: the request ids that are wanted; the others are passed over without a closer look.
    Offsets count bytes of the JSON lines in both forms. Nothing of a segment that is gone.
    """
    plain, packed = forms(path)
    try:
        file = plain.open("rb")
    except FileNotFoundError:
        from mlops_desktop.blobs import sealed  # noqa: PLC0415

        with suppress(FileNotFoundError):
            for found in sealed.lines(packed, offset, only):
                record = found.record or _wanted_record(found.raw or b"", only)
                if record is not None and (only is None or record.id in only):
                    yield record, found.end
        return
    with file:
        file.seek(offset)
        for line in file:
            if not line.endswith(b"\n"):
                return
            offset += len(line)
            record = _wanted_record(line, only)
            if record is not None:
                yield record, offset


def _wanted_record(line: bytes, only: Collection[str] | None) -> Record | None:
    if not (line.startswith(b'{"id"') and line.endswith(b"\n")):
        return None
    if only is not None:
        parts = line.split(b'"', 4)
        if len(parts) < 5 or parts[3].decode(errors="replace") not in only:
            return None
    return record_of(line)


def last_records(folder: Path, count: int) -> list[tuple[SegmentHeader, Record]]:
    """The newest records of a deployment, newest first, read from the ends of its files."""
    found: list[tuple[SegmentHeader, Record]] = []
    for path in reversed(segment_files(folder)):
        header = read_header(path)
        if header is None:
            continue
        for record in records_from_end(path):
            found.append((header, record))
            if len(found) == count:
                return found
    return found


def records_from_end(path: Path) -> Iterator[Record]:
    """Whole records, the last first. Nothing of a segment that is gone."""
    plain, packed = forms(path)
    try:
        file = plain.open("rb")
    except FileNotFoundError:
        from mlops_desktop.blobs import sealed  # noqa: PLC0415

        with suppress(FileNotFoundError):
            for found in sealed.lines_from_end(packed):
                record = found.record or _wanted_record(found.raw or b"", None)
                if record is not None:
                    yield record
        return
    with file:
        for line in _lines_from_end(file):
            record = record_of(line)
            if record is not None:
                yield record


def _lines_from_end(file: BinaryIO) -> Iterator[bytes]:
    """Whole lines, last first; a torn last line is left out."""
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
