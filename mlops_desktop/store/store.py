"""The workspace's database: opened with care, written by one connection, audited in the same
transaction as the change."""

from __future__ import annotations

import getpass
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlite_utils import Database
from sqlite_utils.db import sqlite3

from mlops_desktop.blobs.objects import disk_errors
from mlops_desktop.core import clock
from mlops_desktop.core.audit import GENESIS, entry_hash
from mlops_desktop.core.errors import UserError
from mlops_desktop.paths import Workspace
from mlops_desktop.store.failures import damaged, explained, unusable
from mlops_desktop.store.migrations import migrations

APPLICATION_ID = 0x4D4C4F50  # "MLOP"
_WAL_SAFE = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
Row = dict[str, Any]

_README = """This folder is an mlops_desktop workspace. It can be moved or copied whole.

workspace.db   an SQLite database: names, versions, runs, approvals, alerts, the audit chain
objects/       files named by the SHA-256 of their bytes: `sha256sum` proves each one
               manifests of dataset versions are zstd-compressed JSON; they name byte ranges of
               pack files, each a Parquet file of one column that pyarrow alone can read; where
               a place has a fourth part, those are the rows that differ from that other chunk
               models are skops and ONNX files, never pickles
runs/          logs of training runs, one folder each
predictions/   what each deployment answered, one JSON line a request
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


class Store:
    """One connection. Use it from one thread at a time: a lane sees to that."""

    def __init__(self, workspace: Workspace, db: Database) -> None:
        self.workspace = workspace
        self._db = db
        self._depth = 0
        self._pending: set[str] = set()
        self._changes: set[str] = set()
        self._actor = getpass.getuser()
        self._refusal: UserError | None = None  # Why it can only be read.

    @classmethod
    def open(cls, workspace: Workspace) -> Store:
        """Open, create or migrate the workspace's database.

        Raises UserError for a newer schema or a foreign file (which stay byte-identical), Damaged
        for a file that SQLite cannot read, DiskFull.
        """
        new = not workspace.database.exists()
        if new:
            _make_folders(workspace)
        else:
            _look_first(workspace)
        try:
            with explained(workspace):
                store = cls(workspace, _connect(workspace.database))
                store._migrate(new)
        except sqlite3.OperationalError as error:
            raise unusable(workspace, error) from error
        except sqlite3.DatabaseError as error:
            raise damaged(workspace, error) from error
        return store

    @classmethod
    def open_to_read(cls, workspace: Workspace, refusal: UserError) -> Store:
        """Open without writing a byte, where there is no room for the files that SQLite makes
        beside its own. refusal: what a write is told.

        For a process that ends soon: what others write meanwhile is not seen.
        """
        with explained(workspace):
            connection = sqlite3.connect(_uri(workspace), uri=True, check_same_thread=False)
            store = cls(workspace, Database(connection, execute_plugins=False))
            if migrations.pending(store._db):
                raise refusal
        store._refusal = refusal
        return store

    def close(self) -> None:
        self._db.close()

    def take_changes(self) -> frozenset[str]:
        """The kinds of things that committed writes have changed since the last call."""
        changes = frozenset(self._changes)
        self._changes.clear()
        return changes

    @contextmanager
    def write(self, *kinds: str) -> Iterator[None]:
        """One transaction: everything inside happens, or nothing does. Inner ones join it.

        kinds name what changes ("models", "runs", ...): told once, after the commit.
        """
        if self._depth:
            self._pending.update(kinds)
            yield
            return
        if self._refusal is not None:
            raise self._refusal
        with disk_errors("the change"):
            self._begin()
            self._depth, self._pending = 1, set(kinds)
            try:
                yield
                with explained(self.workspace):
                    self._db.execute("COMMIT")
            except BaseException:
                if self._db.conn.in_transaction:
                    self._db.execute("ROLLBACK")
                raise
            finally:
                self._depth = 0
        self._changes |= self._pending

    def audit(self, action: str, subject: str, **detail: object) -> None:
        """Add a link to the audit chain. Must be inside write()."""
        if not self._depth:
            raise RuntimeError("An audit entry belongs inside the transaction that it tells of.")
        last = self.one("SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1")
        seq, previous = (last["seq"] + 1, last["hash"]) if last else (1, GENESIS)
        at, text = clock.now(), json.dumps(detail, ensure_ascii=False, sort_keys=True)
        self.insert(
            "audit",
            {
                "seq": seq,
                "at": at,
                "actor": self._actor,
                "action": action,
                "subject": subject,
                "detail": text,
                "previous": previous,
                "hash": entry_hash(previous, seq, at, self._actor, action, subject, text),
            },
        )
        self._pending.add("audit")

    @property
    def actor(self) -> str:
        return self._actor

    def query(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        with explained(self.workspace):
            return list(self._db.query(sql, list(parameters)))

    def one(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        rows = self.query(sql, parameters)
        return rows[0] if rows else None

    def scalar(self, sql: str, parameters: Sequence[object] = ()) -> Any:
        with explained(self.workspace):
            row = self._db.execute(sql, list(parameters)).fetchone()
        return row[0] if row else None

    def insert(self, table: str, row: Row) -> int:
        """Insert one row inside write(); the answer is its rowid."""
        names = ", ".join(f'"{name}"' for name in row)
        marks = ", ".join("?" * len(row))
        return int(self.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', row.values()))

    def execute(self, sql: str, parameters: Iterator[object] | Any = ()) -> int:
        """Run one changing statement inside write(); the answer is the last rowid."""
        if not self._depth:
            raise RuntimeError("A change belongs inside write().")
        with explained(self.workspace):
            return self._db.execute(sql, list(parameters)).lastrowid or 0

    def execute_many(self, sql: str, rows: Sequence[Sequence[object]]) -> None:
        """Run one changing statement for each row inside write()."""
        if not self._depth:
            raise RuntimeError("A change belongs inside write().")
        with explained(self.workspace):
            self._db.conn.executemany(sql, rows)

    def faults(self) -> list[str]:
        """What SQLite itself finds wrong with the file; empty when all is well."""
        found = [row["integrity_check"] for row in self.query("PRAGMA integrity_check")]
        found = [text for text in found if text != "ok"]
        for row in self.query("PRAGMA foreign_key_check"):
            found.append(f"{row['table']} row {row['rowid']} points at a missing {row['parent']}")
        return found

    @property
    def journal_mode(self) -> str:
        return str(self.scalar("PRAGMA journal_mode"))

    def _begin(self) -> None:
        with explained(self.workspace):
            self._db.execute("BEGIN IMMEDIATE")

    def _migrate(self, new: bool) -> None:
        if not migrations.pending(self._db):
            return
        if not new and self.scalar("SELECT count(*) FROM sqlite_schema"):
            self._back_up()
        self._begin()
        try:
            migrations.apply(self._db)
            self._db.execute(f"PRAGMA user_version = {schema_version()}")
            self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            self._db.execute("COMMIT")
        except BaseException:
            if self._db.conn.in_transaction:
                self._db.execute("ROLLBACK")
            raise

    def _back_up(self) -> None:
        self.workspace.backups.mkdir(mode=0o700, exist_ok=True)
        stamp = clock.now().replace(":", "").replace("-", "")
        self._db.execute("VACUUM INTO ?", [str(self.workspace.backups / f"workspace-{stamp}.db")])


def schema_version() -> int:
    """The number of migrations that this version of the app knows."""
    return len(migrations._migrations)


def _connect(path: Path) -> Database:
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


def _make_folders(workspace: Workspace) -> None:
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


def _look_first(workspace: Workspace) -> None:
    """Read the header before a writing connection could change the file."""
    try:
        connection = sqlite3.connect(_uri(workspace), uri=True)
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


def _uri(workspace: Workspace) -> str:
    """To read the database. Without a WAL that holds something, all is in the file: immutable then
    makes no files beside it. (A full disk leaves an empty WAL.)"""
    log = workspace.database.with_name("workspace.db-wal")
    alone = not log.exists() or not log.stat().st_size
    return f"{workspace.database.absolute().as_uri()}?{'immutable=1' if alone else 'mode=ro'}"
