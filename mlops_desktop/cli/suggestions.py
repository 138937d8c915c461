"""`data recipe suggest`: the fixes that the warnings of a version suggest, as a recipe."""

from __future__ import annotations

from pathlib import Path

import click

from mlops_desktop.actions import answers, datasets, recipe_files, recipes
from mlops_desktop.cli.datasets import File
from mlops_desktop.cli.recipes import recipe
from mlops_desktop.cli.session import Session, answer, json_option
from mlops_desktop.core.answers import decisions
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.recipe_documents import step_document
from mlops_desktop.core.requests import check_names
from mlops_desktop.core.runs import TrainSpec


@recipe.command()
@click.argument("ref")
@click.option("--target", help="What will be predicted: drop what gives it away, and identifiers.")
@click.option("--name", default="", help="The recipe's name. Default: clean-DATASET.")
@click.option("--out", type=File, help="Write it to a file instead.")
@json_option
@click.pass_obj
def suggest(
    session: Session, ref: str, target: str | None, name: str, out: Path | None, as_json: bool
) -> None:
    """Print what the warnings of the version REF suggest as a recipe in YAML.

    Nothing is stored: look at it, change it, then save it with data recipe save.
    """
    version = datasets.get_version(session.store, ref)
    steps = recipes.suggested(version, _left_out(session, version, target) if target else ())
    if not steps:
        asked = "" if target else "Say what will be predicted (--target COLUMN), or write "
        raise UserError(
            f"No warning of {version.ref} suggests a step.",
            hint=f"{asked or 'Write '}a recipe by hand: data recipe steps lists what there is.",
        )
    name = name or recipes.name_for(version.dataset)
    note = f"What the warnings of {version.ref} suggest."
    text = recipe_files.text_of(name, note, steps).rstrip("\n")
    if out is not None:
        recipe_files.write(out, name, note, steps)
        text = f"{len(steps)} step{'' if len(steps) == 1 else 's'} written to {out}"
    value = {"recipe": name, "note": note, "steps": [step_document(step) for step in steps]}
    answer(as_json, value, text)


def _left_out(session: Session, version: DatasetVersion, target: str) -> list[str]:
    """What a training would leave out, by the warnings and what was answered to them."""
    check_names(list(version.columns), TrainSpec(version.dataset, version.version, target))
    given = answers.answers(session.store, version.dataset)
    found = decisions(version.columns, version.warnings, target, given)
    return [decision.column.name for decision in found if decision.leave_out]
