"""A look at steps that are being written: what one does, and which columns it is about."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from mlops_desktop.actions import datasets
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.actions.step_look import Look, look
from mlops_desktop.core.datasets import Source
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store


@pytest.fixture
def lane(workspace_dir: Path) -> Iterator[DirectLane]:
    store = Store.open(Workspace(workspace_dir))
    yield DirectLane(store)
    store.close()


def seen(lane: DirectLane, *steps: Step, place: int = -1, only: bool = False) -> Look:
    """The look at one of the steps, else the last, on four rows."""
    table = pa.table({"price": [1, 2, 3, 4], "ice": [0, 0, 0, 0], "rice": [5, 6, 7, 8]})
    version = datasets.add_table(lane, "shop", table, Source("append"))
    workspace = lane(lambda store: store.workspace)
    return look(lane, workspace, version, steps, place % len(steps), only=only)


@pytest.mark.parametrize(
    ("step", "about"),
    [
        (Step(StepKind.FILTER, {"where": "price > 2"}), ("price",)),
        (Step(StepKind.FORMULA, {"into": "ice2", "formula": "price + rice"}), ("price", "rice")),
        (Step(StepKind.DROP_MISSING, {"columns": ["ice"]}), ("ice",)),
        (Step(StepKind.RENAME, {"column": "rice", "into": "price2"}), ("rice",)),
    ],
)
def test_that_a_look_names_the_columns_of_its_step_and_no_part_of_a_name(
    lane: DirectLane, step: Step, about: tuple[str, ...]
) -> None:
    assert seen(lane, step).about == about


def test_that_a_wrong_step_says_why_in_its_place(lane: DirectLane) -> None:
    good = Step(StepKind.FILTER, {"where": "price > 2"})
    found = seen(lane, good, Step(StepKind.LOG, {"columns": ["nope"]}))
    assert isinstance(found.found, UserError)
    assert "nope" in found.found.what
    assert list(found.errors) == [1]


def test_that_a_wrong_step_below_hides_no_step_above_it(lane: DirectLane) -> None:
    good = Step(StepKind.FILTER, {"where": "price > 2"})
    found = seen(lane, good, Step(StepKind.LOG, {"columns": ["nope"]}), place=0)
    assert found.found is not None
    assert not isinstance(found.found, UserError)
    assert found.found.rows_after == 2
    assert list(found.errors) == [1]


def test_that_new_columns_are_seen_where_no_old_value_changes(lane: DirectLane) -> None:
    found = seen(lane, Step(StepKind.FORMULA, {"into": "x", "formula": "price * 2"}), only=True)
    assert found.found is not None
    assert not isinstance(found.found, UserError)
    assert found.found.after["x"].to_pylist() == [2, 4, 6, 8]
