"""`deploy canary`, `shadow`, `promote` and their like: a second version beside the first."""

from __future__ import annotations

import click

from mlops_desktop.actions import reviving, rollout
from mlops_desktop.cli.deployments import champion_hint, deploy, deployment_json
from mlops_desktop.cli.session import Session, answer, json_option


@deploy.command()
@click.argument("name")
@click.argument("ref")
@click.option("--percent", type=float, default=10.0, show_default=True, help="Of the requests.")
@json_option
@click.pass_obj
def canary(session: Session, name: str, ref: str, percent: float, as_json: bool) -> None:
    """Let the version REF answer a part of the requests to NAME."""
    found = rollout.canary(session.lane, name, ref, percent)
    text = f"{name}: {ref} answers {percent:g} % of the requests"
    answer(as_json, deployment_json(session, found), text)


@deploy.command()
@click.argument("name")
@click.argument("ref")
@json_option
@click.pass_obj
def shadow(session: Session, name: str, ref: str, as_json: bool) -> None:
    """Let REF answer every request to NAME once more, for the record only."""
    found = rollout.shadow(session.lane, name, ref)
    answer(as_json, deployment_json(session, found), f"{name}: {ref} answers in the shadow")


@deploy.command()
@click.argument("name")
@json_option
@click.pass_obj
def promote(session: Session, name: str, as_json: bool) -> None:
    """Deploy the second version of NAME in place of the first."""
    found = rollout.promote(session.lane, name)
    text = f"{name} serves version {found.version}{champion_hint(session, found)}"
    answer(as_json, deployment_json(session, found), text)


@deploy.command("end-trial")
@click.argument("name")
@json_option
@click.pass_obj
def end_trial(session: Session, name: str, as_json: bool) -> None:
    """End the canary or shadow of NAME."""
    found = rollout.end(session.lane, name)
    answer(as_json, deployment_json(session, found), f"{name} serves version {found.version} alone")


@deploy.command()
@click.argument("name")
@json_option
@click.pass_obj
def rollback(session: Session, name: str, as_json: bool) -> None:
    """Deploy the version that NAME served before."""
    found = rollout.roll_back(session.lane, name)
    text = f"{name} serves version {found.version}{champion_hint(session, found)}"
    answer(as_json, deployment_json(session, found), text)


@deploy.command()
@click.argument("name")
@click.option("--on/--off", default=True, show_default=True)
@json_option
@click.pass_obj
def autostart(session: Session, name: str, on: bool, as_json: bool) -> None:
    """Start NAME with the app."""
    found = session.lane(lambda store: reviving.set_autostart(store, name, on=on))
    word = "starts" if on else "does not start"
    answer(as_json, deployment_json(session, found), f"{name} {word} with the app")
