"""A recipe as the plain values that its YAML file holds, and back.

recipe: clean-telco
note: what it is for
steps:
  - parse_number: {columns: [TotalCharges]}
  - filter: {where: tenure > 0}
    off: true
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mlops_desktop.core.errors import UserError
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.setting_fields import FieldKind
from mlops_desktop.core.step_settings import complete
from mlops_desktop.core.steps import StepKind

_KEYS = ("recipe", "note", "steps")


@dataclass(frozen=True, slots=True)
class RecipeDocument:
    """What a file holds. name: empty where it has none."""

    name: str
    note: str
    steps: tuple[Step, ...]


def to_document(name: str, note: str, steps: Sequence[Step]) -> dict[str, Any]:
    """The plain values of a file; what is empty is left out."""
    head: dict[str, Any] = {"recipe": name} if name else {}
    if note:
        head["note"] = note
    return {**head, "steps": [step_document(step) for step in steps]}


def step_document(step: Step) -> dict[str, Any]:
    return {step.kind.value: step.settings, **({} if step.on else {"off": True})}


def from_document(document: object) -> RecipeDocument:
    """Read plain values. Raises UserError that names the step or the key at fault."""
    if not isinstance(document, dict):
        raise UserError(
            "This is not a recipe.", hint="A recipe has a list called steps; see Help on recipes."
        )
    strange = next((key for key in document if key not in _KEYS), None)
    if strange is not None:
        raise UserError(f"A recipe has no key {strange!r}.", hint=f"{_near(str(strange), _KEYS)}")
    for key in ("recipe", "note"):
        if not isinstance(document.get(key) or "", str):
            raise UserError(f"{key} is {document[key]!r}, not a text.", hint="Put it in quotes.")
    steps = document.get("steps")
    if not isinstance(steps, list):
        raise UserError(
            "The recipe has no list of steps.", hint="Write steps: and below it - filter: ..."
        )
    return RecipeDocument(
        document.get("recipe") or "",
        document.get("note") or "",
        tuple(read_step(item, number) for number, item in enumerate(steps, 1)),
    )


def read_step(item: object, number: int) -> Step:
    """One step of a file. Raises UserError that names it."""
    if isinstance(item, str):
        item = {item: {}}
    if not isinstance(item, dict):
        raise UserError(f"Step {number} is {item!r}.", hint="Write - filter: {where: price > 0}.")
    on = not item.get("off", False)
    if not isinstance(item.get("off", False), bool):
        raise UserError(f"Step {number}: off is {item['off']!r}.", hint="Write true or false.")
    kinds = [key for key in item if key != "off"]
    if len(kinds) != 1:
        raise UserError(
            f"Step {number} has {len(kinds)} kinds: {', '.join(map(str, kinds))}.",
            hint="Each step begins with a dash and has one kind, such as - filter: {...}.",
        )
    [kind] = kinds
    if kind not in {known.value for known in StepKind}:
        raise UserError(
            f"Step {number}: there is no step {kind!r}.", hint=_near(str(kind), list(StepKind))
        )
    settings = item[kind]
    if settings is None:
        settings = {}
    if not isinstance(settings, dict):
        raise UserError(
            f"Step {number} ({kind}) has {settings!r} where its settings belong.",
            hint=f"Write {kind}: {{name: value}}.",
        )
    return checked(Step(StepKind(kind), settings, on), number)


def checked(step: Step, number: int) -> Step:
    """The step with its settings as they are kept: what is none is left out, the keys of values
    are texts. Raises UserError that names it."""
    kinds = {field.name: field.kind for field in step.kind.form.fields}
    settings: dict[str, object] = {}
    for name, value in step.settings.items():
        if kinds.get(name) is FieldKind.VALUES and isinstance(value, dict):
            settings[name] = {_key(old): new for old, new in value.items()}
        elif value is not None or name not in kinds:
            settings[name] = list(value) if isinstance(value, tuple) else value
    made = Step(step.kind, settings, step.on)
    try:
        complete(made)
    except UserError as error:
        what, hint = f"Step {number} ({step.kind.form.title}): {error.what}", error.hint
        strange = [name for name, value in settings.items() if value is None]
        if strange and FieldKind.EXPRESSION in kinds.values():
            hint = "A formula that holds a comma stands in quotes."  # YAML cut it there.
        raise UserError(what, why=error.why, hint=hint) from error
    return made


def _key(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _near(name: str, known: Sequence[str]) -> str:
    near = " or ".join(map(str, difflib.get_close_matches(name, known, n=3)))
    return f"Did you mean {near}?" if near else f"There are {', '.join(known)}."
