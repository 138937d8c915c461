"""Experiments and their runs as rows."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mlops_desktop.core import clock
from mlops_desktop.core.datasets import DataWarning
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.core.runs import RUN_MOVES, Algorithm, Run, RunState, Task, TrainSpec

if TYPE_CHECKING:
    from mlops_desktop.store.store import Row, Store

_RUNS = "SELECT r.*, e.spec FROM runs r JOIN experiments e ON e.id = r.experiment_id "


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that supervises a run: a pid alone may have been given to another one."""

    pid: int
    started: float


def _from_row(row: Row) -> Run:
    return Run(
        id=row["id"],
        experiment=row["experiment_id"],
        spec=from_plain(TrainSpec, json.loads(row["spec"])),
        algorithm=Algorithm(row["algorithm"]),
        state=RunState(row["state"]),
        task=None if row["task"] is None else Task(row["task"]),
        metric=row["metric"],
        value=row["value"],
        low=row["low"],
        high=row["high"],
        metrics=json.loads(row["metrics"]),
        warnings=tuple(from_plain(DataWarning, item) for item in json.loads(row["warnings"])),
        fraction=row["fraction"],
        stage=row["stage"],
        seconds=row["seconds"],
        error=row["error"],
        files=json.loads(row["files"]),
        environment=json.loads(row["environment"]),
        created_at=row["created_at"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
    )


def add_experiment(
    store: Store, spec: TrainSpec, dataset_version: int, algorithms: list[Algorithm], owner: Owner
) -> list[Run]:
    """Insert an experiment with one queued run for each algorithm."""
    at = clock.now()
    experiment = store.insert(
        "experiments",
        {"dataset_version_id": dataset_version, "spec": _text(spec), "created_at": at},
    )
    for algorithm in algorithms:
        store.insert(
            "runs",
            {
                "experiment_id": experiment,
                "algorithm": algorithm.value,
                "state": RunState.QUEUED.value,
                "owner_pid": owner.pid,
                "owner_started": owner.started,
                "created_at": at,
            },
        )
    return of_experiment(store, experiment)


def find(store: Store, run_id: int) -> Run | None:
    row = store.one(_RUNS + "WHERE r.id = ?", [run_id])
    return _from_row(row) if row else None


def get(store: Store, run_id: int) -> Run:
    """The run of that number, which must exist."""
    (row,) = store.query(_RUNS + "WHERE r.id = ?", [run_id])
    return _from_row(row)


def newest_first(store: Store, after: int = 0) -> list[Run]:
    rows = store.query(_RUNS + "WHERE r.id > ? ORDER BY r.id DESC", [after])
    return [_from_row(row) for row in rows]


def of_experiment(store: Store, experiment: int) -> list[Run]:
    rows = store.query(_RUNS + "WHERE r.experiment_id = ? ORDER BY r.id", [experiment])
    return [_from_row(row) for row in rows]


def dataset_version_id(store: Store, experiment: int) -> int:
    return int(
        store.scalar("SELECT dataset_version_id FROM experiments WHERE id = ?", [experiment])
    )


def unfinished(store: Store) -> list[tuple[int, Owner]]:
    """Runs that are queued or running, with who supervises them."""
    rows = store.query(
        "SELECT id, owner_pid, owner_started FROM runs WHERE state IN (?, ?) ORDER BY id",
        [RunState.QUEUED.value, RunState.RUNNING.value],
    )
    return [(row["id"], Owner(row["owner_pid"], row["owner_started"])) for row in rows]


def move(store: Store, run_id: int, state: RunState, **columns: Any) -> bool:
    """Change a run's state and columns; False (and no change) where that move is not legal.

    Values that are not text or numbers are kept as JSON.
    """
    current = RunState(store.scalar("SELECT state FROM runs WHERE id = ?", [run_id]))
    if state not in RUN_MOVES[current]:
        return False
    values = {"state": state.value, **columns}
    marks = ", ".join(f'"{name}" = ?' for name in values)
    plain = [
        value if value is None or isinstance(value, str | int | float) else _text(value)
        for value in values.values()
    ]
    store.execute(f"UPDATE runs SET {marks} WHERE id = ?", [*plain, run_id])
    return True


def set_child(store: Store, run_id: int, pid: int, started: float | None) -> None:
    """Note which process trains a run, and when that process began."""
    store.execute(
        "UPDATE runs SET pid = ?, process_started = ? WHERE id = ?", [pid, started, run_id]
    )


def progress(
    store: Store, run_id: int, fraction: float, stage: str, measured: list[tuple[str, int, float]]
) -> None:
    """Note how far a running run is, and what it measured since the last time."""
    store.execute(
        "UPDATE runs SET fraction = ?, stage = ? WHERE id = ? AND state = ?",
        [fraction, stage, run_id, RunState.RUNNING.value],
    )
    store.execute_many(
        "INSERT OR REPLACE INTO run_metrics VALUES (?, ?, ?, ?)",
        [(run_id, *item) for item in measured],
    )


def measured(store: Store, run_id: int) -> list[tuple[str, int, float]]:
    """Name, step and value of all that a run measured on its way."""
    rows = store.query(
        "SELECT name, step, value FROM run_metrics WHERE run_id = ? ORDER BY name, step", [run_id]
    )
    return [(row["name"], row["step"], row["value"]) for row in rows]


def _text(value: object) -> str:
    return json.dumps(to_plain(value), ensure_ascii=False)
