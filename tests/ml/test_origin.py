"""Feature steps that travel with a model: learnt from training rows, the same when it is served."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from mlops_desktop.core.errors import UserError
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.runs import Algorithm, Task
from mlops_desktop.core.steps import StepKind
from mlops_desktop.ml import export, whole_graph
from mlops_desktop.ml.origin import trace
from mlops_desktop.ml.problem import Problem, pose
from mlops_desktop.ml.served_features import encoder_of
from tests.problems import fitted, mixed_table, spec_for

STEPS = (
    Step(StepKind.FILTER, {"where": "area > 20"}),
    Step(StepKind.FILL, {"columns": ["area"], "with": "median"}),
    Step(StepKind.GROUP_RARE, {"column": "town", "share": 0.1}),
    Step(StepKind.RATIO, {"column": "area", "by": "rooms", "into": "room_area"}),
    Step(StepKind.LOG, {"columns": ["area"]}),
    Step(StepKind.DATE_PARTS, {"column": "listed", "parts": ["year", "quarter", "weekday"]}),
    Step(StepKind.FORMULA, {"into": "big", "formula": "if(rooms > 4 and garden, 1, 0)"}),
    Step(StepKind.DROP_COLUMNS, {"columns": ["listed"]}),
)


def derived(task: Task = Task.REGRESSION, steps: tuple[Step, ...] = STEPS, **spec: Any) -> Problem:
    table, origin = trace(mixed_table(600), steps, {})
    return pose(table, spec_for(task, **spec), origin)


def test_that_the_signature_asks_for_raw_columns() -> None:
    names = [item.name for item in derived().signature.inputs]
    assert names == ["area", "rooms", "town", "garden", "listed"]


def test_that_a_column_that_no_feature_needs_is_not_asked_for() -> None:
    steps = (*STEPS, Step(StepKind.DROP_COLUMNS, {"columns": ["garden", "big"]}))
    names = [item.name for item in derived(steps=steps).signature.inputs]
    assert names == ["area", "rooms", "town", "listed"]


def test_that_what_a_step_learns_comes_from_training_rows_only() -> None:
    problem = derived()
    raw = problem.table.take(problem.parts.train)
    known = raw["area"].drop_null().to_numpy()
    [fill] = [step for step in problem.steps if step.kind is StepKind.FILL]
    assert fill.learnt["area"] == pytest.approx(float(np.median(known)))


@pytest.mark.parametrize("algorithm", list(Algorithm))
@pytest.mark.parametrize("task", list(Task))
def test_that_raw_rows_are_answered_as_the_trained_pipeline_does(
    task: Task, algorithm: Algorithm
) -> None:
    problem = derived(task)
    exported = export.export(problem, fitted(problem, algorithm).pipeline)
    assert exported.parity.passed
    assert exported.onnx is not None
    card = json.loads(json.dumps(export.card(problem, algorithm, exported)))
    encoder = encoder_of(card)
    some = problem.table.slice(0, 40)
    rows = [list(row.values()) for row in some.to_pylist()]
    singly = np.vstack([encoder.encode_rows(some.column_names, [row]) for row in rows])
    together = encoder.encode_table(export.arrays(some))
    np.testing.assert_array_equal(singly, together)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_that_the_steps_are_in_the_whole_graph(algorithm: Algorithm) -> None:
    problem = derived(Task.BINARY)
    exported = export.export(problem, fitted(problem, algorithm).pipeline)
    assert (exported.why_no_whole, exported.whole is not None) == ("", True)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_that_the_whole_graph_answers_raw_columns_alike(algorithm: Algorithm) -> None:
    # Columns may be called as inner tensors are.
    table = mixed_table(600).rename_columns(
        ["x", "y", "town", "garden", "listed", "price", "sold", "grade"]
    )
    steps = (Step(StepKind.RATIO, {"column": "x", "by": "y", "into": "made/t0"}),)
    derived_table, origin = trace(table, steps, {})
    problem = pose(derived_table, spec_for(Task.BINARY), origin)
    exported = export.export(problem, fitted(problem, algorithm).pipeline)
    assert exported.why_no_whole == ""
    assert exported.whole is not None
    table = problem.table.take(problem.parts.heldout)
    run = export.session(exported.whole).run
    (found,) = run(["prediction"], whole_graph.feeds(problem.signature, table))
    np.testing.assert_allclose(found, exported.served, atol=1e-5)


def test_that_a_step_without_an_onnx_form_is_told() -> None:
    steps = (Step(StepKind.FORMULA, {"into": "long", "formula": "length(town)"}),)
    problem = derived(steps=steps)
    exported = export.export(problem, fitted(problem, Algorithm.LINEAR).pipeline)
    assert exported.whole is None
    assert exported.why_no_whole == "length of text has no ONNX form."


def test_that_a_feature_that_is_computed_from_the_target_is_refused() -> None:
    ratio = Step(StepKind.RATIO, {"column": "price", "by": "rooms", "into": "room_price"})
    with pytest.raises(UserError, match="room_price is computed from price") as caught:
        derived(steps=(*STEPS, ratio))
    assert "--exclude room_price" in caught.value.hint
    others = spec_for(Task.REGRESSION).exclude
    inputs = derived(steps=(*STEPS, ratio), exclude=(*others, "room_price")).signature.inputs
    assert "price" not in [item.name for item in inputs]
