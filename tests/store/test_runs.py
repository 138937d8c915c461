"""Runs as rows: what is written is read back, and only legal moves happen."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from mlops_desktop.core.datasets import Column, ColumnType, DatasetVersion, Source
from mlops_desktop.core.runs import Algorithm, RunState, TrainSpec
from mlops_desktop.paths import Workspace
from mlops_desktop.store import datasets, runs
from mlops_desktop.store.store import Store

_SPEC = TrainSpec("d", 1, "y", exclude=("a", "b"), parameters={"max_depth": 3})


@pytest.fixture
def store(workspace_dir: Path) -> Iterator[Store]:
    opened = Store.open(Workspace(workspace_dir))
    yield opened
    opened.close()


def _queued(store: Store) -> int:
    columns = (Column("y", ColumnType.NUMBER),)
    new = DatasetVersion(0, "d", 0, 9, columns, "m", "p", "h", 1, Source("file"), "", (), None, "")
    with store.write("datasets", "runs"):
        version = datasets.add_version(store, new)
        [run] = runs.add_experiment(
            store, _SPEC, version.id, [Algorithm.LINEAR], runs.Owner(1, 2.0)
        )
    return run.id


def test_that_a_queued_run_is_read_back_with_its_request(store: Store) -> None:
    run = runs.get(store, _queued(store))
    assert (run.spec, run.algorithm, run.state) == (_SPEC, Algorithm.LINEAR, RunState.QUEUED)
    assert runs.newest_first(store) == runs.of_experiment(store, run.experiment) == [run]
    assert runs.unfinished(store) == [(run.id, runs.Owner(1, 2.0))]


def test_that_a_run_that_is_over_stays_as_it_ended(store: Store) -> None:
    run = _queued(store)
    with store.write("runs"):
        assert not runs.move(store, run, RunState.DONE)  # It never ran.
        assert runs.move(store, run, RunState.RUNNING, pid=5)
        assert runs.move(store, run, RunState.DONE, value=1.5, files={"a": "b"})
        assert not runs.move(store, run, RunState.INTERRUPTED)
    found = runs.get(store, run)
    assert (found.state, found.value, found.files) == (RunState.DONE, 1.5, {"a": "b"})
    assert runs.unfinished(store) == []


def test_that_progress_counts_only_while_a_run_is_running(store: Store) -> None:
    run = _queued(store)
    with store.write("runs"):
        runs.progress(store, run, 0.5, "early", [])
        assert runs.get(store, run).stage == ""
        runs.move(store, run, RunState.RUNNING)
        runs.progress(store, run, 0.5, "Fold 1 of 5", [("rmse", 1, 2.0), ("rmse", 2, 3.0)])
    found = runs.get(store, run)
    assert (found.fraction, found.stage) == (0.5, "Fold 1 of 5")
    assert runs.measured(store, run) == [("rmse", 1, 2.0), ("rmse", 2, 3.0)]
