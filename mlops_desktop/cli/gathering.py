"""A group of verbs that lie in several files: who types one of them waits for few of the others."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

import click


class Gathered(click.Group):
    """Its verbs are added by the files that it names; each is loaded when a verb is asked for that
    none before it has."""

    def __init__(self, *args: Any, files: Sequence[str], **options: Any) -> None:
        """files: modules of this package."""
        super().__init__(*args, **options)
        self._files = list(files)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        while self._files and name not in self.commands:
            self._load()
        return super().get_command(context, name)

    def list_commands(self, context: click.Context) -> list[str]:
        while self._files:
            self._load()
        return super().list_commands(context)

    def _load(self) -> None:
        importlib.import_module(f"mlops_desktop.cli.{self._files.pop(0)}")


class Listed(click.Group):
    """Its verbs are told by a literal list; the file of one is loaded when it is asked for."""

    def __init__(self, *args: Any, verbs: Mapping[str, str], **options: Any) -> None:
        """verbs: the module of this package that has each, under its name."""
        super().__init__(*args, **options)
        self._verbs = verbs

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name in self._verbs and name not in self.commands:
            module = importlib.import_module(f"mlops_desktop.cli.{self._verbs[name]}")
            self.add_command(getattr(module, name))
        return super().get_command(context, name)

    def list_commands(self, context: click.Context) -> list[str]:
        return sorted({*self._verbs, *super().list_commands(context)})
