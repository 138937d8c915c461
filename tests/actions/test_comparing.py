"""Two versions are compared on rows that neither was trained on."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_desktop.actions import comparing, datasets, models, runs
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.core.datasets import ImportSpec
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.runs import Algorithm, TrainSpec
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.end2end.command import write_customers


def test_that_a_version_is_compared_with_the_champion_on_held_out_rows(
    workspace_dir: Path, tmp_path: Path
) -> None:
    store = Store.open(Workspace(workspace_dir))
    lane = DirectLane(store)
    spec = ImportSpec(str(write_customers(tmp_path / "c.csv")), "customers")
    version = datasets.import_file(lane, spec)
    asked = TrainSpec(
        "customers",
        version.version,
        "left",
        exclude=("left_on",),
        algorithms=(Algorithm.LINEAR,),
    )
    baseline, linear = runs.train(lane, asked, workers=2)
    models.register(store, linear.id, "churn")
    models.register(store, baseline.id, "churn")
    models.approve(store, "churn@1", "fine")
    models.set_alias(store, "churn", "champion", 1)
    heldout = runs.evaluation(store, linear).split.heldout_rows

    worse = comparing.compare(lane, "churn@2")
    assert (worse.version, worse.other, worse.rows) == ("churn@2", "churn@1", heldout)
    assert (worse.value, worse.other_value) == (
        pytest.approx(baseline.value),
        pytest.approx(linear.value, abs=1e-4),
    )
    assert not worse.better
    assert worse.sure < 0.05
    assert str(worse).endswith("It is not better (more than 99 % sure).")
    assert comparing.compare(lane, "churn@1", "churn@2").sure > 0.95
    with pytest.raises(UserError, match="is the one to compare with"):
        comparing.compare(lane, "churn@1")
    store.close()
