"""Which blobs the database needs: the one list of all places that name a blob."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import TYPE_CHECKING

from mlops_desktop.blobs import manifests
from mlops_desktop.core.errors import Damaged
from mlops_desktop.store import versions

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


def referenced(store: Store, without: Collection[int] = ()) -> set[str]:
    """The names of all blobs that some row needs, directly or by a manifest.

    without: ids of dataset versions that do not count. Raises Damaged where the manifest of
    another version cannot be read: then nobody knows which packs it needs.
    """
    found = set().union(*trained(store).values())
    for version in versions.stored(store):
        if version.id in without:
            continue
        found |= {version.manifest, version.profile}
        try:
            places = manifests.read(store.workspace, version.manifest).places
        except Damaged as error:
            raise Damaged(
                f"{version.ref} is damaged, so it is not known which files are needed.",
                why=error.what,
                hint="Run fsck. Delete the version, or restore its file from a copy.",
            ) from error
        found |= {place.pack for place in places.values()}
    return found


def trained(store: Store) -> dict[str, set[str]]:
    """The blobs of each run and model version, by a name for it."""
    rows = store.query(
        "SELECT 'run ' || id AS owner, files FROM runs UNION ALL "
        "SELECT 'model version ' || id, files FROM model_versions"
    )
    return {row["owner"]: set(json.loads(row["files"]).values()) for row in rows}
