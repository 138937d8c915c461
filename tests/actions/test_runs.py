"""Experiments run in real children: their states, files and what is left after each way to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest

from mlops_desktop.actions import datasets, runs
from mlops_desktop.actions.children import wait_for
from mlops_desktop.actions.lane import Context, DirectLane
from mlops_desktop.blobs import modelfiles, objects
from mlops_desktop.core.audit import first_break
from mlops_desktop.core.datasets import Source
from mlops_desktop.core.errors import Cancelled, NotFound, UserError
from mlops_desktop.core.runs import Algorithm, Run, RunState, Task, TrainSpec, best_run
from mlops_desktop.paths import Workspace
from mlops_desktop.store import audit
from mlops_desktop.store import runs as rows
from mlops_desktop.store.store import Store
from tests.problems import mixed_table, spec_for


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with the dataset `houses`, to be copied."""
    folder = tmp_path_factory.mktemp("template") / "workspace"
    store = Store.open(Workspace(folder))
    datasets.add_table(DirectLane(store), "houses", mixed_table(), Source("test"), "", None)
    store.close()
    return folder


@pytest.fixture
def store(template: Path, workspace_dir: Path) -> Iterator[Store]:
    subprocess.run(["cp", "-a", str(template), str(workspace_dir)], check=True)
    opened = Store.open(Workspace(workspace_dir))
    yield opened
    assert opened.faults() == []
    assert first_break(audit.entries(opened)) is None
    assert list(opened.workspace.tmp.iterdir()) == []
    opened.close()


_LINEAR = spec_for(Task.BINARY, algorithms=(Algorithm.LINEAR,))
# Long enough to be caught in the middle, whatever the machine.
_ENDLESS = spec_for(
    Task.BINARY,
    algorithms=(Algorithm.RANDOM_FOREST,),
    budget_s=1000,
    parameters={"n_estimators": 200_000},
)


def _actions(store: Store) -> list[str]:
    return [entry.action for entry in audit.entries(store)]


