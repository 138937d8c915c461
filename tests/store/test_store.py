"""Opening, writing and auditing: the promises of the single writer."""

from __future__ import annotations

import multiprocessing
import os
import stat
from pathlib import Path

import pytest
from sqlite_utils.db import sqlite3

from mlops_desktop.core.audit import first_break
from mlops_desktop.core.errors import Damaged, UserError
from mlops_desktop.paths import Workspace
from mlops_desktop.store import audit, settings
from mlops_desktop.store.connecting import schema_version, wal_is_safe
from mlops_desktop.store.store import Store


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "w")


def test_that_a_new_workspace_belongs_to_its_owner_alone(workspace: Workspace) -> None:
    Store.open(workspace).close()
    assert stat.S_IMODE(workspace.database.stat().st_mode) == 0o600
    assert stat.S_IMODE(workspace.objects.stat().st_mode) == 0o700
    assert "sha256sum" in workspace.readme.read_text()


def test_that_a_failed_write_leaves_nothing_behind(workspace: Workspace) -> None:
    store = Store.open(workspace)

    def fail_half_way() -> None:
        with store.write("settings"):
            settings.put(store, "theme", "dark")
            store.audit("setting", "theme")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert settings.get(store, "theme", "light") == "light"
    assert audit.entries(store) == []
    assert store.take_changes() == frozenset()
    store.close()


def test_that_a_committed_write_tells_once_what_changed(workspace: Workspace) -> None:
    store = Store.open(workspace)
    with store.write("settings"):
        settings.put(store, "theme", "dark")
        with store.write("runs"):
            store.audit("setting", "theme")
    assert store.take_changes() == {"settings", "runs", "audit"}
    assert store.take_changes() == frozenset()
    store.close()


def test_that_a_change_outside_a_transaction_is_refused(workspace: Workspace) -> None:
    store = Store.open(workspace)
    with pytest.raises(RuntimeError, match="inside write"):
        settings.put(store, "theme", "dark")
    with pytest.raises(RuntimeError, match="inside the transaction"):
        store.audit("setting", "theme")
    store.close()


def test_that_the_settings_of_each_connection_are_the_safe_ones(workspace: Workspace) -> None:
    store = Store.open(workspace)
    wal = wal_is_safe(tuple(sqlite3.sqlite_version_info))
    assert store.journal_mode == ("wal" if wal else "delete")
    assert store.scalar("PRAGMA synchronous") == (2 if wal else 3)
    assert store.scalar("PRAGMA foreign_keys") == 1
    assert store.scalar("PRAGMA trusted_schema") == 0
    assert store.faults() == []
    store.close()


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
        ((4, 0, 0), True),
    ],
)
def test_that_wal_is_used_only_where_sqlite_has_no_wal_reset_bug(
    version: tuple[int, ...], safe: bool
) -> None:
    assert wal_is_safe(version) is safe


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_that_a_newer_schema_is_refused_and_left_byte_identical(workspace: Workspace) -> None:
    store = Store.open(workspace)
    store._db.execute(f"PRAGMA user_version = {schema_version() + 1}")
    store.close()
    before = bytes_of(workspace.root)
    with pytest.raises(UserError, match=f"needs schema {schema_version() + 1}"):
        Store.open(workspace)
    assert bytes_of(workspace.root) == before


def test_that_another_programs_database_is_refused_and_left_alone(workspace: Workspace) -> None:
    workspace.root.mkdir()
    connection = sqlite3.connect(str(workspace.database))
    connection.execute("CREATE TABLE other (a)")
    connection.close()
    before = bytes_of(workspace.root)
    with pytest.raises(UserError, match="not a workspace"):
        Store.open(workspace)
    assert bytes_of(workspace.root) == before


def test_that_a_damaged_database_is_never_made_anew(workspace: Workspace) -> None:
    Store.open(workspace).close()
    workspace.database.write_bytes(b"not a database, not at all" * 500)
    before = bytes_of(workspace.root)
    with pytest.raises(Damaged, match="left as it is"):
        Store.open(workspace)
    assert bytes_of(workspace.root) == before


def test_that_an_empty_database_file_of_a_killed_process_is_finished(workspace: Workspace) -> None:
    workspace.root.mkdir()
    workspace.database.touch(mode=0o600)
    store = Store.open(workspace)
    assert store.faults() == []
    assert store.scalar("PRAGMA user_version") == schema_version()
    store.close()


def test_that_a_folder_that_cannot_be_made_is_a_clear_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(UserError, match="Choose a folder"):
        Store.open(Workspace(tmp_path / "file" / "w"))


def write_many(root: str, number: int) -> None:
    store = Store.open(Workspace(Path(root)))
    for step in range(20):
        with store.write("settings"):
            settings.put(store, f"{number}.{step}", str(os.getpid()))
            store.audit("setting", f"{number}.{step}")
    store.close()


def test_that_four_processes_that_write_at_once_lose_nothing(workspace: Workspace) -> None:
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_many, args=(str(workspace.root), n)) for n in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    assert [writer.exitcode for writer in writers] == [0, 0, 0, 0]
    store = Store.open(workspace)
    entries = audit.entries(store)
    assert len(entries) == 80
    assert first_break(entries) is None
    store.close()


SCHEMAS = sorted(Path(__file__).with_name("schemas").glob("m*.sql"))


@pytest.mark.parametrize("schema", SCHEMAS, ids=lambda path: path.stem)
def test_that_a_workspace_of_each_earlier_schema_is_migrated(
    workspace: Workspace, schema: Path
) -> None:
    workspace.root.mkdir()
    old = sqlite3.connect(workspace.database)
    old.executescript(schema.read_text(encoding="utf-8"))
    old.close()
    migrated = Store.open(workspace)
    fresh = Store.open(Workspace(workspace.root.with_name("fresh")))
    tables = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name"
    assert [tuple(row) for row in migrated.query(tables)] == [
        tuple(row) for row in fresh.query(tables)
    ]
    assert migrated.faults() == []
    migrated.close()
    fresh.close()
