"""What the user has set for a workspace: how many runs train at once."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from mlops_desktop.core.errors import UserError
from mlops_desktop.store import settings

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

_WORKERS = "training_workers"
MAX_WORKERS = 64


def default_workers() -> int:
    """One core stays free for the window and the servers; at least one run trains."""
    return max(1, (os.cpu_count() or 2) - 1)


def training_workers(store: Store) -> int:
    """How many runs train at once."""
    return int(settings.get(store, _WORKERS, str(default_workers())))


def set_training_workers(store: Store, count: int) -> int:
    """Set how many runs train at once, from now on."""
    if not 1 <= count <= MAX_WORKERS:
        raise UserError(
            f"{count} training workers are not possible.", hint=f"Choose 1 to {MAX_WORKERS}."
        )
    with store.write("settings"):
        settings.put(store, _WORKERS, str(count))
        store.audit("setting.changed", _WORKERS, value=count)
    return count
