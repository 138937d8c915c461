"""What the rows of a derived version were before its recipe's feature steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa

from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.ml import recipe


@dataclass(frozen=True, slots=True)
class Origin:
    """raw: one row for each row of the derived table, with the columns that clients send.

    steps: the feature steps from there to the derived table, in order.
    """

    raw: pa.Table
    steps: tuple[Step, ...]


def trace(
    root: pa.Table, steps: Sequence[Step], others: Mapping[str, pa.Table]
) -> tuple[pa.Table, Origin]:
    """Run a recipe again: the derived table, and what its rows were.

    others: the tables that its steps concatenate, by their names there.
    """
    applied = recipe.apply(root, steps, others)
    below = [
        others[str(step.settings["dataset"])].select(root.column_names).cast(root.schema)
        for step in steps
        if step.on and step.kind is StepKind.CONCATENATE
    ]
    raw = pa.concat_tables([root, *below]).take(applied.rows)
    features = tuple(step for step in steps if step.on and not step.kind.is_table_step)
    return applied.table, Origin(raw, features)
