"""What is said of windows, alerts and changes: a plain sentence first, the figures after it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

from PySide6.QtCore import QCoreApplication

from mlops_desktop.actions.monitoring import Distribution, LabelBatch
from mlops_desktop.actions.replay import Replayed, Story
from mlops_desktop.core.figures import percent
from mlops_desktop.core.models import ModelVersion
from mlops_desktop.core.monitoring import (
    JENSEN_SHANNON,
    MIN_WINDOW_ROWS,
    MISSING_SHARE,
    PREDICTION,
    WASSERSTEIN,
    Alert,
    AlertKind,
    AlertState,
    MonitorSummary,
    Window,
    WindowVerdict,
)
from mlops_desktop.core.runs import METRICS
from mlops_desktop.widgets.times import parsed


def tr(text: str) -> str:
    return QCoreApplication.translate("MonitoringPanel", text)


def metric_title(name: str) -> str:
    return METRICS[name].title if name in METRICS else name


def feature_name(name: str) -> str:
    """A watched column as it is called to a person."""
    return tr("The answers") if name == PREDICTION else name


def day(time: str) -> str:
    """`5 Jan 2012`."""
    moment = parsed(time)
    return "" if moment is None else f"{moment.day} {moment:%b %Y}"


def span(window: Window) -> str:
    """From when to when a window lasts: days where it is that long, else the hours too."""
    start, end = parsed(window.start), parsed(window.end)
    assert start is not None
    assert end is not None
    if end - start >= timedelta(days=1):
        last = end - timedelta(seconds=1)
        same_year = "" if start.year == last.year else f" {start.year}"
        return f"{start.day} {start:%b}{same_year} to {last.day} {last:%b %Y}"
    return f"{start.day} {start:%b %Y} {start:%H:%M} to {end:%H:%M}"


def active(summary: MonitorSummary) -> list[Alert]:
    """The alerts that are on: errors, then inputs, then the answers that follow from them."""
    found = [alert for alert in summary.alerts if alert.state is AlertState.ACTIVE]
    return sorted(found, key=lambda alert: (not is_error(alert), alert.subject == PREDICTION))


def is_error(alert: Alert) -> bool:
    return alert.kind is AlertKind.ERROR


def alert_title(alert: Alert) -> str:
    """`hum has drifted`; the figures are in alert_figures."""
    return alert.message.partition(": ")[0]


def alert_figures(alert: Alert) -> str:
    """`RMSE 117, limit 89.3`; what a test measures in words instead of its name."""
    said = alert.message.partition(": ")[2].rstrip(".")
    for test, text in (
        (WASSERSTEIN, tr("Moved by {0:.3g} times the usual spread, limit {1:.3g}")),
        (JENSEN_SHANNON, tr("The mix of values differs by {0:.3g} of 1, limit {1:.3g}")),
        (MISSING_SHARE, tr("{0} more values are missing, limit {1}")),
    ):
        if said.startswith(test):
            pair = (alert.value, alert.threshold)
            return text.format(*(map(percent, pair) if test == MISSING_SHARE else pair))
    return said


def concerns(alert: Alert, window: Window) -> bool:
    """True for the measured windows of an alert: over the limit, or in between such ones."""
    measured = window.error is not None if is_error(alert) else alert.subject in window.drifted
    ended = alert.until is not None and window.start >= alert.until
    return (
        window.version == alert.version and window.start >= alert.since and measured and not ended
    )


def when(alert: Alert) -> str:
    """`since 5 Jan 2012`, or from when to when it was on."""
    if alert.state is AlertState.ACTIVE or alert.until is None:
        return tr("since {0}").format(day(alert.since))
    return tr("{0} to {1}").format(day(alert.since), day(alert.until))


def verdict(summary: MonitorSummary) -> str:
    """One sentence: is it still right?"""
    alerts = active(summary)
    if alerts:
        first = tr("{0} since {1}.").format(alert_title(alerts[0]), day(alerts[0].since))
        rest = len(alerts) - 1
        more = tr("1 more alert.") if rest == 1 else tr("{0} more alerts.").format(rest)
        return f"{first} {more}" if rest else first
    judged = [w for w in summary.windows if w.verdict is not WindowVerdict.TOO_FEW]
    if not judged:
        most = max((window.rows for window in summary.windows), default=0)
        return tr("Too few predictions to judge yet: {0} of the {1} that a window needs.").format(
            most, MIN_WINDOW_ROWS
        )
    if not any(window.error is not None for window in summary.windows):
        return tr("The inputs look as in training. Whether the answers are right, labels will say.")
    if judged[-1].drifted:
        text = tr("No alert yet, but {0} passed its limit in the newest window.")
        return text.format(feature_name(judged[-1].drifted[0]))
    return tr("All is well: no limit was passed in two windows in a row.")


def facts(summary: MonitorSummary) -> str:
    """How much there is to judge by."""
    windows = summary.windows
    share = summary.labelled / summary.predictions if summary.predictions else 0.0
    count = summary.predictions
    one = tr("1 prediction, {1} with labels ({2}).")
    many = tr("{0} predictions, {1} of them with labels ({2}).")
    said = [
        (one if count == 1 else many).format(
            f"{count:,}", f"{summary.labelled:,}", f"{100 * share:.0f}\u00a0%"
        )
    ]
    if windows:
        said.append(_windows(windows))
    few = sum(window.verdict is WindowVerdict.TOO_FEW for window in windows)
    if few:
        one = tr("1 with fewer than {1} rows is not judged.")
        many = tr("{0} with fewer than {1} rows are not judged.")
        said.append((one if few == 1 else many).format(few, MIN_WINDOW_ROWS))
    if windows and not windows[-1].complete:
        said.append(tr("The newest is still filling."))
    limits = {window.version: window.error_threshold for window in windows}
    # Of several versions each has its own limit, which the chart shows.
    limit = limits[windows[-1].version] if len(limits) == 1 else None
    metric = METRICS.get(summary.metric)
    if limit is not None and metric is not None:
        above, below = tr("{0} should stay above {1:.3g}."), tr("{0} should stay below {1:.3g}.")
        said.append((above if metric.higher_is_better else below).format(metric.title, limit))
    return " ".join(said)


def _windows(windows: Sequence[Window]) -> str:
    count = len(windows)
    start, end = parsed(windows[0].start), parsed(windows[0].end)
    days = (end - start) / timedelta(days=1) if start and end else 0.0
    if days >= 2:
        text = tr("1 window of {1} days.") if count == 1 else tr("{0} windows of {1} days.")
    else:
        text = tr("1 window.") if count == 1 else tr("{0} windows.")
    return text.format(count, round(days))


def labels_joined(batch: LabelBatch) -> str:
    """`1,240 of 1,250 labels joined; 10 unknown ids.`"""
    said = [tr("{0} of {1} labels joined").format(f"{batch.matched:,}", f"{batch.rows:,}")]
    for count, one, many in (
        (batch.unknown, tr("1 unknown id"), tr("{0} unknown ids")),
        (batch.missing, tr("1 without a value"), tr("{0} without a value")),
        (batch.duplicates, tr("1 given twice"), tr("{0} given more than once")),
    ):
        if count:
            said.append(one if count == 1 else many.format(f"{count:,}"))
    return "; ".join(said) + "."


def retrained(version: ModelVersion) -> str:
    """What came out of retraining, and what it waits for."""
    name = f"{version.model} v{version.version}"
    if version.gates_pass:
        return tr("{0} is registered and waits for your approval.").format(name)
    failed = ", ".join(gate.name for gate in version.gates if not gate.passed)
    return tr("{0} is registered, but blocked: {1} failed.").format(name, failed)


def retrained_detail(version: ModelVersion, before: str) -> str:
    """before: what newest_error said of the version that serves, or nothing."""
    said = tr("On rows that it has not seen: {0} {1:.4g} (95 % sure: {2:.4g} to {3:.4g}).").format(
        metric_title(version.metric), version.value, version.low, version.high
    )
    return f"{said} {before}".strip()


def newest_error(summary: MonitorSummary) -> str:
    """How wrong the newest full window was, to compare a retrained model with."""
    full = [w for w in summary.windows if w.complete and w.error is not None]
    if not full:
        return ""
    last = full[-1]
    return tr("v{0} had {1:.4g} in its newest full window.").format(last.version, last.error)


def story_title(story: Story) -> str:
    """A replay as its menu and its job call it."""
    return {
        Story.CONTROL: tr("Held-out 2011 (control)"),
        Story.GROWTH: tr("All of 2012 (the world changes)"),
        Story.SENSOR: tr("Broken humidity sensor"),
    }[story]


def replayed(story: Story, done: Replayed) -> str:
    """What a replay is expected to show."""
    if story is Story.CONTROL:
        return tr("Nothing was changed in it, so no alert is expected.")
    if story is Story.GROWTH:
        return tr("Demand had grown by then, so the error is expected to pass its limit.")
    return tr("From {0} on, humidity came in percent, so hum is expected among the alerts.").format(
        day(done.broken_from)
    )


def drift_story(name: str, change: Distribution) -> str:
    """How one feature of one window differs from the training rows."""
    drift = change.drift
    if drift is None:
        return tr("This window has too few rows to judge, so the shares are a first hint only.")
    if drift.test == WASSERSTEIN:
        text = tr(
            "On average a value lies {0:.3g} of its usual spreads away; {1:.3g} is the limit."
        )
    elif drift.test == MISSING_SHARE:
        text = tr("{0} more values are missing; {1} is the limit.").format(
            percent(drift.value), percent(drift.threshold)
        )
    else:
        text = tr(
            "The mix differs by {0:.3g} (0 alike, 1 nothing in common); {1:.3g} is the limit."
        )
    opening = tr("{0} moved.") if drift.drifted else tr("{0}: as in training.")
    said = [opening.format(feature_name(name)), text.format(drift.value, drift.threshold)]
    if drift.drifted:
        said.append(_most_changed(change))
    return " ".join(said)


def _most_changed(change: Distribution) -> str:
    at = max(
        range(len(change.labels)),
        key=lambda number: abs(change.current[number] - change.reference[number]),
    )
    return tr("Most of it: “{0}” went from {1:.0f}\u00a0% to {2:.0f}\u00a0%.").format(
        change.labels[at], 100 * change.reference[at], 100 * change.current[at]
    )


def error_story(alert: Alert, windows: Sequence[Window]) -> str:
    """What happened to the error, and whether the inputs explain it. windows: the alert's own."""
    metric = METRICS[alert.subject]
    over = [w for w in windows if w.error is not None and metric.better(alert.threshold, w.error)]
    said = [
        tr("{0} passed its limit of {1:.3g} in {2} of {3} windows.").format(
            metric.title, alert.threshold, len(over), len(windows)
        )
    ]
    if over:
        worse = min if metric.higher_is_better else max
        worst = worse(over, key=lambda window: window.error or 0.0)
        said.append(tr("Worst: {0:.3g}, {1}.").format(worst.error, span(worst)))
    drifts = Counter(name for window in over for name in window.drifted if name != PREDICTION)
    often = [name for name, count in drifts.most_common(4) if 2 * count > len(over)]
    if often:
        said.append(tr("In most of them drifted: {0}.").format(", ".join(often)))
    else:
        said.append(tr("No input drifted in most of them: the world changed, not the inputs."))
    return " ".join(said)