def test_that_an_experiment_trains_the_baseline_and_what_was_asked(store: Store) -> None:
    told: list[float] = []

    class Watched(Context):
        def progress(self, fraction: float | None, text: str) -> None:  # noqa: ARG002
            told.append(fraction or 0.0)

    ended = runs.train(DirectLane(store), _LINEAR, Watched(), workers=2)
    assert [run.algorithm for run in ended] == [Algorithm.BASELINE, Algorithm.LINEAR]
    assert {run.state for run in ended} == {RunState.DONE}
    best = best_run(ended)
    assert best is not None
    assert best.algorithm is Algorithm.LINEAR
    assert best.metric == "roc_auc"
    assert best.value is not None
    assert best.value > 0.6
    assert set(best.files) == set(modelfiles.ALL)
    assert all(objects.verify(store.workspace, name) is None for name in best.files.values())
    assert best.environment["scikit-learn"]
    assert runs.list_runs(store) == ended[::-1]
    evaluation = runs.evaluation(store, best)
    assert evaluation.metrics["roc_auc"].value == best.value
    assert [value for _, _, value in runs.measured(store, best.id)] == list(evaluation.folds)
    assert runs.heldout(store.workspace, best).num_rows == evaluation.split.heldout_rows
    assert modelfiles.read_card(store.workspace, best.files)["algorithm"] == "linear"
    assert max(told) > 0.9
    assert _actions(store).count("run.ended") == 2

    again = runs.train(DirectLane(store), _LINEAR, workers=2)[1]
    assert (again.value, again.low, again.metrics) == (best.value, best.low, best.metrics)
    same = {modelfiles.ONNX, modelfiles.CARD, modelfiles.HELDOUT, modelfiles.REFERENCE}
    assert all(again.files[name] == best.files[name] for name in same)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"target": "prise"}, "Did you mean price"),
        ({"version": 9}, "houses"),
        ({"metric": "rmse"}, "does not fit"),
        ({"positive": "Maybe"}, "is no value of sold. Use"),
        ({"time_column": "town"}, "not a time"),
        ({"group_column": "nobody"}, "no column 'nobody'"),
        ({"keep": ("sold",)}, "is the target"),
        ({"budget_s": -1.0}, "time budget"),
        ({"target": "listed", "exclude": ()}, "is a date"),
    ],
)
def test_that_a_request_that_does_not_fit_makes_no_runs(
    store: Store, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(UserError, match=message):
        runs.start_experiment(store, replace(_LINEAR, **changes))
    assert runs.list_runs(store) == []


def test_that_a_failure_is_a_state_that_says_why(store: Store) -> None:
    spec = spec_for(
        Task.REGRESSION, exclude=("area", "rooms", "town", "garden", "listed", "sold", "grade")
    )
    first, *_ = runs.start_experiment(store, spec)
    ended = runs.supervise(DirectLane(store), first.id)
    assert ended.state is RunState.FAILED
    assert "No column is left to learn from" in ended.error
    assert ended.files == {}
    with pytest.raises(UserError, match="nothing to show"):
        runs.evaluation(store, ended)
    with pytest.raises(UserError, match="is failed already"):
        runs.supervise(DirectLane(store), first.id)


def test_that_damaged_data_is_never_trained_on(store: Store) -> None:
    version = datasets.get_version(store, "houses")
    blob = store.workspace.blob(version.manifest)
    blob.chmod(0o600)
    blob.write_bytes(blob.read_bytes()[:-1] + b"x")
    run = runs.start_experiment(store, _LINEAR)[1]
    ended = runs.supervise(DirectLane(store), run.id)
    assert ended.state is RunState.FAILED
    assert "damaged" in ended.error


def _endless_run(store: Store) -> Run:
    return runs.start_experiment(store, _ENDLESS)[1]


def _is_fitting(lane: DirectLane, run: Run) -> Callable[[], bool]:
    return lambda: lane(lambda store: runs.get_run(store, run.id).stage.startswith("Fit"))


def _child(lane: DirectLane, run: Run) -> psutil.Process:
    pid = lane(lambda store: store.scalar("SELECT pid FROM runs WHERE id = ?", [run.id]))
    return psutil.Process(pid)


def test_that_a_cancel_ends_the_child_within_two_seconds(store: Store) -> None:
    lane, context, run = DirectLane(store), Context(), _endless_run(store)
    with ThreadPoolExecutor() as pool:
        ended = pool.submit(runs.supervise, lane, run.id, context)
        assert wait_for(_is_fitting(lane, run), 60)
        child = _child(lane, run)
        context.cancelled.set()
        assert ended.result(timeout=2).state is RunState.CANCELLED
    assert not child.is_running()
    assert runs.get_run(store, run.id).files == {}


def test_that_a_killed_trainer_is_a_failed_run_that_leaves_nothing(store: Store) -> None:
    lane, run = DirectLane(store), _endless_run(store)
    before = set(objects.names(store.workspace))
    with ThreadPoolExecutor() as pool:
        ended = pool.submit(runs.supervise, lane, run.id)
        assert wait_for(_is_fitting(lane, run), 60)
        _child(lane, run).kill()
        found = ended.result(timeout=10)
    assert found.state is RunState.FAILED
    assert "ended from outside" in found.error
    assert set(objects.names(store.workspace)) == before


def test_that_cancelling_before_the_start_starts_no_child(store: Store) -> None:
    context = Context()
    context.cancelled.set()
    with pytest.raises(Cancelled):
        runs.train(DirectLane(store), _LINEAR, context)
    assert {run.state for run in runs.list_runs(store)} == {RunState.CANCELLED}
    assert "run.started" not in _actions(store)


_SUPERVISOR = """
import sys
from pathlib import Path
from mlops_desktop.actions import runs
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.core.jsonable import from_plain
from mlops_desktop.core.runs import TrainSpec
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
import json
spec = from_plain(TrainSpec, json.loads(sys.argv[2]))
runs.train(DirectLane(Store.open(Workspace(Path(sys.argv[1])))), spec, workers=1)
"""


def test_that_runs_of_a_killed_app_become_interrupted_and_their_child_ends(store: Store) -> None:
    from mlops_desktop.core.jsonable import to_plain

    lane = DirectLane(store)
    app = subprocess.Popen(
        [
            sys.executable,
            "-c",
            _SUPERVISOR,
            str(store.workspace.root),
            json.dumps(to_plain(_ENDLESS)),
        ]
    )
    try:
        assert wait_for(
            lambda: any(run.stage.startswith("Fit") for run in lane(runs.list_runs)), 60
        )
        running = next(run for run in runs.list_runs(store) if run.state is RunState.RUNNING)
        child = _child(lane, running)
        assert runs.recover(store) == []  # Its supervisor lives.
    finally:
        app.send_signal(signal.SIGKILL)
        app.wait()
    assert wait_for(lambda: not child.is_running(), 5)
    numbers = [run.id for run in runs.list_runs(store)]
    assert runs.recover(store) == sorted(numbers)
    assert {run.state for run in runs.list_runs(store)} == {RunState.INTERRUPTED}
    assert runs.recover(store) == []
    for leftover in store.workspace.tmp.iterdir():  # The next start of the app sweeps it.
        assert leftover.name.startswith("train-")
        leftover.rmdir()


def test_that_a_pid_that_was_given_to_another_process_is_not_taken_for_the_app(
    store: Store,
) -> None:
    with store.write("runs"):
        version = datasets.get_version(store, "houses")
        owner = rows.Owner(os.getpid(), psutil.Process().create_time() - 100)
        [run] = rows.add_experiment(store, _LINEAR, version.id, [Algorithm.LINEAR], owner)
    assert runs.recover(store) == [run.id]


def test_that_an_unknown_run_says_which_there_are(store: Store) -> None:
    with pytest.raises(NotFound, match="Train first"):
        runs.get_run(store, 7)


def test_that_the_budget_is_shared_by_runs_that_take_turns() -> None:
    spec = TrainSpec("d", 1, "y", budget_s=120)
    assert [runs._share(spec, workers) for workers in (1, 2, 3, 8)] == [40, 60, 120, 120]
    assert runs._share(replace(spec, algorithms=(Algorithm.BASELINE,)), 1) == 120


def test_that_supervising_is_safe_from_several_threads(store: Store) -> None:
    """Two threads that take the same queued run: one trains it, the other is refused."""
    lane, run = DirectLane(store), runs.start_experiment(store, _LINEAR)[0]
    start = threading.Barrier(2)

    def supervise() -> str:
        start.wait()
        try:
            return runs.supervise(lane, run.id).state
        except UserError:
            return "refused"

    with ThreadPoolExecutor() as pool:
        outcomes = [pool.submit(supervise) for _ in range(2)]
    assert RunState.DONE in [outcome.result() for outcome in outcomes]
    assert runs.get_run(store, run.id).state is RunState.DONE
    assert _actions(store).count("run.ended") == 1
