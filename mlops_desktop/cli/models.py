"""`models`: register, list, show, gates, approve, alias."""

from __future__ import annotations

import click

from mlops_desktop.actions import comparing, lineage
from mlops_desktop.actions import models as actions
from mlops_desktop.cli.gathering import Gathered
from mlops_desktop.cli.session import Session, answer, json_option, table
from mlops_desktop.core.figures import in_words
from mlops_desktop.core.models import Gate, ModelVersion


@click.group(cls=Gathered, files=("lineage",))
def models() -> None:
    """Models: registered runs with gates, approvals and aliases."""


@models.command()
@click.argument("run", type=int)
@click.option("--name", required=True, help="The model; a new version where it exists.")
@json_option
@click.pass_obj
def register(session: Session, run: int, name: str, as_json: bool) -> None:
    """Make the next version of a model from RUN, and test it."""
    version = actions.register(session.store, run, name)
    lines = [f"{version.ref} registered from run {run}: {version.state}", gate_table(version.gates)]
    answer(as_json, version_json(version), "\n".join(lines))


@models.command("list")
@json_option
@click.pass_obj
def list_(session: Session, as_json: bool) -> None:
    """List the models."""
    found = actions.list_models(session.store)
    rows: list[tuple[object, ...]] = [
        (m.name, m.versions, ", ".join(f"{a}={v}" for a, v in sorted(m.aliases.items())))
        for m in found
    ]
    value = [{"model": m.name, "versions": m.versions, "aliases": m.aliases} for m in found]
    answer(as_json, value, table(("model", "versions", "aliases"), rows))


@models.command()
@click.argument("ref")
@json_option
@click.pass_obj
def show(session: Session, ref: str, as_json: bool) -> None:
    """Show the model version REF (NAME, NAME@VERSION or NAME@ALIAS) and where it came from."""
    version = actions.get_version(session.store, ref)
    chain = lineage.graph(session.store, f"model:{version.ref}").nodes
    value = version_json(version) | {"signature": version.signature, "lineage": chain}
    rows: list[tuple[object, ...]] = [(n.kind, n.title, n.detail, n.sha256[:16]) for n in chain]
    said = version.approval
    lines = [
        f"{version.ref}: {version.algorithm.title}, {version.state}",
        f"{version.metric} {version.value:.4g} (95 %: {version.low:.4g} to {version.high:.4g})",
        f"approved by {said.by} at {said.at}: {said.note}" if said else "not approved",
        gate_table(version.gates),
        table(("lineage", "", "", "sha256"), rows),
    ]
    answer(as_json, value, "\n".join(lines))


@models.command()
@click.argument("ref")
@json_option
@click.pass_obj
def gates(session: Session, ref: str, as_json: bool) -> None:
    """Show the gates of REF; exits with 1 where one fails."""
    found = actions.gates(session.store, ref)
    passed = all(gate.passed for gate in found)
    answer(as_json, {"passed": passed, "gates": found}, gate_table(found))
    if not passed:
        raise click.exceptions.Exit(1)


@models.command()
@click.argument("ref")
@click.argument("other", required=False)
@json_option
@click.pass_obj
def compare(session: Session, ref: str, other: str | None, as_json: bool) -> None:
    """Say whether REF is better than OTHER (default: its champion) on rows new to both."""
    found = comparing.compare(session.lane, ref, other)
    value = {
        "version": found.version,
        "other": found.other,
        "metric": found.metric,
        "value": found.value,
        "other_value": found.other_value,
        "rows": found.rows,
        "better": found.better,
        "sure": found.sure,
    }
    answer(as_json, value, str(found))


@models.command()
@click.argument("ref")
@click.option("--note", required=True, help="Why it may go live, in a sentence.")
@json_option
@click.pass_obj
def approve(session: Session, ref: str, note: str, as_json: bool) -> None:
    """Record your yes to REF; refused while a gate fails."""
    version = actions.approve(session.store, ref, note)
    answer(as_json, version_json(version), f"{version.ref} approved")


@models.command()
@click.argument("name")
@click.argument("alias")
@click.argument("version", type=int)
@json_option
@click.pass_obj
def alias(session: Session, name: str, alias: str, version: int, as_json: bool) -> None:
    """Point ALIAS (champion, challenger, ...) of the model NAME at VERSION."""
    found = actions.set_alias(session.store, name, alias, version)
    answer(as_json, version_json(found), f"{name}@{alias} is now version {version}")


def version_json(version: ModelVersion) -> dict[str, object]:
    """A model version as the JSON of every `models` verb gives it."""
    return {
        "model": version.model,
        "version": version.version,
        "run": version.run,
        "dataset": version.dataset,
        "dataset_version": version.dataset_version,
        "algorithm": version.algorithm,
        "metric": version.metric,
        "value": version.value,
        "interval": [version.low, version.high],
        "state": version.state,
        "passed": version.gates_pass,
        "gates": version.gates,
        "approval": version.approval,
        "aliases": version.aliases,
        "files": version.files,
    }


def gate_table(gates: tuple[Gate, ...]) -> str:
    rows: list[tuple[object, ...]] = [
        (
            "pass" if gate.passed else "FAIL",
            gate.name,
            in_words(gate.actual),
            in_words(gate.threshold),
        )
        for gate in gates
    ]
    return table(("", "gate", "actual", "threshold"), rows)
