"""What the steps of a recipe would do, on the first rows of a version: quick, nothing is stored."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from mlops_desktop.actions import datasets
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind

if TYPE_CHECKING:
    from mlops_desktop.ml.recipe import Checked as Checked
    from mlops_desktop.ml.recipe_preview import Preview as Preview
    from mlops_desktop.paths import Workspace

# So many rows are looked at that the answer comes at once: few odd values often stand far below.
_CELLS = 600_000
_LEAST_ROWS = 10_000
_MOST_ROWS = 60_000


def preview(
    workspace: Workspace,
    version: DatasetVersion,
    steps: Sequence[Step],
    others: Mapping[str, DatasetVersion],
    *,
    upto: int | None = None,
    start: int | None = None,
    rows: int = 200,
    changes_only: bool = False,
) -> Preview:
    """The tables before and after steps[start:upto], side by side, as far as its first rows
    show: 10,000 of a wide version, 60,000 of one with ten columns.

    others: from recipes.concatenated(). upto: all steps where None; start: the last of them
    where None, 0 for the raw table. rows: of the page that is given back. changes_only: rows that
    stay as they are do not come. No store: safe in any thread. Raises UserError that names the
    step at fault.
    """
    from mlops_desktop.ml import recipe_preview  # noqa: PLC0415  Not needed by those who list.

    upto = len(steps) if upto is None else upto
    start = max(0, upto - 1) if start is None else start
    used = {
        str(step.settings["dataset"])
        for step in steps[:upto]
        if step.on and step.kind is StepKind.CONCATENATE
    }
    most = max(_LEAST_ROWS, min(_MOST_ROWS, _CELLS // max(1, len(version.columns))))
    table = datasets.read_rows(workspace, version, 0, most)
    below = {name: datasets.read_rows(workspace, others[name], 0, most) for name in used}
    return recipe_preview.preview(
        table,
        steps[:upto],
        below,
        version.rows + sum(others[name].rows for name in below),
        start=start,
        rows=rows,
        changes_only=changes_only,
    )


def outline(
    version: DatasetVersion, steps: Sequence[Step], others: Mapping[str, DatasetVersion]
) -> tuple[Checked, ...]:
    """Each step with the columns before and after it and its error: for who edits them."""
    from mlops_desktop.ml import recipe  # noqa: PLC0415  Not needed by those who only list.

    found = {name: other.columns for name, other in others.items()}
    return recipe.outline(version.columns, steps, found)
