"""The options that say how a file is to be read, for every verb that reads one."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import click

from mlops_desktop.core.datasets import ColumnType, ImportOptions

_OPTIONS = (
    click.option("--format", help="csv, tsv, parquet, excel, json, sqlite or arrow."),
    click.option("--delimiter", help="What stands between cells, such as ; or tab."),
    click.option("--encoding", help="Such as utf-8, utf-16, cp1252."),
    click.option("--decimal", help="The decimal mark: . or ,"),
    click.option("--thousands", help="What separates thousands: . , ' or a space; '' for nothing."),
    click.option(
        "--day-first/--month-first",
        "day_first",
        default=None,
        help="How dates such as 03/04/2026 are read.",
    ),
    click.option("--header/--no-header", default=None, help="The first row holds the names."),
    click.option("--sheet", help="Of a workbook."),
    click.option("--table", help="Of a SQLite database."),
    click.option("--query", help="One SELECT on a SQLite database."),
    click.option(
        "--type",
        "types",
        multiple=True,
        metavar="COLUMN=TYPE",
        help="integer, number, boolean, text or datetime. May be given more than once.",
    ),
)


def reading_options(function: Callable[..., object]) -> Callable[..., object]:
    """Gives the verb one argument `options: ImportOptions`; what is not given is guessed."""

    @functools.wraps(function)
    def verb(*args: Any, **given: Any) -> object:
        names = ("format", "delimiter", "encoding", "decimal", "thousands", "day_first", "header")
        settled = {name: given.pop(name) for name in (*names, "sheet", "table", "query")}
        types = dict(_type(text) for text in given.pop("types"))
        return function(*args, options=ImportOptions(**settled, types=types), **given)

    for option in reversed(_OPTIONS):
        verb = option(verb)
    return verb


def _type(text: str) -> tuple[str, ColumnType]:
    column, _, kind = text.rpartition("=")
    if not column or kind not in list(ColumnType):
        raise click.BadParameter(
            f"{text!r} is not COLUMN=TYPE with the type {', '.join(ColumnType)}.",
            param_hint="--type",
        )
    return column, ColumnType(kind)
