"""`data`: add a file as a version, list, show, export."""

from __future__ import annotations

from pathlib import Path

import click

from mlops_desktop.actions import checks, datasets, units
from mlops_desktop.cli.gathering import Gathered
from mlops_desktop.cli.moments import columns_json
from mlops_desktop.cli.reading import reading_options
from mlops_desktop.cli.session import Session, TerminalContext, answer, json_option, table
from mlops_desktop.core.datasets import DatasetVersion, DataWarning, ImportOptions, ImportSpec
from mlops_desktop.core.jsonable import to_plain
from mlops_desktop.core.sentences import headline

File = click.Path(path_type=Path, dir_okay=False)


_MORE = (
    "importing",
    "versions",
    "rows",
    "changes",
    "checks",
    "profile",
    "recipes",
    "units",
    "lineage",
)


@click.group(cls=Gathered, files=_MORE)
def data() -> None:
    """Dataset versions."""


@data.command()
@click.argument("file", type=File)
@click.option(
    "--name", help="The dataset; a new version where it exists. Default: the file's name."
)
@click.option("--message", default="", help="What is new in this version.")
@reading_options
@json_option
@click.pass_obj
def add(
    session: Session,
    file: Path,
    name: str | None,
    message: str,
    options: ImportOptions,
    as_json: bool,
) -> None:
    """Read FILE into a new version of a dataset. How it is read is guessed: see data preview."""
    spec = ImportSpec(str(file.absolute()), name or file.stem, message, options)
    version = datasets.import_file(session.lane, spec, TerminalContext())
    text = (
        f"{version.ref}: {version.rows:,} rows, {len(version.columns)} columns, "
        f"{version.stored_bytes:,} bytes added"
    )
    value = summary(version)
    lines = [text, *warning_lines(version.warnings), *checks_of(session, version, value)]
    answer(as_json, value, "\n".join(lines))


@data.command("list")
@json_option
@click.pass_obj
def list_(session: Session, as_json: bool) -> None:
    """List the datasets."""
    found = datasets.list_datasets(session.store)
    rows: list[tuple[object, ...]] = [
        (d.name, d.versions, d.latest.rows if d.latest else 0, d.created_at[:19]) for d in found
    ]
    value = [{"dataset": d.name, "versions": d.versions} for d in found]
    answer(as_json, value, table(("dataset", "versions", "rows", "created"), rows))


@data.command()
@click.argument("name")
@json_option
@click.pass_obj
def versions(session: Session, name: str, as_json: bool) -> None:
    """List the versions of the dataset NAME, newest first."""
    found = datasets.list_versions(session.store, name)
    rows: list[tuple[object, ...]] = [
        (
            v.ref,
            ", ".join(v.tags),
            v.rows,
            len(v.columns),
            v.stored_bytes,
            v.created_at[:19],
            v.by,
            v.note or v.message,
        )
        for v in found
    ]
    titles = ("version", "tags", "rows", "columns", "bytes added", "created", "by", "note")
    answer(as_json, [summary(v) for v in found], table(titles, rows))


@data.command()
@click.argument("ref")
@json_option
@click.pass_obj
def show(session: Session, ref: str, as_json: bool) -> None:
    """Show the dataset version REF (NAME or NAME@VERSION): its source, columns and warnings."""
    version = datasets.get_version(session.store, ref)
    profile = datasets.profile(session.workspace, version)
    measured = units.units(session.store, version.dataset)
    rows: list[tuple[object, ...]] = [
        (c.name, c.type.value, measured.get(c.name, ""), c.missing, c.distinct)
        for c in profile.columns
    ]
    text = "\n".join(
        [
            f"{version.ref}: {version.rows:,} rows, {_origin(version)}",
            f"made by {version.by or 'unknown'} at {version.created_at}",
            *([f"tags: {', '.join(version.tags)}"] if version.tags else []),
            *([f"note: {version.note}"] if version.note else []),
            *([f"sha256 of the file {version.source.sha256}"] if version.source.sha256 else []),
            f"sha256 of the table {version.content_hash}",
            table(("column", "type", "unit", "missing", "distinct"), rows),
            *warning_lines(version.warnings),
        ]
    )
    value = summary(version) | {
        "source": version.source,
        "content_hash": version.content_hash,
        "schema": version.columns,
        "units": measured,
        "profile": {**to_plain(profile), "columns": columns_json(profile.columns)},
    }
    answer(as_json, value, text)


@data.command()
@click.argument("ref")
@click.argument("file", type=File)
@click.option("--for-spreadsheet", is_flag=True, help="Make text safe that looks like a formula.")
@json_option
@click.pass_obj
def export(session: Session, ref: str, file: Path, for_spreadsheet: bool, as_json: bool) -> None:
    """Write the dataset version REF to FILE (.csv or .parquet)."""
    rows = datasets.export(
        session.lane, ref, file, TerminalContext(), for_spreadsheet=for_spreadsheet
    )
    answer(as_json, {"file": str(file), "rows": rows}, f"{rows:,} rows written to {file}")


def summary(version: DatasetVersion) -> dict[str, object]:
    """A version as the JSON of `data add` and `data versions` gives it."""
    return {
        "dataset": version.dataset,
        "version": version.version,
        "rows": version.rows,
        "columns": len(version.columns),
        "stored_bytes": version.stored_bytes,
        "warnings": version.warnings,
        "message": version.message,
        "created_at": version.created_at,
        "by": version.by,
        "note": version.note,
        "tags": version.tags,
    }


def _origin(version: DatasetVersion) -> str:
    source = version.source
    if source.kind == "recipe":
        return f"by {version.recipe} from {source.detail['parent']}"
    return f"from {source.path}" if source.path else source.kind


def checks_of(session: Session, version: DatasetVersion, value: dict[str, object]) -> list[str]:
    """How a new version did by its dataset's rules, added to its JSON and as lines; often none."""
    found = checks.report(session.store, version.ref)
    if found is None:
        return []
    value["checks"] = {"failed": len(found.failed), "blocked": len(found.blocking)}
    return [f"checks: {headline(found)}. See data check {version.ref}."]


def warning_lines(warnings: tuple[DataWarning, ...]) -> list[str]:
    """Warnings as lines for a terminal."""
    return [f"warning ({w.kind}): {w.what} {w.fix}".rstrip() for w in warnings]
