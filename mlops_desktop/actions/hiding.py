"""Remembering which columns a deployment does not record, before or after it has begun."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_desktop.actions import servers
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.privacy import Privacy
from mlops_desktop.store import deployments as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


def keep_privacy(store: Store, deployment: Deployment, privacy: Privacy) -> None:
    """Inside write(). Raises UserError while a second version is tried."""
    check_alone(deployment)
    if privacy.columns:
        servers.make_token(store.workspace.privacy_key(deployment.id))
    value = {"drop": list(privacy.drop), "hash": list(privacy.hash)}
    rows.set_option(store, deployment.id, "privacy", value)
    store.audit("deployment.privacy", deployment.name, **value)


def check_alone(deployment: Deployment) -> None:
    """A second version answers from the same record, so it must be over first."""
    if deployment.second is not None:
        raise UserError(
            f"{deployment.name} tries a second version, which answers from the same record.",
            hint=f"Promote it or end the trial first: deploy end-trial {deployment.name}",
        )
