"""`monitor`, `labels` and `retrain`: is it still right, what was true, and what to do about it."""

from __future__ import annotations

from pathlib import Path

import click

from mlops_desktop.actions import label_files
from mlops_desktop.actions import monitoring as actions
from mlops_desktop.actions import retrain as retraining
from mlops_desktop.cli.datasets import File
from mlops_desktop.cli.models import gate_table, version_json
from mlops_desktop.cli.reading import reading_options
from mlops_desktop.cli.session import Session, TerminalContext, answer, json_option, table
from mlops_desktop.core.datasets import ImportOptions


@click.group()
def monitor() -> None:
    """What a deployment answers, and whether it is still right."""


@monitor.command()
@click.argument("deployment")
@click.option("--since", metavar="TIME", help="Only windows that end after this ISO time.")
@json_option
@click.pass_obj
def show(session: Session, deployment: str, since: str | None, as_json: bool) -> None:
    """Show windows, drift and alerts of DEPLOYMENT; recorded predictions are counted first."""
    actions.fold(session.lane, deployment, TerminalContext())
    found = actions.show(session.store, deployment, since)
    windows: list[tuple[object, ...]] = [
        (
            w.start[:16],
            w.rows,
            w.labelled,
            w.verdict.value,
            "" if w.error is None else f"{w.error:.4g}",
            ", ".join(w.drifted),
        )
        for w in found.windows
    ]
    lines = [
        f"{found.deployment}: {found.predictions:,} predictions, {found.labelled:,} labelled",
        table(("from", "rows", "labelled", "verdict", found.metric or "error", "drifted"), windows),
        *(f"alert ({a.kind}, {a.state}) since {a.since[:16]}: {a.message}" for a in found.alerts),
    ]
    features = [
        {
            "name": f.name,
            "test": f.test,
            "value": f.value,
            "threshold": f.threshold,
            "drifted": f.drifted,
        }
        for f in found.features
    ]
    value = {
        "deployment": found.deployment,
        "predictions": found.predictions,
        "labelled": found.labelled,
        "metric": found.metric,
        "windows": found.windows,
        "features": features,
        "drifted": found.drifted,
        "alerts": found.alerts,
    }
    answer(as_json, value, "\n".join(lines))


@click.group()
def labels() -> None:
    """Ground truth that arrives later."""


@labels.command()
@click.argument("deployment")
@click.argument("file", type=File)
@click.option("--label-column", required=True, metavar="C", help="The column with the truth.")
@reading_options
@json_option
@click.pass_obj
def add(
    session: Session,
    deployment: str,
    file: Path,
    label_column: str,
    options: ImportOptions,
    as_json: bool,
) -> None:
    """Join the labels in FILE (columns prediction_id and C) to DEPLOYMENT's predictions."""
    context = TerminalContext()
    batch = actions.add_labels(session.lane, deployment, file, label_column, context, options)
    text = f"{batch.matched:,} of {batch.rows:,} labels joined"
    answer(as_json, batch, text)


@labels.command("list")
@click.argument("deployment")
@json_option
@click.pass_obj
def list_labels(session: Session, deployment: str, as_json: bool) -> None:
    """List the label files that were added to DEPLOYMENT, newest first."""
    found = label_files.list_files(session.store, deployment)
    rows: list[tuple[object, ...]] = [
        (f.id, f.at[:16], f.by, f.matched, f.used, (f.undone_at or "")[:16], f.source)
        for f in found
    ]
    titles = ("file", "added", "by", "joined", "count now", "undone", "source")
    answer(as_json, found, table(titles, rows) if rows else f"{deployment} has no labels yet.")


@labels.command()
@click.argument("deployment")
@click.argument("file", type=int)
@json_option
@click.pass_obj
def undo(session: Session, deployment: str, file: int, as_json: bool) -> None:
    """Undo the label file of number FILE: its labels no longer count, older ones do again."""
    done = label_files.undo(session.store, deployment, file)
    answer(as_json, done, f"File {done.id} of {deployment} is undone: {done.source}")


@click.command()
@click.argument("deployment")
@json_option
@click.pass_obj
def retrain(session: Session, deployment: str, as_json: bool) -> None:
    """Train again on old rows plus newly labelled ones; the result waits for your approval."""
    version = actions.retrain(session.lane, deployment, TerminalContext())
    lines = [
        f"{version.ref} on {version.dataset}@{version.dataset_version}: {version.state}",
        gate_table(version.gates),
    ]
    hidden = retraining.hidden_columns(session.store, version)
    if hidden:
        lines.insert(1, f"The new rows lack {', '.join(hidden)}: not recorded, for privacy.")
    answer(as_json, version_json(version) | {"hidden": hidden}, "\n".join(lines))
