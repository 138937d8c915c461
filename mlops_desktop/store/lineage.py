"""What came from what, in the database: ids only, so that a large workspace answers at once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

Edge = tuple[str, str]
# Kinds of sources whose rows do not come from the version before.
_FRESH = ("file", "pasted", "score", "table")


def edges(store: Store) -> list[Edge]:
    """All arrows of the workspace. Keys are `file:<version id>`, `data:<id>`,
    `recipe:<version id>` (one for each time that a recipe was applied), `run:<id>`, `model:<id>`
    and `deployment:<id>`."""
    found: list[Edge] = []
    named = _named(store)
    for row in store.query(
        """SELECT id, parent_id, derived_from_id, recipe_version_id,
                  json_extract(source, '$.kind') AS kind, json_extract(source, '$.path') AS path,
                  json_extract(source, '$.detail') AS detail
           FROM dataset_versions"""
    ):
        data = f"data:{row['id']}"
        if row["path"]:
            found.append((f"file:{row['id']}", data))
        origin = row["derived_from_id"]
        if origin is None and row["kind"] not in _FRESH:
            origin = row["parent_id"]
        detail = json.loads(row["detail"] or "{}")
        # Other tables that a recipe adds, or a model and what it was asked about.
        refs = [*detail.get("concatenated", {}).values()]
        if row["kind"] == "score":
            refs += [f"model {detail.get('model')}", detail.get("of")]
        origins = [f"data:{origin}"] if origin is not None else []
        origins += [named[ref] for ref in refs if ref in named]
        if row["recipe_version_id"] is not None:
            recipe = f"recipe:{row['id']}"
            found.append((recipe, data))
            data = recipe
        found += [(key, data) for key in origins]
    rows = store.query(
        """SELECT 'data:' || e.dataset_version_id AS a, 'run:' || r.id AS b FROM runs r
               JOIN experiments e ON e.id = r.experiment_id
           UNION ALL SELECT 'run:' || run_id, 'model:' || id FROM model_versions
           UNION ALL SELECT 'model:' || model_version_id, 'deployment:' || id FROM deployments
           UNION ALL SELECT 'model:' || second_version_id, 'deployment:' || id FROM deployments
               WHERE second_version_id IS NOT NULL"""
    )
    return found + [(row["a"], row["b"]) for row in rows]


def _named(store: Store) -> dict[str, str]:
    """The keys of dataset versions by reference, of model versions by `model ` and reference."""
    rows = store.query(
        """SELECT d.name || '@' || v.version AS ref, 'data:' || v.id AS key
               FROM dataset_versions v JOIN datasets d ON d.id = v.dataset_id
           UNION ALL SELECT 'model ' || m.name || '@' || v.version, 'model:' || v.id
               FROM model_versions v JOIN models m ON m.id = v.model_id"""
    )
    return {row["ref"]: row["key"] for row in rows}


def of_recipe(store: Store, name: str, version: int | None) -> list[str]:
    """The keys of each time that a recipe (or one version of it) was applied."""
    rows = store.query(
        "SELECT v.id FROM dataset_versions v JOIN recipe_versions w ON w.id = v.recipe_version_id "
        "JOIN recipes r ON r.id = w.recipe_id WHERE r.name = ?1 AND (?2 IS NULL OR w.version = ?2)",
        [name, version],
    )
    return [f"recipe:{row['id']}" for row in rows]


def recipe_exists(store: Store, name: str) -> bool:
    return bool(store.scalar("SELECT count(*) FROM recipes WHERE name = ?", [name]))


def of_file(store: Store, text: str) -> list[str]:
    """The keys of the files of that path, end of a path, or SHA-256 (8 or more of its digits)."""
    rows = store.query(
        """SELECT id, json_extract(source, '$.path') AS path,
                  json_extract(source, '$.sha256') AS sha
           FROM dataset_versions WHERE json_extract(source, '$.path') <> ''"""
    )
    short = len(text) >= 8
    return [
        f"file:{row['id']}"
        for row in rows
        if row["path"] == text
        or row["path"].endswith(f"/{text}")
        or (short and row["sha"].startswith(text))
    ]
