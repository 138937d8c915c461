"""`data preview` and `data append`, and the options that say how a file is to be read."""

from __future__ import annotations

from pathlib import Path

import click

from mlops_desktop.actions import importing
from mlops_desktop.cli.datasets import File, checks_of, data, summary, warning_lines
from mlops_desktop.cli.reading import reading_options
from mlops_desktop.cli.session import Session, TerminalContext, answer, json_option, table
from mlops_desktop.core.datasets import DatasetVersion, ImportOptions
from mlops_desktop.core.importing import Preview

_SHOWN_ROWS = 10
_SHOWN_COLUMNS = 12
_WIDTH = 24


@data.command()
@click.argument("file", type=File)
@reading_options
@json_option
@click.pass_obj
def preview(session: Session, file: Path, options: ImportOptions, as_json: bool) -> None:
    """Show how FILE would be read: guesses with reasons, columns, first rows. Nothing is stored."""
    found = importing.preview(session.workspace, file, options, TerminalContext())
    answer(as_json, found, _text(found))


@data.command()
@click.argument("name")
@click.argument("file", type=File)
@reading_options
@click.option("--message", default="", help="What is new in this version.")
@json_option
@click.pass_obj
def append(
    session: Session,
    name: str,
    file: Path,
    options: ImportOptions,
    message: str,
    as_json: bool,
) -> None:
    """Add the rows of FILE to the newest version of the dataset NAME, as its next version."""
    version = importing.append(session.lane, name, file, options, message, TerminalContext())
    value = summary(version)
    told = [*warning_lines(version.warnings), *checks_of(session, version, value)]
    answer(as_json, value, "\n".join([_added(version), *told]))


def _added(version: DatasetVersion) -> str:
    rows = version.source.detail["rows"]
    return (
        f"{version.ref}: {rows:,} rows added, {version.rows:,} in all, "
        f"{version.stored_bytes:,} bytes added"
    )


def _text(found: Preview) -> str:
    said = [(g.option.replace("_", " "), _shown(g.value), g.why) for g in found.guesses]
    parts = [table(("option", "used", "why"), list(said))]
    if found.failure is not None:
        parts.append(f"{found.failure.what} {found.failure.why} {found.failure.hint}")
        return "\n\n".join(parts)
    columns = found.columns[:_SHOWN_COLUMNS]
    rows: list[tuple[object, ...]] = [
        tuple(_cell(cell) for cell in row[:_SHOWN_COLUMNS]) for row in found.rows[:_SHOWN_ROWS]
    ]
    titles = tuple(f"{column.name[:_WIDTH]} ({column.type.value})" for column in columns)
    parts.append(table(titles, rows))
    if found.width > len(columns):
        parts.append(f"... and {found.width - len(columns):,} more columns")
    parts += warning_lines(found.problems)
    if found.sampled:
        parts.append("Only the first rows were looked at; the import looks at all of them.")
    return "\n\n".join(parts)


def _cell(cell: object) -> object:
    if cell is None or isinstance(cell, int | float):
        return cell
    text = str(cell).replace("\n", " ")
    return text if len(text) <= _WIDTH else f"{text[: _WIDTH - 1]}\u2026"


def _shown(value: object) -> str:
    words = {True: "yes", False: "no", None: "", "\t": "tab", "": "none", " ": "space"}
    return words.get(value, str(value))  # type: ignore[call-overload,no-any-return]
