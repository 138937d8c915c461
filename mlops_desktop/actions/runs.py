"""Training: start an experiment, supervise each of its runs in a child process, look at them."""

from __future__ import annotations

import json
import logging
import math
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import TYPE_CHECKING, Any

from mlops_desktop.actions import checks, datasets, origins, processes, recipes, settings
from mlops_desktop.actions.children import run_child, scratch
from mlops_desktop.actions.following import Poster, SharedProgress
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.requests import check_request
from mlops_desktop.blobs import modelfiles, objects
from mlops_desktop.core import clock
from mlops_desktop.core.errors import Cancelled, NotFound, UserError
from mlops_desktop.core.evaluation import Evaluation
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.core.runs import Algorithm, Run, RunState, TrainSpec
from mlops_desktop.paths import Workspace
from mlops_desktop.store import datasets as dataset_rows
from mlops_desktop.store import runs as rows

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

log = logging.getLogger(__name__)


def begin(
    lane: Lane, spec: TrainSpec, context: Context | None = None, *, despite_checks: str = ""
) -> list[Run]:
    """As start_experiment, after running checks that have not been run on the version yet."""
    checks.up_to_date(lane, Ref(spec.dataset, version=spec.version), context)
    return lane(lambda store: start_experiment(store, spec, despite_checks=despite_checks))


def start_experiment(store: Store, spec: TrainSpec, *, despite_checks: str = "") -> list[Run]:
    """Check what is asked for, and queue its runs. Raises UserError.

    The baseline is always among them: the gate of a model compares with it. Raises ChecksFailed
    where the data broke a rule that blocks, unless despite_checks says why that is no matter.
    """
    version = datasets.get_version(store, Ref(spec.dataset, version=spec.version))
    check_request(store.workspace, version, spec)
    wanted = {Algorithm.BASELINE, *spec.algorithms}
    algorithms = [algorithm for algorithm in Algorithm if algorithm in wanted]
    with store.write("runs"):
        checks.require(store, version, despite_checks)
        runs = rows.add_experiment(store, spec, version.id, algorithms, _myself())
        store.audit(
            "experiment.started",
            f"experiment {runs[0].experiment}",
            data=version.ref,
            target=spec.target,
            runs=[run.id for run in runs],
        )
    return runs


def supervise(
    lane: Lane, run_id: int, context: Context | None = None, workers: int | None = None
) -> Run:
    """Run a queued run in a child process to its end; the answer is the run as it ended.

    A failure or a cancel is no exception here but a state of the run. workers: how many runs
    train at once, by which the experiment's time budget and the cores are shared.
    """
    context = context or Context()
    if context.cancelled.is_set():
        return lane(lambda store: _end(store, run_id, RunState.CANCELLED))
    run = lane(lambda store: _begin(store, run_id))
    try:
        return _run(lane, run, context, workers)
    except Cancelled:
        return lane(lambda store: _end(store, run_id, RunState.CANCELLED))
    except UserError as error:
        text = str(error)
    except Exception as error:
        log.exception("run %s failed", run_id)
        last = str(error).strip().splitlines()[-1:] or [type(error).__name__]
        text = f"The training stopped by an error of ours: {last[0]}"
    return lane(lambda store: _end(store, run_id, RunState.FAILED, error=text))


def train(
    lane: Lane,
    spec: TrainSpec,
    context: Context | None = None,
    workers: int | None = None,
    *,
    despite_checks: str = "",
) -> list[Run]:
    """Start an experiment and supervise all its runs; the answer is how they ended.

    Raises UserError for a request that does not fit the data, ChecksFailed, Cancelled.
    """
    context = context or Context()
    count = workers or lane(settings.training_workers)
    queued = begin(lane, spec, context, despite_checks=despite_checks)
    shared = SharedProgress(context, len(queued))
    # The slow ones first, so that none of them is left alone at the end.
    slowest_first = sorted(queued, key=lambda run: -list(Algorithm).index(run.algorithm))
    with ThreadPoolExecutor(count, thread_name_prefix="training") as pool:
        ended = list(
            pool.map(lambda run: supervise(lane, run.id, shared.of(run), count), slowest_first)
        )
    context.checkpoint()
    return sorted(ended, key=lambda run: run.id)


def supervise_or_raise(lane: Lane, run_id: int, context: Context | None = None) -> Run:
    """As supervise, for a job that is to end as its run does: raises UserError or Cancelled."""
    run = supervise(lane, run_id, context)
    if run.state is RunState.CANCELLED:
        raise Cancelled
    if run.state is RunState.FAILED:
        raise UserError(f"{run.title} failed.", why=run.error)
    return run


def cancel_queued(store: Store, run_id: int) -> Run:
    """End a run that nobody has begun to supervise. A running one is stopped by its context."""
    run = get_run(store, run_id)
    return _end(store, run_id, RunState.CANCELLED) if run.state is RunState.QUEUED else run


def list_runs(store: Store, after: int = 0) -> list[Run]:
    """Every run with a number above `after`, newest first."""
    return rows.newest_first(store, after)


def news(store: Store, after: int, running: Iterable[int]) -> list[Run]:
    """Runs with a number above `after`, and how the running ones are now: for who has the rest."""
    return list_runs(store, after) + [rows.get(store, run_id) for run_id in running]


