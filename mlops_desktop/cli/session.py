"""What a verb is given: the workspace, a lane to its store, progress on a terminal, output."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import TypeVar

import click

from mlops_desktop.actions import runs
from mlops_desktop.actions.lane import Context, DirectLane
from mlops_desktop.core.errors import DiskFull
from mlops_desktop.core.jsonable import to_plain
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store

F = TypeVar("F", bound=Callable[..., object])


class Session:
    """Opens the store when a verb first needs it."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace

    @cached_property
    def store(self) -> Store:
        try:
            store = Store.open(self.workspace)
        except DiskFull as error:
            return Store.open_to_read(self.workspace, error)
        with suppress(DiskFull):  # What is stored can be read all the same.
            runs.recover(store)  # Runs whose process was killed no longer say that they run.
        return store

    @cached_property
    def lane(self) -> DirectLane:
        return DirectLane(self.store)

    def close(self) -> None:
        if "store" in self.__dict__:
            self.store.close()


class TerminalContext(Context):
    """Progress as one line that is written over, where a person watches."""

    def progress(self, fraction: float | None, text: str) -> None:
        if sys.stderr.isatty():
            percent = "" if fraction is None else f"{fraction:4.0%} "
            click.echo(f"\r\x1b[K{percent}{text[:100]}", nl=False, err=True)
            if fraction is not None and fraction >= 1:
                click.echo(err=True)


def json_option(function: F) -> F:
    """`--json` for a verb: one JSON value on standard output, nothing else."""
    return click.option("--json", "as_json", is_flag=True, help="Answer with one JSON value.")(
        function
    )


def answer(as_json: bool, value: object, text: str) -> None:
    """Print the JSON value or the text for people."""
    if as_json:
        click.echo(json.dumps(to_plain(value), ensure_ascii=False, allow_nan=False))
    else:
        click.echo(text)


def table(titles: tuple[str, ...], rows: list[tuple[object, ...]]) -> str:
    """Aligned columns for a terminal; numbers to the right."""
    cells = [tuple("" if cell is None else str(cell) for cell in row) for row in rows]
    widths = [max(len(line[i]) for line in [titles, *cells]) for i in range(len(titles))]
    right = [
        bool(rows) and all(isinstance(row[i], int | float) for row in rows)
        for i in range(len(titles))
    ]

    def line(parts: tuple[str, ...]) -> str:
        placed = (
            part.rjust(width) if to_right else part.ljust(width)
            for part, width, to_right in zip(parts, widths, right, strict=True)
        )
        return "  ".join(placed).rstrip()

    return "\n".join([line(titles), *(line(row) for row in cells)])
