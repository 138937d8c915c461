"""Labels of an older workspace count on after the migration."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from mlops_desktop.paths import Workspace
from mlops_desktop.store import labels
from mlops_desktop.store.store import Store

_SCHEMAS = Path(__file__).parent / "schemas"


def test_that_labels_of_an_older_workspace_count_and_can_be_undone(workspace_dir: Path) -> None:
    workspace_dir.mkdir()
    workspace = Workspace(workspace_dir)
    old = sqlite3.connect(workspace.database)
    old.executescript((_SCHEMAS / "m001.sql").read_text(encoding="utf-8"))
    old.execute("PRAGMA foreign_keys = OFF")  # Of parents, those that labels name are enough.
    old.execute("INSERT INTO model_versions VALUES (1, 1, 1, 1, '{}', '[]', '{}', '2026')")
    old.execute(
        "INSERT INTO deployments (id, name, model_version_id, state, token_file, created_at) "
        "VALUES (1, 'd', 1, 'stopped', '', '2026')"
    )
    old.execute(
        "INSERT INTO label_batches (id, deployment_id, source, sha256, rows, matched, created_at) "
        "VALUES (5, 1, 'truth.csv', 'abc', 2, 2, '2026-01-01T00:00:00+00:00')"
    )
    for prediction in ("a:0", "b:0"):
        old.execute(
            "INSERT INTO labels VALUES (1, ?, 5, 1, 0, '1.0', '2.0', '[2.0]')", [prediction]
        )
    old.commit()
    old.close()
    store = Store.open(workspace)
    try:
        assert labels.actuals(store, 1) == {"a:0": "1.0", "b:0": "1.0"}
        [file] = labels.files(store, 1)
        assert (file.source, file.used, file.undone_at) == ("truth.csv", 2, None)
        with store.write("monitoring"):
            assert labels.undo(store, 1, 5) == [(1, 0)]
        assert labels.labelled(store, 1) == 0
    finally:
        store.close()
