"""The gates: what a run must have shown before its model may be approved."""

from __future__ import annotations

from mlops_desktop.core.datasets import DataWarning, WarningKind
from mlops_desktop.core.evaluation import Evaluation
from mlops_desktop.core.models import Gate
from mlops_desktop.core.runs import METRICS, Algorithm, Run

LATENCY_LIMIT_MS = 10.0


def judge(run: Run, baseline: Run | None, evaluation: Evaluation) -> tuple[Gate, ...]:
    """Every gate for a finished run, the ones that fail included."""
    return (
        _beats_baseline(run, baseline),
        _same_answers(evaluation),
        _fast_enough(evaluation),
        _leaks_answered(run.warnings),
    )


def _beats_baseline(run: Run, baseline: Run | None) -> Gate:
    """Better than answering without looking at the features, at the 95 % interval's bad end."""
    metric = METRICS[run.metric or "rmse"]
    name = "beats the baseline"
    if run.algorithm is Algorithm.BASELINE:
        return Gate(
            name,
            False,
            "it is the baseline",
            "a model that uses the features",
            "Register another run.",
        )
    if baseline is None or baseline.value is None:
        return Gate(name, False, "no baseline run", "a finished baseline", "Train again with it.")
    worst = run.low if metric.higher_is_better else run.high
    assert worst is not None
    sign = "above" if metric.higher_is_better else "below"
    return Gate(
        name,
        metric.better(worst, baseline.value),
        f"{metric.title} {run.value:.4g} (95 %: {run.low:.4g} to {run.high:.4g})",
        f"{sign} {baseline.value:.4g}",
        "The whole 95 % interval must be better than always giving the same answer.",
    )


def _same_answers(evaluation: Evaluation) -> Gate:
    """The served model must answer as the trained one did, on every held-out row."""
    parity = evaluation.parity
    return Gate(
        "served answers agree",
        parity.passed,
        f"largest difference {parity.max_abs:.2g} over {parity.rows:,} held-out rows",
        f"at most {parity.tolerance:.2g}",
        "The fast form that serves must answer what the trained pipeline answers.",
    )


def _fast_enough(evaluation: Evaluation) -> Gate:
    p99 = evaluation.latency_us["p99"] / 1000
    return Gate(
        "fast enough",
        p99 <= LATENCY_LIMIT_MS,
        f"{p99:.2g} ms for one row (99 of 100)",
        f"at most {LATENCY_LIMIT_MS:g} ms",
        "Measured on this machine, without the network.",
    )


def _leaks_answered(warnings: tuple[DataWarning, ...]) -> Gate:
    leaks = [w for w in warnings if w.kind is WarningKind.LEAK]
    open_ = [w for w in leaks if not w.answered]
    actual = f"{len(leaks)} found, all answered" if leaks else "none among its inputs"
    if open_:
        actual = open_[0].what
    return Gate(
        "leak warnings answered",
        not open_,
        actual,
        "no warning left open",
        "A column that repeats the target makes a model that is useless on new data.",
    )
