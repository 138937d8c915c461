"""What the Monitor panel shows in one look: which deployment, and all that is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_desktop.actions import deployments, home, models, monitoring, replay
from mlops_desktop.core.deployments import Deployment, DeploymentState
from mlops_desktop.core.monitoring import MonitorSummary

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


@dataclass(frozen=True, slots=True)
class Seen:
    """What one look at the store found. target: the column that the deployed model predicts."""

    deployments: list[Deployment]
    deployment: Deployment
    summary: MonitorSummary
    target: str
    sample: bool

    @property
    def running(self) -> bool:
        return self.deployment.state is DeploymentState.RUNNING


def look(store: Store, wanted: str, since: str | None) -> Seen | None:
    """The deployment of that name, or else the one that needs a person most; None without any."""
    found = deployments.list_deployments(store)
    if not found:
        return None
    by_name = {one.name: one for one in found}
    if wanted not in by_name:
        alert = home.overview(store).facts.alert_deployment
        running = [one.name for one in found if one.state is DeploymentState.RUNNING]
        wanted = alert if alert in by_name else (running or list(by_name))[0]
    shown = by_name[wanted]
    version = models.get_version(store, f"{shown.model}@{shown.version}")
    return Seen(
        found,
        shown,
        monitoring.show(store, wanted, since),
        version.signature.target,
        replay.is_sample(store, wanted),
    )
