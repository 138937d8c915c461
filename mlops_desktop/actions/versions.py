"""The care of dataset versions: tags, notes, and the bin that deleted ones go to."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mlops_desktop.actions import datasets
from mlops_desktop.core import clock
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.errors import CheckFailed, NotFound, UserError
from mlops_desktop.core.ids import Ref, checked_name
from mlops_desktop.core.versions import Use, in_words
from mlops_desktop.store import datasets as dataset_rows
from mlops_desktop.store import versions as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

NOTE_LIMIT = 2_000


def tag(store: Store, ref: str | Ref, name: str) -> DatasetVersion:
    """Name a version within its dataset, as `bike@golden`. A version that had the tag loses it."""
    name = checked_name(name, "tag")
    if name.removeprefix("v").isdigit():
        raise UserError(f"{name!r} would be read as a version number.", hint="Use a word.")
    version = datasets.get_version(store, ref)
    if name in version.tags:
        return version
    with store.write("datasets"):
        before = rows.tags(store, version.dataset).get(name)
        rows.set_tag(store, version, name)
        moved = {} if before is None else {"moved_from": dataset_rows.by_id(store, before).ref}
        store.audit("dataset.tagged", version.ref, tag=name, **moved)
    return dataset_rows.by_id(store, version.id)


def remove_tag(store: Store, dataset: str, name: str) -> None:
    """Take a tag away. Raises NotFound where no version of the dataset has it."""
    tags = rows.tags(store, dataset)
    if name not in tags:
        datasets.list_versions(store, dataset)  # Where the dataset is missing, that is the fault.
        hint = f"Its tags are {', '.join(tags)}." if tags else "It has no tags."
        raise NotFound(f"No version of {dataset} is tagged {name!r}.", hint=hint)
    with store.write("datasets"):
        rows.remove_tag(store, dataset, name)
        ref = dataset_rows.by_id(store, tags[name]).ref
        store.audit("dataset.untagged", ref, tag=name)


def note(store: Store, ref: str | Ref, text: str) -> DatasetVersion:
    """Write a version's note anew; empty text removes it. The audit keeps what it said before."""
    version = datasets.get_version(store, ref)
    text = text.strip()
    if len(text) > NOTE_LIMIT:
        raise UserError(
            f"The note is {len(text):,} characters long.", hint=f"Use at most {NOTE_LIMIT:,}."
        )
    if text == version.note:
        return version
    with store.write("datasets"):
        rows.set_note(store, version.id, text)
        store.audit("dataset.noted", version.ref, note=text, before=version.note)
    return dataset_rows.by_id(store, version.id)


def uses(store: Store, ref: str) -> list[Use]:
    """What needs a version, or any version of a dataset (a bare name): tags, derived versions,
    checks, runs, models, deployments. What goes with a whole dataset does not count."""
    return [use for _, found in _uses(store, _meant(store, ref)) for use in found]


def delete(store: Store, ref: str, *, force: bool = False) -> list[DatasetVersion]:
    """Put a version into the bin, or every version of a dataset (a bare name); all or none.

    A clean-up frees their disk, until then they can be restored. Raises CheckFailed that names
    what uses them. force: delete although tags, checks, derived versions or ended runs use them;
    never what a registered model or a running training needs.
    """
    with store.write("datasets"):
        doomed = _meant(store, ref)
        for version, found in _uses(store, doomed):
            binding = [use for use in found if use.binding]
            if binding or (found and not force):
                raise _in_use(version, found, binding)
        rows.set_deleted(store, [version.id for version in doomed], clock.now())
        for version in doomed:
            store.audit("dataset.deleted", version.ref, content_hash=version.content_hash)
    return [dataset_rows.by_id(store, version.id) for version in doomed]


def restore(store: Store, ref: str | Ref) -> list[DatasetVersion]:
    """Take a version out of the bin; a bare name: every version of that dataset that is in it."""
    ref = Ref.parse(ref) if isinstance(ref, str) else ref
    all_ = dataset_rows.versions(store, ref.name, deleted=True)
    if not all_:
        datasets.list_versions(store, ref.name)  # Raises NotFound with names that are near.
    named = ref.version is not None or ref.alias is not None
    wanted = [v for v in all_ if v.version == ref.version or ref.alias in v.tags] if named else all_
    if named and wanted and wanted[0].purged_at:
        raise UserError(
            f"{wanted[0].ref} cannot be restored.",
            why=f"It was cleaned up on {wanted[0].purged_at[:10]}, and its rows are gone.",
            hint="Import its file again.",
        )
    wanted = [version for version in wanted if version.deleted_at and not version.purged_at]
    if not wanted:
        raise NotFound(f"{ref} is not in the bin.", hint="See what is: data bin.")
    with store.write("datasets"):
        rows.set_deleted(store, [version.id for version in wanted], None)
        for version in wanted:
            store.audit("dataset.restored", version.ref)
    return [dataset_rows.by_id(store, version.id) for version in wanted]


def _meant(store: Store, ref: str) -> list[DatasetVersion]:
    named = Ref.parse(ref)
    if named == Ref(named.name):
        return datasets.list_versions(store, named.name)
    return [datasets.get_version(store, named)]


def _uses(
    store: Store, versions: Sequence[DatasetVersion]
) -> list[tuple[DatasetVersion, list[Use]]]:
    """Each version with what uses it, but for what would be deleted along with it."""
    own = {version.ref for version in versions}
    checked = {version.dataset for version in versions}
    whole = len(versions) == sum(len(dataset_rows.versions(store, dataset)) for dataset in checked)
    return [
        (
            version,
            [
                use
                for use in rows.uses(store, version)
                if not (use.kind == "version" and use.name in own)
                and not (use.kind == "checks" and whole and use.name in checked)
            ],
        )
        for version in versions
    ]


def _in_use(version: DatasetVersion, found: list[Use], binding: list[Use]) -> CheckFailed:
    kinds = {use.kind for use in binding}
    if "run" in kinds:
        hint = "Wait until its training has ended."
    elif kinds:
        hint = "The rows that a model was trained on are kept as long as it is registered."
    else:
        hint = "Delete it all the same with --force."
    return CheckFailed(
        f"{version.ref} is in use, so it was not deleted.",
        why=f"It is used by {in_words(found)}.",
        hint=hint,
    )
