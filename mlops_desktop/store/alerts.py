"""Alerts as rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_desktop.core import clock
from mlops_desktop.core.monitoring import Alert, AlertKind, AlertState

if TYPE_CHECKING:
    from mlops_desktop.store.store import Row, Store

_ALERTS = """
SELECT a.*, v.version FROM alerts a JOIN model_versions v ON v.id = a.model_version_id
"""


def alerts(store: Store, deployment_id: int) -> list[Alert]:
    """Active ones first, errors before drift, then the oldest."""
    rows = store.query(
        _ALERTS + "WHERE a.deployment_id = ? "
        "ORDER BY a.state <> 'active', a.kind <> 'error', a.since_us, a.subject",
        [deployment_id],
    )
    return [_alert(row) for row in rows]


def raise_alert(store: Store, model_version: int, alert: Alert) -> Alert:
    """Insert an active alert; the answer is the one that is kept."""
    number = store.insert(
        "alerts",
        {
            "deployment_id": alert.deployment,
            "model_version_id": model_version,
            "kind": alert.kind.value,
            "subject": alert.subject,
            "state": AlertState.ACTIVE.value,
            "since_us": clock.from_iso(alert.since),
            "value": alert.value,
            "threshold": alert.threshold,
            "message": alert.message,
            "created_at": clock.now(),
        },
    )
    return _get_alert(store, number)


def update_alert(store: Store, alert_id: int, value: float, message: str) -> None:
    store.execute(
        "UPDATE alerts SET value = ?, message = ? WHERE id = ?", [value, message, alert_id]
    )


def resolve_alert(store: Store, alert_id: int, until: str) -> Alert:
    """until: ISO time of the first window that was fine again."""
    store.execute(
        "UPDATE alerts SET state = 'resolved', until_us = ?, resolved_at = ? WHERE id = ?",
        [clock.from_iso(until), clock.now(), alert_id],
    )
    return _get_alert(store, alert_id)


def _get_alert(store: Store, alert_id: int) -> Alert:
    (row,) = store.query(_ALERTS + "WHERE a.id = ?", [alert_id])
    return _alert(row)


def _alert(row: Row) -> Alert:
    return Alert(
        id=row["id"],
        deployment=row["deployment_id"],
        kind=AlertKind(row["kind"]),
        subject=row["subject"],
        state=AlertState(row["state"]),
        version=row["version"],
        since=clock.to_iso(row["since_us"]),
        value=row["value"],
        threshold=row["threshold"],
        message=row["message"],
        created_at=row["created_at"],
        until=None if row["until_us"] is None else clock.to_iso(row["until_us"]),
        resolved_at=row["resolved_at"],
    )
