"""Clean-up: what it would free, and freeing exactly that; what fills the workspace.

Nothing is freed while any process imports or trains (see actions/children.py: cleaning). Rows go
first, in one transaction; files follow. A kill between leaves files that no row needs, which is
no fault, and which the next clean-up frees.
"""

from __future__ import annotations

import shutil
from collections import Counter
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from mlops_desktop.actions import health
from mlops_desktop.actions.children import cleaning
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.blobs import manifests, objects, repack
from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.core import clock
from mlops_desktop.core.cleanup import Freed, Item, Part, Plan, Waste
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.errors import Damaged
from mlops_desktop.core.runs import RunState
from mlops_desktop.paths import Workspace
from mlops_desktop.store import runs as run_rows
from mlops_desktop.store import versions as rows
from mlops_desktop.store.references import referenced

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

KEPT_BACKUPS = 3
_DAY_US = 24 * 3600 * 1_000_000
_FAILED = (RunState.FAILED, RunState.CANCELLED, RunState.INTERRUPTED)


def plan(store: Store, *, older_than_days: float = 0) -> Plan:
    """What a clean-up would free. Changes nothing.

    older_than_days: only versions that have been in the bin for so long. Raises Damaged where a
    version that stays is damaged, since then it is not known what it needs.
    """
    until = clock.from_iso(clock.now()) - older_than_days * _DAY_US
    gone = [
        version
        for version in rows.binned(store)
        if clock.from_iso(str(version.deleted_at)) <= until
        and not rows.is_trained_on(store, version.id)
    ]
    ids = {version.id for version in gone}
    workspace, sizes = store.workspace, objects.sizes(store.workspace)
    kept = referenced(store, without=ids)
    of_gone = set().union(*(blobs_of(workspace, version) for version in gone))
    blobs = [
        Item(Waste.BIN if name in of_gone else Waste.LEFTOVERS, _path(workspace, name), size)
        for name, size in sizes.items()
        if name not in kept
    ]
    kept_bytes = 0
    for pack, needed in repack.needed_bytes(_needed(store, ids).values()).items():
        unused = sizes.get(pack, needed) - needed
        if unused > needed:
            blobs.append(Item(Waste.PACKS, _path(workspace, pack), unused))
        else:
            kept_bytes += unused
    return Plan(tuple(gone), tuple(blobs), tuple(_files(store)), kept_bytes)


def clean(lane: Lane, plan: Plan, context: Context | None = None) -> Freed:
    """Free what the plan names, but for what has come into use since it was made.

    Raises UserError while an import or a training is going on, Cancelled; what was freed by then
    stays so.
    """
    context = context or Context()
    workspace = lane(lambda store: store.workspace)
    freed: Counter[Waste] = Counter()
    with cleaning(workspace) as folder:
        gone = lane(partial(_still_binned, plan=plan))
        packs = {Path(item.path).name for item in plan.blobs if item.waste is Waste.PACKS}
        renamed: dict[str, str] = {}
        if packs:
            context.progress(0.0, "Rewriting what is needed")
            needed = lane(partial(_needed, without={version.id for version in gone}))
            renamed, added = repack.rewrite(workspace, folder, packs, needed)
            freed[Waste.PACKS] -= added
        context.checkpoint()
        lane(partial(_forget, plan=plan, gone=gone, renamed=renamed))
        kept = lane(referenced)
        unneeded = [(item.waste, Path(item.path).name) for item in plan.blobs]
        unneeded += [(Waste.PACKS, name) for name in renamed]
        for done, (waste, name) in enumerate(unneeded):
            context.checkpoint()
            context.progress(done / len(unneeded), "Freeing disk")
            if name not in kept:
                freed[waste] += objects.remove(workspace, name)
        for item in plan.files:
            context.checkpoint()
            freed[item.waste] += _remove(workspace.root / item.path)
    manifests.read.cache_clear()
    context.progress(1.0, "Cleaned up")
    counts = {part.name: part.count for part in plan.parts}
    return Freed(
        tuple(version.ref for version in gone),
        tuple(Part(w.value, counts.get(w.value, 0), freed[w]) for w in Waste if w in freed),
    )


def _still_binned(store: Store, plan: Plan) -> list[DatasetVersion]:
    planned = {version.id for version in plan.versions}
    return [
        version
        for version in rows.binned(store)
        if version.id in planned and not rows.is_trained_on(store, version.id)
    ]


def _forget(store: Store, plan: Plan, gone: list[DatasetVersion], renamed: dict[str, str]) -> None:
    """The change in the database, whole or not at all; no file is touched."""
    at = clock.now()
    with store.write("datasets" if gone or renamed else "settings"):
        for version in gone:
            rows.purge(store, version.id, at)
            store.audit("dataset.purged", version.ref, content_hash=version.content_hash)
        for old, new in renamed.items():
            rows.move_manifest(store, old, new)
        store.audit(
            "workspace.cleaned", "workspace", **{part.name: part.bytes for part in plan.parts}
        )


def _needed(store: Store, without: set[int]) -> dict[str, Manifest]:
    """The manifests of all versions but those, by name."""
    names = {v.manifest for v in rows.stored(store) if v.id not in without}
    return {name: manifests.read(store.workspace, name) for name in sorted(names)}


def blobs_of(workspace: Workspace, version: DatasetVersion) -> set[str]:
    """The blobs that a version needs, as far as they can be told where it is damaged."""
    found = {version.manifest, version.profile}
    try:
        places = manifests.read(workspace, version.manifest).places.values()
    except Damaged:
        return found
    return found | {place.pack for place in places}


def _files(store: Store) -> list[Item]:
    workspace = store.workspace
    backups = sorted(workspace.backups.glob("workspace-*.db"))
    old = backups[: max(0, len(backups) - KEPT_BACKUPS)]
    failed = [
        workspace.run(run.id)
        for run in run_rows.newest_first(store)
        if run.state in _FAILED and workspace.run(run.id).is_dir()
    ]
    return [
        Item(waste, path.relative_to(workspace.root).as_posix(), size_of(path))
        for waste, paths in (
            (Waste.LEFTOVERS, health.leftovers(workspace)),
            (Waste.RUNS, failed),
            (Waste.BACKUPS, old),
        )
        for path in paths
    ]


def _path(workspace: Workspace, name: str) -> str:
    return workspace.blob(name).relative_to(workspace.root).as_posix()


def size_of(path: Path) -> int:
    """Bytes of a file, or of all files in a folder."""
    if path.is_dir():
        return sum(inside.stat().st_size for inside in path.rglob("*") if inside.is_file())
    return path.stat().st_size if path.exists() else 0


def _remove(path: Path) -> int:
    size = size_of(path)
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
    return size - size_of(path)
