"""The rules that turn windows into alerts: a limit passed in windows in a row, and back again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.monitoring import (
    PREDICTION,
    Alert,
    AlertKind,
    AlertState,
    Rule,
    Window,
)
from mlops_desktop.core.runs import METRICS, Metric
from mlops_desktop.store import monitoring as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

RULES = (Rule(AlertKind.ERROR), Rule(AlertKind.DRIFT))


@dataclass(frozen=True, slots=True)
class _Reading:
    """One window's value of one subject. test: the statistic's name."""

    start: str
    test: str
    value: float
    threshold: float
    bad: bool


@dataclass(slots=True)
class _Episode:
    """A stretch of windows over the limit; last: the newest bad reading in it."""

    kind: AlertKind
    subject: str
    version: int
    since: str
    last: _Reading
    over: bool = False


def review(store: Store, deployment: Deployment, metric: str, versions: dict[int, int]) -> None:
    """Raise, update and resolve alerts so that they say what the windows say. Inside write().

    versions: version number -> row id. The windows are read from the start each time, so that
    labels and rows that come late change the past, too.
    """
    windows = rows.windows(store, deployment.id)
    found: dict[tuple[AlertKind, str, int, str], _Episode] = {}
    for rule in RULES:
        for episode in _episodes(rule, windows, METRICS[metric]):
            found[episode.kind, episode.subject, episode.version, episode.since] = episode
    for alert in rows.alerts(store, deployment.id):
        match = found.pop((alert.kind, alert.subject, alert.version, alert.since), None)
        if alert.state is AlertState.RESOLVED:
            continue
        if match is None or match.over:
            rows.resolve_alert(store, alert.id)
            store.audit("alert.resolved", deployment.name, of=alert.subject)
        elif match.last.value != alert.value:
            rows.update_alert(store, alert.id, match.last.value, _message(match, metric))
    for episode in sorted(found.values(), key=lambda one: (one.since, one.kind != "error")):
        alert = _alert(deployment, episode, metric)
        rows.raise_alert(store, versions[episode.version], alert)
        store.audit("alert.raised", deployment.name, kind=alert.kind.value, text=alert.message)
        if episode.over:
            (new,) = [a for a in rows.alerts(store, deployment.id) if _same(a, alert)]
            rows.resolve_alert(store, new.id)
            store.audit("alert.resolved", deployment.name, of=alert.subject)


def _same(a: Alert, b: Alert) -> bool:
    return (a.kind, a.subject, a.version, a.since) == (b.kind, b.subject, b.version, b.since)


def _episodes(rule: Rule, windows: Sequence[Window], metric: Metric) -> Iterator[_Episode]:
    """Each time that the rule's number of windows in a row was bad, until as many were good."""
    for version in sorted({window.version for window in windows}):
        series: dict[str, list[_Reading]] = {}
        for window in windows:
            if window.version == version and window.complete:
                for subject, reading in _readings(rule.kind, window, metric):
                    series.setdefault(subject, []).append(reading)
        for subject, readings in series.items():
            yield from _runs(rule, subject, version, readings)


def _runs(rule: Rule, subject: str, version: int, readings: list[_Reading]) -> Iterator[_Episode]:
    episode: _Episode | None = None
    bad = good = 0
    for place, reading in enumerate(readings):
        bad, good = (bad + 1, 0) if reading.bad else (0, good + 1)
        if episode is None and bad == rule.windows:
            since = readings[place - rule.windows + 1].start
            episode = _Episode(rule.kind, subject, version, since, reading)
        elif episode is not None and reading.bad:
            episode.last = reading
        elif episode is not None and good == rule.windows:
            episode.over = True
            yield episode
            episode = None
    if episode is not None:
        yield episode


def _readings(kind: AlertKind, window: Window, metric: Metric) -> Iterator[tuple[str, _Reading]]:
    if kind is AlertKind.DRIFT:
        for f in window.features:
            yield f.name, _Reading(window.start, f.test, f.value, f.threshold, f.drifted)
    elif window.error is not None and window.error_threshold is not None:
        bad = metric.better(window.error_threshold, window.error)
        reading = _Reading(window.start, metric.title, window.error, window.error_threshold, bad)
        yield metric.name, reading


def _alert(deployment: Deployment, episode: _Episode, metric: str) -> Alert:
    return Alert(
        id=0,
        deployment=deployment.id,
        kind=episode.kind,
        subject=episode.subject,
        state=AlertState.ACTIVE,
        version=episode.version,
        since=episode.since,
        value=episode.last.value,
        threshold=episode.last.threshold,
        message=_message(episode, metric),
    )


def _message(episode: _Episode, metric: str) -> str:
    last = episode.last
    numbers = f"{last.test} {last.value:.3g}, limit {last.threshold:.3g}"
    if episode.kind is AlertKind.ERROR:
        word = "fallen" if METRICS[metric].higher_is_better else "grown"
        return (
            f"The error has {word}: {numbers}."
            if word == "grown"
            else (f"The quality has fallen: {numbers}.")
        )
    subject = "The answers have" if episode.subject == PREDICTION else f"{episode.subject} has"
    return f"{subject} drifted: {numbers}."
