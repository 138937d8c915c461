"""Datasets: import a file as a version, look at versions, read their rows, export them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_desktop.actions.children import run_child, scratch
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.blobs import manifests, objects
from mlops_desktop.core.datasets import (
    Column,
    ColumnType,
    Dataset,
    DatasetVersion,
    DataWarning,
    ImportSpec,
    Source,
)
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.core.ids import Ref, checked_name
from mlops_desktop.core.jsonable import from_plain
from mlops_desktop.core.profile import Profile
from mlops_desktop.paths import Workspace
from mlops_desktop.store import datasets, versions

if TYPE_CHECKING:
    import pyarrow as pa

    from mlops_desktop.store.store import Store

_KNOWN = 20  # So many of the newest versions share their chunks with a new one.


def import_file(lane: Lane, spec: ImportSpec, context: Context | None = None) -> DatasetVersion:
    """Read a file into the next version of a dataset, in a child process.

    Raises UserError for a file that cannot be read as a table, Cancelled.
    """
    context = context or Context()
    path = Path(spec.path).expanduser().absolute()
    if not path.is_file():
        raise UserError(f"There is no file {path}.", hint="Check the path.")
    types = {name: kind.value for name, kind in spec.types.items()}
    job: dict[str, object] = {"path": str(path), "format": "csv", "types": types}
    source = Source("file", str(path), detail={"types": types} if types else {})
    return _ingest(lane, spec.dataset, job, source, spec.message, None, context)


def read_again(
    lane: Lane, ref: str | Ref, types: dict[str, ColumnType], context: Context | None = None
) -> DatasetVersion:
    """Import the file of a version again, with other types for some columns.

    Types that were asked for before are kept. Raises UserError where it came from no file, or
    where the file is gone.
    """
    version = lane(lambda store: get_version(store, ref))
    if version.source.kind != "file":
        raise UserError(
            f"{version.ref} was not read from a file.", hint="Choose a version that was."
        )
    asked: Any = version.source.detail.get("types", {})
    before = {name: ColumnType(kind) for name, kind in asked.items()}
    names = ", ".join(f"{name} as {kind.value}" for name, kind in types.items())
    spec = ImportSpec(version.source.path, version.dataset, f"Read {names}", before | types)
    return import_file(lane, spec, context)


def add_table(
    lane: Lane,
    dataset: str,
    table: pa.Table,
    source: Source,
    message: str = "",
    parent: int | None = None,
    context: Context | None = None,
) -> DatasetVersion:
    """Store a table as the next version of a dataset. parent: the id of the version it came from,
    the newest one where None."""
    import pyarrow as pa  # noqa: PLC0415  Not needed by those who only list.

    context = context or Context()
    workspace = lane(lambda store: store.workspace)
    with scratch(workspace, "table") as folder:
        path = folder / "table.arrow"
        with (
            objects.disk_errors("the table"),
            pa.OSFile(str(path), "wb") as file,
            pa.ipc.new_file(file, table.schema) as writer,
        ):
            writer.write_table(table)
        job: dict[str, object] = {"path": str(path), "format": "arrow", "types": {}}
        return _ingest(lane, dataset, job, source, message, parent, context)


def _ingest(
    lane: Lane,
    dataset: str,
    job: dict[str, object],
    source: Source,
    message: str,
    parent: int | None,
    context: Context,
) -> DatasetVersion:
    dataset = checked_name(dataset, "dataset")
    workspace = lane(lambda store: store.workspace)
    existing = lane(lambda store: datasets.versions(store, dataset))
    if parent is not None:
        existing.sort(key=lambda version: version.id != parent)
    known = list(dict.fromkeys(version.manifest for version in existing))[:_KNOWN]
    with scratch(workspace, "import") as folder:
        job = {**job, "workspace": str(workspace.root.absolute()), "known": known}
        result: dict[str, Any] = run_child("ingest", job, folder, context)
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
                source.sha256 or result["sha256"],
                source.bytes or result["bytes"],
                source.detail,
            ),
            message=message,
            warnings=tuple(from_plain(DataWarning, item) for item in result["warnings"]),
            parent=parent if parent is not None else (existing[0].id if existing else None),
            created_at="",
        )

        def insert(store: Store) -> DatasetVersion:
            with store.write("datasets"):
                version = datasets.add_version(store, new)
                store.audit(
                    "dataset.imported",
                    version.ref,
                    rows=version.rows,
                    columns=len(version.columns),
                    content_hash=version.content_hash,
                    source=version.source.path or version.source.kind,
                    sha256=version.source.sha256,
                )
                return version

        return lane(insert)


def list_datasets(store: Store) -> list[Dataset]:
    """Every dataset, by name."""
    return datasets.datasets(store)


def list_versions(store: Store, name: str) -> list[DatasetVersion]:
    """The versions of a dataset, newest first. Raises NotFound."""
    found = datasets.versions(store, name)
    if not found:
        raise _no_dataset(store, name)
    return found


def get_version(store: Store, ref: str | Ref) -> DatasetVersion:
    """`NAME@3`, `NAME@tag`, or the newest of `NAME`. Raises NotFound with names that are near, and
    for what is in the bin."""
    ref = Ref.parse(ref) if isinstance(ref, str) else ref
    found = _named(store, ref)
    if found is not None and found.deleted_at is None:
        return found
    if found is not None:
        raise _deleted(found)
    newest = datasets.version(store, ref.name, None)
    if newest is None:
        raise _no_dataset(store, ref.name)
    if ref.alias is not None:
        tags = ", ".join(versions.tags(store, ref.name))
        raise NotFound(
            f"No version of {ref.name} is tagged {ref.alias!r}.",
            hint=f"Its tags are {tags}." if tags else f"Its newest is {newest.ref}.",
        )
    raise NotFound(
        f"The dataset {ref.name!r} has no version {ref.version}.",
        hint=f"Its newest is {newest.ref}.",
    )


def _named(store: Store, ref: Ref) -> DatasetVersion | None:
    """The version of a reference, also where it is deleted."""
    if ref.alias is not None:
        tagged = versions.tags(store, ref.name).get(ref.alias)
        return None if tagged is None else datasets.by_id(store, tagged)
    if ref.version is None:
        return datasets.version(store, ref.name, None)
    every = datasets.versions(store, ref.name, deleted=True)
    return next((version for version in every if version.version == ref.version), None)


def _deleted(version: DatasetVersion) -> NotFound:
    if version.purged_at:
        return NotFound(
            f"{version.ref} is deleted.",
            why=f"It was cleaned up on {version.purged_at[:10]}.",
            hint="Import its file again.",
        )
    return NotFound(
        f"{version.ref} is in the bin.", hint=f"Restore it with: data restore {version.ref}."
    )


def _no_dataset(store: Store, name: str) -> NotFound:
    if any(not version.purged_at for version in datasets.versions(store, name, deleted=True)):
        return NotFound(
            f"The dataset {name!r} is in the bin.", hint=f"Restore it with: data restore {name}."
        )
    names = datasets.names(store)
    near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
    if near:
        hint = f"Did you mean {' or '.join(near)}?"
    elif names:
        hint = f"There are: {', '.join(names[:10])}."
    else:
        hint = "Import a file first."
    return NotFound(f"There is no dataset {name!r}.", hint=hint)


def read_rows(
    workspace: Workspace,
    version: DatasetVersion,
    start: int,
    count: int,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """Rows [start, start + count), cut short at the end. Safe in any thread."""
    manifest = manifests.read(workspace, version.manifest)
    return manifests.read_rows(workspace, manifest, start, count, columns)


def load(
    workspace: Workspace, version: DatasetVersion, columns: Sequence[str] | None = None
) -> pa.Table:
    """The whole table, or the named columns of it in that order. Safe in any thread."""
    return manifests.load(workspace, manifests.read(workspace, version.manifest), columns)


def fsck_version(workspace: Workspace, version: DatasetVersion) -> list[str]:
    """What is wrong with the stored bytes of a version, in words; empty when all is well."""
    fault = objects.verify(workspace, version.profile)
    found = [f"profile {version.profile[:12]}: {fault}"] if fault else []
    return found + manifests.faults(workspace, version.manifest)


def profile(workspace: Workspace, version: DatasetVersion) -> Profile:
    """What was found in each column when the version was made."""
    document = manifests.expand_json(objects.get_bytes(workspace, version.profile))
    return from_plain(Profile, document)


def export(
    lane: Lane,
    ref: str | Ref,
    path: Path,
    context: Context | None = None,
    *,
    for_spreadsheet: bool = False,
) -> int:
    """Write a version to a .csv or .parquet file; the answer is its number of rows.

    for_spreadsheet: text cells and headers of a CSV that a spreadsheet would run as a formula get
    a leading apostrophe.
    """
    from mlops_desktop.blobs import exports  # noqa: PLC0415  Not needed by those who only list.

    context = context or Context()
    version = lane(lambda store: get_version(store, ref))
    workspace = lane(lambda store: store.workspace)
    manifest = manifests.read(workspace, version.manifest)
    kind = path.suffix.lower()
    if kind not in (".csv", ".parquet"):
        raise UserError(f"{path.name!r} ends neither in .csv nor in .parquet.", hint="Pick one.")

    def progress(fraction: float) -> None:
        context.checkpoint()
        context.progress(fraction, f"Writing {path.name}")

    exports.write(workspace, manifest, path, progress, for_spreadsheet=for_spreadsheet)
    return version.rows
