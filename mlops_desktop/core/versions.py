"""What keeps a dataset version from being deleted, and what lies in the bin."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlops_desktop.core.datasets import DatasetVersion

_NAMED = 3


@dataclass(frozen=True, slots=True)
class Use:
    """Something that needs a dataset version.

    kind: 'tag', 'version', 'checks', 'run', 'model' or 'deployment'; name: as its user knows it.
    binding: the version cannot be deleted while this is there, not even by force.
    """

    kind: str
    name: str
    binding: bool = False


@dataclass(frozen=True, slots=True)
class Binned:
    """A version in the bin. frees: bytes of disk that cleaning up this one alone would free; what
    binned versions share among them is freed only with all of them."""

    version: DatasetVersion
    frees: int


_WORDS = {
    "tag": ("the tag", "the tags"),
    "version": ("", ""),
    "checks": ("the checks of", "the checks of"),
    "run": ("run", "runs"),
    "model": ("the model", "the models"),
    "deployment": ("the deployment", "the deployments"),
}


def in_words(uses: Sequence[Use]) -> str:
    """`the model demand@2, runs 3, 4 and 5, the tag golden`: each kind once, long lists cut."""
    parts = []
    for kind, (one, many) in _WORDS.items():
        names = [use.name for use in uses if use.kind == kind]
        if names:
            shown = names[:_NAMED] if len(names) > _NAMED + 1 else names
            rest = [f"{len(names) - len(shown)} more"] if len(shown) < len(names) else []
            parts.append(f"{one if len(names) == 1 else many} {_and([*shown, *rest])}".strip())
    return ", ".join(parts[::-1])


def _and(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"
