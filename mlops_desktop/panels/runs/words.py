"""How runs are put in words: figures, states, and the columns of the table of runs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QCoreApplication

from mlops_desktop.core.profile import ColumnProfile
from mlops_desktop.core.runs import METRICS, Algorithm, Run, RunState, Task
from mlops_desktop.widgets.row_model import Column, Kind

_KINDS: dict[RunState, Kind] = {
    RunState.QUEUED: "neutral",
    RunState.RUNNING: "info",
    RunState.DONE: "ok",
    RunState.FAILED: "error",
    RunState.CANCELLED: "neutral",
    RunState.INTERRUPTED: "warn",
}


def tr(text: str) -> str:
    return QCoreApplication.translate("Runs", text)


def figure(value: float) -> str:
    """Four digits, as in tables and verdicts."""
    return f"{value:,.4g}" if abs(value) < 1e6 else f"{value:.4g}"


def algorithm_name(algorithm: Algorithm) -> str:
    return tr("Baseline") if algorithm is Algorithm.BASELINE else algorithm.title


def metric_title(name: str | None) -> str:
    return METRICS[name].title if name in METRICS else (name or "")


def interval(run: Run) -> str:
    """`49.8 to 52.6`, or nothing."""
    if run.low is None or run.high is None:
        return ""
    return tr("{0} to {1}").format(figure(run.low), figure(run.high))


def task_words(name: str, task: Task | None, column: ColumnProfile | None) -> str:
    """What predicting a column means."""
    if task is None or column is None:
        return tr("A date cannot be predicted.")
    if task is Task.REGRESSION:
        return tr("{0} is a number: the runs estimate how much.").format(name)
    if task is Task.BINARY:
        return tr("{0} has two classes: the runs find one of them.").format(name)
    if column.distinct > 100 and 2 * column.distinct > column.rows:
        text = tr("{0} has {1} different values, too many to be classes. Choose another.")
        return text.format(name, f"{column.distinct:,}")
    return tr("{0} has {1} classes: the runs tell them apart.").format(name, f"{column.distinct:,}")


def state_word(run: Run) -> str:
    if run.state is RunState.RUNNING:
        return tr("training {0} %").format(round(100 * run.fraction))
    return str(run.state)


def state_kind(run: Run) -> Kind:
    return _KINDS[run.state]


def seconds(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:.1f} s" if value < 60 else f"{value // 60:.0f} min {value % 60:.0f} s"


def listed(names: Sequence[str]) -> str:
    """`a, b and c`, or a dash."""
    if len(names) < 2:
        return names[0] if names else "\u2013"
    return tr("{0} and {1}").format(", ".join(names[:-1]), names[-1])


def _run_name(number: int) -> str:
    return f"run {number}"


def _data(run: Run) -> str:
    return f"{run.spec.dataset}@{run.spec.version}"


def run_columns() -> tuple[Column[Run], ...]:
    """Of the table of runs; sorted by numbers, shown in words. The first five fit beside a run at
    a window of 1366: what was trained on what, and how well.
    """
    return (
        Column(tr("Run"), lambda run: run.id, align="left", format=_run_name, width=60),
        Column(tr("Data"), _data, tip=_data, width=112),
        Column(tr("Algorithm"), lambda run: algorithm_name(run.algorithm), width=136),
        Column(tr("Value"), lambda run: run.value, align="right", format=figure, width=88),
        Column(tr("State"), state_word, chip=state_kind, width=120),
        Column(tr("95 %"), interval, align="right", width=134),
        Column(tr("Metric"), lambda run: metric_title(run.metric)),
        Column(tr("Target"), lambda run: run.spec.target),
        Column(tr("Took"), lambda run: run.seconds, align="right", format=seconds),
    )
