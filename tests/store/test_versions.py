"""Versions that were stored before anybody noted who made them."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from mlops_desktop.paths import Workspace
from mlops_desktop.store import datasets
from mlops_desktop.store.store import Store

_SCHEMAS = Path(__file__).parent / "schemas"


def test_that_a_migrated_version_knows_from_the_record_who_imported_it(workspace_dir: Path) -> None:
    workspace_dir.mkdir()
    workspace = Workspace(workspace_dir)
    old = sqlite3.connect(workspace.database)
    old.executescript((_SCHEMAS / "m001.sql").read_text(encoding="utf-8"))
    old.execute("INSERT INTO datasets VALUES (7, 'bike', '2026')")
    for number in (1, 2):
        old.execute(
            "INSERT INTO dataset_versions VALUES (?, 7, ?, 1, '[]', '', '', '', 0, "
            """'{"kind": "file"}', '', '[]', NULL, '2026')""",
            [number, number],
        )
    entry = (1, "2026", "ann", "dataset.imported", "bike@2", "{}", "0", "1")
    old.execute("INSERT INTO audit VALUES (?, ?, ?, ?, ?, ?, ?, ?)", entry)
    old.commit()
    old.close()
    store = Store.open(workspace)
    try:
        assert [version.by for version in datasets.versions(store, "bike")] == ["ann", ""]
    finally:
        store.close()
