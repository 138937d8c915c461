"""The bytes of a CSV file as they are read: made UTF-8, hashed, and glanced at for two traps."""

from __future__ import annotations

import codecs
import hashlib
import io
import re
from pathlib import Path
from typing import BinaryIO

import numpy as np

_GLANCE = 1 << 17  # Bytes at once: what is made on the way stays in the processor's cache.


def decoding_errors(encoding: str) -> str:
    """How bytes that are none of the encoding are met."""
    return "latin" if encoding == "cp1252" else "strict"


class ByteSource(io.RawIOBase):
    """The file as UTF-8 without a byte order mark; hashes and counts what it reads.

    Arrow reads it in a thread of its own, and what looks at every byte here lets go of Python's
    lock: a regular expression would take half a second of it for each 300 MB.
    """

    def __init__(self, path: Path, encoding: str, delimiter: str, above: str = "") -> None:
        """above: what stands before the table and is left out, though hashed."""
        self._starts = np.frombuffer(b'\n\r"' + delimiter.encode(), np.uint8)
        self._border = re.compile(b'[\n\r"%s]0[0-9]' % re.escape(delimiter.encode()))
        self._file: BinaryIO = path.open("rb")
        self._sha256 = hashlib.sha256()
        self._decoder = (
            None
            if encoding == "utf-8"
            else codecs.getincrementaldecoder(encoding)(decoding_errors(encoding))
        )
        self._held = b""  # Decoded, but more than was asked for.
        self._first = True
        self._above = above.encode()
        self._before = b"\n"  # The bytes before the next ones.
        self.position = 0
        self.quotes = 0
        self.padded = False  # A cell begins with 0 and another digit: 007.

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1, /) -> bytes:
        if self._decoder is None:
            data = self._next(size)
        else:
            while len(self._held) < size or size < 0:
                raw = self._next(size)
                self._held += self._decoder.decode(raw, final=not raw).encode()
                if not raw:
                    break
            data, self._held = (
                (self._held, b"") if size < 0 else (self._held[:size], self._held[size:])
            )
        if self._first:
            data = data.removeprefix(codecs.BOM_UTF8).removeprefix(self._above)
            self._first = False
        self._glance(data)
        return data

    def _glance(self, data: bytes) -> None:
        codes = np.frombuffer(data, np.uint8)
        self.quotes += int(np.count_nonzero(codes == ord('"')))
        if not self.padded:
            border = self._before + data[:2]
            self.padded = bool(self._border.search(border)) or self._has_padded(codes)
        self._before = (self._before + data[-2:])[-2:]

    def _has_padded(self, codes: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> bool:
        """Whether a zero and a digit follow a delimiter, a quote or a line's end."""
        for start in range(0, len(codes) - 2, _GLANCE):
            part = codes[start : start + _GLANCE + 2]
            found = part[1:-1] == ord("0")
            found &= part[2:] - np.uint8(ord("0")) < 10
            # Few bytes that come before a digit are below "-": a first look, in one step.
            before = part[:-2] < ord("-")
            if self._starts[-1] >= ord("-"):
                before |= part[:-2] == self._starts[-1]
            found &= before
            if found.any() and np.isin(part[:-2][found], self._starts).any():
                return True
        return False

    def _next(self, size: int) -> bytes:
        data = self._file.read(size)
        self._sha256.update(data)
        self.position += len(data)
        return data

    def sha256(self) -> str:
        """Of the whole file's bytes, once all of them were read."""
        while self._next(1 << 20):
            pass
        return self._sha256.hexdigest()

    def close(self) -> None:
        self._file.close()
        super().close()