def get_run(store: Store, run_id: int) -> Run:
    """The run of that number. Raises NotFound."""
    found = rows.find(store, run_id)
    if found is None:
        last = store.scalar("SELECT max(id) FROM runs")
        hint = f"The newest is {last}." if last else "Train first."
        raise NotFound(f"There is no run {run_id}.", hint=hint)
    return found


def experiment_runs(store: Store, experiment: int) -> list[Run]:
    """The runs that were started together."""
    return rows.of_experiment(store, experiment)


def measured(store: Store, run_id: int) -> list[tuple[str, int, float]]:
    """Name, step and value of what a run measured on its way: the goal metric of each fold."""
    return rows.measured(store, run_id)


def evaluation(store: Store, run: Run) -> Evaluation:
    """What a finished run showed on held-out rows. Raises UserError for a run without it."""
    data = objects.get_bytes(store.workspace, _file(run, modelfiles.EVALUATION))
    return from_plain(Evaluation, json.loads(data))


def heldout(workspace: Workspace, run: Run) -> Any:
    """The held-out rows as an Arrow table: row, actual, predicted, probabilities. No store."""
    import pyarrow as pa  # noqa: PLC0415  Not needed by those who only list.
    from pyarrow import parquet  # noqa: PLC0415

    data = objects.get_bytes(workspace, _file(run, modelfiles.HELDOUT))
    return parquet.read_table(pa.BufferReader(data))


def recover(store: Store) -> list[int]:
    """Mark runs as interrupted whose supervising process is gone; the answer is their numbers.

    Their children are gone too: they end with the process that started them.
    """
    gone = [
        run_id
        for run_id, owner in rows.unfinished(store)
        if not processes.is_alive(owner.pid, owner.started)
    ]
    for run_id in gone:
        _end(store, run_id, RunState.INTERRUPTED, error="The app ended while it ran.")
    return gone


def _run(lane: Lane, run: Run, context: Context, workers: int | None) -> Run:
    count = workers or lane(settings.training_workers)
    workspace = lane(lambda store: store.workspace)
    folder = workspace.run(run.id)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    poster = Poster(lane, run.id)
    with scratch(workspace, "train") as out:
        # From here until its files are in the book, no clean-up can move or free anything.
        version = lane(
            lambda store: dataset_rows.by_id(store, rows.dataset_version_id(store, run.experiment))
        )
        job: dict[str, object] = {
            "workspace": str(workspace.root.absolute()),
            "manifest": version.manifest,
            "recipe": origins.for_training(lane(lambda store: recipes.chain(store, version))),
            "spec": to_plain(run.spec),
            "algorithm": run.algorithm.value,
            "threads": max(1, (os.cpu_count() or 1) // count),
            "budget_s": _share(run.spec, count),
            "out": str(out.absolute()),
        }
        result: dict[str, Any] = run_child(
            "train",
            job,
            folder,
            context,
            on_event=poster.take,
            on_start=lambda pid: lane(lambda store: _note_child(store, run.id, pid)),
        )
        context.checkpoint()
        files = {name: objects.put_file(workspace, out / name) for name in result["files"]}
        keep = ("task", "metric", "value", "low", "high", "metrics", "warnings", "environment")
        columns = {name: result[name] for name in keep} | {"files": files, "fraction": 1.0}
        return lane(lambda store: _end(store, run.id, RunState.DONE, **columns))


def _share(spec: TrainSpec, workers: int) -> float:
    """The seconds of one run, where the experiment's runs take turns. The baseline takes none."""
    slow = len(set(spec.algorithms) - {Algorithm.BASELINE})
    return spec.budget_s / max(1, math.ceil(slow / workers))


def _begin(store: Store, run_id: int) -> Run:
    """Take a queued run: nobody else can from here on."""
    with store.write("runs"):
        run = get_run(store, run_id)
        if not rows.move(store, run_id, RunState.RUNNING, started_at=clock.now()):
            raise UserError(f"Run {run_id} is {run.state} already.", hint="Start a new experiment.")
        store.audit("run.started", run.title)
    return run


def _note_child(store: Store, run_id: int, pid: int) -> None:
    with store.write("runs"):
        rows.set_child(store, run_id, pid, processes.started_at(pid))


def _end(store: Store, run_id: int, state: RunState, **columns: Any) -> Run:
    """Move a run to where it ended. Where it has ended already, that stays."""
    with store.write("runs"):
        at = clock.now()
        started = rows.get(store, run_id).started_at
        seconds = None
        if started is not None:
            seconds = (clock.from_iso(at) - clock.from_iso(started)) / 1e6
        if rows.move(store, run_id, state, ended_at=at, seconds=seconds, stage="", **columns):
            run = rows.get(store, run_id)
            store.audit("run.ended", run.title, state=state.value, value=run.value, files=run.files)
    return rows.get(store, run_id)


def _file(run: Run, name: str) -> str:
    if name not in run.files:
        raise UserError(
            f"Run {run.id} is {run.state}, so it has nothing to show.",
            why=run.error,
            hint="Choose a run that is done.",
        )
    return run.files[name]


@cache
def _myself() -> rows.Owner:
    return rows.Owner(os.getpid(), processes.started_at(os.getpid()) or 0.0)
