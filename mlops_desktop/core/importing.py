"""What a look at a file tells before it is imported: the guesses, the columns, the first rows."""

from __future__ import annotations

from dataclasses import dataclass

from mlops_desktop.core.datasets import Column, DataWarning, ImportOptions


@dataclass(frozen=True, slots=True)
class Guess:
    """One option of an import as it is used.

    option: the name of a field of ImportOptions. why: the reason in words. choices: the values
    that make sense instead; empty where any text may.
    """

    option: str
    value: str | bool | None
    why: str
    choices: tuple[str | bool, ...] = ()


@dataclass(frozen=True, slots=True)
class Failure:
    """Why the table cannot be read with these options; the guesses can be changed."""

    what: str
    why: str = ""
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Preview:
    """The first rows of a file, read as an import would.

    options: every option that is settled, those that were guessed included. rows: at most 100;
    times as text, None where missing. width: how many columns there are, of which `columns`
    may be the first ones. sampled: the types may change, since more rows follow.
    """

    options: ImportOptions
    guesses: tuple[Guess, ...]
    columns: tuple[Column, ...] = ()
    rows: tuple[tuple[object, ...], ...] = ()
    width: int = 0
    sampled: bool = False
    problems: tuple[DataWarning, ...] = ()
    failure: Failure | None = None
