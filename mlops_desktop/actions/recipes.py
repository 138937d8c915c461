"""Recipes: keep them, apply them to dataset versions, and run them again on newer ones."""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlops_desktop.actions import datasets, recipe_files
from mlops_desktop.actions.children import scratch
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.storing import Origin, store_table
from mlops_desktop.core.datasets import Column, DatasetVersion, Source
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.core.ids import NAME_LIMIT, Ref, checked_name
from mlops_desktop.core.jsonable import to_plain
from mlops_desktop.core.recipe_documents import checked
from mlops_desktop.core.recipes import RecipeVersion, Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.store import datasets as dataset_rows
from mlops_desktop.store import recipes as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


@dataclass(frozen=True, slots=True)
class Chain:
    """How a version comes from a raw one: `steps` applied to `root` give its rows.

    others: the versions that the steps concatenate, by what the steps call them.
    """

    root: DatasetVersion
    others: dict[str, DatasetVersion]
    steps: tuple[Step, ...]


def save(store: Store, name: str, steps: Sequence[Step], note: str = "") -> RecipeVersion:
    """Keep the steps as the next version of a recipe; where its newest has the same steps, that
    one is the answer. Raises UserError that names a step with a bad setting."""
    name = checked_name(name, "recipe")
    made = tuple(checked(step, number) for number, step in enumerate(steps, 1))
    if not made:
        raise UserError("The recipe has no steps.", hint="Add one at least.")
    newest = rows.version(store, name, None)
    if newest is not None and newest.steps == made:
        return newest
    with store.write("datasets"):
        version = rows.add_version(store, name, made, note.strip())
        store.audit("recipe.saved", version.ref, steps=[to_plain(step) for step in made])
        return version


def get(store: Store, ref: str | Ref) -> RecipeVersion:
    """`NAME@3`, or the newest of `NAME`. Raises NotFound with names that are near."""
    ref = Ref.parse(ref) if isinstance(ref, str) else ref
    found = None if ref.alias else rows.version(store, ref.name, ref.version)
    if found is not None:
        return found
    newest = rows.version(store, ref.name, None)
    if newest is None:
        raise _no_recipe(store, ref.name)
    raise NotFound(
        f"The recipe {ref.name!r} has no version {ref.alias or ref.version}.",
        hint=f"Its newest is {newest.ref}.",
    )


def list_recipes(store: Store) -> list[RecipeVersion]:
    """The newest version of each recipe, by name."""
    return rows.newest(store)


def versions(store: Store, name: str) -> list[RecipeVersion]:
    """The versions of a recipe, newest first. Raises NotFound."""
    found = rows.versions(store, name)
    if not found:
        raise _no_recipe(store, name)
    return found


def import_file(store: Store, path: Path, name: str = "") -> RecipeVersion:
    """Save the recipe of a YAML file. name: instead of the one in the file."""
    document = recipe_files.read(path)
    return save(store, name or document.name or path.stem, document.steps, document.note)


def export_file(store: Store, ref: str | Ref, path: Path) -> RecipeVersion:
    """Write a recipe version to a YAML file."""
    found = get(store, ref)
    recipe_files.write(path, found.recipe, found.note, found.steps)
    return found


def suggested(version: DatasetVersion, drop: Sequence[str] = ()) -> tuple[Step, ...]:
    """The steps of every fix that the version's warnings suggest, those of rows first, so that
    they see the rows as they came. drop: columns that are not wanted, either."""
    steps = [s for w in version.warnings if w.suggestion is not None for s in w.suggestion.steps]
    if drop:
        steps.append(Step(StepKind.DROP_COLUMNS, {"columns": list(drop)}))
    return tuple(sorted(steps, key=lambda step: not step.kind.is_table_step))


def concatenated(store: Store, steps: Sequence[Step]) -> dict[str, DatasetVersion]:
    """The versions that the steps concatenate, by what the steps call them: `NAME` means the
    newest. Raises NotFound."""
    names = [
        str(step.settings["dataset"])
        for step in steps
        if step.on and step.kind is StepKind.CONCATENATE and step.settings.get("dataset")
    ]
    return {name: datasets.get_version(store, name) for name in names}


def columns_after(
    version: DatasetVersion, steps: Sequence[Step], others: dict[str, DatasetVersion]
) -> tuple[Column, ...]:
    """The columns that the steps would give. others: from concatenated(). Raises UserError that
    names the step at fault."""
    from mlops_desktop.ml import recipe  # noqa: PLC0415  Not needed by those who only list.

    found = {name: other.columns for name, other in others.items()}
    return recipe.check(version.columns, steps, found)


def apply(
    lane: Lane,
    ref: str | Ref,
    recipe: str | Ref | Sequence[Step],
    dataset: str | None = None,
    message: str = "",
    context: Context | None = None,
) -> DatasetVersion:
    """Apply a recipe to a version, in a child process; the answer is the version that it gives.

    recipe: a saved one (`NAME` or `NAME@3`), or steps, which are saved first as name_for() the
    dataset. dataset: where the new version goes, into the same dataset where None. Raises
    UserError that names the step at fault, Cancelled.
    """
    workspace = lane(lambda store: store.workspace)
    with scratch(workspace, "recipe"):  # From here on no clean-up frees what is to be read.
        return _apply(lane, ref, recipe, dataset, message, context or Context())


