"""Pack files: many chunks in one blob, so that wide tables do not make thousands of files."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from mlops_desktop.blobs import chunks, objects
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.errors import Damaged
from mlops_desktop.paths import Workspace

_FULL = 32 << 20


@dataclass(frozen=True, slots=True)
class Place:
    """Where a chunk lies: bytes [offset, offset + length) of the blob `pack`.

    base: the chunk to which these bytes are the difference; never one that has a base itself.
    """

    pack: str
    offset: int
    length: int
    base: str | None = None


def read_chunk(
    workspace: Workspace, places: Mapping[str, Place], name: str, kind: ColumnType
) -> Any:
    """The values of a chunk as an Arrow array. Raises Damaged."""
    place = places[name]
    base = None if place.base is None else read_chunk(workspace, places, place.base, kind)
    try:
        with workspace.blob(place.pack).open("rb") as file:
            file.seek(place.offset)
            data = file.read(place.length)
    except FileNotFoundError:
        raise Damaged(f"Stored object {place.pack[:12]} is missing.", hint="Run fsck.") from None
    return chunks.decode(data, name, kind, base)


@dataclass(frozen=True, slots=True)
class Staged(Workspace):
    """A workspace whose blobs include the packs of a folder that are not published yet."""

    folder: Path

    def blob(self, sha256: str) -> Path:
        staged = self.folder / sha256
        return staged if staged.exists() else Workspace.blob(self, sha256)


class PackWriter:
    """Collects chunks in files of a scratch folder. They can be read there as soon as finish()
    has told where each chunk lies, and become blobs by publish(), once all else has succeeded: an
    import that is stopped leaves nothing outside its folder."""

    def __init__(self, folder: Path) -> None:
        """folder is made here; its name must be new."""
        self._folder = folder
        self._folder.mkdir(mode=0o700)
        self._file: BinaryIO | None = None
        self._hasher = hashlib.sha256()
        self._size = 0
        self._inside: list[tuple[str, int, int, str | None]] = []
        self._places: dict[str, Place] = {}

    def add(self, name: str, data: bytes, base: str | None = None) -> None:
        """Append one chunk."""
        with objects.disk_errors("the table"):
            if self._file is None:
                self._file = (self._folder / "unfinished").open("xb")
            self._file.write(data)
        self._hasher.update(data)
        self._inside.append((name, self._size, len(data), base))
        self._size += len(data)
        if self._size >= _FULL:
            self._close()

    def finish(self) -> dict[str, Place]:
        """No more chunks; the answer is where each of them lies."""
        self._close()
        return self._places

    def publish(self, workspace: Workspace) -> int:
        """Turn the files into blobs; the answer is by how many bytes the disk is fuller."""
        added = 0
        for path in sorted(self._folder.iterdir()):
            added += 0 if workspace.blob(path.name).is_file() else path.stat().st_size
            objects.adopt(workspace, path, path.name)
        return added

    def discard(self) -> None:
        """Remove what was not published."""
        if self._file is not None:
            self._file.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _close(self) -> None:
        if self._file is None:
            return
        with objects.disk_errors("the table"), self._file as file:
            objects.flush(file)
        pack = self._hasher.hexdigest()
        Path(self._file.name).replace(self._folder / pack)
        for name, offset, length, base in self._inside:
            self._places[name] = Place(pack, offset, length, base)
        self._file, self._hasher, self._size, self._inside = None, hashlib.sha256(), 0, []
