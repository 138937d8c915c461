"""What became of a deployment's server, written down with its audit entry."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mlops_desktop.core.deployments import DEPLOYMENT_MOVES, Deployment, DeploymentState
from mlops_desktop.core.errors import UserError
from mlops_desktop.store import deployments as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


def _check_move(deployment: Deployment, state: DeploymentState) -> None:
    if state not in DEPLOYMENT_MOVES[deployment.state]:
        raise UserError(
            f"{deployment.name} is {deployment.state}, so it cannot become {state}.",
            hint="Look at its state and try again.",
        )


def note(store: Store, deployment: Deployment, **columns: object) -> None:
    with store.write("deployments"):
        rows.update(store, deployment.id, **columns)


def note_start(
    store: Store, deployment: Deployment, about: dict[str, Any], version: int
) -> Deployment:
    with store.write("deployments"):
        now = rows.get(store, deployment.id)
        if now.state is DeploymentState.RUNNING and now.pid == about["pid"]:
            return now  # Somebody who looked at it was faster.
        _check_move(now, DeploymentState.RUNNING)
        rows.update(
            store,
            deployment.id,
            state=DeploymentState.RUNNING.value,
            port=about["port"],
            pid=about["pid"],
            process_started=about["process_started"],
            started_at=about["started_at"],
        )
        store.audit(
            "deployment.started",
            deployment.name,
            version=f"{deployment.model}@{version}",
            port=about["port"],
        )
    return rows.get(store, deployment.id)


def note_end(
    store: Store, deployment: Deployment, state: DeploymentState, error: str
) -> Deployment:
    with store.write("deployments"):
        now = rows.get(store, deployment.id)
        if state not in DEPLOYMENT_MOVES[now.state]:
            return now  # It has ended before, in one way or the other.
        rows.update(
            store,
            deployment.id,
            state=state.value,
            error=error,
            pid=None,
            process_started=None,
        )
        verb = "failed" if state is DeploymentState.FAILED else "stopped"
        store.audit(f"deployment.{verb}", deployment.name, error=error)
    return rows.get(store, deployment.id)
