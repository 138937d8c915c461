"""`score`: every row of a file or dataset version answered by a model, without a server."""

from __future__ import annotations

from pathlib import Path

import click

from mlops_desktop.actions import scoring
from mlops_desktop.cli.datasets import File
from mlops_desktop.cli.session import Session, TerminalContext, answer, json_option


@click.command()
@click.argument("model")
@click.argument("file", type=File, required=False)
@click.option("--data", help="A dataset version, NAME or NAME@VERSION, instead of FILE.")
@click.option("--output", type=File, help="The .csv or .parquet file to write.")
@click.option("--name", help="The dataset whose next version the answers become.")
@json_option
@click.pass_obj
def score(
    session: Session,
    model: str,
    file: Path | None,
    data: str | None,
    output: Path | None,
    name: str | None,
    as_json: bool,
) -> None:
    """Answer every row of FILE (or --data) with MODEL (its champion, or MODEL@VERSION).

    Written are the rows with prediction, and for classes their probabilities: to --output, or as
    the next version of the dataset --name. Nothing is recorded for monitoring; `predict` does.
    """
    if (file is None) == (data is None):
        raise click.UsageError("Name either FILE or --data.")
    if (output is None) == (name is None):
        raise click.UsageError("Name either --output or --name.")
    source: str | Path = file.absolute() if file is not None else str(data)
    context = TerminalContext()
    if output is not None:
        done = scoring.score_to_file(session.lane, model, source, output, context=context)
        where = str(output)
    else:
        done = scoring.score_to_dataset(session.lane, model, source, str(name), context=context)
        where = done.version.ref if done.version is not None else ""
    value = {"model": done.model, "rows": done.rows, "output": where}
    answer(as_json, value, f"{done.rows:,} rows answered by {done.model}: {where}")
