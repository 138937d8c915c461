"""A new dataset version: a child stores the table, then one transaction adds its row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops_desktop.actions.children import run_child, scratch
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.core.datasets import Column, DatasetVersion, DataWarning, Source
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import checked_name
from mlops_desktop.core.jsonable import from_plain
from mlops_desktop.store import datasets

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

_KNOWN = 20  # So many of the newest versions share their chunks with a new one.


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a new version of a dataset comes from.

    parent: the version before it, the newest one where None. derived_from: the version that a
    recipe was applied to; recipe_version: the id of that recipe's version. only_newest: the new
    version holds all rows of its parent, which must still be the newest when it is added.
    """

    dataset: str
    source: Source
    message: str = ""
    parent: int | None = None
    derived_from: DatasetVersion | None = None
    recipe_version: int | None = None
    only_newest: bool = False


class Overtaken(UserError):
    """The parent is not the newest version any more, so nothing was added. newest: the one that
    came meanwhile."""

    def __init__(self, dataset: str, newest: DatasetVersion | None) -> None:
        now = newest.ref if newest else "gone"
        super().__init__(
            f"The newest version of {dataset} is {now} now, so nothing was added.",
            why="Somebody else changed the dataset while the rows were read.",
            hint="Look at what came, then add the rows again.",
        )
        self.newest = newest


def store_table(
    lane: Lane,
    program: str,
    job: dict[str, object],
    origin: Origin,
    context: Context,
    told: Callable[[dict[str, Any]], dict[str, object]] = lambda _result: {},
) -> DatasetVersion:
    """Run the child program that stores a table, add it as a version, and check it by the rules.

    The child gets the job with `workspace` and `known`, the manifests to share chunks with. told:
    what the child's result adds to the source's detail. Raises Overtaken, Cancelled and what the
    child raises.
    """
    dataset = checked_name(origin.dataset, "dataset")
    workspace = lane(lambda store: store.workspace)
    with scratch(workspace, "import") as folder:
        # Not before: from here on no clean-up can free what is to be shared.
        existing = lane(lambda store: datasets.versions(store, dataset))
        parent = origin.parent
        if parent is not None:
            existing.sort(key=lambda version: version.id != parent)
        elif existing:
            parent = existing[0].id
        near = [origin.derived_from, *existing] if origin.derived_from else existing
        known = list(dict.fromkeys(version.manifest for version in near))[:_KNOWN]
        job = {**job, "workspace": str(workspace.root.absolute()), "known": known}
        result: dict[str, Any] = run_child(program, job, folder, context)
        source = origin.source
        new = DatasetVersion(
            id=0,
            dataset=dataset,
            version=0,
            rows=result["rows"],
            columns=tuple(from_plain(Column, item) for item in result["columns"]),
            manifest=result["manifest"],
            profile=result["profile"],
            content_hash=result["content_hash"],
            stored_bytes=result["stored_bytes"],
            source=Source(
                source.kind,
                source.path,
                source.sha256 or result.get("sha256", ""),
                source.bytes or result.get("bytes", 0),
                {**source.detail, **told(result)},
            ),
            message=origin.message,
            warnings=tuple(from_plain(DataWarning, item) for item in result["warnings"]),
            parent=parent,
            created_at="",
            derived_from=origin.derived_from.id if origin.derived_from else None,
        )

        def insert(store: Store) -> DatasetVersion:
            with store.write("datasets"):
                newest = datasets.version(store, dataset, None)
                if origin.only_newest and (newest is None or newest.id != parent):
                    raise Overtaken(dataset, newest)
                version = datasets.add_version(store, new, origin.recipe_version)
                _audit(store, version, origin)
                return version

        made = lane(insert)
    from mlops_desktop.actions import checks  # noqa: PLC0415  It needs this file.

    checks.after_import(lane, made, context)
    return made


def _audit(store: Store, version: DatasetVersion, origin: Origin) -> None:
    facts: dict[str, object] = {
        "rows": version.rows,
        "columns": len(version.columns),
        "content_hash": version.content_hash,
    }
    if origin.derived_from is not None:
        facts |= {"derived_from": origin.derived_from.ref, "recipe": version.recipe}
        store.audit("dataset.derived", version.ref, **facts)
        return
    facts |= {"source": version.source.path or version.source.kind, "sha256": version.source.sha256}
    store.audit("dataset.imported", version.ref, **facts)
