"""Turning recorded predictions into windows: grouped by time, counted, and judged."""

from __future__ import annotations

import json
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_desktop.blobs import modelfiles, objects
from mlops_desktop.blobs.segments import Record, SegmentHeader
from mlops_desktop.core import clock
from mlops_desktop.core.models import ModelVersion, Signature
from mlops_desktop.core.monitoring import MIN_WINDOW_ROWS, WindowVerdict
from mlops_desktop.ml import evaluate
from mlops_desktop.ml.drift import ARRIVAL_ROWS, ARRIVAL_US, answers_of
from mlops_desktop.ml.reference import Reference
from mlops_desktop.ml.sketch import LatencySketch, Sketch, sketch
from mlops_desktop.store import models as model_rows
from mlops_desktop.store.labels import Label
from mlops_desktop.store.monitoring import StoredWindow, plain_features

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

MIN_LABELLED = 50  # An error of fewer rows is mostly chance. Alerts ask for more.


@dataclass(frozen=True, slots=True)
class Watch:
    """What is needed to judge the windows of one model version."""

    version: ModelVersion
    reference: Reference

    @property
    def signature(self) -> Signature:
        return self.version.signature

    def row_time(self, columns: tuple[str, ...], row: list[object], arrival_us: int) -> int:
        """When a row happened: by the time column where windows are cut by it, else its arrival."""
        if self.reference.span_us is None or self.signature.time_column is None:
            return arrival_us
        value = row[columns.index(self.signature.time_column)]
        if not isinstance(value, str):
            return arrival_us
        try:
            return clock.from_iso(value)
        except ValueError:
            return arrival_us


def watch(store: Store, model_version: int) -> Watch:
    """By the row id of a model version."""
    version = model_rows.get(store, model_version)
    data = objects.get_bytes(store.workspace, version.files[modelfiles.REFERENCE])
    return Watch(version, Reference.from_json(json.loads(data)))


@dataclass(slots=True)
class Group:
    """The rows of one batch that fall into one window."""

    start_us: int
    end_us: int
    rows: list[list[object]] = field(default_factory=list)
    answers: list[float | str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)


def group(
    watch: Watch, header: SegmentHeader, records: list[Record], newest: list[StoredWindow]
) -> list[Group]:
    """Sort the rows of records into windows. newest: the last ones so far, in time order."""
    if watch.reference.span_us is not None:
        return _by_time(watch, header, records, watch.reference.span_us)
    return _by_arrival(records, newest)


def home(watch: Watch, starts: Sequence[int], time_us: int) -> int:
    """The start of the window that counts a row. starts: of all windows, in time order."""
    span = watch.reference.span_us
    if span is not None:
        return time_us // span * span
    return starts[max(0, bisect_right(starts, time_us) - 1)]


def _by_time(watch: Watch, header: SegmentHeader, records: list[Record], span: int) -> list[Group]:
    found: dict[int, Group] = {}
    for record in records:
        share = record.us / max(1, len(record.x))
        for row, answer in zip(record.x, record.y, strict=True):
            start = watch.row_time(header.columns, row, record.t) // span * span
            into = found.get(start)
            if into is None:
                into = found[start] = Group(start, start + span)
            into.rows.append(row)
            into.answers.append(answer)
            into.latencies.append(share)
    return list(found.values())


def _by_arrival(records: list[Record], newest: list[StoredWindow]) -> list[Group]:
    """A window is closed once it is full and a minute old; the next request opens another.

    Windows do not overlap: one opens after all that arrived before, and a request that is on
    record late (it took longer than its neighbours) counts where it arrived.
    """
    starts = [window.start_us for window in newest]
    end, held = (newest[-1].end_us, newest[-1].rows) if newest else (0, 0)
    groups: dict[int, Group] = {}
    for record in records:
        full = held >= ARRIVAL_ROWS and record.t >= max(end, starts[-1] + ARRIVAL_US)
        if full or not starts:
            starts.append(record.t)
            end, held = record.t, 0
        start = starts[max(0, bisect_right(starts, record.t) - 1)]
        into = groups.setdefault(start, Group(start, start))
        into.end_us = max(into.end_us, record.t + 1)
        into.rows += record.x
        into.answers += record.y
        into.latencies += [record.us / max(1, len(record.x))] * len(record.x)
        if start == starts[-1]:
            end, held = max(end, record.t + 1), held + len(record.x)
    return list(groups.values())


