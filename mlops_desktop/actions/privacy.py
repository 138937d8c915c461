"""Which columns of a deployment's requests are not recorded, or recorded as hashes only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mlops_desktop.actions import deployments, models, servers
from mlops_desktop.actions.hiding import check_alone, keep_privacy
from mlops_desktop.actions.lane import Lane
from mlops_desktop.core.deployments import Deployment, DeploymentState
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.models import ModelVersion
from mlops_desktop.core.privacy import Privacy, checked_privacy
from mlops_desktop.store import deployments as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


def set_privacy(lane: Lane, name: str, drop: Sequence[str], hashed: Sequence[str]) -> Deployment:
    """From now on leave the columns `drop` out of the record, and record `hashed` as keyed hashes;
    both empty records everything again. A running server takes it up without a failed request.

    What is on record already stays as it is. Raises UserError for columns that the model does not
    take, its time column, or while a second version is tried.
    """
    workspace = lane(lambda store: store.workspace)
    deployment, version, privacy = lane(partial(_asked, name=name, drop=drop, hashed=hashed))
    if privacy == deployment.privacy:
        return deployment
    if privacy.columns:
        servers.make_token(workspace.privacy_key(deployment.id))
    if deployment.state is DeploymentState.RUNNING:
        job = servers.model_job(version, replace(deployment, privacy=privacy))
        deployments.tell(lane, deployment, "/admin/swap", {"model": job})
    return lane(partial(_keep, deployment=deployment, privacy=privacy))


def _asked(
    store: Store, name: str, drop: Sequence[str], hashed: Sequence[str]
) -> tuple[Deployment, ModelVersion, Privacy]:
    deployment = deployments.get_deployment(store, name)
    version = models.get_version(store, Ref(deployment.model, version=deployment.version))
    privacy = checked_privacy(version.signature, drop, hashed)
    check_alone(deployment)
    return deployment, version, privacy


def _keep(store: Store, deployment: Deployment, privacy: Privacy) -> Deployment:
    with store.write("deployments"):
        keep_privacy(store, deployment, privacy)
    return rows.get(store, deployment.id)
