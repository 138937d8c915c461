"""Deployments: a model version that answers on a local port."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from mlops_desktop.core.privacy import Privacy
from mlops_desktop.core.retention import Retention


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


class Role(StrEnum):
    """What a second version does beside the one that is deployed."""

    CANARY = "canary"  # It answers a part of the requests.
    SHADOW = "shadow"  # It answers all of them, for the record only.


@dataclass(frozen=True, slots=True)
class Second:
    """A version that is tried beside the deployed one. percent: of the requests, for a canary.
    since: when it began, ISO text in UTC."""

    version: int
    model_version: int
    role: Role
    percent: float = 0.0
    since: str = ""


@dataclass(frozen=True, slots=True)
class Deployment:
    """keep: the server outlives the app or command that started it.

    pid and process_started (seconds since 1970, as psutil gives it) identify the process: a pid
    alone may have been given to another one. token_file is relative to the workspace. autostart:
    it starts with the app. restarts: when it was started again after it had died (seconds since
    1970), within RESTART_WITHIN_S.
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
    second: Second | None = None
    autostart: bool = False
    privacy: Privacy = field(default_factory=Privacy)
    retention: Retention = field(default_factory=Retention)
    restarts: tuple[float, ...] = ()
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


RESTARTS = 3  # So many times within ...
RESTART_WITHIN_S = 300.0  # ... a server that dies is started again; then it has failed.


def may_restart(restarts: tuple[float, ...], now: float) -> tuple[float, ...] | None:
    """The restarts with one more, now; None where there were too many of late."""
    recent = tuple(at for at in restarts if 0 <= now - at < RESTART_WITHIN_S)
    return None if len(recent) >= RESTARTS else (*recent, now)


@dataclass(frozen=True, slots=True)
class Agreement:
    """How a shadow's answers compare with those that were given. same: rows with the same class;
    difference: the mean absolute difference of numbers. behind: recorded rows not yet answered."""

    rows: int = 0
    same: int = 0
    difference: float = 0.0
    classes: bool = True
    behind: int = 0

    @property
    def share(self) -> float | None:
        """Of rows that are answered alike; None for numbers, or before the first."""
        return self.same / self.rows if self.classes and self.rows else None


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
class Reasons:
    """Why an answer is what it is: its columns and what they added, the largest first.

    of: the class whose probability is explained, or the target. answer is that number, baseline
    the mean answer to rows of the training data; the contributions add up to their difference.
    """

    of: str
    answer: float
    baseline: float
    contributions: tuple[tuple[str, float], ...]

    @classmethod
    def told(cls, explanation: Mapping[str, Any]) -> Reasons:
        """As a server answers and records it."""
        pairs = tuple(explanation["contributions"].items())
        return cls(explanation["of"], explanation["answer"], explanation["baseline"], pairs)


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
