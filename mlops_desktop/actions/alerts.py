"""The rules that turn windows into alerts: a limit passed in windows in a row, and back again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.monitoring import (
    MIN_WINDOW_ROWS,
    PREDICTION,
    Alert,
    AlertKind,
    AlertState,
    Rule,
    Window,
)
from mlops_desktop.core.runs import METRICS, Metric
from mlops_desktop.store import alerts as alert_rows
from mlops_desktop.store import models as model_rows
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
    weight: int


def is_due(store: Store, deployment: Deployment) -> bool:
    """True where a review would find something that has changed."""
    return rows.is_unreviewed(store, deployment.id, deployment.model_version) or any(
        _is_replaced(alert, deployment) for alert in alert_rows.alerts(store, deployment.id)
    )


def review(store: Store, deployment: Deployment) -> None:
    """Raise, update and resolve alerts by the windows that have changed. Inside write().

    Rows and labels that come late change old windows, too: what they would have raised then is
    told now, unless the same is being told already. Alerts are about the version that serves.
    """
    for alert in alert_rows.alerts(store, deployment.id):
        if _is_replaced(alert, deployment):
            until = rows.last_window_end(store, deployment.id, alert.version)
            _resolve(store, deployment, alert, until)
    windows = rows.windows_to_review(store, deployment.id, deployment.model_version)
    if not windows:
        return
    metric = METRICS[model_rows.get(store, deployment.model_version).metric]
    known = [a for a in alert_rows.alerts(store, deployment.id) if a.version == deployment.version]
    for rule in RULES:
        series: dict[str, list[_Reading]] = {}
        for window in windows:
            if window.complete:
                for subject, reading in _readings(rule.kind, window, metric):
                    series.setdefault(subject, []).append(reading)
        for subject, readings in series.items():
            told = [a for a in known if (a.kind, a.subject) == (rule.kind, subject)]
            _follow(store, deployment, rule, readings, _Told(subject, metric, told))
    rows.note_reviewed(store, deployment.id, deployment.model_version)


def withdraw(store: Store, deployment: Deployment) -> None:
    """End active alerts about the error that no windows bear out any more: labels were undone.
    Inside write(), before review()."""
    metric = METRICS[model_rows.get(store, deployment.model_version).metric]
    rule = next(rule for rule in RULES if rule.kind is AlertKind.ERROR)
    for alert in alert_rows.alerts(store, deployment.id):
        if alert.state is not AlertState.ACTIVE or alert.kind is not rule.kind:
            continue
        readings = [
            reading
            for window in rows.windows(store, deployment.id)
            if window.version == alert.version and window.complete and window.start >= alert.since
            for _, reading in _readings(rule.kind, window, metric)
        ]
        if not any(
            reading.bad and _in_a_row(readings, place, rule.windows)
            for place, reading in enumerate(readings)
        ):
            # It covers no window, so that the same can be told again once labels say so.
            _resolve(store, deployment, alert, alert.since)


@dataclass(slots=True)
class _Told:
    """The alerts that there are about one subject."""

    subject: str
    metric: Metric
    alerts: list[Alert]

    @property
    def active(self) -> Alert | None:
        return next((a for a in self.alerts if a.state is AlertState.ACTIVE), None)

    def covers(self, start: str) -> bool:
        """True where an alert of the past was about that window."""
        return any(a.until is not None and a.since <= start < a.until for a in self.alerts)


def _follow(
    store: Store, deployment: Deployment, rule: Rule, readings: Sequence[_Reading], told: _Told
) -> None:
    """Walk through one subject's readings in time order."""
    for place, last in enumerate(readings):
        row = _in_a_row(readings, place, rule.windows)
        active = told.active
        if not row:
            continue
        if last.bad and active is None and not told.covers(last.start):
            alert = _alert(deployment, rule.kind, told, row)
            told.alerts.append(alert_rows.raise_alert(store, deployment.model_version, alert))
            store.audit("alert.raised", deployment.name, kind=rule.kind.value, text=alert.message)
        elif not last.bad and active is not None and active.since < row[0].start:
            told.alerts.remove(active)
            told.alerts.append(_resolve(store, deployment, active, row[0].start))
    active, bad = told.active, [reading for reading in readings if reading.bad]
    if active is not None and bad and bad[-1].value != active.value:
        message = _message(rule.kind, told, bad[-1])
        alert_rows.update_alert(store, active.id, bad[-1].value, message)


def _in_a_row(readings: Sequence[_Reading], last: int, needed: int) -> Sequence[_Reading]:
    """The readings up to the last that make up so many windows, if all say the same; else empty."""
    weight = 0
    for first in range(last, -1, -1):
        if readings[first].bad != readings[last].bad:
            return ()
        weight += readings[first].weight
        if weight >= needed:
            return readings[first : last + 1]
    return ()


def _readings(kind: AlertKind, window: Window, metric: Metric) -> Iterator[tuple[str, _Reading]]:
    start, weight = window.start, window.weight
    if kind is AlertKind.DRIFT:
        for f in window.features:
            yield f.name, _Reading(start, f.test, f.value, f.threshold, f.drifted, weight)
    elif (
        window.error is not None
        and window.error_threshold is not None
        and window.labelled >= MIN_WINDOW_ROWS
    ):
        value, limit = window.error, window.error_threshold
        bad = metric.better(limit, value)
        yield metric.name, _Reading(start, metric.title, value, limit, bad, weight)


def _is_replaced(alert: Alert, deployment: Deployment) -> bool:
    """An alert about a version that no longer serves."""
    return alert.state is AlertState.ACTIVE and alert.version != deployment.version


def _resolve(store: Store, deployment: Deployment, alert: Alert, until: str) -> Alert:
    store.audit("alert.resolved", deployment.name, of=alert.subject)
    return alert_rows.resolve_alert(store, alert.id, until)


def _alert(deployment: Deployment, kind: AlertKind, told: _Told, row: Sequence[_Reading]) -> Alert:
    return Alert(
        id=0,
        deployment=deployment.id,
        kind=kind,
        subject=told.subject,
        state=AlertState.ACTIVE,
        version=deployment.version,
        since=row[0].start,
        value=row[-1].value,
        threshold=row[-1].threshold,
        message=_message(kind, told, row[-1]),
    )


def _message(kind: AlertKind, told: _Told, last: _Reading) -> str:
    if kind is AlertKind.ERROR:
        what = "The quality has fallen" if told.metric.higher_is_better else "The error has grown"
    elif told.subject == PREDICTION:
        what = "The answers have drifted"
    else:
        what = f"{told.subject} has drifted"
    return f"{what}: {last.test} {last.value:.3g}, limit {last.threshold:.3g}."
