"""Servers that should run: started with the app, and again where one has died, up to a limit."""

from __future__ import annotations

import json
import logging
import time
from functools import partial
from typing import TYPE_CHECKING

from mlops_desktop.actions import deployments
from mlops_desktop.actions.lane import Lane
from mlops_desktop.actions.servers import Servers
from mlops_desktop.core.deployments import (
    RESTARTS,
    Deployment,
    DeploymentState,
    may_restart,
)
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.store import deployments as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

log = logging.getLogger(__name__)


def set_autostart(store: Store, name: str, *, on: bool) -> Deployment:
    """Whether a deployment starts with the app."""
    deployment = deployments.get_deployment(store, name)
    with store.write("deployments"):
        rows.update(store, deployment.id, autostart=int(on))
        store.audit("deployment.autostart", name, on=on)
    return rows.get(store, deployment.id)


def start_wanted(lane: Lane, held: Servers) -> list[Deployment]:
    """Start the deployments that start with the app. One that cannot is marked as failed."""
    ended = (DeploymentState.STOPPED, DeploymentState.FAILED)
    wanted = [one for one in lane(rows.all_) if one.autostart and one.state in ended]
    return [_start(lane, deployment, held) for deployment in wanted]


def look(lane: Lane, held: Servers) -> list[Deployment]:
    """As deployments.status(), but a server that has died is started again, RESTARTS times within
    five minutes at most; then it has failed."""
    before = {deployment.id: deployment for deployment in lane(rows.all_)}
    found = deployments.status(lane)
    for place, deployment in enumerate(found):
        was = before.get(deployment.id)
        died = was is not None and was.state is DeploymentState.RUNNING
        if not died or deployment.state is not DeploymentState.FAILED:
            continue
        restarts = may_restart(deployment.restarts, time.time())
        if restarts is None:
            text = f"It died {RESTARTS + 1} times within five minutes. {deployment.error}"
            found[place] = lane(partial(_note, deployment=deployment, error=text))
            continue
        lane(partial(_note, deployment=deployment, restarts=json.dumps(restarts)))
        log.warning("%s died and is started again: %s", deployment.name, deployment.error)
        found[place] = _start(lane, deployment, held)
    return found


def _start(lane: Lane, deployment: Deployment, held: Servers) -> Deployment:
    ref = Ref(deployment.model, version=deployment.version)
    try:
        return deployments.start(
            lane, ref, deployment.name, keep=deployment.keep, servers_held=held
        )
    except UserError as error:
        log.warning("%s could not be started: %s", deployment.name, error)
        return lane(partial(deployments.get_deployment, name=deployment.name))


def _note(store: Store, deployment: Deployment, **columns: object) -> Deployment:
    with store.write("deployments"):
        rows.update(store, deployment.id, **columns)
        if "restarts" in columns:
            store.audit("deployment.restarted", deployment.name, error=deployment.error)
    return rows.get(store, deployment.id)
