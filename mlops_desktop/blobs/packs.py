"""Pack files: many chunks in one blob, so that wide tables do not make thousands of files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from mlops_desktop.blobs import objects
from mlops_desktop.paths import Workspace

_FULL = 32 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chunk lies: bytes [offset, offset + length) of the blob `pack`."""

    pack: str
    offset: int
    length: int


class PackWriter:
    """Collects chunks in files of a scratch folder; publish() makes them blobs, all at the end,
    so that an import which is stopped leaves nothing outside its folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._file: BinaryIO | None = None
        self._hasher = hashlib.sha256()
        self._size = 0
        self._inside: dict[str, tuple[int, int]] = {}
        self._finished: list[tuple[Path, str, dict[str, tuple[int, int]]]] = []

    def add(self, name: str, data: bytes) -> None:
        """Append one chunk."""
        with objects.disk_errors("the table"):
            if self._file is None:
                self._file = (self._folder / f"pack-{len(self._finished)}").open("xb")
            self._file.write(data)
        self._hasher.update(data)
        self._inside[name] = (self._size, len(data))
        self._size += len(data)
        if self._size >= _FULL:
            self._close()

    def publish(self, workspace: Workspace) -> dict[str, Place]:
        """Turn the files into blobs; the answer is where each added chunk lies."""
        self._close()
        places: dict[str, Place] = {}
        for path, pack, inside in self._finished:
            objects.adopt(workspace, path, pack)
            places.update((name, Place(pack, *span)) for name, span in inside.items())
        return places

    def _close(self) -> None:
        if self._file is None:
            return
        with objects.disk_errors("the table"), self._file as file:
            objects.flush(file)
        self._finished.append((Path(self._file.name), self._hasher.hexdigest(), self._inside))
        self._file, self._hasher, self._size, self._inside = None, hashlib.sha256(), 0, {}
