"""Trying a second version beside the deployed one: canary, shadow, promote, end, roll back."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mlops_desktop.actions import deployments, models, servers
from mlops_desktop.actions.lane import Lane
from mlops_desktop.blobs import segments
from mlops_desktop.core.deployments import Agreement, Deployment, DeploymentState, Role, Second
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.models import ModelVersion
from mlops_desktop.paths import Workspace
from mlops_desktop.store import deployments as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


def canary(lane: Lane, name: str, ref: str | Ref, percent: float) -> Deployment:
    """Let a version answer so many percent of the requests, evenly spread, in place of any other
    second version. Raises UserError where it takes other columns than the deployed one."""
    if not 0 < percent < 100:
        raise UserError(f"{percent:g} percent is no part.", hint="Use a number between 0 and 100.")
    return _try(lane, name, ref, Role.CANARY, percent)


def shadow(lane: Lane, name: str, ref: str | Ref) -> Deployment:
    """Let a version answer every recorded request once more, for the record only."""
    return _try(lane, name, ref, Role.SHADOW, 0.0)


def end(lane: Lane, name: str) -> Deployment:
    """End the trial of the second version; the deployed one answers everything again."""
    deployment = lane(partial(deployments.get_deployment, name=name))
    if deployment.second is None:
        return deployment
    if deployment.state is DeploymentState.RUNNING:
        deployments.tell(lane, deployment, "/admin/second", {"role": None})
    return lane(lambda store: _note(store, deployment, None))


def promote(lane: Lane, name: str) -> Deployment:
    """Deploy the second version in place of the first; no request fails meanwhile."""
    deployment = lane(partial(deployments.get_deployment, name=name))
    if deployment.second is None:
        raise UserError(f"{name} has no second version to promote.", hint="Start a canary first.")
    return deployments.swap(lane, name, Ref(deployment.model, version=deployment.second.version))


def roll_back(lane: Lane, name: str) -> Deployment:
    """Deploy the version that was there before."""
    deployment = lane(partial(deployments.get_deployment, name=name))
    if deployment.previous_version is None:
        raise UserError(f"{name} has served no other version before.")
    return deployments.swap(lane, name, Ref(deployment.model, version=deployment.previous_version))


def agreement(workspace: Workspace, deployment: Deployment) -> Agreement | None:
    """How far the shadow agrees; None without one, or before it has begun. No store."""
    second = deployment.second
    if second is None or second.role is not Role.SHADOW:
        return None
    folder = workspace.shadow(deployment.id, second.model_version)
    try:
        known = json.loads((folder / "shadow.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    files = segments.segment_files(workspace.segments(deployment.id))
    read = known["offsets"]
    left = (segments.length(path) - read.get(segments.segment_name(path), 0) for path in files)
    rows_seen = known["rows"]
    return Agreement(
        rows=rows_seen,
        same=known["same"],
        difference=known["apart"] / rows_seen if rows_seen else 0.0,
        classes=known["classes"],
        behind=sum(max(0, size) for size in left),
    )


def _try(lane: Lane, name: str, ref: str | Ref, role: Role, percent: float) -> Deployment:
    deployment, version = lane(lambda store: _fitting(store, name, ref, role))
    second = Second(version.version, version.id, role, percent)
    trying = replace(deployment, second=second)
    if deployment.state is DeploymentState.RUNNING:
        deployments.tell(lane, deployment, "/admin/second", servers.second_job(trying, version))
    return lane(lambda store: _note(store, deployment, second))


def _fitting(
    store: Store, name: str, ref: str | Ref, role: Role
) -> tuple[Deployment, ModelVersion]:
    deployment = deployments.get_deployment(store, name)
    version = models.resolve(store, ref)
    deployments.check_fits(deployment, version)
    if version.id == deployment.model_version:
        raise UserError(f"{name} serves {version.ref} already.", hint="Name another version.")
    first = models.get_version(store, Ref(deployment.model, version=deployment.version))
    if role is Role.SHADOW and deployment.privacy.columns:
        raise UserError(
            f"{name} does not record {', '.join(deployment.privacy.columns)}.",
            why="A shadow answers what is on record, so it would lack them.",
            hint="Try a canary instead.",
        )
    given, wanted = (
        [(field.name, field.type) for field in one.signature.inputs] for one in (first, version)
    )
    if given != wanted:
        different = sorted({name for name, _ in set(given) ^ set(wanted)})
        raise UserError(
            f"{version.ref} takes other columns than {first.ref}, so clients cannot ask both.",
            why=f"They differ in {', '.join(different) or 'their order'}.",
            hint="Swap to it instead, when the clients send what it needs.",
        )
    return deployment, version


def _note(store: Store, deployment: Deployment, second: Second | None) -> Deployment:
    with store.write("deployments"):
        rows.update(
            store,
            deployment.id,
            second_version_id=second.model_version if second else None,
            second_role=second.role.value if second else None,
            second_percent=second.percent if second else None,
        )
        facts = {"version": second.version, "percent": second.percent} if second else {}
        verb = second.role.value if second else "trial_ended"
        store.audit(f"deployment.{verb}", deployment.name, **facts)
    return rows.get(store, deployment.id)
