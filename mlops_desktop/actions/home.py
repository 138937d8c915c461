"""What the home screen shows: the stages, the next step, and what happened last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_desktop.core import home as core
from mlops_desktop.core.audit import AuditEntry
from mlops_desktop.store import audit, home

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


@dataclass(frozen=True, slots=True)
class Overview:
    """recent: audit entries, newest first."""

    facts: core.Facts
    stages: tuple[core.StageStatus, ...]
    next_step: core.NextStep
    recent: tuple[AuditEntry, ...]


def overview(store: Store) -> Overview:
    """The state of the loop now."""
    facts = home.facts(store)
    return Overview(
        facts, core.stages(facts), core.next_step(facts), tuple(audit.entries(store, 12))
    )
