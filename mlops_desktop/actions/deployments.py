"""Deployments: servers started, stopped, exchanged, and found again after a restart."""

from __future__ import annotations

import difflib
import http.client
import json
import time
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from mlops_desktop.actions import models, processes, servers, serving
from mlops_desktop.actions.children import stop as stop_child
from mlops_desktop.actions.deployment_states import note, note_end, note_start
from mlops_desktop.actions.hiding import keep_privacy
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.servers import Servers
from mlops_desktop.actions.serving import live, log_tail, predict, recent_requests, token
from mlops_desktop.core import clock
from mlops_desktop.core.deployments import (
    Deployment,
    DeploymentState,
)
from mlops_desktop.core.errors import Cancelled, CheckFailed, NotFound, UserError
from mlops_desktop.core.ids import Ref, checked_name
from mlops_desktop.core.models import ModelVersion
from mlops_desktop.core.privacy import Privacy, checked_privacy
from mlops_desktop.paths import Workspace
from mlops_desktop.store import deployments as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

# Found here under their noun; those that only ask a running server live in serving.py.
__all__ = ["Servers", "live", "log_tail", "predict", "recent_requests", "token"]
_STARTING_S = 90.0  # After that, whoever began to start it is gone.
_State = DeploymentState


def list_deployments(store: Store) -> list[Deployment]:
    """As the store has them; `status` also looks at the processes."""
    return rows.all_(store)


def get_deployment(store: Store, name: str) -> Deployment:
    found = rows.find(store, name)
    if found is None:
        known = [deployment.name for deployment in rows.all_(store)]
        near = difflib.get_close_matches(name, known, n=1)
        raise NotFound(
            f"There is no deployment called {name!r}.",
            hint=f"Did you mean {near[0]!r}?" if near else "Start one with: deploy start MODEL.",
        )
    return found


def start(
    lane: Lane,
    ref: str | Ref,
    name: str | None = None,
    port: int | None = None,
    keep: bool = False,
    context: Context | None = None,
    servers_held: Servers | None = None,
    privacy: Privacy | None = None,
) -> Deployment:
    """Serve a model version (a bare name means its champion); returns once it answers.

    A name that is running swaps its version instead. keep: the server outlives us; otherwise it
    ends with `servers_held`, which its owner keeps. The port is a free one, unless named, and
    stays the same ever after. privacy: what is not recorded from the first request on; None leaves
    it as it is, and one that runs is told by set_privacy(). Raises CheckFailed for a version that
    is not approved, UserError for columns that cannot be hidden.
    """
    if not keep and servers_held is None:
        raise ValueError("A server that is not kept needs an owner: pass servers_held.")
    context = context or Context()
    deployment, version = lane(lambda store: _begin(store, ref, name, port, keep, privacy))
    if deployment.state is _State.RUNNING:
        if deployment.model_version == version.id:
            return deployment
        return _swap(lane, deployment, version)
    context.progress(None, f"Starting {version.ref}")
    workspace = lane(lambda store: store.workspace)
    second = lane(lambda store: second_version(store, deployment))
    process = servers.launch(workspace, deployment, version, second)
    try:
        pid, began = process.pid, processes.started_at(process.pid)
        lane(lambda store: note(store, deployment, pid=pid, process_started=began))
        about = servers.wait_ready(workspace, deployment, process, context)
        started = lane(lambda store: note_start(store, deployment, about, version.version))
    except BaseException as error:
        stop_child(process)
        state = _State.STOPPED if isinstance(error, Cancelled) else _State.FAILED
        text = "" if isinstance(error, Cancelled) else str(error)
        lane(lambda store: note_end(store, deployment, state, text))
        raise
    if servers_held is not None and not keep:
        servers_held.hold(process)
    else:
        servers.let_go(process)
    context.progress(1.0, f"{started.name} answers at {started.url}")
    return started


def stop(lane: Lane, name: str) -> Deployment:
    """End a server, gently at first; its port and token stay for the next start."""
    deployment = lane(lambda store: get_deployment(store, name))
    process = servers.process_of(deployment)
    if process is not None:
        if deployment.state is _State.RUNNING:
            lane(lambda store: note(store, deployment, state=_State.STOPPING.value))
        servers.end(process)
    return lane(lambda store: note_end(store, deployment, _State.STOPPED, ""))


def restart(
    lane: Lane, name: str, context: Context | None = None, servers_held: Servers | None = None
) -> Deployment:
    """Stop, and start with the same version, port and token."""
    deployment = stop(lane, name)
    ref = Ref(deployment.model, version=deployment.version)
    return start(lane, ref, name, keep=deployment.keep, context=context, servers_held=servers_held)


def swap(lane: Lane, name: str, ref: str | Ref) -> Deployment:
    """Exchange the version that a running deployment serves; no request fails meanwhile."""

    def look(store: Store) -> tuple[Deployment, ModelVersion]:
        deployment, version = get_deployment(store, name), models.resolve(store, ref)
        check_fits(deployment, version)
        return deployment, version

    return _swap(lane, *lane(look))


def second_version(store: Store, deployment: Deployment) -> ModelVersion | None:
    """The version that is tried beside the deployed one."""
    if deployment.second is None:
        return None
    return models.get_version(store, Ref(deployment.model, version=deployment.second.version))


def status(lane: Lane) -> list[Deployment]:
    """Every deployment after a look at its process: dead ones are marked, living ones adopted.

    One that lives but does not answer keeps its state, with an error that says so.
    """
    workspace = lane(lambda store: store.workspace)
    return [_looked_at(lane, workspace, deployment) for deployment in lane(rows.all_)]


