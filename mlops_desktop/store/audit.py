"""Reading the audit chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_desktop.core.audit import AuditEntry

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


def entries(store: Store, limit: int | None = None) -> list[AuditEntry]:
    """Entries oldest first; with a limit, the newest that many, newest first."""
    if limit is None:
        rows = store.query("SELECT * FROM audit ORDER BY seq")
    else:
        rows = store.query("SELECT * FROM audit ORDER BY seq DESC LIMIT ?", [limit])
    return [AuditEntry(**row) for row in rows]


def about(store: Store, subject: str) -> list[AuditEntry]:
    """The entries of one subject, and those whose details name it, newest first."""
    rows = store.query(
        """SELECT * FROM audit a WHERE subject = ?1 OR EXISTS (
               SELECT 1 FROM json_each(a.detail) WHERE type = 'text' AND value = ?1)
           ORDER BY seq DESC""",
        [subject],
    )
    return [AuditEntry(**row) for row in rows]
