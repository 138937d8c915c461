"""Five kinds of odd tables: traps found without a hint, cleaned, trained, and asked raw rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from mlops_desktop.actions import datasets, models, recipes, runs, scoring
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.core.answers import decisions
from mlops_desktop.core.datasets import DatasetVersion, ImportSpec
from mlops_desktop.core.runs import Algorithm, Run, TrainSpec
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.end2end.command import Command
from tests.five_tables import FIVE, FiveTable, customers

_BUDGET_S = 20
_NEW_ROWS = 150


@pytest.fixture
def lane(workspace_dir: Path) -> Iterator[DirectLane]:
    store = Store.open(Workspace(workspace_dir))
    yield DirectLane(store)
    store.close()


@pytest.mark.parametrize("table", FIVE, ids=lambda table: table.name)
def test_that_traps_are_found_cleaned_and_trained_around(
    table: FiveTable, lane: DirectLane, tmp_path: Path
) -> None:
    file = table.write(tmp_path / f"{table.name}.csv", table.rows, 0)
    raw = datasets.import_file(lane, ImportSpec(str(file), table.name))
    found = [(warning.kind.value, warning.columns) for warning in raw.warnings]
    assert [trap for trap in table.traps if trap not in found] == []

    steps = recipes.suggested(raw, left_out(raw, table.target))
    clean = recipes.apply(lane, raw.ref, steps)
    assert {column.name for column in raw.columns} - {c.name for c in clean.columns} == {
        *table.gone
    }
    left = {(w.kind.value, w.columns) for w in clean.warnings}
    mended = [trap for trap in table.traps if trap != ("leak", ("pclass", "class"))]
    assert [trap for trap in mended if trap in left] == []

    baseline, best = train(lane, clean, table)
    gained = share_gained(baseline, best)
    assert table.better < gained < table.perfect, f"{gained:.3f} of what there is to gain"

    version = lane(lambda store: models.register(store, best.id, table.name))
    assert [gate.name for gate in version.gates if not gate.passed] == []
    lane(lambda store: models.approve(store, version.ref, "Its leaks are gone."))
    new = table.write(tmp_path / "new.csv", _NEW_ROWS, 9)
    answers = tmp_path / "answers.parquet"
    scored = scoring.score_to_file(lane, version.ref, new, answers)
    predicted = pq.read_table(answers)
    assert scored.rows == predicted.num_rows >= _NEW_ROWS
    assert predicted["prediction"].null_count == 0
    assert len(set(predicted["prediction"].to_pylist())) > 1


def test_that_the_same_goes_from_the_command_line(workspace_dir: Path, tmp_path: Path) -> None:
    run = Command(workspace_dir)
    added = run("data", "add", customers(tmp_path / "telco.csv", 600, 0))
    assert (added["dataset"], added["version"]) == ("telco", 1)
    assert run("data", "recipe", "suggest", "telco", "--target", "Churn")["steps"] == [
        {"fill": {"columns": ["TotalCharges"], "with": "median"}},
        {"drop_columns": {"columns": ["customerID"]}},
    ]
    file = tmp_path / "clean.yaml"
    run("data", "recipe", "suggest", "telco", "--target", "Churn", "--out", file)
    assert run("data", "recipe", "save", file)["recipe"] == "clean-telco"
    made = run("data", "recipe", "apply", "clean-telco", "telco")
    assert (made["version"], made["columns"], made["warnings"]) == (2, 7, [])

    wrong = run("data", "recipe", "suggest", "telco", "--target", "churn", code=2)["error"]
    assert wrong["hint"] == "Did you mean Churn?"
    nothing = run("data", "recipe", "suggest", "telco", code=2)["error"]
    assert nothing["what"] == "No warning of telco@2 suggests a step."
    assert "--target" in nothing["hint"]


def left_out(version: DatasetVersion, target: str) -> list[str]:
    """What the form would tick, with no answer given."""
    found = decisions(version.columns, version.warnings, target, {})
    return [decision.column.name for decision in found if decision.leave_out]


def train(lane: DirectLane, version: DatasetVersion, table: FiveTable) -> tuple[Run, Run]:
    spec = TrainSpec(
        version.dataset,
        version.version,
        table.target,
        budget_s=_BUDGET_S,
        time_column=table.time_column,
        algorithms=(Algorithm.BASELINE, table.algorithm),
    )
    baseline, best = runs.train(lane, spec, workers=2)
    assert (baseline.error, best.error) == ("", "")
    return baseline, best


def share_gained(baseline: Run, best: Run) -> float:
    """0 for the baseline, 1 for an answer that is always right."""
    assert baseline.value is not None
    assert best.value is not None
    perfect = 1.0 if best.metric == "roc_auc" else 0.0
    return (best.value - baseline.value) / (perfect - baseline.value)
