"""What came from what, in the database: ids only, so that a large workspace answers at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

Edge = tuple[str, str]
# Kinds of sources whose rows do not come from the version before.
_FRESH = ("file", "table", "clipboard", "database")


def edges(store: Store) -> list[Edge]:
    """All arrows of the workspace. Keys are `file:<version id>`, `data:<id>`,
    `recipe:<version id>` (one for each time that a recipe was applied), `run:<id>`, `model:<id>`
    and `deployment:<id>`."""
    found: list[Edge] = []
    fresh = ", ".join("?" * len(_FRESH))
    for row in store.query(
        f"""SELECT id, coalesce(derived_from_id, CASE WHEN json_extract(source, '$.kind') NOT IN
                   ({fresh}) THEN parent_id END) AS origin,
                   recipe_version_id IS NOT NULL AS by_recipe,
                   json_extract(source, '$.path') <> '' AS from_file
            FROM dataset_versions""",
        _FRESH,
    ):
        data = f"data:{row['id']}"
        if row["from_file"]:
            found.append((f"file:{row['id']}", data))
        origin = None if row["origin"] is None else f"data:{row['origin']}"
        if row["by_recipe"]:
            recipe = f"recipe:{row['id']}"
            found += [(origin, recipe)] if origin else []
            found.append((recipe, data))
        elif origin:
            found.append((origin, data))
    rows = store.query(
        """SELECT 'data:' || e.dataset_version_id AS a, 'run:' || r.id AS b FROM runs r
               JOIN experiments e ON e.id = r.experiment_id
           UNION ALL SELECT 'run:' || run_id, 'model:' || id FROM model_versions
           UNION ALL SELECT 'model:' || model_version_id, 'deployment:' || id FROM deployments
           UNION ALL SELECT 'model:' || second_version_id, 'deployment:' || id FROM deployments
               WHERE second_version_id IS NOT NULL"""
    )
    return found + [(row["a"], row["b"]) for row in rows]


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
