"""Recipes and their versions in the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlops_desktop.core import clock
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.core.recipes import RecipeVersion, Step

if TYPE_CHECKING:
    from mlops_desktop.store.store import Row, Store

_VERSIONS = (
    "SELECT w.*, r.name AS recipe FROM recipe_versions w JOIN recipes r ON r.id = w.recipe_id"
)


def _from_row(row: Row) -> RecipeVersion:
    return RecipeVersion(
        id=row["id"],
        recipe=row["recipe"],
        version=row["version"],
        steps=tuple(from_plain(Step, item) for item in json.loads(row["steps"])),
        note=row["note"],
        by=row["actor"],
        created_at=row["created_at"],
    )


def add_version(store: Store, name: str, steps: Sequence[Step], note: str) -> RecipeVersion:
    """Insert the next version of a recipe (made if it is new), inside write()."""
    at = clock.now()
    recipe = store.scalar("SELECT id FROM recipes WHERE name = ?", [name])
    if recipe is None:
        recipe = store.insert("recipes", {"name": name, "created_at": at})
    number = store.scalar(
        "SELECT coalesce(max(version), 0) + 1 FROM recipe_versions WHERE recipe_id = ?", [recipe]
    )
    row = {
        "recipe_id": recipe,
        "version": number,
        "steps": json.dumps(to_plain(steps), ensure_ascii=False),
        "note": note,
        "actor": store.actor,
        "created_at": at,
    }
    return by_id(store, store.insert("recipe_versions", row))


def by_id(store: Store, version_id: int) -> RecipeVersion:
    row = store.one(f"{_VERSIONS} WHERE w.id = ?", [version_id])
    if row is None:
        raise LookupError(f"There is no recipe version with id {version_id}.")
    return _from_row(row)


def version(store: Store, name: str, number: int | None) -> RecipeVersion | None:
    """The version of that number, or the newest."""
    tail = "ORDER BY w.version DESC LIMIT 1" if number is None else "AND w.version = ?"
    numbers = [] if number is None else [number]
    row = store.one(f"{_VERSIONS} WHERE r.name = ? {tail}", [name, *numbers])
    return None if row is None else _from_row(row)


def versions(store: Store, name: str) -> list[RecipeVersion]:
    """Newest first; empty for an unknown name."""
    rows = store.query(f"{_VERSIONS} WHERE r.name = ? ORDER BY w.version DESC", [name])
    return [_from_row(row) for row in rows]


def newest(store: Store) -> list[RecipeVersion]:
    """The newest version of each recipe, by name."""
    rows = store.query(
        f"{_VERSIONS} WHERE w.version = "
        "(SELECT max(version) FROM recipe_versions o WHERE o.recipe_id = w.recipe_id) "
        "ORDER BY r.name"
    )
    return [_from_row(row) for row in rows]
