"""How the database is reached: its folders made, its header looked at first, its connection set."""

from __future__ import annotations

import os
from pathlib import Path

from mlops_desktop.core.errors import UserError
from mlops_desktop.paths import Workspace
from mlops_desktop.store.failures import damaged, unusable
from mlops_desktop.store.library import Database, sqlite3
from mlops_desktop.store.migrations import migrations

APPLICATION_ID = 0x4D4C4F50  # "MLOP"
_WAL_SAFE = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
_README = """This folder is an mlops_desktop workspace. It can be moved or copied whole.

workspace.db   an SQLite database: names, versions, runs, approvals, alerts, the audit chain
objects/       files named by the SHA-256 of their bytes: `sha256sum` proves each one
               manifests of dataset versions are zstd-compressed JSON; they name byte ranges of
               pack files, each a Parquet file of one column that pyarrow alone can read; where
               a place has a fourth part, those are the rows that differ from that other chunk
               models are skops and ONNX files, never pickles
runs/          logs of training runs, one folder each
predictions/   what each deployment answered, one JSON line a request; old ones as Parquet, one row
               a prediction
deployments/   tokens, job files and logs of servers
logs/          the application's own log
backups/       copies of the database, made before it was migrated
tmp/           leftovers; may be deleted while the app is closed
"""


def sqlite_version() -> tuple[int, ...]:
    """Of the library that the store really uses, which need not be Python's own."""
    return tuple(sqlite3.sqlite_version_info)


def wal_is_safe(version: tuple[int, ...]) -> bool:
    """False for SQLite versions with the WAL-reset bug (two writers that checkpoint at once)."""
    newest, *lines = _WAL_SAFE
    return version >= newest or any(version[:2] == line[:2] and version >= line for line in lines)


def schema_version() -> int:
    """The number of migrations that this version of the app knows."""
    return len(migrations._migrations)


def connect(path: Path) -> Database:
    connection = sqlite3.connect(str(path), isolation_level=None, check_same_thread=False)
    db = Database(connection, execute_plugins=False, recursive_triggers=False)
    safe = wal_is_safe(sqlite_version())
    for pragma in (
        "busy_timeout = 5000",
        f"journal_mode = {'WAL' if safe else 'DELETE'}",
        f"synchronous = {'FULL' if safe else 'EXTRA'}",
        "foreign_keys = ON",
        "trusted_schema = OFF",
        "cell_size_check = ON",
    ):
        db.execute(f"PRAGMA {pragma}").fetchall()
    return db


def make_folders(workspace: Workspace) -> None:
    try:
        for folder in (
            workspace.root,
            workspace.objects,
            workspace.runs,
            workspace.predictions,
            workspace.deployments,
            workspace.logs,
            workspace.tmp,
        ):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not workspace.readme.exists():
            workspace.readme.write_text(_README, encoding="utf-8")
        os.close(os.open(workspace.database, os.O_CREAT | os.O_RDWR, 0o600))
    except OSError as error:
        raise UserError(
            f"The workspace {workspace.root} cannot be made.",
            why=str(error),
            hint="Choose a folder that you may write to.",
        ) from error


def look_first(workspace: Workspace) -> None:
    """Read the header before a writing connection could change the file."""
    try:
        connection = sqlite3.connect(read_uri(workspace), uri=True)
        try:
            application = connection.execute("PRAGMA application_id").fetchone()[0]
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            empty = not connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
        finally:
            connection.close()
    except sqlite3.OperationalError as error:
        raise unusable(workspace, error) from error
    except sqlite3.DatabaseError as error:
        raise damaged(workspace, error) from error
    if empty:
        return  # The process that made the file ended before its first transaction did.
    if application != APPLICATION_ID:
        raise UserError(
            f"{workspace.database} is not a workspace of this app.",
            why="Another program made this database. Nothing was changed.",
            hint="Choose another folder.",
        )
    if version > schema_version():
        raise UserError(
            f"The workspace {workspace.root} was made by a newer version of the app.",
            why=f"It needs schema {version}; this version knows {schema_version()}. "
            "Nothing was changed.",
            hint="Install the newer version, or choose another workspace.",
        )


def read_uri(workspace: Workspace) -> str:
    """To read the database. Without a WAL that holds something, all is in the file: immutable then
    makes no files beside it. (A full disk leaves an empty WAL.)"""
    log = workspace.database.with_name("workspace.db-wal")
    alone = not log.exists() or not log.stat().st_size
    return f"{workspace.database.absolute().as_uri()}?{'immutable=1' if alone else 'mode=ro'}"
