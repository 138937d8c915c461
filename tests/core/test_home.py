"""Home names the one thing that holds the loop up."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mlops_desktop.core.home import Facts, Stage, Tone, counted, next_step, stages

WELL = Facts(
    dataset_versions=1,
    datasets=1,
    newest_dataset="bike version 1",
    runs=4,
    runs_done=4,
    best_run=3,
    best_value="RMSE 51",
    model_versions=1,
    approved="demand v1",
    champion="demand v1",
    running=("demand v1",),
    deployments=1,
    predictions=100,
    labels=50,
)


@pytest.mark.parametrize(
    ("change", "title", "stage"),
    [
        ({"dataset_versions": 0}, "Next: bring in data", Stage.DATA),
        ({"waiting": "demand v2"}, "Next: decide on demand v2", Stage.MODELS),
        ({"runs_active": 2}, "Training is under way", Stage.TRAIN),
        ({"runs_done": 0}, "Next: train the first model", Stage.TRAIN),
        ({"model_versions": 0}, "Next: register run 3", Stage.TRAIN),
        (
            {"approved": "", "blocked": "demand v1"},
            "Next: see why demand v1 is blocked",
            Stage.MODELS,
        ),
        ({"running": ()}, "Next: deploy demand v1", Stage.DEPLOY),
        ({"predictions": 0}, "Next: ask the model something", Stage.DEPLOY),
        ({"labels": 0}, "Next: tell what was true", Stage.MONITOR),
        ({}, "All is well", Stage.MONITOR),
    ],
)
def test_that_the_next_step_is_the_worst_open_thing(
    change: dict[str, object], title: str, stage: Stage
) -> None:
    step = next_step(replace(WELL, **change))  # type: ignore[arg-type]
    assert step is not None
    assert (step.title, step.stage) == (title, stage)


@pytest.mark.parametrize(
    "change",
    [
        {"failed_deployment": "demand"},
        {"alerts": 1, "alert_deployment": "demand"},
        {"blocked_data": "bike@2"},
    ],
)
def test_that_all_is_not_well_while_something_needs_attention(change: dict[str, object]) -> None:
    assert next_step(replace(WELL, **change)) is None  # type: ignore[arg-type]


def test_that_a_blocked_version_is_red_on_its_stage() -> None:
    data = stages(replace(WELL, blocked_data="bike@2"))[0]
    assert (data.note, data.tone) == ("bike@2 is blocked", Tone.ERROR)


def test_that_an_empty_workspace_is_no_alarm() -> None:
    assert {status.tone for status in stages(Facts())} == {Tone.NEUTRAL}


def test_that_a_whole_loop_shows_green() -> None:
    assert {status.tone for status in stages(WELL)} == {Tone.OK}


def test_that_counts_are_words() -> None:
    assert [counted(n, "run") for n in (0, 1, 1200)] == ["0 runs", "1 run", "1,200 runs"]
