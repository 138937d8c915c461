"""Names in the command palette: asked for when it opens, shown when the store has answered."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import QObject

from mlops_desktop.actions import finding
from mlops_desktop.core.finding import Found, Thing
from mlops_desktop.widgets.palette import Command, CommandPalette
from mlops_desktop.work.jobs import Jobs

_ICONS = {
    Found.DATASET: "database",
    Found.VERSION: "database",
    Found.RUN: "flask-conical",
    Found.MODEL: "package-check",
    Found.DEPLOYMENT: "server",
    Found.COLUMN: "columns-3",
}


class Finding(QObject):
    """open_(panel, thing) shows what was found."""

    def __init__(
        self, jobs: Jobs, palette: CommandPalette, open_: Callable[[str, object], object]
    ) -> None:
        super().__init__(palette)
        self._jobs, self._palette, self._open = jobs, palette, open_
        palette.opened.connect(self._ask)

    def _ask(self) -> None:
        self._jobs.run(self, finding.things, self._show, lambda _error: self._show([]))

    def _show(self, found: list[Thing]) -> None:
        self._palette.show_things([self._command(thing) for thing in found])

    def _command(self, thing: Thing) -> Command:
        return Command(
            thing.title,
            partial(self._open, thing.panel, thing.place),
            icon=_ICONS[thing.kind],
            group=thing.kind.value,
            about=thing.about,
        )
