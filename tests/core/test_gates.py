"""The gates say no where they must."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlops_desktop.core import gates
from mlops_desktop.core.datasets import DataWarning, WarningKind
from mlops_desktop.core.evaluation import Evaluation, Parity, Split
from mlops_desktop.core.runs import Algorithm, Run, RunState, Task, TrainSpec

RUN = Run(
    id=2,
    experiment=1,
    spec=TrainSpec("bike", 1, "cnt"),
    algorithm=Algorithm.RANDOM_FOREST,
    state=RunState.DONE,
    task=Task.REGRESSION,
    metric="rmse",
    value=40.0,
    low=38.0,
    high=42.0,
)
BASELINE = replace(RUN, id=1, algorithm=Algorithm.BASELINE, value=180.0, low=175.0, high=185.0)
SEEN = Evaluation(
    metric="rmse",
    metrics={},
    baseline={},
    verdict="",
    split=Split("shuffled", 400, 100),
    parity=Parity(max_abs=1e-6, tolerance=1e-4, rows=100),
    latency_us={"p50": 20.0, "p99": 60.0},
)
LEAK = DataWarning(WarningKind.LEAK, ("casual",), "casual repeats cnt", "", "")


def failed(run: Run, baseline: Run | None = BASELINE, seen: Evaluation | None = None) -> list[str]:
    return [g.name for g in gates.judge(run, baseline, seen or SEEN) if not g.passed]


def test_that_a_good_run_passes_every_gate() -> None:
    assert failed(RUN) == []


def test_that_an_interval_that_reaches_the_baseline_fails() -> None:
    assert failed(replace(RUN, high=190.0)) == ["beats the baseline"]


def test_that_for_a_metric_where_more_is_better_the_low_end_counts() -> None:
    run = replace(RUN, metric="roc_auc", value=0.8, low=0.45, high=0.9)
    baseline = replace(BASELINE, metric="roc_auc", value=0.5)
    assert failed(run, baseline) == ["beats the baseline"]
    assert failed(replace(run, low=0.7), baseline) == []


@pytest.mark.parametrize("baseline", [None, replace(BASELINE, value=None)])
def test_that_without_a_baseline_nothing_is_proved(baseline: Run | None) -> None:
    assert failed(RUN, baseline) == ["beats the baseline"]


def test_that_the_baseline_itself_never_passes() -> None:
    assert failed(BASELINE) == ["beats the baseline"]


def test_that_answers_that_differ_when_served_fail() -> None:
    seen = replace(SEEN, parity=Parity(max_abs=0.5, tolerance=1e-4, rows=100))
    assert failed(RUN, seen=seen) == ["served answers agree"]


def test_that_a_slow_answer_fails() -> None:
    seen = replace(SEEN, latency_us={"p50": 9000.0, "p99": 10_001.0})
    assert failed(RUN, seen=seen) == ["fast enough"]


def test_that_a_leak_warning_must_be_answered() -> None:
    assert failed(replace(RUN, warnings=(LEAK,))) == ["leak warnings answered"]
    assert failed(replace(RUN, warnings=(replace(LEAK, answered=True),))) == []
