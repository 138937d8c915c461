"""What needs somebody now, the most harmful first, and where it is looked at."""

from __future__ import annotations

from dataclasses import dataclass

from mlops_desktop.core.home import Stage, Tone
from mlops_desktop.core.monitoring import AlertKind
from mlops_desktop.core.places import DataPlace


@dataclass(frozen=True, slots=True)
class Attention:
    """title and why as sentences; button: what it says; panel and thing: what it opens."""

    tone: Tone
    title: str
    why: str
    button: str
    panel: str
    thing: object = None


@dataclass(frozen=True, slots=True)
class BlockedVersion:
    """The newest version of a dataset, which so many blocking checks do not pass; the first."""

    ref: str
    blocked: int
    first: str


@dataclass(frozen=True, slots=True)
class OpenAlerts:
    """Active alerts of one kind of one deployment; message: of the oldest."""

    deployment: str
    kind: AlertKind
    count: int
    message: str


@dataclass(frozen=True, slots=True)
class Troubles:
    """What is wrong in the workspace. failed: deployments that ended by themselves, and why."""

    failed: tuple[tuple[str, str], ...] = ()
    alerts: tuple[OpenAlerts, ...] = ()
    blocked: tuple[BlockedVersion, ...] = ()


def attention(troubles: Troubles) -> tuple[Attention, ...]:
    """No answers before wrong answers, wrong answers before what may make them wrong."""
    errors = [one for one in troubles.alerts if one.kind is AlertKind.ERROR]
    drifts = [one for one in troubles.alerts if one.kind is not AlertKind.ERROR]
    return (
        *(_failed(name, error) for name, error in troubles.failed),
        *(_alert(one, Tone.ERROR) for one in errors),
        *(_blocked(one) for one in troubles.blocked),
        *(_alert(one, Tone.WARN) for one in drifts),
    )


def _failed(name: str, error: str) -> Attention:
    why = "Its server ended by itself, so nobody gets answers."
    return Attention(
        Tone.ERROR,
        f"{name} is not serving",
        f"{why} {error}".strip(),
        "Open Deploy",
        Stage.DEPLOY.value,
        name,
    )


def _alert(one: OpenAlerts, tone: Tone) -> Attention:
    what = "answers badly" if one.kind is AlertKind.ERROR else "gets other data than it was made of"
    more = f" (and {one.count - 1} more)" if one.count > 1 else ""
    return Attention(
        tone,
        f"{one.deployment} {what}",
        f"{one.message}{more}",
        "Review the alert",
        Stage.MONITOR.value,
        one.deployment,
    )


def _blocked(one: BlockedVersion) -> Attention:
    checks = "a check" if one.blocked == 1 else f"{one.blocked} checks"
    more = f" (and {one.blocked - 1} more)" if one.blocked > 1 else ""
    return Attention(
        Tone.ERROR,
        f"{one.ref} is blocked by {checks}",
        f"{one.first}{more}",
        "See the check" if one.blocked == 1 else "See the checks",
        Stage.DATA.value,
        DataPlace(one.ref, "checks"),
    )
