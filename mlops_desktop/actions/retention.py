"""Old predictions are removed by age and size: whole segments, and only what is counted."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import psutil

from mlops_desktop.actions import deployments
from mlops_desktop.actions.lane import Lane
from mlops_desktop.blobs import idindex, segments
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.retention import Retention, checked_retention
from mlops_desktop.store import deployments as deployment_rows
from mlops_desktop.store import monitoring as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

_DAY_S = 24 * 3600  # Within it, a repeated request id gets the recorded answer.


@dataclass(frozen=True, slots=True)
class Removable:
    """Segments that a retention removes, the oldest first. waiting: others that it would, were
    they counted by monitoring and closed."""

    paths: tuple[Path, ...]
    size: int
    waiting: int


def set_retention(
    store: Store, name: str, days: int | None = None, max_bytes: int | None = None
) -> Deployment:
    """Keep predictions so many days, and so many bytes of them; None: no limit. Takes effect with
    the next fold. Raises UserError for limits that keep nothing."""
    deployment = deployments.get_deployment(store, name)
    wanted = checked_retention(days, max_bytes)
    if wanted == deployment.retention:
        return deployment
    with store.write("deployments"):
        value = {"days": wanted.days, "max_bytes": wanted.max_bytes}
        deployment_rows.set_option(store, deployment.id, "retention", value)
        store.audit("deployment.retention", name, **value)
    return deployment_rows.get(store, deployment.id)


def removable(store: Store, name: str, retention: Retention | None = None) -> Removable:
    """What a retention (else the deployment's own) removes now. Nothing is changed.

    Kept in any case: what no window has counted yet, what a server may still write to, and the
    last day, of which request ids may be repeated.
    """
    deployment = deployments.get_deployment(store, name)
    retention = retention or deployment.retention
    counted = rows.offsets(store, deployment.id)
    files = segments.segment_files(store.workspace.segments(deployment.id))
    sizes = {path: _size(path) for path in files}
    left, now = sum(sizes.values()), time.time()
    found: list[Path] = []
    waiting = 0
    for path in files:
        age = now - path.stat().st_mtime
        old = retention.days is not None and age > retention.days * _DAY_S
        large = retention.max_bytes is not None and left > retention.max_bytes
        if not (old or large):
            continue
        if age > _DAY_S and not _may_grow(path) and _is_counted(path, counted.get(path.name, 0)):
            found.append(path)
            left -= sizes[path]
        else:
            waiting += 1
    return Removable(tuple(found), sum(sizes[path] for path in found), waiting)


def apply(lane: Lane, name: str) -> Removable:
    """Remove what the deployment's retention does not keep; labels and windows stay."""
    return lane(partial(_apply, name=name))


def _apply(store: Store, name: str) -> Removable:
    going = removable(store, name)
    if going.paths:
        # Told first: nothing is ever gone without a word.
        with store.write("monitoring"):
            store.audit(
                "predictions.removed",
                name,
                segments=len(going.paths),
                bytes=going.size,
                first=going.paths[0].name,
                last=going.paths[-1].name,
            )
        for path in going.paths:
            path.unlink(missing_ok=True)
            idindex.index_path(path).unlink(missing_ok=True)
    return going


def _size(path: Path) -> int:
    index = idindex.index_path(path)
    return path.stat().st_size + (index.stat().st_size if index.exists() else 0)


def _may_grow(path: Path) -> bool:
    """True where the process that writes it may live, and the file is not full."""
    process = path.stem.rpartition("-")[2]
    if not process.isdecimal():
        return True  # Not ours.
    return path.stat().st_size <= segments.SIZE_LIMIT and psutil.pid_exists(int(process))


def _is_counted(path: Path, offset: int) -> bool:
    return next(segments.read_records(path, offset), None) is None
