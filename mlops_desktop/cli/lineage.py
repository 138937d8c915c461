"""`lineage`, also as `data lineage` and `models lineage`: what came from what, both ways."""

from __future__ import annotations

import click

from mlops_desktop.actions import lineage as actions
from mlops_desktop.cli.datasets import data
from mlops_desktop.cli.models import models
from mlops_desktop.cli.session import Session, answer, json_option, table
from mlops_desktop.core.lineage import Graph, Node


@click.command()
@click.argument("name")
@json_option
@click.pass_obj
def lineage(session: Session, name: str, as_json: bool) -> None:
    """Show what NAME came from and what came from it.

    NAME is data:bike@3, model:demand@2, run:7, deployment:demand, recipe:clean@1 or file:PATH;
    without the prefix where only one of them is called so.
    """
    _answer(actions.graph(session.store, name), as_json)


@data.command("lineage")
@click.argument("ref")
@json_option
@click.pass_obj
def data_lineage(session: Session, ref: str, as_json: bool) -> None:
    """Show what the dataset version REF came from, and what came from it."""
    _answer(actions.graph(session.store, f"data:{ref}"), as_json)


@models.command("lineage")
@click.argument("ref")
@json_option
@click.pass_obj
def model_lineage(session: Session, ref: str, as_json: bool) -> None:
    """Show what the model version REF came from, and what serves it."""
    _answer(actions.graph(session.store, f"model:{ref}"), as_json)


def _answer(graph: Graph, as_json: bool) -> None:
    before = [node for node in graph.before() if node.key not in graph.focus]
    after = [node for node in graph.after() if node.key not in graph.focus]
    own = [node for node in graph.nodes if node.key in graph.focus]
    value = {
        "focus": own,
        "before": before,
        "after": after,
        "edges": [list(edge) for edge in graph.edges],
    }
    rows = [("came from", node) for node in before] + [("this", node) for node in own]
    rows += [("became", node) for node in after]
    answer(as_json, value, table(_TITLES, [(where, *_cells(node)) for where, node in rows]))


_TITLES = ("", "kind", "name", "details", "when", "sha256")


def _cells(node: Node) -> tuple[object, ...]:
    return (node.kind.value, node.title, node.detail, node.at[:19], node.sha256[:16])
