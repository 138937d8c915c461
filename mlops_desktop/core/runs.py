"""Runs: what to train, how far it is, and what came out."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from mlops_desktop.core.datasets import ColumnType, DataWarning
from mlops_desktop.core.profile import ColumnProfile


class Task(StrEnum):
    REGRESSION = "regression"
    BINARY = "binary"
    MULTICLASS = "multiclass"


class Algorithm(StrEnum):
    BASELINE = "baseline"
    LINEAR = "linear"
    RANDOM_FOREST = "random_forest"
    GRADIENT_BOOSTING = "gradient_boosting"

    @property
    def title(self) -> str:  # type: ignore[override]  # No one asks for str.title of these.
        return _TITLES[self]


_TITLES = {
    Algorithm.BASELINE: "Baseline (no features)",
    Algorithm.LINEAR: "Linear",
    Algorithm.RANDOM_FOREST: "Random forest",
    Algorithm.GRADIENT_BOOSTING: "Gradient boosting",
}


@dataclass(frozen=True, slots=True)
class Metric:
    """A goal. title is what charts and tables call it."""

    name: str
    title: str
    tasks: tuple[Task, ...]
    higher_is_better: bool

    def better(self, a: float, b: float) -> bool:
        """True where a is better than b."""
        return a > b if self.higher_is_better else a < b


_CLASSES = (Task.BINARY, Task.MULTICLASS)
METRICS = {
    metric.name: metric
    for metric in (
        Metric("rmse", "RMSE", (Task.REGRESSION,), False),
        Metric("mae", "MAE", (Task.REGRESSION,), False),
        Metric("r2", "R²", (Task.REGRESSION,), True),
        Metric("roc_auc", "ROC AUC", (Task.BINARY,), True),
        Metric("average_precision", "Average precision", (Task.BINARY,), True),
        Metric("f1", "F1", (Task.BINARY,), True),
        Metric("balanced_accuracy", "Balanced accuracy", _CLASSES, True),
        Metric("accuracy", "Accuracy", _CLASSES, True),
        Metric("log_loss", "Log loss", _CLASSES, False),
    )
}
DEFAULT_METRIC = {
    Task.REGRESSION: "rmse",
    Task.BINARY: "roc_auc",
    Task.MULTICLASS: "balanced_accuracy",
}


CLASSES_LIMIT = 20  # A column of whole numbers with more values is read as a quantity.
MIN_ROWS = 50


def task_of(kind: ColumnType, distinct: int, *, whole: bool) -> Task | None:
    """What predicting a column means; None for a date. whole: its numbers are whole ones.

    Text, yes/no and few-valued whole numbers are classes, all else are numbers.
    """
    if kind is ColumnType.DATETIME:
        return None
    few = whole and distinct <= CLASSES_LIMIT
    if kind.is_numeric and not few:
        return Task.REGRESSION
    return Task.BINARY if distinct == 2 else Task.MULTICLASS


def task_of_profile(column: ColumnProfile) -> Task | None:
    """The same from a column's profile, which lists the values of one with few."""
    whole = not column.type.is_numeric or column.distinct <= CLASSES_LIMIT
    if column.type.is_numeric and whole:
        whole = all(float(item.value).is_integer() for item in column.top)
    return task_of(column.type, column.distinct, whole=whole)


def metrics_for(task: Task) -> list[str]:
    """The names of the metrics that fit a task."""
    return [metric.name for metric in METRICS.values() if task in metric.tasks]


class RunState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"

    @property
    def is_over(self) -> bool:
        return not RUN_MOVES[self]


RUN_MOVES: dict[RunState, frozenset[RunState]] = {
    RunState.QUEUED: frozenset({RunState.RUNNING, RunState.CANCELLED, RunState.INTERRUPTED}),
    RunState.RUNNING: frozenset(
        {RunState.DONE, RunState.FAILED, RunState.CANCELLED, RunState.INTERRUPTED}
    ),
    RunState.DONE: frozenset(),
    RunState.FAILED: frozenset(),
    RunState.CANCELLED: frozenset(),
    RunState.INTERRUPTED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class TrainSpec:
    """What the user asks for. budget_s is shared by the runs of one experiment.

    exclude: columns left out of the features. keep: columns whose warning the user has answered
    with "keep it" (leaks, identifiers). parameters override an estimator's defaults.
    """

    dataset: str
    version: int
    target: str
    metric: str | None = None
    budget_s: float = 120.0
    time_column: str | None = None
    group_column: str | None = None
    positive: str | None = None
    exclude: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    algorithms: tuple[Algorithm, ...] = tuple(Algorithm)
    seed: int = 0
    parameters: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Run:
    """One algorithm trained on one dataset version.

    value, low and high: the goal metric on held-out rows and its 95 % bootstrap interval.
    files: artifact name -> SHA-256 of its blob (see blobs/modelfiles.py for the names).
    environment: python, platform and package versions, and the code's version.
    """

    id: int
    experiment: int
    spec: TrainSpec
    algorithm: Algorithm
    state: RunState
    task: Task | None = None
    metric: str | None = None
    value: float | None = None
    low: float | None = None
    high: float | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    warnings: tuple[DataWarning, ...] = ()
    fraction: float = 0.0
    stage: str = ""
    seconds: float | None = None
    error: str = ""
    files: dict[str, str] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    created_at: str = ""
    started_at: str | None = None
    ended_at: str | None = None

    @property
    def title(self) -> str:
        return f"run {self.id}"


def best_run(runs: list[Run]) -> Run | None:
    """The finished run with the best value, the baseline only where nothing else finished."""
    done = [run for run in runs if run.state is RunState.DONE and run.value is not None]
    real = [run for run in done if run.algorithm is not Algorithm.BASELINE] or done
    if not real:
        return None
    sign = -1.0 if METRICS[real[0].metric or "rmse"].higher_is_better else 1.0
    return min(real, key=lambda run: (sign * (run.value or 0.0), run.id))
