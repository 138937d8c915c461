"""What a clean-up would free, and what fills a workspace."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from mlops_desktop.core.datasets import DatasetVersion


class Waste(StrEnum):
    """Kinds of what can be freed, as screens and JSON name them."""

    BIN = "deleted versions"
    PACKS = "unused parts of shared files"
    LEFTOVERS = "interrupted work"
    RUNS = "logs of failed runs"
    BACKUPS = "old backups"


@dataclass(frozen=True, slots=True)
class Item:
    """A file or folder that would go. path: relative to the workspace; bytes: what that frees."""

    waste: Waste
    path: str
    bytes: int


@dataclass(frozen=True, slots=True)
class Part:
    """An amount of one kind, to be shown. count: things, as their name says."""

    name: str
    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What fills a workspace: its datasets, and everything else."""

    datasets: tuple[Part, ...]
    rest: tuple[Part, ...]

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in (*self.datasets, *self.rest))


@dataclass(frozen=True, slots=True)
class Plan:
    """What a clean-up would free. versions: in the bin, whose rows go for good.

    blobs: stored objects that nothing needs without those versions, and packs that would be
    rewritten since more than half of them is needed by nobody. files: everything else.
    kept_bytes: needed by nobody, but not worth rewriting what they share a pack with.
    """

    versions: tuple[DatasetVersion, ...]
    blobs: tuple[Item, ...]
    files: tuple[Item, ...]
    kept_bytes: int

    @property
    def bytes(self) -> int:
        return sum(item.bytes for item in (*self.blobs, *self.files))

    @property
    def parts(self) -> tuple[Part, ...]:
        """By kind; kinds that would free nothing are left out."""
        found = by_waste((*self.blobs, *self.files))
        counts = {part.name: part.count for part in found} | {Waste.BIN.value: len(self.versions)}
        shown = [Part(part.name, counts[part.name], part.bytes) for part in found]
        if self.versions and all(part.name != Waste.BIN.value for part in shown):
            # All that they hold is shared with versions that stay.
            shown.insert(0, Part(Waste.BIN.value, len(self.versions), 0))
        return tuple(shown)


@dataclass(frozen=True, slots=True)
class Freed:
    """What a clean-up has freed, by kind, in bytes of files that are gone."""

    versions: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def bytes(self) -> int:
        return sum(part.bytes for part in self.parts)


def by_waste(items: Iterable[Item]) -> tuple[Part, ...]:
    """How many of each kind, and their bytes."""
    every = tuple(items)
    parts = []
    for waste in Waste:
        own = [item.bytes for item in every if item.waste is waste]
        if own:
            parts.append(Part(waste.value, len(own), sum(own)))
    return tuple(parts)
