"""Batch scoring: whole files and versions, the same answers as the server gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as parquet
import pytest

from mlops_desktop.actions import datasets, deployments, models, recipes, runs, scoring
from mlops_desktop.actions.lane import Context, DirectLane
from mlops_desktop.core.datasets import Source
from mlops_desktop.core.errors import Cancelled, CheckFailed, UserError
from mlops_desktop.core.runs import Algorithm, TrainSpec
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.actions.test_recipe_loop import STEPS, customers


@pytest.fixture(scope="module")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DirectLane]:
    """A model behind a recipe: version 1 approved, version 2 not."""
    store = Store.open(Workspace(tmp_path_factory.mktemp("scoring") / "w"))
    lane = DirectLane(store)
    datasets.add_table(lane, "people", customers(600, 0), Source("file", "people.csv"))
    recipes.apply(lane, "people@1", STEPS)
    algorithms = (Algorithm.LINEAR, Algorithm.RANDOM_FOREST)
    spec = TrainSpec("people", 2, "leaves", positive="Yes", algorithms=algorithms, budget_s=20)
    trained = runs.train(lane, spec, workers=2)
    for run in trained[1:]:
        models.register(store, run.id, "leaving")
    models.approve(store, "leaving@1", "Better than guessing.")
    yield lane
    store.close()


def raw(tmp_path: Path, rows: int = 300) -> Path:
    path = tmp_path / "new.csv"
    arrow_csv.write_csv(customers(rows, 5).drop_columns(["leaves"]), path)
    return path


def test_that_a_scored_file_holds_what_the_server_answers(lane: DirectLane, tmp_path: Path) -> None:
    file, target = raw(tmp_path), tmp_path / "answers.parquet"
    done = scoring.score_to_file(lane, "leaving@1", file, target)
    scored = parquet.read_table(target)
    assert done.rows == scored.num_rows == 300
    running = deployments.start(lane, "leaving@1", keep=True)
    try:
        workspace = lane(lambda store: store.workspace)
        columns = arrow_csv.ConvertOptions(column_types={"charges": pa.string()})
        rows = arrow_csv.read_csv(file, convert_options=columns)
        served = deployments.predict(workspace, running, rows)
    finally:
        deployments.stop(lane, running.name)
    assert scored["prediction"].to_pylist() == served["prediction"].to_pylist()
    pairs = zip(
        scored["probability_Yes"].to_pylist(), served["probability_Yes"].to_pylist(), strict=True
    )
    assert all(one == pytest.approx(other, abs=1e-6) for one, other in pairs)


def test_that_a_scored_version_becomes_a_version_of_its_own(lane: DirectLane) -> None:
    done = scoring.score_to_dataset(lane, "leaving@1", "people@1", "scored")
    assert done.version is not None
    assert (done.version.ref, done.version.rows, done.version.source.kind) == (
        "scored@1",
        600,
        "score",
    )
    assert done.version.source.detail == {"model": "leaving@1", "of": "people@1"}
    names = [column.name for column in done.version.columns]
    assert names[-3:] == ["prediction", "probability_No", "probability_Yes"]


def test_that_a_version_that_is_not_approved_answers_nothing(
    lane: DirectLane, tmp_path: Path
) -> None:
    with pytest.raises(CheckFailed, match="leaving@2 is not approved"):
        scoring.score_to_file(lane, "leaving@2", raw(tmp_path), tmp_path / "a.csv")
    assert not (tmp_path / "a.csv").exists()


def test_that_data_without_an_input_is_refused_by_its_name(
    lane: DirectLane, tmp_path: Path
) -> None:
    file = tmp_path / "short.csv"
    file.write_text("month,charges\n1,2\n")
    with pytest.raises(UserError, match="needs the column 'months'") as caught:
        scoring.score_to_file(lane, "leaving@1", file, tmp_path / "a.csv")
    assert "Did you mean month?" in caught.value.hint


def test_that_a_value_of_another_type_is_named(lane: DirectLane, tmp_path: Path) -> None:
    file = tmp_path / "bad.csv"
    file.write_text("months,charges\n" + "1,2\n" * 5 + "many,3\n")
    with pytest.raises(UserError, match=r"'months' holds .* \(row 6, 'many'\)"):
        scoring.score_to_file(lane, "leaving@1", file, tmp_path / "a.csv")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.csv"]


def test_that_cancelling_leaves_no_file_behind(lane: DirectLane, tmp_path: Path) -> None:
    class Impatient(Context):
        def progress(self, _fraction: float | None, _text: str) -> None:
            self.cancelled.set()

    with pytest.raises(Cancelled):
        scoring.score_to_file(
            lane, "leaving@1", raw(tmp_path, 50_000), tmp_path / "a.csv", context=Impatient()
        )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new.csv"]


def test_that_only_csv_and_parquet_are_written(lane: DirectLane, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="ends neither in"):
        scoring.score_to_file(lane, "leaving@1", raw(tmp_path), tmp_path / "a.xlsx")
