"""Pack files: many chunks in one blob, so that wide tables do not make thousands of files."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
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
    if isinstance(workspace, Staged) and name in workspace.kept:
        return workspace.kept[name]
    place = places[name]
    base = None if place.base is None else read_chunk(workspace, places, place.base, kind)
    try:
        with workspace.blob(place.pack).open("rb") as file:
            file.seek(place.offset)
            data = file.read(place.length)
    except FileNotFoundError:
        raise Damaged(
            f"A stored file is missing ({place.pack[:12]}).", hint=objects.HOW_TO_MEND
        ) from None
    return chunks.decode(data, name, kind, base)


@dataclass(frozen=True, slots=True)
class Staged(Workspace):
    """A workspace whose blobs include the packs of a folder that are not published yet.

    kept: chunks of theirs by name that are in memory still and need not be read.
    """

    folder: Path
    kept: dict[str, Any] = field(default_factory=dict, compare=False)

    def blob(self, sha256: str) -> Path:
        staged = self.folder / sha256
        return staged if staged.exists() else Workspace.blob(self, sha256)


class PackWriter:
    """Collects chunks in files of a scratch folder. They can be read there as soon as finish()
    has told where each chunk lies, and become blobs by publish(), once all else has succeeded: an
    import that is stopped leaves nothing outside its folder. A thread sees to it that full files
    reach the disk while the next ones are written."""

    def __init__(self, folder: Path) -> None:
        """folder is made here; its name must be new."""
        self._folder = folder
        self._folder.mkdir(mode=0o700)
        self._file: BinaryIO | None = None
        self._hasher = hashlib.sha256()
        self._size = 0
        self._inside: list[tuple[str, int, int, str | None]] = []
        self._places: dict[str, Place] = {}
        self._syncing = ThreadPoolExecutor(1)
        self._synced: list[Future[None]] = []

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

    def add_blob(self, data: bytes) -> str:
        """Bytes that become a blob of their own together with the packs; the answer is its name."""
        name = hashlib.sha256(data).hexdigest()
        path = self._folder / name
        with objects.disk_errors("the table"):
            path.write_bytes(data)
        self._synced.append(self._syncing.submit(_sync, path))
        return name

    def publish(self, workspace: Workspace) -> int:
        """Turn the files into blobs; the answer is by how many bytes the disk is fuller."""
        self._syncing.shutdown()
        for synced in self._synced:
            synced.result()
        return objects.adopt_all(workspace, sorted(self._folder.iterdir()))

    def discard(self) -> None:
        """Remove what was not published."""
        self._syncing.shutdown(cancel_futures=True)
        if self._file is not None:
            self._file.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _close(self) -> None:
        if self._file is None:
            return
        with objects.disk_errors("the table"):
            self._file.close()
        pack = self._hasher.hexdigest()
        path = self._folder / pack
        Path(self._file.name).replace(path)
        self._synced.append(self._syncing.submit(_sync, path))
        for name, offset, length, base in self._inside:
            self._places[name] = Place(pack, offset, length, base)
        self._file, self._hasher, self._size, self._inside = None, hashlib.sha256(), 0, []


def _sync(path: Path) -> None:
    # Opened anew: Windows would not have let an open file get its name.
    with objects.disk_errors("the table"), path.open("r+b") as file:
        objects.flush(file)
