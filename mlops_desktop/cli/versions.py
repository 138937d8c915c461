"""`data tag`, `note`, `delete`, `restore`, `bin`: the care of dataset versions."""

from __future__ import annotations

import click

from mlops_desktop.actions import datasets, storage
from mlops_desktop.actions import versions as actions
from mlops_desktop.cli.datasets import data, summary
from mlops_desktop.cli.session import Session, answer, json_option, table
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import Ref


@data.command()
@click.argument("ref")
@click.argument("tag")
@click.option("--remove", is_flag=True, help="Take the tag away from the version that has it.")
@json_option
@click.pass_obj
def tag(session: Session, ref: str, tag: str, remove: bool, as_json: bool) -> None:
    """Call the dataset version REF by TAG: NAME@TAG or NAME:TAG then names it. One that had the
    tag loses it."""
    if remove:
        name = Ref.parse(ref).name
        actions.remove_tag(session.store, name, tag)
        answer(as_json, {"dataset": name, "removed": tag}, f"No version of {name} is {tag!r} now.")
        return
    version = actions.tag(session.store, ref, tag)
    answer(as_json, summary(version), f"{version.ref} is {version.dataset}@{tag} now")


@data.command()
@click.argument("ref")
@click.argument("text")
@json_option
@click.pass_obj
def note(session: Session, ref: str, text: str, as_json: bool) -> None:
    """Write the note of the dataset version REF anew; an empty TEXT removes it."""
    version = actions.note(session.store, ref, text)
    said = f"{version.ref}: {version.note}" if version.note else f"{version.ref} has no note now"
    answer(as_json, summary(version), said)


@data.command()
@click.argument("ref")
@click.option("--all", "whole", is_flag=True, help="Every version of the dataset REF.")
@click.option("--force", is_flag=True, help="Although tags, checks, versions or runs use it.")
@json_option
@click.pass_obj
def delete(session: Session, ref: str, whole: bool, force: bool, as_json: bool) -> None:
    """Put the dataset version REF (NAME@VERSION) into the bin.

    It can be restored until a clean-up frees its disk. What a registered model was trained on is
    never deleted.
    """
    named = Ref.parse(ref)
    one = named != Ref(named.name)
    if whole and one:
        raise UserError(f"{ref!r} names one version.", hint=f"Say {named.name} --all.")
    if not (whole or one):
        newest = datasets.get_version(session.store, named)
        raise UserError(
            f"Which version of {named.name} is to be deleted?",
            hint=f"Say {newest.ref}, or {named.name} --all for every one.",
        )
    found = actions.delete(session.store, ref, force=force)
    refs = [version.ref for version in found]
    answer(as_json, {"deleted": refs}, f"In the bin: {', '.join(refs)}. Undo: data restore {ref}")


@data.command()
@click.argument("ref")
@json_option
@click.pass_obj
def restore(session: Session, ref: str, as_json: bool) -> None:
    """Take the dataset version REF, or all of the dataset REF, out of the bin."""
    refs = [version.ref for version in actions.restore(session.store, ref)]
    answer(as_json, {"restored": refs}, f"Restored: {', '.join(refs)}")


@data.command("bin")
@json_option
@click.pass_obj
def bin_(session: Session, as_json: bool) -> None:
    """List what is in the bin, and what disk cleaning up each alone would free."""
    found = storage.binned(session.store)
    rows: list[tuple[object, ...]] = [
        (one.version.ref, one.version.rows, str(one.version.deleted_at)[:19], one.frees)
        for one in found
    ]
    value = [
        summary(one.version) | {"deleted_at": one.version.deleted_at, "frees": one.frees}
        for one in found
    ]
    text = table(("version", "rows", "deleted", "frees bytes"), rows) if rows else "It is empty."
    answer(as_json, value, text)
