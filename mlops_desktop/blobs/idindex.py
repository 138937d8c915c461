"""Where each request id lies: a sorted index beside a segment, and the search for one id.

An index is derived data: 64-bit hashes of the ids and where their lines start, sorted, read by
binary search from a memory map. It covers a segment up to a byte; what was appended since is
scanned. Missing, torn or stale ones are made again. What a hash finds is compared with the line.
It counts bytes of the JSON lines, so it serves a sealed segment, too.
"""

from __future__ import annotations

import mmap
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from mlops_desktop.blobs import objects
from mlops_desktop.blobs.records import Record, SegmentHeader, record_of
from mlops_desktop.blobs.segments import forms, length, read_header, segment_files

SCANNED = 16 * 1024 * 1024  # Bytes that are looked through without an index, in some 20 ms.
_MAGIC = np.uint64(0x3158444953504F4D)  # "MOPSIDX1", little-endian.
_HEAD = 3  # Magic, bytes covered, entries; then the hashes, then the offsets: uint64 each.
_BLOCK = 4 * 1024 * 1024
_LINE = b'{"id":"'
_ID_LIMIT = 200  # The server takes ids of at most 128 characters.
_PRIME = np.uint64(0x100000001B3)
_SEED = np.uint64(0xCBF29CE484222325)

_Hashes = npt.NDArray[np.uint64]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Found:
    """A record and the segment that holds it."""

    path: Path
    header: SegmentHeader
    record: Record


def index_path(segment: Path) -> Path:
    return segment.with_suffix(".idx")


def needs_index(segment: Path) -> bool:
    """True where more of a segment is without an index than is scanned in a moment."""
    size = length(segment)
    if size <= SCANNED:
        return False
    index = _open(segment, size)
    return index is None or size - index.covered > SCANNED


def build(segment: Path) -> Iterator[int]:
    """Make the index of all whole lines, in steps of some milliseconds; yields the bytes done.

    Raises OSError or UserError where it cannot be written; then there is none, or the old one.
    """
    hashes: list[_Hashes] = []
    places: list[_Hashes] = []
    covered = 0
    for found, starts, covered in _parts(segment):
        hashes.append(found)
        places.append(starts)
        yield covered
    if not covered:
        return  # It is gone, or all of it is one torn line.
    every = np.concatenate([*hashes, np.empty(0, np.uint64)])
    # Stable: of the same id the newest stands last.
    order = np.argsort(every, kind="stable")
    where = np.concatenate([*places, np.empty(0, np.uint64)])[order]
    head = np.array([_MAGIC, covered, len(every)], np.uint64)
    data = np.concatenate([head, every[order], where]).astype("<u8").tobytes()
    objects.write_whole(index_path(segment), data)
    if not any(form.exists() for form in forms(segment)):
        index_path(segment).unlink(missing_ok=True)  # It was removed meanwhile.


def _parts(segment: Path) -> Iterator[tuple[_Hashes, _Hashes, int]]:
    """Hashes of ids, where their lines start, and how far that is, a part of a segment at a time.
    Nothing where it is gone."""
    plain, packed = forms(segment)
    try:
        file = plain.open("rb")
    except FileNotFoundError:
        from mlops_desktop.blobs import sealed  # noqa: PLC0415  See segments.length().

        with suppress(FileNotFoundError):
            for lines, begins, end in sealed.id_lines(packed):
                found, at = _entries(lines)
                ends = np.flatnonzero(np.frombuffer(lines, np.uint8) == 10)
                yield found, begins[np.searchsorted(ends, at)].astype(np.uint64), end
        return
    covered = 0
    with file:
        while block := file.read(_BLOCK):
            whole = block.rfind(b"\n") + 1
            while not whole and (more := file.read(_BLOCK)):
                block += more  # A line that is longer than a block.
                whole = block.rfind(b"\n") + 1
            found, starts = _entries(block[:whole])
            yield found, starts + np.uint64(covered), covered + whole
            covered += whole
            file.seek(covered)
            if not whole:
                break  # A torn last line.


def find(folder: Path, request_id: str) -> Found | None:
    """The newest record of a request id among the segments of a folder; None where there is none.

    Segments without an index are looked through: build() them first where they are large.
    """
    try:
        needle = _LINE + request_id.encode() + b'"'
    except UnicodeEncodeError:
        return None
    if not request_id or '"' in request_id or "\n" in request_id:
        return None
    [wanted] = _hash(np.frombuffer(needle, np.uint8), np.array([len(_LINE)], np.int64))
    for path in reversed(segment_files(folder)):
        record = _last_record(path, needle, wanted)
        if record is not None and (header := read_header(path)) is not None:
            return Found(path, header, record)
    return None


