"""Datasets: import a file as a version, look at versions, read their rows, export them."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_desktop.actions.children import scratch
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.storing import Origin, store_table
from mlops_desktop.blobs import objects
from mlops_desktop.core.datasets import (
    Dataset,
    DatasetVersion,
    ImportOptions,
    ImportSpec,
    Source,
)
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.core.profile import Profile
from mlops_desktop.paths import Workspace
from mlops_desktop.store import datasets, versions

if TYPE_CHECKING:
    import pyarrow as pa

    from mlops_desktop.blobs.manifests import Manifest
    from mlops_desktop.store.store import Store


def import_file(lane: Lane, spec: ImportSpec, context: Context | None = None) -> DatasetVersion:
    """Read a file into the next version of a dataset, in a child process.

    Raises UserError for a file that cannot be read as a table, Cancelled.
    """
    context = context or Context()
    path = Path(spec.path).expanduser().absolute()
    if not path.is_file():
        raise UserError(f"There is no file {path}.", hint="Check the path.")
    job: dict[str, object] = {"path": str(path), "options": to_plain(spec.options)}
    return _ingest(lane, spec.dataset, job, Source("file", str(path)), spec.message, None, context)


def read_again(
    lane: Lane, ref: str | Ref, changed: ImportOptions, context: Context | None = None
) -> DatasetVersion:
    """Import the file of a version again, with other options.

    What was used before is kept where `changed` says nothing. Raises UserError where it came from
    no file, or where the file is gone.
    """
    version = lane(lambda store: get_version(store, ref))
    if version.source.kind != "file":
        raise UserError(
            f"{version.ref} was not read from a file.", hint="Choose a version that was."
        )
    before = from_plain(ImportOptions, version.source.detail.get("options", {}))
    given = {
        option.name: value
        for option in fields(changed)
        if (value := getattr(changed, option.name)) is not None
    }
    given["types"] = before.types | changed.types
    said = [f"{name} as {kind.value}" for name, kind in changed.types.items()]
    said += [f"with another {name}" for name in given if name != "types"]
    message = f"Read {', '.join(said)}".replace("_", " ")
    spec = ImportSpec(version.source.path, version.dataset, message, replace(before, **given))
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
        options = to_plain(ImportOptions(format="arrow"))
        job: dict[str, object] = {"path": str(path), "options": options}
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
    def told(result: dict[str, Any]) -> dict[str, object]:
        return {"options": result["options"]} if source.kind == "file" else {}

    origin = Origin(dataset, source, message, parent)
    return store_table(lane, "ingest", job, origin, context, told)


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
    from mlops_desktop.blobs import manifests  # noqa: PLC0415  Not needed by those who add.

    return manifests.read_rows(workspace, _manifest(workspace, version), start, count, columns)


def load(
    workspace: Workspace, version: DatasetVersion, columns: Sequence[str] | None = None
) -> pa.Table:
    """The whole table, or the named columns of it in that order. Safe in any thread."""
    from mlops_desktop.blobs import manifests  # noqa: PLC0415  Not needed by those who add.

    return manifests.load(workspace, _manifest(workspace, version), columns)


def _manifest(workspace: Workspace, version: DatasetVersion) -> Manifest:
    if version.purged_at:
        raise _deleted(version)
    from mlops_desktop.blobs import manifests  # noqa: PLC0415  Not needed by those who add.

    return manifests.read(workspace, version.manifest)


def profile(workspace: Workspace, version: DatasetVersion) -> Profile:
    """What was found in each column when the version was made."""
    if version.purged_at:
        raise _deleted(version)
    from mlops_desktop.blobs import manifests  # noqa: PLC0415  Not needed by those who add.

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
    from mlops_desktop.blobs import exports, manifests  # noqa: PLC0415  Not needed by those who only list.

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
