"""Immutable blobs named by the SHA-256 of their bytes: written whole or not at all."""

from __future__ import annotations

import errno
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from mlops_desktop.core.errors import Damaged, DiskFull, UserError
from mlops_desktop.paths import Workspace

_BLOCK = 1 << 20

HOW_TO_MEND = (
    "`mlops-desktop fsck` names what needs it. Import that file again, or bring the workspace back "
    "from a copy."
)


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file's bytes as 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def put_bytes(workspace: Workspace, data: bytes) -> str:
    """Store bytes; the answer is their name. Storing the same bytes twice takes no more room, and
    mends a blob that was damaged."""
    return put_counted(workspace, data)[0]


def put_counted(workspace: Workspace, data: bytes) -> tuple[str, int]:
    """As put_bytes; the answer is the name, and by how many bytes the disk is fuller."""
    name = hashlib.sha256(data).hexdigest()
    added = 0 if workspace.blob(name).is_file() else len(data)
    if not _is_kept(workspace, name):
        with _placed(workspace, name, len(data)) as file:
            file.write(data)
    return name, added


def put_file(workspace: Workspace, source: Path) -> str:
    """Store a copy of a file; the answer is its name."""
    name = sha256_of(source)
    if not _is_kept(workspace, name):
        with source.open("rb") as read, _placed(workspace, name, source.stat().st_size) as write:
            shutil.copyfileobj(read, write, _BLOCK)
    return name


def adopt_all(workspace: Workspace, paths: Iterable[Path]) -> int:
    """Move finished, flushed files of the workspace's tmp/ among the blobs; the answer is by how
    many bytes the disk is fuller.

    A file's name is the SHA-256 of its bytes, which the caller has computed while writing it.
    Folders are synced once each, after the last move.
    """
    added = 0
    folders = set()
    with disk_errors("an object"):
        for path in paths:
            target = workspace.blob(path.name)
            added += 0 if target.is_file() else path.stat().st_size
            folders |= {target.parent, target.parent.parent}
            if verify(workspace, path.name) is None:
                path.unlink()
                continue
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            path.chmod(0o400)
            path.replace(target)
        for folder in sorted(folders, reverse=True):
            sync_folder(folder)
    return added


def get_bytes(workspace: Workspace, name: str) -> bytes:
    """The bytes of a blob, verified against its name; Damaged where they do not match."""
    path = workspace.blob(name)
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise Damaged(f"A stored file is missing ({name[:12]}).", hint=HOW_TO_MEND) from None
    if hashlib.sha256(data).hexdigest() != name:
        raise Damaged(
            f"A stored file is damaged ({name[:12]}).",
            why="It no longer holds what was written.",
            hint=HOW_TO_MEND,
        )
    return data


def verify(workspace: Workspace, name: str) -> str | None:
    """What is wrong with a blob ('missing', 'damaged'), or None."""
    path = workspace.blob(name)
    if not path.is_file():
        return "missing"
    return None if sha256_of(path) == name else "damaged"


def _is_kept(workspace: Workspace, name: str) -> bool:
    """Whether a blob is there and whole; then it is there after a power loss, too."""
    if verify(workspace, name) is not None:
        return False
    # Who moved it here may have ended before it could do this.
    _sync_name(workspace.blob(name))
    return True


def names(workspace: Workspace) -> Iterator[str]:
    """Every blob on the disk."""
    for folder in sorted(workspace.objects.glob("??")):
        yield from sorted(path.name for path in folder.iterdir() if len(path.name) == 64)


def sizes(workspace: Workspace) -> dict[str, int]:
    """Every blob on the disk with its bytes."""
    return {name: workspace.blob(name).stat().st_size for name in names(workspace)}


def remove(workspace: Workspace, name: str) -> int:
    """Remove a blob that nothing needs; the answer is how many bytes that freed."""
    path = workspace.blob(name)
    try:
        size = path.stat().st_size
        path.chmod(0o600)  # Windows keeps what is read-only.
        path.unlink()
    except FileNotFoundError:
        return 0
    return size


def write_whole(path: Path, data: bytes) -> None:
    """Replace a small file in one step: a crash leaves the old one or the new one."""
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with disk_errors(path.name):
        try:
            with temporary.open("xb") as file:
                file.write(data)
                flush(file)
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)


def flush(file: BinaryIO) -> None:
    """Everything written so far is on the disk when this returns."""
    file.flush()
    os.fsync(file.fileno())


def sync_folder(folder: Path) -> None:
    """Names made or renamed in the folder survive power loss (a no-op on Windows)."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """A full or failing disk as an error that the user can read."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"The disk is full: {what} was not saved.",
                hint="Free some space and try again. Nothing else was changed.",
            ) from error
        if error.errno == errno.EIO:
            raise UserError(
                f"The disk failed while writing: {what} was not saved.",
                why=str(error),
                hint="Check the disk, then try again. Nothing else was changed.",
            ) from error
        raise


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """As disk_errors, for a file where the user wants it: the place may be wrong, too."""
    with disk_errors(path.name):
        try:
            yield
        except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError) as error:
            raise UserError(
                f"{path} cannot be written.",
                why=f"{error.strerror}." if error.strerror else "",
                hint="Choose another place.",
            ) from error


@contextmanager
def _placed(workspace: Workspace, name: str, size: int) -> Iterator[BinaryIO]:
    target = workspace.blob(name)
    temporary = target.with_name(f"{secrets.token_hex(8)}.tmp")
    with disk_errors(f"an object of {size:,} bytes"):
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                yield file
                flush(file)
            temporary.chmod(0o400)
            temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        _sync_name(target)


def _sync_name(target: Path) -> None:
    sync_folder(target.parent)
    sync_folder(target.parent.parent)