def _last_record(path: Path, needle: bytes, wanted: np.uint64) -> Record | None:
    """The last record of a segment whose line begins with the needle."""
    plain, packed = forms(path)
    try:
        line = _last_line(plain, needle, wanted)
    except FileNotFoundError:
        with suppress(FileNotFoundError):
            return _last_sealed(packed, needle, wanted)
        return None
    return None if line is None else record_of(line)


def _last_sealed(path: Path, needle: bytes, wanted: np.uint64) -> Record | None:
    from mlops_desktop.blobs import sealed  # noqa: PLC0415  See segments.length().

    index = _open(path, sealed.facts(path).length)
    places: Iterable[int]
    if index is None or index.covered < sealed.facts(path).length:
        places = _places(sealed.id_lines(path, last_first=True), needle)
    else:
        places = index.places(wanted)
    for place in places:
        line = sealed.line_at(path, place)
        if line is None:
            continue
        if line.record is not None and needle == _LINE + line.record.id.encode() + b'"':
            return line.record
        if line.raw is not None and line.raw.startswith(needle) and line.raw.endswith(b"\n"):
            return record_of(line.raw)
    return None


def _places(parts: Iterable[tuple[bytes, Places, int]], needle: bytes) -> Iterator[int]:
    """Where in the JSON lines those began that begin with the needle, the last first."""
    for lines, begins, _ in parts:
        at = lines.rfind(b"\n" + needle)
        while at >= 0:
            yield int(begins[lines.count(b"\n", 0, at + 1)])
            at = lines.rfind(b"\n" + needle, 0, at)
        if lines.startswith(needle):
            yield int(begins[0])


def _last_line(path: Path, needle: bytes, wanted: np.uint64) -> bytes | None:
    """The last whole line of JSON lines that begins with the needle."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        index = _open(path, size) if size > _BLOCK // 64 else None
        covered = index.covered if index else 0
        if size > covered:
            line = _scanned(file.fileno(), covered, needle)
            if line is not None:
                return line
        for place in index.places(wanted) if index else []:
            file.seek(place)
            line = file.readline()
            if line.startswith(needle) and line.endswith(b"\n"):
                return line
    return None


def _scanned(descriptor: int, start: int, needle: bytes) -> bytes | None:
    with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as data:
        end = data.rfind(b"\n") + 1
        place = data.rfind(needle, start, end)
        while place > 0 and data[place - 1] != 10:
            place = data.rfind(needle, start, place)  # It stood inside a line.
        if place <= 0:
            return None  # Never the first line, which is the header.
        return data[place : data.find(b"\n", place) + 1]


@dataclass(frozen=True, slots=True)
class _Index:
    covered: int
    hashes: _Hashes
    offsets: _Hashes

    def places(self, wanted: np.uint64) -> list[int]:
        """Where lines of that hash start, the last first."""
        first = int(np.searchsorted(self.hashes, wanted, "left"))
        after = int(np.searchsorted(self.hashes, wanted, "right"))
        return [int(place) for place in reversed(self.offsets[first:after])]


def _open(segment: Path, size: int) -> _Index | None:
    """The index of a segment of so many bytes, or None where it has no valid one."""
    try:
        data: _Hashes = np.memmap(index_path(segment), "<u8", "r")
    except (OSError, ValueError):  # None, or an empty file.
        return None
    if len(data) < _HEAD or data[0] != _MAGIC or int(data[1]) > size:
        return None
    covered, count = int(data[1]), int(data[2])
    if len(data) != _HEAD + 2 * count:
        return None
    return _Index(covered, data[_HEAD : _HEAD + count], data[_HEAD + count :])


def _entries(lines: bytes) -> tuple[_Hashes, _Hashes]:
    """Hashes of the ids of whole lines, and where the lines start."""
    data = np.frombuffer(lines, np.uint8)
    places: npt.NDArray[np.int64] = np.concatenate([[-1], np.flatnonzero(data == 10)]) + 1
    places = places[places + len(_LINE) < len(data)]
    for number, byte in enumerate(_LINE):
        places = places[data[places + number] == byte]
    return _hash(data, places + len(_LINE)), places.astype(np.uint64)


def _hash(data: npt.NDArray[np.uint8], starts: npt.NDArray[np.int64]) -> _Hashes:
    """FNV-1a of the bytes from each start to the next quotation mark, all starts at once."""
    hashes = np.full(len(starts), _SEED, np.uint64)
    open_ = np.arange(len(starts))
    at = starts.copy()
    for _ in range(_ID_LIMIT):
        inside = at < len(data)
        byte = data[at[inside]]
        going = byte != 34
        open_, at = open_[inside][going], at[inside][going]
        if not len(open_):
            break
        hashes[open_] = (hashes[open_] ^ byte[going]) * _PRIME
        at += 1
    return hashes
