"""Deployments: a model version that answers on a local port."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath


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

    @property
    def metrics_token_file(self) -> str:
        """Of the token that reads `/metrics` and `/admin/stats` and opens nothing else."""
        return str(PurePosixPath(self.token_file).with_name("metrics-token"))


@dataclass(frozen=True, slots=True)
class LiveStats:
    """What a running server says of itself. rate, rows_per_s and percentiles: last ten seconds.

    predictions: rows answered since it started; unrecorded: refused because the log could not be
    written. unseen: categories that training had not seen, by column. errors: answers with a
    status of 400 or more. log_bytes: all segments of the deployment.
    """

    version: int
    engine: str
    started: float
    requests: int
    predictions: int
    errors: int
    statuses: dict[str, int]
    rate: float
    rows_per_s: float
    p50_us: float | None
    p95_us: float | None
    p99_us: float | None
    in_progress: int
    unrecorded: int
    replayed: int
    unseen: dict[str, int]
    log_bytes: int
    memory_bytes: int
    cpu_seconds: float
    why_no_onnx: str = ""


@dataclass(frozen=True, slots=True)
class RecentRequest:
    """One request from the record. inputs and prediction are those of its first row."""

    id: str
    at_us: int
    version: int
    latency_us: int
    rows: int
    inputs: dict[str, object]
    prediction: float | str | None
