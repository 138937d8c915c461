"""Datasets and their versions in the database."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from mlops_desktop.core import clock
from mlops_desktop.core.datasets import Column, Dataset, DatasetVersion, DataWarning, Source
from mlops_desktop.core.jsonable import from_plain, to_plain

if TYPE_CHECKING:
    from mlops_desktop.store.store import Row, Store

VERSIONS = """
SELECT v.*, d.name AS dataset, r.name AS recipe, w.version AS recipe_version,
       (SELECT json_group_array(t.tag) FROM dataset_tags t
        WHERE t.dataset_version_id = v.id) AS tags
FROM dataset_versions v
JOIN datasets d ON d.id = v.dataset_id
LEFT JOIN recipe_versions w ON w.id = v.recipe_version_id
LEFT JOIN recipes r ON r.id = w.recipe_id
"""


def from_row(row: Row) -> DatasetVersion:
    return DatasetVersion(
        id=row["id"],
        dataset=row["dataset"],
        version=row["version"],
        rows=row["rows"],
        columns=tuple(from_plain(Column, item) for item in json.loads(row["columns"])),
        manifest=row["manifest"],
        profile=row["profile"],
        content_hash=row["content_hash"],
        stored_bytes=row["stored_bytes"],
        source=from_plain(Source, json.loads(row["source"])),
        message=row["message"],
        warnings=tuple(from_plain(DataWarning, item) for item in json.loads(row["warnings"])),
        parent=row["parent_id"],
        created_at=row["created_at"],
        by=row["actor"],
        note=row["note"],
        tags=tuple(sorted(json.loads(row["tags"]))),
        derived_from=row["derived_from_id"],
        recipe=f"{row['recipe']}@{row['recipe_version']}" if row["recipe"] else "",
        deleted_at=row["deleted_at"],
        purged_at=row["purged_at"],
    )


def add_version(
    store: Store, new: DatasetVersion, recipe_version: int | None = None
) -> DatasetVersion:
    """Insert the next version of new.dataset (made if it is new), inside write().

    id, version, by and created_at are given here. recipe_version: the id of the one applied.
    """
    at = clock.now()
    dataset = store.scalar("SELECT id FROM datasets WHERE name = ?", [new.dataset])
    if dataset is None:
        dataset = store.insert("datasets", {"name": new.dataset, "created_at": at})
    number = store.scalar(
        "SELECT coalesce(max(version), 0) + 1 FROM dataset_versions WHERE dataset_id = ?", [dataset]
    )
    row = store.insert(
        "dataset_versions",
        {
            "dataset_id": dataset,
            "version": number,
            "rows": new.rows,
            "columns": _text(new.columns),
            "manifest": new.manifest,
            "profile": new.profile,
            "content_hash": new.content_hash,
            "stored_bytes": new.stored_bytes,
            "source": _text(new.source),
            "message": new.message,
            "warnings": _text(new.warnings),
            "parent_id": new.parent,
            "created_at": at,
            "actor": store.actor,
            "note": new.note,
            "derived_from_id": new.derived_from,
            "recipe_version_id": recipe_version,
        },
    )
    return by_id(store, row)


def by_id(store: Store, version_id: int) -> DatasetVersion:
    row = store.one(f"{VERSIONS} WHERE v.id = ?", [version_id])
    if row is None:
        raise LookupError(f"There is no dataset version with id {version_id}.")
    return from_row(row)


def names(store: Store) -> list[str]:
    rows = store.query(
        "SELECT name FROM datasets d WHERE EXISTS (SELECT 1 FROM dataset_versions v "
        "WHERE v.dataset_id = d.id AND v.deleted_at IS NULL) ORDER BY name"
    )
    return [row["name"] for row in rows]


def versions(store: Store, dataset: str, *, deleted: bool = False) -> list[DatasetVersion]:
    """Newest first; empty for an unknown name. deleted: also those in the bin and cleaned up."""
    alive = "" if deleted else "AND v.deleted_at IS NULL"
    rows = store.query(f"{VERSIONS} WHERE d.name = ? {alive} ORDER BY v.version DESC", [dataset])
    return [from_row(row) for row in rows]


def version(store: Store, dataset: str, number: int | None) -> DatasetVersion | None:
    """The version of that number, or the newest; deleted ones are not found."""
    tail = "ORDER BY v.version DESC LIMIT 1" if number is None else "AND v.version = ?"
    numbers = [] if number is None else [number]
    row = store.one(
        f"{VERSIONS} WHERE d.name = ? AND v.deleted_at IS NULL {tail}", [dataset, *numbers]
    )
    return None if row is None else from_row(row)


def datasets(store: Store) -> list[Dataset]:
    """Every dataset that has a version, with its newest one, by name."""
    latest = {
        row["dataset_id"]: from_row(row)
        for row in store.query(
            f"{VERSIONS} WHERE v.version = (SELECT max(version) FROM dataset_versions w "
            "WHERE w.dataset_id = v.dataset_id AND w.deleted_at IS NULL)"
        )
    }
    rows = store.query(
        "SELECT d.*, count(v.id) AS versions FROM datasets d JOIN dataset_versions v "
        "ON v.dataset_id = d.id AND v.deleted_at IS NULL GROUP BY d.id ORDER BY d.name"
    )
    return [
        Dataset(row["id"], row["name"], row["versions"], latest.get(row["id"]), row["created_at"])
        for row in rows
    ]


def _text(value: object) -> str:
    return json.dumps(to_plain(value), ensure_ascii=False)
