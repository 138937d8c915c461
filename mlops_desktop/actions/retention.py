"""Old predictions are removed by age and size: whole segments, and only what is counted.

What shadows answered is no traffic of its own, but it fills the disk: it goes by the same limits.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_desktop.actions import deployments, segments
from mlops_desktop.actions.lane import Lane
from mlops_desktop.blobs import idindex
from mlops_desktop.blobs.segments import forms
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.retention import Retention, checked_retention
from mlops_desktop.store import deployments as deployment_rows
from mlops_desktop.store import monitoring as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


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
    files = segments.of_deployment(store.workspace, deployment.id)
    sizes = {path: segments.size_of(path) for path in files}
    left = sum(sizes.values())
    found: list[Path] = []
    waiting = 0
    for path in files:
        age = segments.age_of(path)
        old = retention.days is not None and age > retention.days * segments.DAY_S
        large = retention.max_bytes is not None and left > retention.max_bytes
        if not (old or large):
            continue
        if segments.is_settled(path, counted):
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
            for file in (*forms(path), idindex.index_path(path)):
                file.unlink(missing_ok=True)
    return going
