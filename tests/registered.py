"""A small workspace with real registered models, built once and copied for each test."""

from __future__ import annotations

from pathlib import Path

from mlops_desktop.actions import datasets, models, runs
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.core.datasets import ImportSpec
from mlops_desktop.core.runs import Algorithm, TrainSpec
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.end2end.command import write_customers

_ALGORITHMS = (Algorithm.BASELINE, Algorithm.LINEAR)


def build(root: Path) -> None:
    """`leaving`: version 1 approved and champion, 2 waits, 3 blocked by a leak warning."""
    store = Store.open(Workspace(root))
    try:
        lane = DirectLane(store)
        table = write_customers(root / "customers.csv", rows=300)
        datasets.import_file(lane, ImportSpec(str(table), "customers"))
        for number, exclude in enumerate((("left_on",), ("left_on", "online"), ()), start=1):
            spec = TrainSpec(
                "customers",
                1,
                "left",
                positive="Yes",
                exclude=exclude,
                algorithms=_ALGORITHMS,
                budget_s=5,
            )
            run = runs.train(lane, spec)[-1]
            assert run.error == ""
            models.register(store, run.id, "leaving")
            if number == 1:
                models.approve(store, "leaving@1", "The first that beats guessing.")
                models.set_alias(store, "leaving", "champion", 1)
    finally:
        store.close()
