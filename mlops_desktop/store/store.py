"""The workspace's database: opened with care, written by one connection, audited in the same
transaction as the change."""

from __future__ import annotations

import getpass
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from mlops_desktop.blobs.objects import disk_errors
from mlops_desktop.core import clock
from mlops_desktop.core.audit import GENESIS, entry_hash
from mlops_desktop.core.errors import UserError
from mlops_desktop.paths import Workspace
from mlops_desktop.store.connecting import (
    APPLICATION_ID,
    connect,
    look_first,
    make_folders,
    read_uri,
    schema_version,
)
from mlops_desktop.store.failures import damaged, explained, unusable
from mlops_desktop.store.library import Database, sqlite3
from mlops_desktop.store.migrations import migrations

Row = dict[str, Any]


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
            make_folders(workspace)
        else:
            look_first(workspace)
        try:
            with explained(workspace):
                store = cls(workspace, connect(workspace.database))
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
            connection = sqlite3.connect(read_uri(workspace), uri=True, check_same_thread=False)
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
