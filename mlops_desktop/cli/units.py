"""`data unit`: the unit of a column."""

from __future__ import annotations

import click

from mlops_desktop.actions import units
from mlops_desktop.cli.datasets import data
from mlops_desktop.cli.session import Session, answer, json_option


@data.command()
@click.argument("name")
@click.argument("column")
@click.argument("unit")
@json_option
@click.pass_obj
def unit(session: Session, name: str, column: str, unit: str, as_json: bool) -> None:
    """Set the UNIT of a COLUMN of the dataset NAME, such as mm; an empty text takes it away."""
    found = units.set_unit(session.store, name, column, unit)
    text = f"{name}: {column} is in {found[column]}" if column in found else f"{name}: no unit"
    answer(as_json, found, text)
