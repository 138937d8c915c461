"""Recipes: named, versioned, ordered lists of cleaning and feature steps."""

from __future__ import annotations

from dataclasses import dataclass, field

from mlops_desktop.core.steps import StepKind


@dataclass(frozen=True, slots=True)
class Step:
    """One step with its settings, by the names of its form. on: False leaves it out for now."""

    kind: StepKind
    settings: dict[str, object] = field(default_factory=dict)
    on: bool = True


@dataclass(frozen=True, slots=True)
class RecipeVersion:
    """An immutable state of a recipe; versions count from 1."""

    id: int
    recipe: str
    version: int
    steps: tuple[Step, ...]
    note: str = ""
    by: str = ""
    created_at: str = ""

    @property
    def ref(self) -> str:
        return f"{self.recipe}@{self.version}"
