"""Units of the columns of a dataset, which hold for all of its versions."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


def units(store: Store, dataset: str) -> dict[str, str]:
    """By the column's name; columns without one are not in it."""
    rows = store.query(
        "SELECT column_name, unit FROM dataset_units u JOIN datasets d ON d.id = u.dataset_id "
        "WHERE d.name = ? ORDER BY column_name",
        [dataset],
    )
    return {row["column_name"]: row["unit"] for row in rows}


def put(store: Store, dataset: str, column: str, unit: str) -> None:
    """Set a unit, or take it away where it is empty; inside write()."""
    number = store.scalar("SELECT id FROM datasets WHERE name = ?", [dataset])
    if not unit:
        store.execute(
            "DELETE FROM dataset_units WHERE dataset_id = ? AND column_name = ?", [number, column]
        )
        return
    store.execute(
        "INSERT INTO dataset_units VALUES (?, ?, ?) "
        "ON CONFLICT (dataset_id, column_name) DO UPDATE SET unit = excluded.unit",
        [number, column, unit],
    )
