"""`data check` and `data checks`: run, propose, list, set and export the rules of a dataset."""

from __future__ import annotations

from pathlib import Path

import click

from mlops_desktop.actions import checks, datasets, rule_files
from mlops_desktop.actions.failing_rows import failing_rows
from mlops_desktop.cli.datasets import File, data
from mlops_desktop.cli.session import Session, TerminalContext, answer, json_option, table
from mlops_desktop.core.checks import CheckReport, Outcome, Rule
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.sentences import headline, plain

_FIRST = 5
_WORDS = {"passed": "ok", "failed": "FAIL", "could not run": "????", "not applicable": "-"}


@data.command()
@click.argument("ref")
@click.option("--rules", "rules_file", type=File, help="Run the rules of this YAML file instead.")
@click.option("--export", "out", type=File, help="Write the rules that were run to a YAML file.")
@json_option
@click.pass_context
def check(
    context: click.Context, ref: str, rules_file: Path | None, out: Path | None, as_json: bool
) -> None:
    """Run the rules of its dataset on the version REF: one line a rule, with the failing rows.

    Exit code 1 where a rule that blocks did not pass, 0 where only ones that warn did not.
    """
    session: Session = context.obj
    by = None if rules_file is None else rule_files.read_rules(rules_file)
    report = checks.check(session.lane, ref, TerminalContext(), by=by)
    if out is not None:
        rule_files.write_rules(out, [outcome.rule for outcome in report.outcomes])
    answer(as_json, report_json(report), report_text(report))
    context.exit(1 if report.blocking else 0)


@data.group("checks")
def checks_() -> None:
    """The rules of a dataset, each one sentence: propose, list, set and export them."""


@checks_.command()
@click.argument("ref")
@click.option("--set", "keep", is_flag=True, help="Make them the rules of the dataset.")
@click.option("--out", type=File, help="Write them to a YAML file.")
@json_option
@click.pass_obj
def propose(session: Session, ref: str, keep: bool, out: Path | None, as_json: bool) -> None:
    """Propose rules from the good version REF. Without --set nothing is changed."""
    proposed = checks.propose(session.lane, ref, TerminalContext())
    if out is not None:
        rule_files.write_rules(out, proposed)
    text = rules_table(proposed)
    if keep:
        version = datasets.get_version(session.store, ref)
        proposed = checks.set_rules(session.store, version.dataset, proposed)
        text = f"{text}\nThese are the rules of {version.dataset} now."
    answer(as_json, [rule_json(rule) for rule in proposed], text)


@checks_.command("list")
@click.argument("name")
@json_option
@click.pass_obj
def list_(session: Session, name: str, as_json: bool) -> None:
    """List the rules of the dataset NAME."""
    found = checks.rules(session.store, name)
    text = rules_table(found) if found else f"{name} has no checks yet."
    answer(as_json, [rule_json(rule) for rule in found], text)


@checks_.command("set")
@click.argument("name")
@click.argument("file", type=File)
@json_option
@click.pass_obj
def set_(session: Session, name: str, file: Path, as_json: bool) -> None:
    """Make the rules of the YAML FILE those of the dataset NAME."""
    found = checks.set_rules(session.store, name, rule_files.read_rules(file))
    text = f"{rules_table(found)}\nThese are the rules of {name} now."
    answer(as_json, [rule_json(rule) for rule in found], text)


@checks_.command()
@click.argument("name")
@click.argument("file", type=File)
@json_option
@click.pass_obj
def export(session: Session, name: str, file: Path, as_json: bool) -> None:
    """Write the rules of the dataset NAME to a YAML FILE, each below its sentence."""
    found = checks.rules(session.store, name)
    rule_files.write_rules(file, found)
    count = "1 rule" if len(found) == 1 else f"{len(found)} rules"
    answer(as_json, {"file": str(file), "rules": len(found)}, f"{count} written to {file}")


@checks_.command()
@click.argument("ref")
@click.argument("rule", type=click.IntRange(1))
@click.option("--count", default=20, show_default=True, type=click.IntRange(1, 1000))
@json_option
@click.pass_obj
def rows(session: Session, ref: str, rule: int, count: int, as_json: bool) -> None:
    """Show the rows of the version REF that break the rule of that number, as `data check` counts.

    At most the first 1,000 of them are remembered.
    """
    version = datasets.get_version(session.store, ref)
    report = checks.report(session.store, ref)
    if report is None or rule > len(report.outcomes):
        raise UserError(f"{version.ref} has no finding {rule}.", hint=f"Run data check {ref}.")
    outcome = report.outcomes[rule - 1]
    found = failing_rows(session.workspace, version, outcome, 0, count)
    numbers = outcome.rows[: found.num_rows]
    values = [
        {"row": number, **row} for number, row in zip(numbers, found.to_pylist(), strict=True)
    ]
    titles = ("row", *found.column_names)
    text = f"{plain(outcome.rule.sentence)}\n{outcome_text(outcome)}"
    if values:
        text = f"{text}\n{table(titles, [tuple(row.values()) for row in values])}"
    shown = [{name: _json(value) for name, value in row.items()} for row in values]
    answer(as_json, {**outcome_json(outcome), "values": shown}, text)


def _json(value: object) -> object:
    return value if value is None or isinstance(value, str | int | float) else str(value)


def rule_json(rule: Rule) -> dict[str, object]:
    """A rule as the JSON of the verbs gives it."""
    return {
        "sentence": plain(rule.sentence),
        "rule": rule.kind,
        "columns": rule.columns,
        **rule.settings,
        "severity": rule.severity,
        "on": rule.on,
        "note": rule.note,
    }


def outcome_json(outcome: Outcome) -> dict[str, object]:
    return {
        "sentence": plain(outcome.rule.sentence),
        "verdict": outcome.verdict,
        "severity": outcome.rule.severity,
        "count": outcome.count,
        "share": outcome.share,
        "rows": outcome.rows,
        "columns": outcome.columns,
        "worst": outcome.worst,
        "message": plain(outcome.message),
    }


def report_json(report: CheckReport) -> dict[str, object]:
    """A report as the JSON of `data check` gives it."""
    return {
        "version": report.ref,
        "rules": len(report.outcomes),
        "failed": len(report.failed),
        "blocked": len(report.blocking),
        "outcomes": [outcome_json(outcome) for outcome in report.outcomes],
    }


def report_text(report: CheckReport) -> str:
    """One line a rule, and below those that did not pass what was found."""
    lines = []
    for number, outcome in enumerate(report.outcomes, 1):
        word, severity = _WORDS[outcome.verdict.value], outcome.rule.severity.value
        lines.append(f"{number:>4}  {word:<4}  {severity:<5}  {plain(outcome.rule.sentence)}")
        if not outcome.passed or outcome.count:
            lines.append(f"{'':>18} {outcome_text(outcome)}")
    return "\n".join([*lines, f"{report.ref}: {headline(report)}"])


def outcome_text(outcome: Outcome) -> str:
    """What was found, with the numbers of the first rows."""
    first = ", ".join(f"{number:,}" for number in outcome.rows[:_FIRST])
    more = ", ..." if outcome.count > _FIRST else ""
    where = f" Rows: {first}{more}" if first else ""
    return f"{plain(outcome.message)}{where}"


def rules_table(found: tuple[Rule, ...]) -> str:
    lines: list[tuple[object, ...]] = [
        (rule.severity.value if rule.on else "off", plain(rule.sentence)) for rule in found
    ]
    return table(("severity", "rule"), lines)
