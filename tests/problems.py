"""Small tables to train on, with every type of column, missing values and odd texts."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
from sklearn import ensemble as _ensemble  # noqa: F401  Loads the threads' library.
from threadpoolctl import threadpool_limits

from mlops_desktop.core.runs import Algorithm, Task, TrainSpec
from mlops_desktop.ml import export, train
from mlops_desktop.ml.problem import Problem, pose

# Several threads on few values only wait for each other.
threadpool_limits(1)

# Columns hold times without a zone, which are read as UTC.
NEW_YEAR = datetime(2023, 1, 1)  # noqa: DTZ001
TARGET_OF = {Task.REGRESSION: "price", Task.BINARY: "sold", Task.MULTICLASS: "grade"}


def mixed_table(rows: int = 400, seed: int = 0) -> pa.Table:
    """Houses: a price, whether sold, and a grade, that depend on the other columns."""
    rng = np.random.default_rng(seed)
    area = rng.gamma(4.0, 30.0, rows)
    town = rng.choice(["Ulm", "Köln", "Bonn", "=1+1", ""], rows, p=[0.4, 0.3, 0.2, 0.05, 0.05])
    garden = rng.random(rows) < 0.4
    rooms = rng.integers(1, 8, rows)
    listed = [NEW_YEAR + timedelta(hours=int(h)) for h in rng.integers(0, 17000, rows)]
    price = area * 3 + 40 * garden + 25 * (town == "Köln") + 10 * rooms + rng.normal(0, 15, rows)
    chance = 1 / (1 + np.exp((price - np.median(price)) / 60))
    grade = np.array(["low", "middle", "high"])[np.digitize(price, np.quantile(price, [0.3, 0.7]))]

    def gaps(values: Any, share: float) -> list[Any]:
        return [None if rng.random() < share else value for value in values]

    return pa.table(
        {
            "area": pa.array(gaps(area.tolist(), 0.05), pa.float64()),
            "rooms": pa.array(rooms, pa.int64()),
            "town": pa.array(gaps(town.tolist(), 0.05), pa.string()),
            "garden": pa.array(gaps(garden.tolist(), 0.05), pa.bool_()),
            "listed": pa.array(gaps(listed, 0.03), pa.timestamp("us")),
            "price": pa.array(price),
            "sold": pa.array(np.where(rng.random(rows) < chance, "Yes", "No").tolist()),
            "grade": pa.array(grade.tolist()),
        }
    )


def spec_for(task: Task, **changes: Any) -> TrainSpec:
    """A request for that task on mixed_table."""
    others = tuple(name for name in TARGET_OF.values() if name != TARGET_OF[task])
    fields: dict[str, Any] = {"dataset": "houses", "version": 1, "target": TARGET_OF[task]}
    return TrainSpec(**(fields | {"exclude": others} | changes))


def posed(task: Task, rows: int = 400, **changes: Any) -> Problem:
    return pose(mixed_table(rows), spec_for(task, **changes))


def fitted(problem: Problem, algorithm: Algorithm, budget_s: float = 60.0) -> train.Fitted:
    return train.fit(
        problem,
        algorithm,
        deadline=time.monotonic() + budget_s,
        tell=lambda fraction, text: None,
        measured=lambda fold, value: None,
    )


def exported(problem: Problem, algorithm: Algorithm) -> tuple[train.Fitted, export.Exported]:
    found = fitted(problem, algorithm)
    return found, export.export(problem, found.pipeline)
