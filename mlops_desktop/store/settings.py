"""Settings of a workspace as text by key."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


def get(store: Store, key: str, default: str = "") -> str:
    row = store.one("SELECT value FROM settings WHERE key = ?", [key])
    return default if row is None else str(row["value"])


def put(store: Store, key: str, value: str) -> None:
    store.execute(
        "INSERT INTO settings VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        [key, value],
    )
