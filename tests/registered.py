"""A small workspace with real registered models, built once and copied for each test."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlops_desktop.actions import datasets, models, runs
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.core.datasets import ImportSpec
from mlops_desktop.core.runs import Algorithm, Run, TrainSpec
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.end2end.command import write_customers

_QUICK = (Algorithm.BASELINE, Algorithm.LINEAR)


def build(root: Path) -> None:
    """`leaving`: version 1 approved and champion, 2 waits, 3 blocked by a leak warning."""
    store = Store.open(Workspace(root))
    try:
        lane = DirectLane(store)
        table = write_customers(root / "customers.csv", rows=300)
        datasets.import_file(lane, ImportSpec(str(table), "customers"))
        honest = _train(lane, exclude=("left_on",), algorithms=(*_QUICK, Algorithm.RANDOM_FOREST))
        leaky = _train(lane, algorithms=_QUICK)
        for run in (honest[1], honest[2], leaky[1]):
            models.register(store, run.id, "leaving")
        models.approve(store, "leaving@1", "The first that beats guessing.")
        models.set_alias(store, "leaving", "champion", 1)
    finally:
        store.close()


def _train(lane: DirectLane, **changes: Any) -> list[Run]:
    spec = TrainSpec("customers", 1, "left", positive="Yes", budget_s=3, **changes)
    found = runs.train(lane, spec, workers=2)
    assert [run.error for run in found] == [""] * len(found)
    return found
