"""`data rows`: rows of a version that fit filters, in an order, for people, programs or a file."""

from __future__ import annotations

import csv
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime

import click

from mlops_desktop.actions import datasets, table_views
from mlops_desktop.cli.datasets import data
from mlops_desktop.cli.session import Session, TerminalContext, answer, json_option, table
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.core.table_filters import FilterError

_PAGE = 10_000
_SHOWN = 20


@data.command()
@click.argument("ref")
@click.option(
    "--where",
    multiple=True,
    metavar="COLUMN=FILTER",
    help="Such as 'price=>5', 'price=1..5', 'city=rome' (holds it), 'city==Rome' (is it), "
    "'city=^Ro', 'city=Rome|Milan', 'day=2024-01', 'wind=empty'. Several must all fit.",
)
@click.option("--sort", multiple=True, metavar="COLUMN", help="Several: the first one first.")
@click.option("--descending", is_flag=True, help="The greatest first.")
@click.option("--limit", type=click.IntRange(min=0), help=f"So many rows at most; {_SHOWN}.")
@click.option("--columns", default="", metavar="A,B", help="Only these columns.")
@click.option("--csv", "as_csv", is_flag=True, help="Answer with CSV; then all rows that fit.")
@json_option
@click.pass_obj
def rows(  # noqa: PLR0913  One parameter an option.
    session: Session,
    ref: str,
    where: tuple[str, ...],
    sort: tuple[str, ...],
    descending: bool,
    limit: int | None,
    columns: str,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Show rows of the dataset version REF (NAME or NAME@VERSION)."""
    if as_csv and as_json:
        raise UserError("--csv and --json exclude one another.", hint="Leave one out.")
    version = datasets.get_version(session.store, ref)
    names = _names(version, columns)
    keys = [(name, descending) for name in sort]
    try:
        seen = table_views.view(
            session.workspace, version, _filters(version, where), keys, TerminalContext()
        )
    except FilterError as error:
        raise UserError(f"{error.column}: {error.what}", hint=error.hint) from None
    most = seen.count if as_csv and limit is None else _SHOWN if limit is None else limit
    pages = _pages(session, version, seen, min(seen.count, most), names)
    if as_csv:
        out = csv.writer(sys.stdout, lineterminator="\n")
        out.writerow(names)
        for page in pages:
            out.writerows(["" if value is None else value for value in row] for row in page)
        return
    found = [row for page in pages for row in page]
    value = {
        "dataset": version.dataset,
        "version": version.version,
        "fitting": seen.count,
        "rows": [dict(zip(names, row, strict=True)) for row in found],
    }
    text = table(tuple(names), [tuple(_short(cell) for cell in row) for row in found])
    answer(as_json, value, f"{text}\n{len(found):,} of {seen.count:,} rows that fit")


def _filters(version: DatasetVersion, where: Sequence[str]) -> dict[str, str]:
    filters: dict[str, str] = {}
    for text in where:
        column, asked = _asked(version, text)
        if column in filters:
            hint = "Write the alternatives in one filter, as in city=Rome|Milan."
            raise UserError(f"There are two filters of {column!r}.", hint=hint)
        filters[column] = asked
    return filters


def _names(version: DatasetVersion, columns: str) -> list[str]:
    """A name may hold a comma itself: then it must be the only one."""
    if not columns or version.column(columns):
        return [columns] if columns else [column.name for column in version.columns]
    names = [name.strip() for name in columns.split(",")]
    unknown = next((name for name in names if version.column(name) is None), None)
    if unknown is not None:
        hint = f"There are: {', '.join(column.name for column in version.columns[:20])}."
        raise NotFound(f"{version.ref} has no column {unknown!r}.", hint=hint)
    return list(dict.fromkeys(names))


def _asked(version: DatasetVersion, text: str) -> tuple[str, str]:
    """The column and the filter of COLUMN=FILTER; a name may hold equal signs itself."""
    names = [column.name for column in version.columns if text.startswith(f"{column.name}=")]
    if not names:
        hint = f"Write COLUMN=FILTER; columns: {', '.join(c.name for c in version.columns[:20])}."
        raise UserError(f"{text!r} names no column of {version.ref}.", hint=hint)
    name = max(names, key=len)
    return name, text[len(name) + 1 :]


def _pages(
    session: Session,
    version: DatasetVersion,
    seen: table_views.View,
    count: int,
    names: Sequence[str],
) -> Iterable[list[list[object]]]:
    for start in range(0, count, _PAGE):
        size = min(_PAGE, count - start)
        page = table_views.rows(session.workspace, version, seen, start, size, names)
        columns = [[_plain(value) for value in column.to_pylist()] for column in page.columns]
        yield [list(row) for row in zip(*columns, strict=True)]


def _plain(value: object) -> object:
    """NaN is missing; a moment is ISO text, a day without its midnight."""
    if isinstance(value, datetime):
        return value.isoformat(" ").removesuffix(" 00:00:00")
    return None if value != value else value


def _short(value: object) -> object:
    text = f"{value:.10g}" if isinstance(value, float) else value
    return f"{text[:57]}..." if isinstance(text, str) and len(text) > 60 else text
