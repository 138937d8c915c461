"""`predictions`: what a deployment has answered, on record."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from mlops_desktop.actions import lookup
from mlops_desktop.actions.lookup import FoundPrediction
from mlops_desktop.cli.session import Session, TerminalContext, answer, json_option, table


@click.group()
def predictions() -> None:
    """Recorded predictions."""


@predictions.command()
@click.argument("deployment")
@click.argument("id")
@json_option
@click.pass_obj
def find(session: Session, deployment: str, id: str, as_json: bool) -> None:  # noqa: A002
    """Show the prediction of DEPLOYMENT with ID: a prediction_id, or a request's X-Request-Id."""
    found = lookup.find(session.lane, deployment, id, TerminalContext())
    answer(as_json, found, _text(found))


def _text(found: FoundPrediction) -> str:
    at = datetime.fromtimestamp(found.at_us / 1e6, UTC)
    served = f"{found.model}@{found.version} at {at:%Y-%m-%d %H:%M:%S.%f} UTC"
    lines = [
        f"{found.prediction_id}: {served}, {found.latency_us / 1000:.2f} ms",
        f"prediction: {found.prediction}",
    ]
    if found.probabilities:
        said = ", ".join(f"{label} {share:.4g}" for label, share in found.probabilities.items())
        lines.append(f"probabilities: {said}")
    if found.actual is not None:
        lines.append(f"true value: {found.actual}")
    if found.rows > 1:
        lines.append(f"row {found.row} of a request of {found.rows:,} rows (0 is the first)")
    rows: list[tuple[object, ...]] = [
        (name, "missing" if value is None else str(value)) for name, value in found.inputs.items()
    ]
    return "\n".join([*lines, table(("input", "value"), rows)])
