"""What fills a workspace: each dataset, models, predictions, backups; and what the bin holds."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from mlops_desktop.actions.cleanup import blobs_of, size_of
from mlops_desktop.blobs import manifests, objects
from mlops_desktop.core.cleanup import Part, Usage
from mlops_desktop.core.errors import Damaged
from mlops_desktop.core.versions import Binned
from mlops_desktop.store import versions as rows
from mlops_desktop.store.references import trained

if TYPE_CHECKING:
    from mlops_desktop.core.datasets import DatasetVersion
    from mlops_desktop.store.store import Store


def usage(store: Store) -> Usage:
    """Bytes on the disk. What several share is counted once, at the first of them: datasets in
    the order of their names, then the bin, then models and runs."""
    workspace = store.workspace
    sizes = objects.sizes(workspace)
    versions = sorted(rows.stored(store), key=lambda version: version.dataset)
    alive = [version for version in versions if not version.deleted_at]

    def take(names: set[str]) -> int:
        return sum(sizes.pop(name, 0) for name in names)

    datasets: dict[str, list[int]] = defaultdict(list)
    for version in alive:
        datasets[version.dataset].append(take(blobs_of(workspace, version)))
    binned = [take(blobs_of(workspace, version)) for version in versions if version.deleted_at]
    models = [take(names) for names in trained(store).values()]
    database = sum(size_of(path) for path in workspace.root.glob(f"{workspace.database.name}*"))
    rest = (
        Part("bin", len(binned), sum(binned)),
        Part("models and runs", len(models), sum(models) + size_of(workspace.runs)),
        Part("interrupted work", len(sizes), sum(sizes.values()) + size_of(workspace.tmp)),
        Part("predictions", *_folder(store, "predictions")),
        Part("backups", *_folder(store, "backups")),
        Part("database", 1, database),
    )
    named = tuple(Part(name, len(found), sum(found)) for name, found in datasets.items())
    return Usage(named, tuple(part for part in rest if part.bytes))


def binned(store: Store) -> list[Binned]:
    """What lies in the bin, the last deleted first, and what cleaning up each alone would free.

    Raises Damaged where a version that is not in the bin is damaged.
    """
    sizes = objects.sizes(store.workspace)
    users: dict[str, set[int]] = defaultdict(set)  # Of a blob: the versions that need it.
    chunks: dict[str, dict[int, tuple[int, set[int]]]] = defaultdict(dict)
    for names in trained(store).values():
        for name in names:
            users[name].add(0)
    for version in rows.stored(store):
        for name in (version.manifest, version.profile):
            users[name].add(version.id)
        try:
            places = manifests.read(store.workspace, version.manifest).places.values()
        except Damaged:
            if version.deleted_at:
                continue
            raise
        for place in places:
            users[place.pack].add(version.id)
            _, needing = chunks[place.pack].setdefault(place.offset, (place.length, set()))
            needing.add(version.id)

    def gain(pack: str, gone: set[int]) -> int:
        """What a clean-up would free of a pack that others need, too: see cleanup.plan()."""
        needed = sum(length for length, ids in chunks[pack].values() if ids - gone)
        unused = sizes.get(pack, needed) - needed
        return unused if unused > needed else 0

    def frees(version: DatasetVersion) -> int:
        own = {version.id}
        alone = sum(sizes.get(name, 0) for name, ids in users.items() if ids == own)
        shared = [p for p in chunks if version.id in users[p] and users[p] != own]
        return alone + sum(gain(pack, own) - gain(pack, set()) for pack in shared)

    return [Binned(version, frees(version)) for version in rows.binned(store)]


def _folder(store: Store, name: str) -> tuple[int, int]:
    folder = store.workspace.root / name
    return sum(1 for path in folder.rglob("*") if path.is_file()), size_of(folder)
