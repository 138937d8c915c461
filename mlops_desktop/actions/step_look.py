"""What the steps of a recipe that is being written do: each with its columns, one with its rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops_desktop.actions import recipe_preview, recipes
from mlops_desktop.actions.lane import Lane
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.expression_nodes import names
from mlops_desktop.core.expressions import parse
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.setting_fields import FieldKind
from mlops_desktop.paths import Workspace

if TYPE_CHECKING:
    from mlops_desktop.ml.recipe import Checked
    from mlops_desktop.ml.recipe_preview import Preview


@dataclass(frozen=True, slots=True)
class Look:
    """outline: each step with its columns and error. found: what the step at `place` does, why
    that cannot be told, or None for one that is off. about: the columns that it is about."""

    place: int
    outline: tuple[Checked, ...]
    found: Preview | UserError | None
    about: tuple[str, ...] = ()

    @property
    def errors(self) -> dict[int, UserError]:
        return {p: c.error for p, c in enumerate(self.outline) if c.error is not None}


def look(
    lane: Lane,
    workspace: Workspace,
    version: DatasetVersion,
    steps: Sequence[Step],
    place: int,
    *,
    only: bool,
) -> Look:
    """Safe in any thread. only: rows that stay as they are do not come."""
    others = lane(lambda store: recipes.concatenated(store, steps))
    outline = recipe_preview.outline(version, steps, others)
    error = next((c.error for c in outline[: place + 1] if c.error is not None), None)
    if error is not None or not steps[place].on:
        return Look(place, outline, error)
    upto = place + 1
    try:
        found = recipe_preview.preview(
            workspace, version, steps, others, upto=upto, changes_only=only
        )
        if only and not found.after.num_rows and found.added:
            found = recipe_preview.preview(workspace, version, steps, others, upto=upto)
    except UserError as failed:
        return Look(place, outline, failed)
    return Look(place, outline, found, _about(steps[place], found.before.column_names))


def _about(step: Step, columns: Sequence[str]) -> tuple[str, ...]:
    """The columns that a step names."""
    named: set[str] = set()
    for field in step.kind.form.fields:
        value: Any = step.settings.get(field.name)
        match field.kind:
            case FieldKind.COLUMN:
                named.add(value)
            case FieldKind.COLUMNS if value:
                named.update(value)
            case FieldKind.EXPRESSION:
                named.update(names(parse(value)))
    return tuple(name for name in columns if name in named)
