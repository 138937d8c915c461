"""The care of dataset versions in the database: tags, notes, the bin, and what uses a version."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.runs import RunState
from mlops_desktop.core.versions import Use
from mlops_desktop.store import datasets

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


def tags(store: Store, dataset: str) -> dict[str, int]:
    """The tags of a dataset, each with the id of its version."""
    rows = store.query(
        "SELECT t.tag, t.dataset_version_id AS id FROM dataset_tags t "
        "JOIN datasets d ON d.id = t.dataset_id WHERE d.name = ? ORDER BY t.tag",
        [dataset],
    )
    return {row["tag"]: row["id"] for row in rows}


def set_tag(store: Store, version: DatasetVersion, tag: str) -> None:
    """Give a version a tag, which another version of the dataset loses."""
    store.execute(
        "INSERT INTO dataset_tags SELECT dataset_id, ?, id FROM dataset_versions WHERE id = ? "
        "ON CONFLICT (dataset_id, tag) DO UPDATE "
        "SET dataset_version_id = excluded.dataset_version_id",
        [tag, version.id],
    )


def remove_tag(store: Store, dataset: str, tag: str) -> None:
    store.execute(
        "DELETE FROM dataset_tags WHERE tag = ? "
        "AND dataset_id = (SELECT id FROM datasets WHERE name = ?)",
        [tag, dataset],
    )


def set_note(store: Store, version_id: int, note: str) -> None:
    store.execute("UPDATE dataset_versions SET note = ? WHERE id = ?", [note, version_id])


def set_deleted(store: Store, version_ids: Sequence[int], at: str | None) -> None:
    """Put versions into the bin at a time, or take them out of it (None)."""
    for version_id in version_ids:
        store.execute("UPDATE dataset_versions SET deleted_at = ? WHERE id = ?", [at, version_id])


def stored(store: Store) -> list[DatasetVersion]:
    """Every version whose rows are on the disk, also those in the bin; the oldest first."""
    rows = store.query(f"{datasets.VERSIONS} WHERE v.purged_at IS NULL ORDER BY v.id")
    return [datasets.from_row(row) for row in rows]


def binned(store: Store) -> list[DatasetVersion]:
    """What lies in the bin, the last deleted first."""
    rows = store.query(
        f"{datasets.VERSIONS} WHERE v.deleted_at IS NOT NULL AND v.purged_at IS NULL "
        "ORDER BY v.deleted_at DESC, v.id DESC"
    )
    return [datasets.from_row(row) for row in rows]


def is_trained_on(store: Store, version_id: int) -> bool:
    """Whether a run that has not ended reads the version's rows."""
    return bool(
        store.scalar(
            "SELECT count(*) FROM runs r JOIN experiments e ON e.id = r.experiment_id "
            "WHERE e.dataset_version_id = ? AND r.state IN (?, ?)",
            [version_id, RunState.QUEUED.value, RunState.RUNNING.value],
        )
    )


def purge(store: Store, version_id: int, at: str) -> None:
    """Forget a version's rows. Its number, source and place in the lineage stay: runs name them."""
    for table in ("dataset_tags", "check_results"):
        store.execute(f"DELETE FROM {table} WHERE dataset_version_id = ?", [version_id])
    store.execute(
        "UPDATE dataset_versions SET manifest = '', profile = '', warnings = '[]', purged_at = ? "
        "WHERE id = ?",
        [at, version_id],
    )


def move_manifest(store: Store, old: str, new: str) -> None:
    """The same rows lie elsewhere now."""
    store.execute("UPDATE dataset_versions SET manifest = ? WHERE manifest = ?", [new, old])


# A version and all that recipes made of it, also as a table that they joined.
_HEIRS = """
WITH RECURSIVE heirs(id) AS (
    SELECT ?1
    UNION SELECT v.id FROM dataset_versions v JOIN heirs h ON v.derived_from_id = h.id
    UNION SELECT v.id FROM heirs h JOIN dataset_versions o ON o.id = h.id
        JOIN datasets d ON d.id = o.dataset_id
        JOIN dataset_versions v ON v.recipe_version_id IS NOT NULL
        JOIN json_each(v.source, '$.detail.concatenated') j
        ON j.value = d.name || '@' || o.version
)
"""


def uses(store: Store, version: DatasetVersion) -> list[Use]:
    """All that needs a version: tags, versions derived from it, checks, runs, models, servers.

    A model needs the versions, too, from which recipes made the one that it was trained on:
    comparing and retraining start from their rows.
    """
    found = [Use("tag", tag) for tag in version.tags]
    children = store.query(
        f"{_HEIRS} {datasets.VERSIONS} JOIN heirs h ON h.id = v.id "
        "WHERE v.id <> ?1 AND v.deleted_at IS NULL ORDER BY v.id",
        [version.id],
    )
    found += [Use("version", datasets.from_row(row).ref) for row in children]
    suites = store.query(
        "SELECT d.name, s.rules FROM check_suites s JOIN datasets d ON d.id = s.dataset_id"
    )
    found += [
        Use("checks", row["name"])
        for row in suites
        if version.ref in _texts(json.loads(row["rules"]))
    ]
    runs = store.query(
        "SELECT r.id, r.state FROM runs r JOIN experiments e ON e.id = r.experiment_id "
        "WHERE e.dataset_version_id = ? ORDER BY r.id",
        [version.id],
    )
    unended = (RunState.QUEUED.value, RunState.RUNNING.value)
    found += [Use("run", str(row["id"]), binding=row["state"] in unended) for row in runs]
    models = store.query(
        f"{_HEIRS} SELECT mv.id, m.name || '@' || mv.version AS ref FROM model_versions mv "
        "JOIN models m ON m.id = mv.model_id JOIN runs r ON r.id = mv.run_id "
        "JOIN experiments e ON e.id = r.experiment_id "
        "WHERE e.dataset_version_id IN (SELECT id FROM heirs) ORDER BY mv.id",
        [version.id],
    )
    found += [Use("model", row["ref"], binding=True) for row in models]
    marks = ", ".join("?" * len(models))
    ids = [row["id"] for row in models]
    deployments = store.query(
        f"SELECT name FROM deployments WHERE model_version_id IN ({marks}) "
        f"OR second_version_id IN ({marks}) OR previous_version_id IN ({marks}) ORDER BY name",
        ids * 3,
    )
    return found + [Use("deployment", row["name"], binding=True) for row in deployments]


def _texts(value: object) -> list[str]:
    """Every text inside a JSON value."""
    match value:
        case str():
            return [value]
        case dict():
            return [text for item in value.values() for text in _texts(item)]
        case list():
            return [text for item in value for text in _texts(item)]
    return []
