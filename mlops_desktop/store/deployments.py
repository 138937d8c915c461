"""Deployments as rows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from mlops_desktop.core import clock
from mlops_desktop.core.deployments import Deployment, DeploymentState, Role, Second
from mlops_desktop.core.privacy import Privacy
from mlops_desktop.core.retention import Retention

if TYPE_CHECKING:
    from mlops_desktop.store.store import Row, Store

_DEPLOYMENTS = """
SELECT d.*, m.name AS model, mv.version, previous.version AS previous_version,
       second.version AS second_version,
       CASE WHEN d.second_version_id IS NOT NULL THEN (
           SELECT max(at) FROM audit WHERE subject = d.name
           AND action IN ('deployment.canary', 'deployment.shadow')) END AS second_since
FROM deployments d
JOIN model_versions mv ON mv.id = d.model_version_id
JOIN models m ON m.id = mv.model_id
LEFT JOIN model_versions previous ON previous.id = d.previous_version_id
LEFT JOIN model_versions second ON second.id = d.second_version_id
"""


def _from_row(row: Row) -> Deployment:
    options = json.loads(row["options"])
    return Deployment(
        id=row["id"],
        name=row["name"],
        model=row["model"],
        version=row["version"],
        model_version=row["model_version_id"],
        state=DeploymentState(row["state"]),
        port=row["port"],
        pid=row["pid"],
        process_started=row["process_started"],
        token_file=row["token_file"],
        keep=bool(row["keep"]),
        previous_version=row["previous_version"],
        second=_second(row),
        autostart=bool(row["autostart"]),
        privacy=_privacy(options),
        retention=Retention(**options.get("retention", {})),
        restarts=tuple(json.loads(row["restarts"])),
        error=row["error"],
        created_at=row["created_at"],
        started_at=row["started_at"],
    )


def _privacy(options: dict[str, Any]) -> Privacy:
    found = options.get("privacy", {"drop": [], "hash": []})
    return Privacy(tuple(found["drop"]), tuple(found["hash"]))


def set_option(store: Store, deployment_id: int, name: str, value: object) -> None:
    """Keep a setting of one deployment, as JSON."""
    store.execute(
        "UPDATE deployments SET options = json_set(options, ?, json(?)) WHERE id = ?",
        [f"$.{name}", json.dumps(value), deployment_id],
    )


def _second(row: Row) -> Second | None:
    if row["second_version_id"] is None:
        return None
    return Second(
        row["second_version"],
        row["second_version_id"],
        Role(row["second_role"]),
        row["second_percent"],
        row["second_since"] or "",
    )


def all_(store: Store) -> list[Deployment]:
    """Every deployment, by name."""
    return [_from_row(row) for row in store.query(f"{_DEPLOYMENTS} ORDER BY d.name")]


def find(store: Store, name: str) -> Deployment | None:
    row = store.one(f"{_DEPLOYMENTS} WHERE d.name = ?", [name])
    return None if row is None else _from_row(row)


def get(store: Store, deployment_id: int) -> Deployment:
    """The deployment of an id that is known to exist."""
    [row] = store.query(f"{_DEPLOYMENTS} WHERE d.id = ?", [deployment_id])
    return _from_row(row)


def add(store: Store, name: str, model_version: int) -> int:
    """Insert a stopped deployment; the answer is its id, which also names its token file."""
    deployment_id = store.insert(
        "deployments",
        {
            "name": name,
            "model_version_id": model_version,
            "state": DeploymentState.STOPPED.value,
            "token_file": "",
            "created_at": clock.now(),
        },
    )
    path = store.workspace.deployment(deployment_id) / "token"
    update(store, deployment_id, token_file=path.relative_to(store.workspace.root).as_posix())
    return deployment_id


def update(store: Store, deployment_id: int, **columns: object) -> None:
    """Change columns of one row, named as in the table."""
    settings = ", ".join(f'"{name}" = ?' for name in columns)
    store.execute(
        f"UPDATE deployments SET {settings} WHERE id = ?", [*columns.values(), deployment_id]
    )
