"""The loop with a recipe in it: raw rows are served, labelled and learnt from alike."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mlops_desktop.actions import (
    comparing,
    datasets,
    deployments,
    models,
    monitoring,
    recipes,
    runs,
    trying,
)
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.core.datasets import Source
from mlops_desktop.core.deployments import DeploymentState
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.runs import Algorithm, TrainSpec
from mlops_desktop.core.steps import StepKind
from mlops_desktop.paths import Workspace
from mlops_desktop.store import deployments as deployment_rows
from mlops_desktop.store.store import Store

STEPS = (
    Step(StepKind.FILTER, {"where": "months < 70"}),
    Step(StepKind.PARSE_NUMBER, {"columns": ["charges"]}),
    Step(StepKind.FILL, {"columns": ["charges"], "with": "median"}),
    Step(StepKind.RATIO, {"column": "charges", "by": "months", "into": "monthly"}),
    Step(StepKind.DROP_COLUMNS, {"columns": ["customer"]}),
)


def customers(rows: int, seed: int) -> pa.Table:
    """Who leaves; charges are text, and blank for some."""
    rng = np.random.default_rng(seed)
    months = rng.integers(1, 73, rows)
    charges = months * rng.gamma(4.0, 12.0, rows)
    leaves = rng.random(rows) < 1 / (1 + np.exp((months - 24) / 8))
    texts = [" " if rng.random() < 0.03 else f"{value:.2f}" for value in charges]
    return pa.table(
        {
            "customer": [f"C-{seed}-{n:05}" for n in range(rows)],
            "months": pa.array(months, pa.int64()),
            "charges": texts,
            "leaves": np.where(leaves, "Yes", "No").tolist(),
        }
    )


@pytest.fixture
def lane(workspace_dir: Path) -> Iterator[DirectLane]:
    store = Store.open(Workspace(workspace_dir))
    lane = DirectLane(store)
    yield lane
    for running in lane(deployments.list_deployments):
        if running.state is DeploymentState.RUNNING:
            deployments.stop(lane, running.name)
    store.close()


def test_that_raw_rows_are_served_labelled_and_learnt_from(
    lane: DirectLane, tmp_path: Path
) -> None:
    workspace = lane(lambda store: store.workspace)
    datasets.add_table(lane, "people", customers(900, 0), Source("file", "people.csv"))
    derived = recipes.apply(lane, "people@1", STEPS)
    assert derived.ref == "people@2"
    spec = TrainSpec(
        "people", 2, "leaves", positive="Yes", algorithms=(Algorithm.LINEAR,), budget_s=20
    )
    trained = runs.train(lane, spec, workers=2)
    first = lane(lambda store: models.register(store, trained[-1].id, "leaving"))
    assert [item.name for item in first.signature.inputs] == ["months", "charges"]
    lane(lambda store: models.approve(store, first.ref, "Better than guessing."))
    lane(lambda store: models.set_alias(store, "leaving", "champion", 1))

    running = deployments.start(lane, "leaving@1", keep=True)
    new = customers(120, 1)
    answered = deployments.predict(workspace, running, new.drop_columns(["leaves"]))
    assert set(answered["prediction"].to_pylist()) <= {"Yes", "No"}
    labels = tmp_path / "labels.csv"
    pairs = zip(answered["prediction_id"].to_pylist(), new["leaves"].to_pylist(), strict=True)
    labels.write_text("prediction_id,leaves\n" + "".join(f"{a},{b}\n" for a, b in pairs))
    monitoring.fold(lane, running.name)
    monitoring.add_labels(lane, running.name, labels, "leaves")

    second = monitoring.retrain(lane, running.name)
    assert (second.dataset, second.dataset_version) == ("people", 4)
    raw = lane(lambda store: datasets.get_version(store, "people@3"))
    assert (raw.rows, raw.source.kind) == (1020, "retrain")
    again = lane(lambda store: datasets.get_version(store, "people@4"))
    assert again.recipe == derived.recipe
    assert [item.name for item in second.signature.inputs] == ["months", "charges"]
    compared = comparing.compare(lane, second.ref)
    assert compared.rows >= 50

    # The text of charges and the ratio that the recipe makes count as the raw columns they are of.
    tried = trying.try_row(workspace, running, {"months": 3, "charges": "250.00"})
    assert tried.reasons is not None
    parts = dict(tried.reasons.contributions)
    assert parts.keys() == {"months", "charges"}
    assert parts["months"] > 0
    moved = tried.reasons.answer - tried.reasons.baseline
    assert sum(parts.values()) == pytest.approx(moved, abs=1e-6)
    assert tried.reasons.answer == pytest.approx(dict(tried.probabilities)["Yes"])


def test_that_labels_of_a_target_that_the_recipe_changes_are_not_put_back(
    lane: DirectLane,
) -> None:
    datasets.add_table(lane, "people", customers(400, 0), Source("file", "people.csv"))
    values = {"Yes": "left", "No": "stayed"}
    mapped = Step(StepKind.MAP_VALUES, {"column": "leaves", "values": values})
    recipes.apply(lane, "people@1", (*STEPS, mapped))
    spec = TrainSpec("people", 2, "leaves", algorithms=(Algorithm.BASELINE,), budget_s=20)
    trained = runs.train(lane, spec, workers=1)
    version = lane(lambda store: models.register(store, trained[-1].id, "leaving"))
    store = lane(lambda store: store)
    with store.write("deployments"):
        deployment_rows.add(store, "leaving", version.id)
    with pytest.raises(UserError, match="The recipe changes leaves"):
        monitoring.retrain(lane, "leaving")
