"""Every answer on record before it is given, and given again to who asks twice."""

from __future__ import annotations

import hashlib
import logging
import mmap
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from mlops_desktop.blobs.segments import (
    SIZE_LIMIT,
    Record,
    SegmentHeader,
    SegmentWriter,
    is_sealed,
    parse_record,
    read_header,
    segment_files,
)
from mlops_desktop.child.serving.refused import Refused

log = logging.getLogger(__name__)
IDS_LIMIT = 100_000
IDS_AGE_S = 24 * 3600
_LOOK_BACK = 64 * 1024 * 1024
_HEAD = re.compile(rb'^\{"id":"([^"]+)","t":(\d+),"h":"([0-9a-f]{32})"', re.MULTILINE)


def digest_of(path: str, body: bytes, header: SegmentHeader, key: bytes) -> str:
    """What tells two requests with the same id apart, in the records under a header.

    key: a secret, used where they hide some of the body: without it, values could be tried out
    until the digest fits.
    """
    key = key if header.dropped or header.hashed else b""
    return hashlib.blake2b(path.encode() + b"\n" + body, digest_size=16, key=key).hexdigest()


@dataclass(frozen=True, slots=True)
class Seen:
    """Where the answer to a client's request id is on record."""

    digest: str
    time_us: int
    path: Path
    header: SegmentHeader
    offset: int

    def read(self) -> Record:
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return parse_record(file.readline())


class Journal:
    """The open segment of one model version. Used from the event loop only, bar sync()."""

    def __init__(self, folder: Path, header: SegmentHeader) -> None:
        self._folder = folder
        self._header = header
        self._writer = SegmentWriter(folder, header)
        self._older: list[SegmentWriter] = []
        self._lock = threading.Lock()
        self.written = 0

    def append(self, line: bytes) -> tuple[SegmentWriter, int]:
        """Put a line on record. Raises Refused (503) where that is not possible now."""
        try:
            if self._writer.broken or self._writer.size > SIZE_LIMIT:
                self._next()
            offset = self._writer.append(line)
        except OSError as error:
            log.error("prediction log not writable: %s", error)
            raise Refused(
                503,
                "The prediction cannot be put on record, so it is not given "
                f"({error.strerror or error}). Free some disk space and ask again.",
                retry_after="1",
            ) from error
        self.written += len(line)
        return self._writer, offset

    def sync(self) -> None:
        """What was appended is on the disk; a segment that is full or left is closed."""
        with self._lock:
            older, self._older = self._older, []
        for writer in [*older, self._writer]:
            if writer.dirty and not writer.broken:
                try:
                    writer.sync()
                except OSError as error:
                    log.error("fsync of %s failed: %s", writer.path.name, error)
        for writer in older:
            writer.close()

    def close(self) -> None:
        self.sync()
        self._writer.close()

    def _next(self) -> None:
        writer = SegmentWriter(self._folder, self._header)
        with self._lock:
            self._older.append(self._writer)
            self._writer = writer


class Ids:
    """Request ids that clients gave, the newest 100,000 of the last 24 hours."""

    def __init__(self) -> None:
        self._seen: OrderedDict[str, Seen] = OrderedDict()
        self._answering: set[str] = set()

    def find(self, request_id: str, digest: Callable[[SegmentHeader], str]) -> Seen | None:
        """Where the answer is, None for a new id. Another body under the same id is refused.

        digest: of the body, as the records under a header have it.
        """
        seen = self._seen.get(request_id)
        if seen is not None and time.time() - seen.time_us / 1e6 > IDS_AGE_S:
            del self._seen[request_id]
            seen = None
        if seen is not None and seen.digest != digest(seen.header):
            raise Refused(409, f"Request id {request_id} was used before, with another body.")
        if request_id in self._answering:
            raise Refused(409, f"Request id {request_id} is being answered now.", retry_after="1")
        return seen

    def begin(self, request_id: str) -> None:
        self._answering.add(request_id)

    def end(self, request_id: str) -> None:
        self._answering.discard(request_id)

    def remember(self, request_id: str, seen: Seen) -> None:
        self._seen[request_id] = seen
        if len(self._seen) > IDS_LIMIT:
            self._seen.popitem(last=False)

    def load(self, folder: Path) -> None:
        """Take up the ids that earlier processes answered, from the ends of their segments."""
        found: list[tuple[str, Seen]] = []
        left = _LOOK_BACK
        oldest_us = (time.time() - IDS_AGE_S) * 1e6
        for path in reversed(segment_files(folder)):
            if left <= 0 or len(found) >= IDS_LIMIT:
                break
            try:
                stat = path.stat()
                # Only what is older than a day is sealed. An older one may have been written later.
                if is_sealed(path) or stat.st_mtime * 1e6 < oldest_us:
                    continue
                header = read_header(path)
                if header is None:
                    continue
                found = _ids_in(path, header, left) + found
            except FileNotFoundError:
                continue  # It is no longer kept.
            left -= stat.st_size
        for request_id, seen in found[-IDS_LIMIT:]:
            self._seen[request_id] = seen


def _ids_in(path: Path, header: SegmentHeader, limit: int) -> list[tuple[str, Seen]]:
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        start = data.find(b"\n", max(0, len(data) - limit)) + 1
        end = data.rfind(b"\n") + 1  # A torn last line was never answered.
        return [
            (
                match[1].decode(),
                Seen(match[3].decode(), int(match[2]), path, header, match.start()),
            )
            for match in _HEAD.finditer(data, start, end)
        ]
