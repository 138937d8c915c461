"""`deploy` and `predict`: start, stop and look at servers, and ask them about a file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import click

from mlops_desktop.actions import deployments as actions
from mlops_desktop.actions import models, predictions
from mlops_desktop.cli.datasets import File
from mlops_desktop.cli.gathering import Gathered
from mlops_desktop.cli.reading import reading_options
from mlops_desktop.cli.session import Session, TerminalContext, answer, json_option, table
from mlops_desktop.core.datasets import ImportOptions
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.models import other_champion
from mlops_desktop.core.privacy import Privacy

F = TypeVar("F", bound=Callable[..., object])


def hiding_options(verb: F) -> F:
    """`--drop` and `--hash`: which columns of requests are not recorded."""
    drop = click.option(
        "--drop", multiple=True, metavar="COL", help="Not recorded at all. May be repeated."
    )
    hashed = click.option(
        "--hash", "hashed", multiple=True, metavar="COL", help="Only a keyed hash. May be repeated."
    )
    return drop(hashed(verb))


@click.group(cls=Gathered, files=("records", "rollout"))
def deploy() -> None:
    """Deployments: model versions that answer on this machine."""


@deploy.command()
@click.argument("ref")
@click.option("--name", help="The deployment. Default: the model's name.")
@click.option("--port", type=click.IntRange(1, 65535), help="Default: a free one, then kept.")
@hiding_options
@json_option
@click.pass_obj
def start(
    session: Session,
    ref: str,
    name: str | None,
    port: int | None,
    drop: tuple[str, ...],
    hashed: tuple[str, ...],
    as_json: bool,
) -> None:
    """Serve REF (MODEL means MODEL@champion); a running deployment swaps to it.

    --drop and --hash hide columns of the requests from the first one on; `deploy privacy` changes
    that later.

    Returns once the server answers. The server goes on until `deploy stop`.
    """
    found = actions.start(
        session.lane,
        ref,
        name=name,
        port=port,
        keep=True,
        context=TerminalContext(),
        privacy=Privacy(drop, hashed) if drop or hashed else None,
    )
    text = f"{found.name} serves {found.model}@{found.version} at {found.url}"
    text += champion_hint(session, found)
    answer(as_json, deployment_json(session, found), text)


@deploy.command()
@click.argument("name")
@json_option
@click.pass_obj
def stop(session: Session, name: str, as_json: bool) -> None:
    """Stop the deployment NAME."""
    found = actions.stop(session.lane, name)
    answer(as_json, deployment_json(session, found), f"{found.name} stopped")


@deploy.command()
@json_option
@click.pass_obj
def status(session: Session, as_json: bool) -> None:
    """List the deployments and whether they really run."""
    found = actions.status(session.lane)
    rows: list[tuple[object, ...]] = [
        (d.name, f"{d.model}@{d.version}", d.state.value, d.url, d.pid or "", d.error)
        for d in found
    ]
    titles = ("deployment", "model", "state", "url", "pid", "")
    answer(as_json, [deployment_json(session, d) for d in found], table(titles, rows))


@deploy.command()
@click.argument("name")
@click.option("--metrics", is_flag=True, help="The token that reads /metrics and nothing more.")
@json_option
@click.pass_obj
def token(session: Session, name: str, metrics: bool, as_json: bool) -> None:
    """Print the token of the deployment NAME: who has it may ask it."""
    found = session.lane(lambda store: actions.get_deployment(store, name))
    secret = actions.token(session.workspace, found, metrics=metrics)
    answer(as_json, {"deployment": found.name, "token": secret}, secret)


@click.command()
@click.argument("deployment")
@click.argument("file", type=File)
@click.option("--output", type=File, help="A .csv or .parquet file. Default: the terminal.")
@reading_options
@json_option
@click.pass_obj
def predict(
    session: Session,
    deployment: str,
    file: Path,
    output: Path | None,
    options: ImportOptions,
    as_json: bool,
) -> None:
    """Ask DEPLOYMENT about every row of FILE; the answers are on record.

    Written are the inputs, prediction_id and prediction (of classes also their probabilities).
    """
    context = TerminalContext()
    done = predictions.predict_file(session.lane, deployment, file, output, context, options)
    value: dict[str, object] = {"deployment": deployment, "rows": done.rows}
    if output is not None:
        value["output"] = str(output)
        what = "prediction" if done.rows == 1 else "predictions"
        answer(as_json, value, f"{done.rows:,} {what} written to {output}")
    elif as_json:
        answer(as_json, value | {"predictions": predictions.as_records(done.table)}, "")
    else:
        click.echo(predictions.as_csv(file, done.table, options).decode(), nl=False)


def champion_hint(session: Session, found: Deployment) -> str:
    """A line with the command that makes the served version the champion, where another one is."""
    versions = session.lane(lambda store: models.list_versions(store, found.model))
    champion = other_champion(versions, found.model, found.version)
    if champion is None:
        return ""
    command = f"models alias {found.model} champion {found.version}"
    return f"\nThe champion is still {champion.ref}. To make this one it, too: {command}"


def deployment_json(session: Session, found: Deployment) -> dict[str, object]:
    """A deployment as the JSON of every `deploy` verb gives it."""
    return {
        "deployment": found.name,
        "model": found.model,
        "version": found.version,
        "state": found.state,
        "url": found.url,
        "token_file": str(session.workspace.root / found.token_file),
        "metrics_token_file": str(session.workspace.root / found.metrics_token_file),
        "pid": found.pid,
        "error": found.error,
    }
