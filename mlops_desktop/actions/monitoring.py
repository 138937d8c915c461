"""Is it still right? Recorded predictions become windows, windows become alerts."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mlops_desktop.actions import alerts, deployments, lookup, retention, windows
from mlops_desktop.actions.labels import LabelBatch, add_labels, add_labels_table
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.retrain import retrain
from mlops_desktop.actions.windows import Watch
from mlops_desktop.blobs import segments
from mlops_desktop.blobs.segments import Record, SegmentHeader
from mlops_desktop.core import clock
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import Damaged, NotFound, UserError
from mlops_desktop.core.monitoring import (
    MIN_WINDOW_ROWS,
    FeatureDrift,
    MonitorSummary,
)
from mlops_desktop.ml.sketch import OTHER, Bins, Sketch
from mlops_desktop.paths import Workspace
from mlops_desktop.store import alerts as alert_rows
from mlops_desktop.store import labels as label_rows
from mlops_desktop.store import models as model_rows
from mlops_desktop.store import monitoring as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

# Found here under their noun; each has a file of its own.
__all__ = ["LabelBatch", "add_labels", "add_labels_table", "retrain"]
log = logging.getLogger(__name__)
_LATE = 3  # A request is on record within seconds, so at most a window or two late.
_BATCH_ROWS = 2000  # Bounds the memory, and how long a commit holds the lane.


@dataclass(frozen=True, slots=True)
class _Batch:
    """Records of one segment from one offset to another."""

    name: str
    start: int
    end: int
    header: SegmentHeader
    records: list[Record]

    @property
    def rows(self) -> int:
        return sum(len(record.x) for record in self.records)


@dataclass(frozen=True, slots=True)
class Distribution:
    """A feature in a window beside the reference, as shares of the rows, one a label."""

    drift: FeatureDrift | None
    labels: tuple[str, ...]
    reference: tuple[float, ...]
    current: tuple[float, ...]


def fold(lane: Lane, name: str, context: Context | None = None) -> int:
    """Count recorded predictions that are new into windows; the answer is how many there were.

    Each is counted exactly once, whoever folds and whatever is killed meanwhile: the windows and
    how far a segment was read are written in one transaction.
    """
    context = context or Context()
    workspace = lane(lambda store: store.workspace)
    deployment = lane(lambda store: deployments.get_deployment(store, name))
    watches: dict[int, Watch] = {}
    folded = 0
    for batch in _new(lane, workspace, deployment, context):
        version = batch.header.model_version
        if version not in watches:
            watches[version] = lane(partial(windows.watch, model_version=version))
        folded += lane(partial(_count, deployment=deployment, batch=batch, watch=watches[version]))
        context.progress(None, f"{folded:,} predictions counted")
    lane(partial(_review, name=name))
    if deployment.retention.limits:
        retention.apply(lane, name)
    lookup.prepare(workspace.segments(deployment.id), context)
    return folded


def _review(store: Store, name: str) -> None:
    # Also where nothing was counted now: whoever counted may have been killed before this.
    deployment = deployments.get_deployment(store, name)
    if alerts.is_due(store, deployment):
        with store.write("monitoring"):
            alerts.review(store, deployment)


def show(store: Store, name: str, since: str | None = None) -> MonitorSummary:
    """What is known of a deployment. since: ISO time; only windows that end after it.

    features: of the last window that is judged, of those that are complete if there is one, of
    the version that serves if it has one.
    """
    deployment = deployments.get_deployment(store, name)
    found = rows.windows(store, deployment.id, None if since is None else _moment(since))
    judged = [window for window in found if window.rows >= MIN_WINDOW_ROWS]
    last = max(
        judged,
        key=lambda w: (w.version == deployment.version, w.complete, w.start),
        default=None,
    )
    return MonitorSummary(
        deployment=deployment.name,
        predictions=rows.predictions(store, deployment.id),
        labelled=label_rows.labelled(store, deployment.id),
        windows=tuple(found),
        features=last.features if last else (),
        alerts=tuple(alert_rows.alerts(store, deployment.id)),
        metric=model_rows.get(store, deployment.model_version).metric,
        drifted=last.drifted if last else (),
    )


def _moment(since: str) -> int:
    try:
        return clock.from_iso(since)
    except (ValueError, OverflowError):
        raise UserError(
            f"{since!r} is not a time.", hint="Write it as 2026-11-24 or 2026-11-24T10:00."
        ) from None


def window_detail(store: Store, name: str, version: int, start: str, feature: str) -> Distribution:
    """One feature of one window beside the training reference, for a chart."""
    deployment = deployments.get_deployment(store, name)
    window = rows.window_at(store, deployment.id, version, clock.from_iso(start))
    if window is None:
        raise NotFound(f"{name} has no window that starts at {start}.")
    watch = windows.watch(store, window.model_version)
    one = next((f for f in watch.reference.watched if f.name == feature), None)
    if one is None or feature not in window.counts["features"]:
        raise NotFound(f"{feature!r} is not watched in {name}.")
    current = Sketch.from_json(window.counts["features"][feature])
    labels, reference_shares, current_shares = _shares(one.bins, one.counts, current)
    drift = one.judge(current) if window.rows >= MIN_WINDOW_ROWS else None
    return Distribution(drift, labels, reference_shares, current_shares)


def _new(
    lane: Lane, workspace: Workspace, deployment: Deployment, context: Context
) -> Iterator[_Batch]:
    """Batches of records that no one has counted yet, oldest first."""
    offsets = lane(lambda store: rows.offsets(store, deployment.id))
    for path in segments.segment_files(workspace.segments(deployment.id)):
        name = segments.segment_name(path)
        start = offsets.get(name, 0)
        try:
            if segments.length(path) <= start:
                continue
        except Damaged as error:
            log.warning("not counted: %s", error)  # What comes after it is counted all the same.
            continue
        header = segments.read_header(path)
        if header is None:
            continue
        records: list[Record] = []
        end, held = start, 0
        for record, after in segments.read_records(path, start):
            records.append(record)
            held += len(record.x)
            end = after
            if held >= _BATCH_ROWS:
                context.checkpoint()
                yield _Batch(name, start, end, header, records)
                records, start, held = [], end, 0
        if records:
            yield _Batch(name, start, end, header, records)


def _count(store: Store, deployment: Deployment, batch: _Batch, watch: Watch) -> int:
    """Count a batch in, unless somebody else was faster; the answer is its rows, or 0."""
    with store.write("monitoring"):
        if rows.offsets(store, deployment.id).get(batch.name, 0) != batch.start:
            return 0
        newest = rows.newest_windows(store, deployment.id, watch.version.id, _LATE)
        groups = windows.group(watch, batch.header, batch.records, newest)
        starts = [group.start_us for group in groups]
        stored = rows.stored_windows(store, deployment.id, watch.version.id, starts)
        for group in groups:
            window = windows.merged(watch, batch.header, stored.get(group.start_us), group)
            rows.put_window(store, deployment.id, window)
        rows.advance(store, deployment.id, batch.name, batch.end, batch.rows)
    return batch.rows


def _shares(
    bins: Bins, reference: Sketch, current: Sketch
) -> tuple[tuple[str, ...], tuple[float, ...], tuple[float, ...]]:
    if not bins.is_numeric:
        labels = (*bins.categories, OTHER, "(missing)")
        return labels, _normed(reference.counts), _normed(current.counts)
    # Fifty fine bins are too many for an eye: five of them are one bar.
    edges, step = bins.edges, max(1, (len(bins.edges) - 1) // 10)
    cuts = list(range(1, len(edges), step))
    shown = [f"below {edges[0]:.3g}"]
    shown += [f"{edges[c - 1]:.3g} to {edges[min(c - 1 + step, len(edges) - 1)]:.3g}" for c in cuts]
    shown += [f"above {edges[-1]:.3g}", "(missing)"]

    def coarse(one: Sketch) -> tuple[float, ...]:
        counts = one.counts
        inner = [int(counts[c : min(c + step, len(edges))].sum()) for c in cuts]
        return _normed([int(counts[0]), *inner, int(counts[-2]), int(counts[-1])])

    return tuple(shown), coarse(reference), coarse(current)


def _normed(counts: Iterable[int]) -> tuple[float, ...]:
    numbers = [float(n) for n in counts]
    total = sum(numbers) or 1.0
    return tuple(n / total for n in numbers)
