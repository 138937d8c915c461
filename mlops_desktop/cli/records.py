"""`deploy privacy` and its like: what is recorded of the requests."""

from __future__ import annotations

import click

from mlops_desktop.actions import deployments
from mlops_desktop.actions import privacy as actions
from mlops_desktop.cli.deployments import deploy, deployment_json
from mlops_desktop.cli.session import Session, answer, json_option
from mlops_desktop.core.errors import UserError


@deploy.command()
@click.argument("name")
@click.option("--drop", multiple=True, metavar="COL", help="Not recorded at all. May be repeated.")
@click.option(
    "--hash", "hashed", multiple=True, metavar="COL", help="Only a keyed hash. May be repeated."
)
@click.option("--record-all", is_flag=True, help="Record every column again.")
@json_option
@click.pass_obj
def privacy(
    session: Session,
    name: str,
    drop: tuple[str, ...],
    hashed: tuple[str, ...],
    record_all: bool,
    as_json: bool,
) -> None:
    """Say which columns of requests to NAME are not recorded, or only hashed, from now on.

    The columns given replace those of before. Without any, they are only shown. Hidden columns
    are left out of drift and of retraining.
    """
    if record_all and (drop or hashed):
        raise UserError("--record-all hides nothing.", hint="Leave out --drop and --hash.")
    if record_all or drop or hashed:
        found = actions.set_privacy(session.lane, name, drop, hashed)
    else:
        found = session.lane(lambda store: deployments.get_deployment(store, name))
    hidden = found.privacy
    lines = [
        f"not recorded: {', '.join(hidden.drop)}" if hidden.drop else "",
        f"recorded as hashes: {', '.join(hidden.hash)}" if hidden.hash else "",
    ]
    text = "; ".join(line for line in lines if line) or "every column is recorded"
    value = deployment_json(session, found) | {"drop": hidden.drop, "hash": hidden.hash}
    answer(as_json, value, f"{name}: {text}")
