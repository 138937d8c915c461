"""Steps that are being written, with undo and redo; nothing is stored before a version is saved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from mlops_desktop.core.recipes import Step

Steps = tuple[Step, ...]


class Draft:
    """The pending steps of one dataset. Every change can be undone."""

    def __init__(self) -> None:
        self.steps: Steps = ()
        self._before: list[Steps] = []
        self._after: list[Steps] = []

    def put(self, steps: Sequence[Step]) -> None:
        if tuple(steps) != self.steps:
            self._before.append(self.steps)
            self._after.clear()
            self.steps = tuple(steps)

    def add(self, steps: Sequence[Step]) -> None:
        self.put((*self.steps, *steps))

    def exchange(self, at: int, step: Step) -> None:
        self.put((*self.steps[:at], step, *self.steps[at + 1 :]))

    def remove(self, at: int) -> None:
        self.put((*self.steps[:at], *self.steps[at + 1 :]))

    def move(self, at: int, to: int) -> None:
        """Give the step another place, where there is one."""
        if 0 <= to < len(self.steps):
            others = [step for place, step in enumerate(self.steps) if place != at]
            others.insert(to, self.steps[at])
            self.put(others)

    def switch(self, at: int, *, on: bool) -> None:
        self.exchange(at, replace(self.steps[at], on=on))

    @property
    def can_undo(self) -> bool:
        return bool(self._before)

    @property
    def can_redo(self) -> bool:
        return bool(self._after)

    def undo(self) -> None:
        if self._before:
            self._after.append(self.steps)
            self.steps = self._before.pop()

    def redo(self) -> None:
        if self._after:
            self._before.append(self.steps)
            self.steps = self._after.pop()
