"""What SQLite says when the disk or another program fails it, as errors that the user can read."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from mlops_desktop.core.errors import Damaged, DiskFull, UserError
from mlops_desktop.paths import Workspace
from mlops_desktop.store.library import sqlite3

_NO_ROOM = 64 << 10  # Bytes: twice what readers of a WAL share.
_NOT_NOW = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_PERM,
)


@contextmanager
def explained(workspace: Workspace) -> Iterator[None]:
    """Errors of SQLite that are not ours as UserError, DiskFull or Damaged."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        code = getattr(error, "sqlite_errorcode", 0)
        failed = code & 0xFF == sqlite3.SQLITE_IOERR
        # Without room for the files beside the database, SQLite speaks of the disk or of them.
        no_room = (failed or code & 0xFF == sqlite3.SQLITE_CANTOPEN) and (
            shutil.disk_usage(workspace.root).free < _NO_ROOM
        )
        if no_room or code & 0xFF == sqlite3.SQLITE_FULL:
            raise DiskFull(
                "The disk is full: the change was not saved.",
                hint="Free some space and try again. Nothing else was changed.",
            ) from error
        if failed:
            raise UserError(
                f"The disk failed at the database of {workspace.root}.",
                why=f"SQLite says: {error}.",
                hint="Check the disk, then try again. Nothing else was changed.",
            ) from error
        if code & 0xFF in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
            raise damaged(workspace, error) from error
        if code & 0xFF in _NOT_NOW:
            raise unusable(workspace, error) from error
        raise


def damaged(workspace: Workspace, error: Exception) -> Damaged:
    """The file cannot be trusted: leave it alone, and name the newest backup."""
    kept = sorted(workspace.backups.glob("workspace-*.db"))
    hint = f"The newest backup is {kept[-1]}." if kept else "Restore it from a copy."
    return Damaged(
        f"The database of {workspace.root} is damaged.",
        why=f"SQLite says: {error}. The file was left as it is.",
        hint=hint,
    )


def unusable(workspace: Workspace, error: Exception) -> UserError:
    """It cannot be opened or written to now, but may be later."""
    return UserError(
        f"The workspace {workspace.root} cannot be used now.",
        why=f"SQLite says: {error}.",
        hint="See that the folder can be written to and no other program holds it.",
    )
