"""Which bytes of pack files are needed, and rewriting packs of which most is not."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from mlops_desktop.blobs import manifests, objects
from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.blobs.packs import PackWriter, Place
from mlops_desktop.core.errors import Damaged
from mlops_desktop.paths import Workspace


def needed_bytes(needed: Iterable[Manifest]) -> dict[str, int]:
    """How many bytes of each pack the manifests need."""
    chunks: dict[str, dict[int, int]] = {}
    for manifest in needed:
        for place in manifest.places.values():
            chunks.setdefault(place.pack, {})[place.offset] = place.length
    return {pack: sum(lengths.values()) for pack, lengths in chunks.items()}


def rewrite(
    workspace: Workspace, folder: Path, packs: Collection[str], needed: Mapping[str, Manifest]
) -> tuple[dict[str, str], int]:
    """Copy the needed chunks of some packs into new ones, and store manifests that know of it.

    needed: every manifest that is to stay, by its name. The answer: their new names, of those
    that change, and by how many bytes the disk is fuller. Old packs and manifests are left alone.
    folder: scratch in the workspace.
    """
    writer = PackWriter(folder / "packs")
    moved: dict[tuple[str, int], str] = {}
    for manifest in needed.values():
        for place in manifest.places.values():
            key = (place.pack, place.offset)
            if place.pack in packs and key not in moved:
                moved[key] = f"{place.pack}:{place.offset}"
                writer.add(moved[key], _bytes(workspace, place))
    places = writer.finish()
    added = writer.publish(workspace)
    renamed = {}
    for name, manifest in needed.items():
        new = {}
        for chunk, place in manifest.places.items():
            copy = moved.get((place.pack, place.offset))
            new[chunk] = place if copy is None else replace(places[copy], base=place.base)
        if new != manifest.places:
            data = manifests.encode(replace(manifest, places=new))
            renamed[name], size = objects.put_counted(workspace, data)
            added += size
    return renamed, added


def _bytes(workspace: Workspace, place: Place) -> bytes:
    with workspace.blob(place.pack).open("rb") as file:
        file.seek(place.offset)
        data = file.read(place.length)
    if len(data) != place.length:
        raise Damaged(f"A stored file is damaged ({place.pack[:12]}).", hint=objects.HOW_TO_MEND)
    return data