def _apply(
    lane: Lane,
    ref: str | Ref,
    recipe: str | Ref | Sequence[Step],
    dataset: str | None,
    message: str,
    context: Context,
) -> DatasetVersion:
    version = lane(lambda store: datasets.get_version(store, ref))
    target = checked_name(dataset or version.dataset, "dataset")
    if isinstance(recipe, str | Ref):
        kept = lane(lambda store: get(store, recipe))
        others = lane(lambda store: concatenated(store, kept.steps))
        columns_after(version, kept.steps, others)
    else:
        others = lane(lambda store: concatenated(store, recipe))
        columns_after(version, recipe, others)  # What cannot be applied is not saved either.
        kept = lane(lambda store: save(store, name_for(target), recipe))
    before = lane(lambda store: chain(store, version))
    job: dict[str, object] = {
        "parent": version.manifest,
        "others": {name: other.manifest for name, other in others.items()},
        "steps": to_plain(kept.steps),
        "root": to_plain(before.root.columns),
        "chain": to_plain((*before.steps, *kept.steps)),
    }
    detail: dict[str, object] = {
        "recipe": kept.ref,
        "parent": version.ref,
        "concatenated": {name: other.ref for name, other in others.items()},
    }

    def told(result: dict[str, Any]) -> dict[str, object]:
        return {"rows_before": result["rows_before"], "learnt": result["learnt"]}

    origin = Origin(
        target,
        Source("recipe", detail=detail),
        message or f"{kept.ref} on {version.ref}",
        version.id if target == version.dataset else None,
        version,
        kept.id,
    )
    return store_table(lane, "prepare", job, origin, context, told)


def again(
    lane: Lane,
    ref: str | Ref,
    parent: str | Ref | None = None,
    context: Context | None = None,
) -> DatasetVersion:
    """Run the recipe that made a version once more, on a newer parent.

    ref: a derived version; of `NAME` the newest that a recipe made. parent: what to run it on;
    where None the newest version that came as the old parent did. Raises UserError where no
    recipe made the version, or nothing newer is there.
    """
    made = lane(lambda store: _derived(store, ref))
    found = lane(lambda store: newer_parent(store, made)) if parent is None else parent
    if found is None:
        raise UserError(
            f"There is no newer version to run {made.recipe} on.",
            why=f"{made.ref} was made from the newest one, {made.source.detail['parent']}.",
            hint="Import the new data first.",
        )
    target = found if isinstance(found, str | Ref) else Ref(found.dataset, version=found.version)
    return apply(lane, target, made.recipe, made.dataset, context=context)


def newer_parent(store: Store, made: DatasetVersion) -> DatasetVersion | None:
    """The newest version that a derived one could be made from again, None where its parent is
    the newest: of the parent's dataset, and come as the parent did (raw, or by the same recipe).
    """
    if made.derived_from is None:
        return None
    parent = dataset_rows.by_id(store, made.derived_from)
    kind = parent.recipe.partition("@")[0]
    return next(
        (
            version
            for version in dataset_rows.versions(store, parent.dataset)
            if version.version > parent.version and version.recipe.partition("@")[0] == kind
        ),
        None,
    )


def chain(store: Store, version: DatasetVersion) -> Chain:
    """From the raw version that this one was derived from, over all recipes in between.

    A concatenation cannot follow a feature step, so where a later recipe begins with one, its
    parent counts as the raw version; so does the parent where a version above is gone for good.
    """
    root, steps, others = version, list[Step](), dict[str, DatasetVersion]()
    while root.derived_from is not None:
        parent = dataset_rows.by_id(store, root.derived_from)
        found = [step for step in get(store, root.recipe).steps if step.on]
        featured = any(not step.kind.is_table_step for step in found)
        joined = any(step.kind is StepKind.CONCATENATE for step in steps)
        names: Any = root.source.detail["concatenated"]
        exact = {ref: _exactly(store, ref) for ref in names.values()}
        gone = any(version.purged_at is not None for version in (parent, *exact.values()))
        if gone or (featured and joined):
            break
        for name, ref in names.items():
            found = [_pinned(step, name, ref) for step in found]
        root, steps, others = parent, found + steps, exact | others
    return Chain(root, others, tuple(steps))


def name_for(dataset: str) -> str:
    """The name of the recipe that steps are saved as which nobody named: `clean-bikes`."""
    return f"clean-{dataset}"[:NAME_LIMIT]


def _pinned(step: Step, name: str, exact: str) -> Step:
    if step.kind is StepKind.CONCATENATE and step.settings["dataset"] == name:
        return replace(step, settings={**step.settings, "dataset": exact})
    return step


def _exactly(store: Store, ref: str) -> DatasetVersion:
    """A version by its number, whether in the bin or not."""
    every = dataset_rows.versions(store, Ref.parse(ref).name, deleted=True)
    return next(version for version in every if version.ref == ref)


def _derived(store: Store, ref: str | Ref) -> DatasetVersion:
    ref = Ref.parse(ref) if isinstance(ref, str) else ref
    if ref.version is None and ref.alias is None:
        every = datasets.list_versions(store, ref.name)
        made = next((version for version in every if version.recipe), every[0])
    else:
        made = datasets.get_version(store, ref)
    if not made.recipe:
        raise UserError(
            f"No recipe made {made.ref}.", hint="Choose a version that was made by a recipe."
        )
    return made


def _no_recipe(store: Store, name: str) -> NotFound:
    names = [found.recipe for found in rows.newest(store)]
    near = " or ".join(difflib.get_close_matches(name, names, n=3, cutoff=0.5))
    if near:
        hint = f"Did you mean {near}?"
    else:
        hint = f"There are: {', '.join(names[:10])}." if names else "Save one first."
    return NotFound(f"There is no recipe {name!r}.", hint=hint)
