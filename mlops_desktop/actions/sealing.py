"""Closed segments are sealed: packed into Parquet, a fraction of their size, and nothing is lost.

A child writes the packed form beside everything else and compares it line by line. Only then does
it take the place of the JSON lines, under the lock of the database, so that of several that seal
and one that removes what is too old nobody undoes the work of another. A kill leaves one form or
both; readers take a segment once.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_desktop.actions import deployments, segments
from mlops_desktop.actions.children import run_child, scratch
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.blobs.objects import disk_errors, sync_folder
from mlops_desktop.blobs.segments import forms, is_sealed, length, read_header, size_on_disk
from mlops_desktop.store import monitoring as rows

if TYPE_CHECKING:
    from mlops_desktop.core.deployments import Deployment
    from mlops_desktop.store.store import Store

log = logging.getLogger(__name__)
LEAST = 64 * 1024  # Bytes: the foot of a Parquet file would outweigh what a smaller one saves.
_AT_ONCE = 256 * 1024 * 1024  # Bytes that a child packs before the disk has them back.


@dataclass(frozen=True, slots=True)
class Packed:
    """files: segments, of which `sealed` are; of these, bytes as JSON lines (before) and now
    (after). size: of all. ready: those to seal now; small: those that are not worth it; waiting:
    others that are still written, not counted yet, or younger than a day."""

    files: int
    sealed: int
    before: int
    after: int
    size: int
    ready: tuple[Path, ...]
    small: int
    waiting: int

    @property
    def saved(self) -> float:
        """The share by which the sealed ones are smaller."""
        return 1 - self.after / self.before if self.before else 0.0


@dataclass(frozen=True, slots=True)
class Sealed:
    """What became of the ready ones; failed: why, of those that stay as they are."""

    files: int
    predictions: int
    before: int
    after: int
    seconds: float
    failed: tuple[str, ...]


def look(lane: Lane, name: str) -> Packed:
    """How much of a deployment's record, and of its shadows', is sealed and can be."""

    def known(store: Store) -> tuple[Deployment, dict[str, int]]:
        deployment = deployments.get_deployment(store, name)
        return deployment, rows.offsets(store, deployment.id)

    deployment, counted = lane(known)
    workspace = lane(lambda store: store.workspace)
    files = segments.of_deployment(workspace, deployment.id)
    ready: list[Path] = []
    before = after = size = small = waiting = 0
    for path in files:
        size += size_on_disk(path)
        if is_sealed(path):
            before, after = before + length(path), after + size_on_disk(path)
        elif not segments.is_settled(path, counted):
            waiting += 1
        elif length(path) < LEAST or read_header(path) is None:
            small += 1
        else:
            ready.append(path)
    sealed = sum(map(is_sealed, files))
    return Packed(len(files), sealed, before, after, size, tuple(ready), small, waiting)


def seal(lane: Lane, name: str, context: Context | None = None) -> Sealed:
    """Seal what is ready. What it does not reach, or cannot pack, stays as it is.

    Raises DiskFull, UserError where the disk fails, Cancelled.
    """
    context = context or Context()
    ready = look(lane, name).ready
    whole = sum(map(length, ready)) or 1
    workspace = lane(lambda store: store.workspace)
    done: list[dict[str, Any]] = []
    failed: list[str] = []
    reached = 0
    for batch in _batches(ready):
        context.checkpoint()
        size = sum(map(length, batch))
        with scratch(workspace, "seal") as folder:
            job: dict[str, object] = {"segments": [str(path.absolute()) for path in batch]}
            result: Any = run_child(
                "seal", job, folder, _Part(context, reached / whole, size / whole)
            )
            packed = {
                batch[one["number"]]: _Made(folder / one["file"], one["before"], one["after"])
                for one in result["sealed"]
            }
            lane(partial(_publish, name=name, packed=packed))
        reached += size
        done += result["sealed"]
        failed += result["failed"]
    for why in failed:
        log.error("not sealed: %s", why)
    return Sealed(
        files=len(done),
        predictions=sum(one["rows"] for one in done),
        before=sum(one["before"] for one in done),
        after=sum(one["after"] for one in done),
        seconds=sum(one["seconds"] for one in done),
        failed=tuple(failed),
    )


class _Part(Context):
    """A batch's share of the whole progress; the cancel is the caller's."""

    def __init__(self, whole: Context, start: float, share: float) -> None:
        super().__init__()
        self.cancelled = whole.cancelled
        self._whole, self._start, self._share = whole, start, share

    def progress(self, fraction: float | None, text: str) -> None:
        self._whole.progress(self._start + self._share * (fraction or 0.0), text)


def _batches(ready: tuple[Path, ...]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    size = 0
    for path in ready:
        if batch and size + length(path) > _AT_ONCE:
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += length(path)
    if batch:
        yield batch


@dataclass(frozen=True, slots=True)
class _Made:
    file: Path
    before: int
    after: int


def _publish(store: Store, name: str, packed: dict[Path, _Made]) -> None:
    """Put packed files in the place of the JSON lines. packed: what was made of each segment."""
    with store.write("monitoring"), disk_errors("the sealed predictions"):
        # What is gone meanwhile was removed as too old, or sealed by another process.
        kept = {path: made for path, made in packed.items() if forms(path)[0].exists()}
        for path, made in kept.items():
            made.file.replace(forms(path)[1])
        for folder in {path.parent for path in kept}:
            sync_folder(folder)
        for path in kept:
            _remove_lines(path)
        if kept:
            store.audit(
                "predictions.sealed",
                name,
                segments=len(kept),
                before=sum(made.before for made in kept.values()),
                after=sum(made.after for made in kept.values()),
            )


def _remove_lines(path: Path) -> None:
    lines, packed = forms(path)
    try:
        lines.unlink()
    except FileNotFoundError:
        packed.unlink()  # Nobody else seals now: it was removed as too old just then.
    except PermissionError:
        log.info("%s is open elsewhere, and is sealed later", lines.name)  # On Windows.
