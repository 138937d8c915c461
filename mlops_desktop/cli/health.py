"""`fsck`, `doctor`, `audit` and `demo`: is all well, and does the whole loop work?"""

from __future__ import annotations

import json

import click

from mlops_desktop.actions import audit as audit_actions
from mlops_desktop.actions import demo as demo_actions
from mlops_desktop.actions import health
from mlops_desktop.cli.session import Session, TerminalContext, answer, json_option, table


@click.command()
@json_option
@click.pass_obj
def fsck(session: Session, as_json: bool) -> None:
    """Check the whole workspace: database, every blob's hash, the audit chain."""
    report = health.fsck(session.store, TerminalContext())
    lines = [f"{p.where}: {p.what}" for p in report.problems]
    lines += [f"{report.objects:,} objects and {report.versions:,} versions checked"]
    if report.unneeded:
        lines += [
            f"{report.unneeded:,} of them ({report.unneeded_bytes:,} bytes) are needed by nothing:",
            "interrupted work left them, cleanup frees them",
        ]
    lines += ["clean" if report.clean else f"{len(report.problems)} problems"]
    value = {
        "clean": report.clean,
        "problems": report.problems,
        "objects": report.objects,
        "versions": report.versions,
        "unneeded": report.unneeded,
        "unneeded_bytes": report.unneeded_bytes,
    }
    answer(as_json, value, "\n".join(lines))
    if not report.clean:
        raise click.exceptions.Exit(1)


@click.command()
@json_option
@click.pass_obj
def doctor(session: Session, as_json: bool) -> None:
    """Check this machine and installation; touches no data."""
    checks = health.doctor(session.workspace)
    rows: list[tuple[object, ...]] = [
        ("ok" if c.passed else "PROBLEM", c.name, c.actual, c.hint) for c in checks
    ]
    passed = all(check.passed for check in checks)
    answer(as_json, {"passed": passed, "checks": checks}, table(("", "check", "found", ""), rows))
    if not passed:
        raise click.exceptions.Exit(1)


@click.group()
def audit() -> None:
    """The record of every change."""


@audit.command()
@json_option
@click.pass_obj
def verify(session: Session, as_json: bool) -> None:
    """Prove that no entry was changed, removed or slipped in; exits with 1 where one was."""
    report = audit_actions.verify(session.store)
    value = {"whole": report.whole, "entries": report.entries, "broken_at": report.broken_at}
    text = (
        f"{report.entries:,} entries, the chain is whole (head {report.head[:16]})"
        if report.whole
        else f"The chain breaks at entry {report.broken_at} of {report.entries:,}."
    )
    answer(as_json, value, text)
    if not report.whole:
        raise click.exceptions.Exit(1)


@click.command()
@json_option
@click.pass_obj
def demo(session: Session, as_json: bool) -> None:
    """Walk the whole loop on the sample, and measure what each stage gives."""

    def tell(stage: str, text: str) -> None:
        if not as_json:
            click.echo(f"{stage:<10}{text}")

    report = demo_actions.run(session.lane, session.workspace, TerminalContext(), tell)
    if as_json:
        click.echo(json.dumps(report, allow_nan=False))
