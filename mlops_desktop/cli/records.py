"""`deploy privacy` and its like: what is recorded of the requests."""

from __future__ import annotations

import click

from mlops_desktop.actions import deployments, monitoring, sealing
from mlops_desktop.actions import privacy as actions
from mlops_desktop.actions import retention as keeping
from mlops_desktop.cli.deployments import deploy, hiding_options
from mlops_desktop.cli.session import Session, TerminalContext, answer, json_option
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.figures import percent
from mlops_desktop.core.retention import checked_retention, parsed_size


@deploy.command()
@click.argument("name")
@hiding_options
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
    value = {"deployment": found.name, "drop": hidden.drop, "hash": hidden.hash}
    answer(as_json, value, f"{name}: {text}")


@deploy.command()
@click.argument("name")
@click.option("--days", type=int, help="Keep predictions so many days.")
@click.option("--max-size", metavar="SIZE", help="Keep so much of them, such as 10GB.")
@click.option("--keep-all", is_flag=True, help="Keep everything again.")
@click.option("--dry-run", is_flag=True, help="Only say what it would free.")
@json_option
@click.pass_obj
def retention(
    session: Session,
    name: str,
    days: int | None,
    max_size: str | None,
    keep_all: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Remove old predictions of NAME, now and whenever predictions are counted.

    Whole files go, the oldest first; never what monitoring has not counted, nor the last 24 hours.
    Windows and labels stay, but what is removed can be found, labelled and trained on no more.
    """
    limited = days is not None or max_size is not None
    if limited == keep_all:
        raise UserError(
            "Say what is to be kept.", hint="Give --days or --max-size, or --keep-all for all."
        )
    limits = checked_retention(days, None if max_size is None else parsed_size(max_size))
    monitoring.fold(session.lane, name, TerminalContext())
    going = session.lane(lambda store: keeping.removable(store, name, limits))
    if not dry_run:
        session.lane(
            lambda store: keeping.set_retention(store, name, limits.days, limits.max_bytes)
        )
        going = keeping.apply(session.lane, name)
    verb = "would be freed" if dry_run else "freed"
    text = f"{name}: {going.size:,} bytes {verb}, {len(going.paths)} files"
    value = {
        "deployment": name,
        "days": limits.days,
        "max_bytes": limits.max_bytes,
        "freed_bytes": going.size,
        "files": [path.name for path in going.paths],
        "dry_run": dry_run,
    }
    answer(as_json, value, text)


@deploy.command()
@click.argument("name")
@json_option
@click.pass_obj
def seal(session: Session, name: str, as_json: bool) -> None:
    """Pack old predictions of NAME tightly (Parquet); the app does so by itself while it is open.

    Files are sealed once they are closed, counted by monitoring and older than 24 hours. Each is
    compared prediction by prediction first. They are found, labelled and trained on as before.
    """
    context = TerminalContext()
    monitoring.fold(session.lane, name, context)
    before = sealing.look(session.lane, name)
    done = sealing.seal(session.lane, name, context)
    after = sealing.look(session.lane, name)
    lines = [
        f"{name}: {done.files} of {before.files} files sealed: {done.predictions:,} predictions, "
        f"{done.before:,} bytes are now {done.after:,}"
        if done.files
        else f"{name}: nothing to seal",
        f"{after.sealed} of {after.files} files are sealed, {percent(after.saved)} smaller; "
        f"all take {after.size:,} bytes"
        if after.sealed
        else "",
        f"{after.waiting} wait until they are closed, counted and a day old"
        if after.waiting
        else "",
        f"{after.small} stay as they are: too small to gain" if after.small else "",
        *(f"not sealed: {why}" for why in done.failed),
    ]
    value = {
        "deployment": name,
        "sealed_now": done.files,
        "predictions": done.predictions,
        "bytes_before": before.size,
        "bytes_after": after.size,
        "files": after.files,
        "sealed": after.sealed,
        "waiting": after.waiting,
        "small": after.small,
        "failed": done.failed,
    }
    answer(as_json, value, "\n".join(line for line in lines if line))