def merged(
    watch: Watch, header: SegmentHeader, stored: StoredWindow | None, group: Group
) -> StoredWindow:
    """The window with a group's rows counted in, and judged anew."""
    empty: dict[str, Any] = {"features": {}, "latency": {}, "sum": 0.0}
    counts = dict(stored.counts) if stored else empty
    features = dict(counts["features"])
    place = {name: number for number, name in enumerate(header.columns)}
    for one in watch.reference.watched:
        number = place.get(one.name)
        if one is watch.reference.prediction:
            values: list[object] = list(group.answers)
        elif number is None or one.name in header.hashed:
            continue  # Not recorded, or what is recorded is no value.
        else:
            values = [row[number] for row in group.rows]
        counted = sketch(one.bins, values)
        if one.name in features:
            counted = counted + Sketch.from_json(features[one.name])
        features[one.name] = counted.to_json()
    latency = LatencySketch({int(slot): n for slot, n in counts["latency"].items()})
    for microseconds in group.latencies:
        latency.add(microseconds)
    if not watch.signature.classes:
        counts["sum"] += float(np.sum([float(answer) for answer in group.answers]))
    counts["features"] = features
    counts["latency"] = {str(slot): n for slot, n in latency.counts.items()}
    rows = len(group.rows) + (stored.rows if stored else 0)
    made = StoredWindow(
        model_version=watch.version.id,
        version=watch.version.version,
        start_us=group.start_us,
        end_us=max(group.end_us, stored.end_us if stored else 0),
        rows=rows,
        labelled=stored.labelled if stored else 0,
        counts=counts,
        summary=stored.summary if stored else {},
    )
    return replace(made, summary=_summary(watch, made, latency))


def _summary(watch: Watch, window: StoredWindow, latency: LatencySketch) -> dict[str, Any]:
    """What a window says; too few rows are not judged."""
    judged = []
    if window.rows >= MIN_WINDOW_ROWS:
        sketches = window.counts["features"]
        judged = [
            one.judge(Sketch.from_json(sketches[one.name]))
            for one in watch.reference.watched
            if one.name in sketches
        ]
    verdict = WindowVerdict.TOO_FEW
    if judged:
        drifted = any(drift.drifted for drift in judged)
        verdict = WindowVerdict.DRIFTED if drifted else WindowVerdict.STABLE
    numeric = not watch.signature.classes
    by_arrival = watch.reference.span_us is None
    return {
        "verdict": verdict.value,
        "features": plain_features(judged),
        "mean_prediction": window.counts["sum"] / window.rows if numeric and window.rows else None,
        "error": window.summary.get("error"),
        "error_threshold": watch.reference.error_limit,
        "latency_p50_us": latency.quantile(0.5),
        "latency_p95_us": latency.quantile(0.95),
        # A burst is not cut up, so it counts as the windows that it could have been.
        "bursts": window.rows // ARRIVAL_ROWS if by_arrival else 0,
    }


def error_of(watch: Watch, labels: list[Label]) -> float | None:
    """The goal metric over labelled rows; None for too few of them, or where it is not defined."""
    if len(labels) < MIN_LABELLED:
        return None
    known = set(watch.signature.classes)
    usable = [label for label in labels if not known or label.actual in known]
    if len(usable) < MIN_LABELLED:
        return None
    scores = np.array([label.scores for label in usable], dtype=np.float64)
    answers = answers_of(watch.signature, [label.actual for label in usable], scores)
    value = evaluate.value(watch.reference.metric, answers)
    return value if np.isfinite(value) else None
