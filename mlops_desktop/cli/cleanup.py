"""`cleanup`: what would be freed, and freeing it."""

from __future__ import annotations

import click

from mlops_desktop.actions import cleanup as actions
from mlops_desktop.actions import storage
from mlops_desktop.cli.session import Session, TerminalContext, answer, json_option, table
from mlops_desktop.core.cleanup import Part


@click.command()
@click.option("--dry-run", is_flag=True, help="Only say what would be freed, and what fills it.")
@click.option(
    "--older-than",
    type=click.FloatRange(0),
    default=0.0,
    metavar="DAYS",
    help="Only versions that have been in the bin for so many days.",
)
@json_option
@click.pass_obj
def cleanup(session: Session, dry_run: bool, older_than: float, as_json: bool) -> None:
    """Free the disk of deleted versions, interrupted work, logs of failed runs and old backups.

    Deleted versions cannot be restored afterwards. Refused while an import or a training runs.
    """
    plan = actions.plan(session.store, older_than_days=older_than)
    versions = [version.ref for version in plan.versions]
    if dry_run:
        usage = storage.usage(session.store)
        value = {
            "would_free": plan.bytes,
            "parts": plan.parts,
            "versions": versions,
            "kept": plan.kept_bytes,
            "datasets": usage.datasets,
            "rest": usage.rest,
        }
        lines = [_lines(plan.parts), f"{plan.bytes:,} bytes would be freed"]
        if plan.kept_bytes:
            lines += [
                f"{plan.kept_bytes:,} unused bytes stay: they share files with what is needed"
            ]
        lines += ["", "What fills the workspace:", _lines((*usage.datasets, *usage.rest))]
        answer(as_json, value, "\n".join(lines))
        return
    freed = actions.clean(session.lane, plan, TerminalContext())
    value = {"freed": freed.bytes, "parts": freed.parts, "versions": freed.versions}
    answer(as_json, value, "\n".join([_lines(freed.parts), f"{freed.bytes:,} bytes freed"]))


def _lines(parts: tuple[Part, ...]) -> str:
    return table(("what", "count", "bytes"), [(p.name, p.count, p.bytes) for p in parts])
