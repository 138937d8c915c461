"""What a server answers is what training measured: every held-out row, every algorithm."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from mlops_desktop.actions import datasets, deployments, models, runs
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.blobs import objects
from mlops_desktop.core.datasets import ImportSpec
from mlops_desktop.core.runs import Run, RunState, TrainSpec
from mlops_desktop.ml import modelio
from mlops_desktop.ml.pipeline import features_of, prepare
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store


@pytest.fixture
def lane(workspace_dir: Path) -> Iterator[DirectLane]:
    store = Store.open(Workspace(workspace_dir))
    yield DirectLane(store)
    store.close()


def write_rides(path: Path, rows: int = 400) -> None:
    random = np.random.default_rng(0)
    with path.open("w", newline="") as file:
        out = csv.writer(file)
        out.writerow(["at", "hr", "temp", "season", "holiday", "busy", "cnt"])
        for number in range(rows):
            hour, temp = number % 24, random.normal()
            season = ["winter", "summer", 'it\'s, "odd"', ""][int(random.integers(4))]
            holiday = bool(random.integers(2))
            count = 10 * hour + 30 * temp + 50 * (season == "summer") + random.normal()
            out.writerow(
                [
                    f"2011-{number // 31 % 12 + 1:02}-{number % 28 + 1:02}T{hour:02}:00:00",
                    hour,
                    "" if number % 17 == 0 else round(temp, 4),
                    season,
                    str(holiday).lower(),
                    "yes" if count + 20 * random.normal() > 120 else "no",
                    round(count, 2),
                ]
            )


@pytest.mark.parametrize(("target", "other"), [("cnt", "busy"), ("busy", "cnt")])
def test_that_served_predictions_agree_with_the_held_out_ones(
    lane: DirectLane, tmp_path: Path, target: str, other: str
) -> None:
    file = tmp_path / "rides.csv"
    write_rides(file)
    version = datasets.import_file(lane, ImportSpec(str(file), "rides"))
    positive = "yes" if target == "busy" else None
    spec = TrainSpec(
        "rides", version.version, target, time_column="at", exclude=(other,), positive=positive,
        budget_s=60,
    )  # fmt: skip
    held = deployments.Servers()
    try:
        for run in runs.train(lane, spec, workers=2):
            assert run.state is RunState.DONE, run.error
            _check(lane, held, run)
    finally:
        deployments.shut_down_unkept(lane)
        held.close()


def _check(lane: DirectLane, held: deployments.Servers, run: Run) -> None:
    name = run.algorithm.value
    registered = lane(lambda store: models.register(store, run.id, name))
    with_approval = "INSERT INTO approvals VALUES (?, 'a test', 'me', '')"

    def approve(store: Store) -> Workspace:
        with store.write("models"):  # Gates are not what is tested here.
            store.execute(with_approval, [registered.id])
        return store.workspace

    workspace = lane(approve)
    found = deployments.start(lane, f"{name}@1", servers_held=held)
    heldout = runs.heldout(workspace, run)
    version = lane(lambda store: datasets.get_version(store, "rides"))
    table = datasets.load(workspace, version).take(heldout["row"])
    answered = deployments.predict(workspace, found, table)
    signature = registered.signature
    assert answered["prediction"].to_pylist() == heldout["predicted"].to_pylist()
    # What was kept of the run is what was served. The trained pipeline itself is asked here:
    pipeline = modelio.load(objects.get_bytes(workspace, registered.files["model.skops"]))
    raw = table.select([field.name for field in signature.inputs])
    frame = prepare(raw, features_of(raw))
    if signature.classes:
        own = pipeline.predict_proba(frame)
        got = np.array([answered[f"probability_{c}"].to_pylist() for c in signature.classes]).T
        assert np.abs(got - own).max() <= 1e-5
    else:
        got, own = answered["prediction"].to_numpy(), pipeline.predict(frame)
        spread = float(np.std(heldout["actual"].to_numpy()))
        assert np.abs(got - own).max() <= 1e-4 * spread
    deployments.stop(lane, name)