def keep(lane: Lane, names: list[str], servers_held: Servers) -> None:
    """Let running servers outlive us, as if they had been started so; no request notices."""
    for name in names:
        deployment = lane(partial(get_deployment, name=name))
        if deployment.pid is None or deployment.keep:
            continue
        servers_held.release(deployment.pid)
        lane(partial(note, deployment=deployment, keep=1))


def shut_down_unkept(lane: Lane) -> None:
    """Stop every server that was not asked to outlive the app."""
    for deployment in lane(rows.all_):
        if not deployment.keep and servers.process_of(deployment) is not None:
            stop(lane, deployment.name)


def _begin(
    store: Store,
    ref: str | Ref,
    name: str | None,
    port: int | None,
    keep: bool,
    privacy: Privacy | None,
) -> tuple[Deployment, ModelVersion]:
    version = models.resolve(store, ref)
    if privacy is not None:
        privacy = checked_privacy(version.signature, privacy.drop, privacy.hash)
    _check_approved(version)
    name = checked_name(name or version.model, "deployment")
    with store.write("deployments"):
        found = rows.find(store, name)
        if found is None:
            found = rows.get(store, rows.add(store, name, version.id))
        check_fits(found, version)
        alive = servers.process_of(found) is not None
        if found.state is _State.RUNNING and alive:
            if port not in (None, found.port):
                raise UserError(f"{name} runs at port {found.port}.", hint="Stop it to move it.")
            if privacy not in (None, found.privacy):
                raise UserError(
                    f"{name} runs already, and records other columns.",
                    hint=f"Say what it records from now on first: deploy privacy {name}.",
                )
            return found, version
        if found.state in (_State.STARTING, _State.STOPPING) and (alive or _is_young(found)):
            raise UserError(f"{name} is {found.state} already.", hint="Wait for it to finish.")
        changes: dict[str, object] = {"state": _State.STARTING.value, "keep": int(keep)}
        if port is not None:
            changes["port"] = port
        if found.model_version != version.id:
            changes |= {"model_version_id": version.id, "previous_version_id": found.model_version}
        changes |= {"error": "", "pid": None, "started_at": clock.now()}
        rows.update(store, found.id, **changes)
        if privacy not in (None, found.privacy):
            keep_privacy(store, found, privacy)
    return rows.get(store, found.id), version


def _check_approved(version: ModelVersion) -> None:
    if version.approval is None:
        raise CheckFailed(
            f"{version.ref} is not approved, so it is not served.",
            hint="Approve it first.",
        )


def check_fits(deployment: Deployment, version: ModelVersion) -> None:
    """Raises CheckFailed or UserError where the deployment cannot serve the version."""
    _check_approved(version)
    if deployment.model != version.model:
        raise UserError(
            f"{deployment.name} serves the model {deployment.model}, not {version.model}.",
            hint="Give the new deployment another name.",
        )


def _is_young(deployment: Deployment) -> bool:
    if deployment.started_at is None:
        return False
    return time.time() - clock.from_iso(deployment.started_at) / 1e6 < _STARTING_S


def _swap(lane: Lane, deployment: Deployment, version: ModelVersion) -> Deployment:
    if deployment.model_version == version.id:
        return deployment
    tell(lane, deployment, "/admin/swap", {"model": servers.model_job(version, deployment)})

    def swapped(store: Store) -> Deployment:
        with store.write("deployments"):
            rows.update(
                store,
                deployment.id,
                model_version_id=version.id,
                previous_version_id=deployment.model_version,
                second_version_id=None,
                second_role=None,
                second_percent=None,
            )
            store.audit(
                "deployment.swapped",
                deployment.name,
                version=version.ref,
                previous=f"{deployment.model}@{deployment.version}",
            )
        return rows.get(store, deployment.id)

    return lane(swapped)


def tell(lane: Lane, deployment: Deployment, route: str, message: dict[str, Any]) -> None:
    """Send a running server what to do. Raises UserError where it does not do it."""
    workspace = lane(lambda store: store.workspace)
    try:
        with serving.client(workspace, deployment, timeout_s=servers.READY_S) as server:
            code, answer = server.ask(route, json.dumps(message).encode())
    except (OSError, http.client.HTTPException) as error:
        raise UserError(
            f"{deployment.name} does not answer, so nothing was changed.",
            why=str(error),
            hint="Start it first.",
        ) from error
    if code != 200:
        raise UserError(
            f"{deployment.name} still serves v{deployment.version}.", why=answer["error"]
        )


def _looked_at(lane: Lane, workspace: Workspace, deployment: Deployment) -> Deployment:
    process = servers.process_of(deployment)
    folder = workspace.deployment(deployment.id)
    match deployment.state:
        case _State.RUNNING if process is None:
            text = str(servers.failure(folder))
            return lane(lambda store: note_end(store, deployment, _State.FAILED, text))
        case _State.RUNNING if not serving.answers(workspace, deployment):
            return replace(deployment, error="The server does not answer.")
        case _State.STARTING if process is not None:
            about = servers.announced(folder)
            if about is not None and about["pid"] == deployment.pid:
                return lane(lambda store: note_start(store, deployment, about, deployment.version))
        case _State.STARTING if not _is_young(deployment):
            text = "Its start was interrupted."
            return lane(lambda store: note_end(store, deployment, _State.FAILED, text))
        case _State.STOPPING if process is None:
            return lane(lambda store: note_end(store, deployment, _State.STOPPED, ""))
    return deployment
