"""Deployments: a model version that answers on a local port."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class DeploymentState(StrEnum):
    STOPPED = "stopped"
    STARTING = "starting"
    RUNNING = "running"
    STOPPING = "stopping"
    FAILED = "failed"


DEPLOYMENT_MOVES: dict[DeploymentState, frozenset[DeploymentState]] = {
    DeploymentState.STOPPED: frozenset({DeploymentState.STARTING}),
    DeploymentState.STARTING: frozenset(
        {DeploymentState.RUNNING, DeploymentState.FAILED, DeploymentState.STOPPED}
    ),
    DeploymentState.RUNNING: frozenset(
        {DeploymentState.STOPPING, DeploymentState.FAILED, DeploymentState.STOPPED}
    ),
    DeploymentState.STOPPING: frozenset({DeploymentState.STOPPED, DeploymentState.FAILED}),
    DeploymentState.FAILED: frozenset({DeploymentState.STARTING}),
}


@dataclass(frozen=True, slots=True)
class Deployment:
    """keep: the server outlives the app or command that started it.

    pid and process_started (seconds since 1970, as psutil gives it) identify the process: a pid
    alone may have been given to another one. token_file is relative to the workspace.
    """

    id: int
    name: str
    model: str
    version: int
    model_version: int
    state: DeploymentState
    port: int | None = None
    pid: int | None = None
    process_started: float | None = None
    token_file: str = ""
    keep: bool = False
    previous_version: int | None = None
    error: str = ""
    created_at: str = ""
    started_at: str | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}" if self.port else ""
