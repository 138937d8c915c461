"""Finding datasets, runs, models, deployments and columns by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mlops_desktop.core.finding import Found, Thing
from mlops_desktop.core.home import counted
from mlops_desktop.core.places import DataPlace
from mlops_desktop.core.runs import Algorithm
from mlops_desktop.store import finding as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Row, Store

_RUNS, _COLUMNS = 5000, 5000  # The newest; more would make a palette slow to type in.


def things(store: Store) -> list[Thing]:
    """Everything that has a name, the deployments and models first, columns last."""
    versions = rows.data_versions(store)
    return [
        *(_deployment(row) for row in rows.deployments(store)),
        *(_model(row) for row in rows.model_versions(store)),
        *(_dataset(row) for row in versions if row["newest"]),
        *(_version(row) for row in versions),
        *(_run(row) for row in rows.runs(store, _RUNS)),
        *(_column(row) for row in rows.columns(store, _COLUMNS)),
    ]


def _deployment(row: Row) -> Thing:
    about = f"{row['state']}, {row['model']} v{row['version']}"
    return Thing(Found.DEPLOYMENT, row["name"], about, "deploy", row["name"])


def _model(row: Row) -> Thing:
    ref = f"{row['name']}@{row['version']}"
    return Thing(Found.MODEL, ref, row["aliases"] or "", "models", ref)


def _dataset(row: Row) -> Thing:
    ref = f"{row['name']}@{row['version']}"
    return Thing(Found.DATASET, row["name"], f"newest v{row['version']}", "data", DataPlace(ref))


def _version(row: Row) -> Thing:
    ref = f"{row['name']}@{row['version']}"
    about = ", ".join(part for part in (row["tags"], counted(row["rows"], "row")) if part)
    return Thing(Found.VERSION, ref, about, "data", DataPlace(ref))


def _run(row: Row) -> Thing:
    about = f"{Algorithm(row['algorithm']).title}, {row['name']}@{row['version']}, {row['state']}"
    return Thing(Found.RUN, f"run {row['id']}", about, "train", row["id"])


def _column(row: Row) -> Thing:
    ref = f"{row['name']}@{row['version']}"
    place = DataPlace(ref, column=row["column"])
    return Thing(Found.COLUMN, row["column"], ref, "data", place)
