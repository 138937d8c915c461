"""Reading the audit chain and proving that nobody has changed it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_desktop.core.audit import AuditEntry, first_break
from mlops_desktop.store import audit as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


@dataclass(frozen=True, slots=True)
class AuditReport:
    """broken_at: the number of the first entry that does not fit the chain, or None."""

    entries: int
    head: str
    broken_at: int | None

    @property
    def whole(self) -> bool:
        return self.broken_at is None


def verify(store: Store) -> AuditReport:
    """Walk the whole chain."""
    entries = rows.entries(store)
    return AuditReport(len(entries), entries[-1].hash if entries else "", first_break(entries))


def recent(store: Store, limit: int = 50) -> list[AuditEntry]:
    """The newest entries, newest first."""
    return rows.entries(store, limit)


def about(store: Store, subject: str) -> list[AuditEntry]:
    """What was done to one thing, such as `bike@1`, or with it, newest first."""
    return rows.about(store, subject)
