"""All that is shown of one run: the run, its evaluation, its data, and what became of it."""

from __future__ import annotations

from dataclasses import dataclass

from mlops_desktop.actions import runs
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.evaluation import Evaluation
from mlops_desktop.core.runs import Run, RunState
from mlops_desktop.store import datasets, models
from mlops_desktop.store import runs as run_rows
from mlops_desktop.store.store import Store


@dataclass(frozen=True, slots=True)
class RunDetails:
    """evaluation: None unless the run is done. folds: the goal metric of each fold so far.

    data: also where it is deleted. model: the version that was registered from the run, such as
    `demand@2`, or nothing.
    """

    run: Run
    evaluation: Evaluation | None
    folds: tuple[float, ...]
    data: DatasetVersion
    model: str


def details(store: Store, run_id: int) -> RunDetails:
    """Raises NotFound, and Damaged where the evaluation cannot be read."""
    run = runs.get_run(store, run_id)
    measured = runs.measured(store, run_id)
    model = models.find_by_run(store, run_id)
    return RunDetails(
        run,
        runs.evaluation(store, run) if run.state is RunState.DONE else None,
        tuple(value for _, _, value in sorted(measured, key=lambda item: item[1])),
        datasets.by_id(store, run_rows.dataset_version_id(store, run.experiment)),
        model.ref if model is not None else "",
    )
