"""The Train panel: the form, live runs, failures in place, and registering."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import answers, datasets, runs
from mlops_desktop.core.answers import Answer
from mlops_desktop.core.datasets import DatasetVersion, ImportSpec
from mlops_desktop.core.runs import Algorithm, Run, RunState, TrainSpec
from mlops_desktop.panels.runs import RunsPanel
from mlops_desktop.panels.runs.words import run_columns
from mlops_desktop.paths import Workspace
from mlops_desktop.store import runs as run_rows
from mlops_desktop.store.store import Store
from mlops_desktop.widgets.row_table import RowTable
from mlops_desktop.work.jobs import Jobs
from tests.clicking import ask, click

WAIT_MS = 60_000


@pytest.fixture
def rentals(jobs: Jobs, rentals_csv: Path, qtbot: QtBot) -> DatasetVersion:
    found: list[DatasetVersion] = []
    spec = ImportSpec(str(rentals_csv), "rentals")
    jobs.start(
        jobs, "", lambda lane, context: datasets.import_file(lane, spec, context), found.append
    )
    qtbot.waitUntil(lambda: bool(found), timeout=WAIT_MS)
    return found[0]


@pytest.fixture
def panel(qtbot: QtBot, jobs: Jobs, workspace: Workspace) -> RunsPanel:
    panel = RunsPanel(jobs, workspace)
    qtbot.addWidget(panel)
    panel.resize(1178, 686)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.shown()
    qtbot.waitUntil(lambda: panel._loaded, timeout=WAIT_MS)
    return panel


def open_form(panel: RunsPanel, qtbot: QtBot) -> None:
    panel.show_thing("data:rentals@1")
    qtbot.waitUntil(panel.form.button.isEnabled, timeout=WAIT_MS)


def test_that_without_data_it_points_to_data(panel: RunsPanel, qtbot: QtBot):
    assert panel._stack.currentIndex() == 1


def test_that_the_form_leaves_out_what_the_warnings_say(
    rentals: DatasetVersion, panel: RunsPanel, qtbot: QtBot
):
    leak = next(w for w in rentals.warnings if w.kind.value == "leak")
    open_form(panel, qtbot)
    panel.form.target.setCurrentText("total")
    spec = panel.form.spec()
    assert spec is not None
    assert set(spec.exclude) == {"id", "member", "guest"}
    assert (spec.metric, spec.time_column, spec.positive) == ("rmse", "day", None)
    ask(panel._jobs, lambda store: answers.answer(store, "rentals", leak, Answer.KEEP), qtbot)
    panel.escape()
    open_form(panel, qtbot)
    panel.form.target.setCurrentText("total")
    spec = panel.form.spec()
    assert spec is not None
    assert spec.exclude == ("id",)
    assert set(spec.keep) == {"member", "guest"}


def test_that_classes_bring_other_goals(rentals: DatasetVersion, panel: RunsPanel, qtbot: QtBot):
    open_form(panel, qtbot)
    panel.form.target.setCurrentText("weather")
    assert panel.form.goal.currentData() == "balanced_accuracy"
    assert not panel.form.positive.isVisible()


def test_that_time_and_groups_exclude_each_other(
    rentals: DatasetVersion, panel: RunsPanel, qtbot: QtBot
):
    open_form(panel, qtbot)
    panel.form.judging.group_box.setCurrentText("weather")
    spec = panel.form.spec()
    assert spec is not None
    assert (spec.time_column, spec.group_column) == (None, "weather")


def test_that_a_run_is_trained_shown_and_registered(
    rentals: DatasetVersion, panel: RunsPanel, qtbot: QtBot
):
    click(panel, "train-first", qtbot)
    qtbot.waitUntil(panel.form.button.isEnabled, timeout=WAIT_MS)
    panel.form.target.setCurrentText("total")
    for algorithm in (Algorithm.RANDOM_FOREST, Algorithm.GRADIENT_BOOSTING):
        panel.form._extra._boxes[algorithm].setChecked(False)
    click(panel, "train-button", qtbot)
    qtbot.waitUntil(panel.detail.head.register.isVisible, timeout=WAIT_MS)
    qtbot.waitUntil(lambda: not panel.trainings._running, timeout=WAIT_MS)
    qtbot.waitUntil(
        lambda: {run.state for run in panel.table.rows()} == {RunState.DONE}, timeout=WAIT_MS
    )
    assert "typical row" in panel.detail.head.verdict.text()
    for tab in (1, 2, 0):
        panel.detail.tabs.set_current(tab)
    qtbot.waitUntil(panel.detail.head.register.isVisible, timeout=WAIT_MS)
    click(panel, "register-run", qtbot)
    panel.detail.head.ask.line.setText("demand")
    with qtbot.waitSignal(panel.open_panel, timeout=WAIT_MS) as opened:
        click(panel, "register-button", qtbot)
    assert opened.args == ["models", "demand@1"]
    qtbot.waitUntil(panel.detail.head.open_model.isVisible, timeout=WAIT_MS)


def test_that_a_refused_request_is_explained_in_the_form(
    rentals: DatasetVersion, panel: RunsPanel, qtbot: QtBot
):
    open_form(panel, qtbot)
    panel.form.target.setCurrentText("day")
    click(panel, "train-button", qtbot)
    qtbot.waitUntil(panel.form.refusal.box.isVisible, timeout=WAIT_MS)
    assert "cannot be predicted" in panel.form.refusal.box.accessibleName()


def queued(panel: RunsPanel, qtbot: QtBot) -> list[Run]:
    spec = TrainSpec("rentals", 1, "total", algorithms=(Algorithm.LINEAR,))
    return ask(panel._jobs, lambda store: runs.start_experiment(store, spec), qtbot)


def test_that_a_failed_run_shows_its_cause_and_a_way_on(
    rentals: DatasetVersion, panel: RunsPanel, qtbot: QtBot
):
    def fail(store: Store) -> bool:
        with store.write("runs"):
            run_rows.move(store, run.id, RunState.RUNNING)
            return run_rows.move(store, run.id, RunState.FAILED, error="The moon was full.")

    run = queued(panel, qtbot)[-1]
    assert ask(panel._jobs, fail, qtbot)
    panel.show_thing(run.id)
    qtbot.waitUntil(panel.detail.error.isVisible, timeout=WAIT_MS)
    assert "The moon was full." in panel.detail.error.accessibleName()
    click(panel, "train-again", qtbot)
    qtbot.waitUntil(panel.form.button.isEnabled, timeout=WAIT_MS)
    assert panel.form.target.currentText() == "total"
    assert Algorithm.RANDOM_FOREST not in panel.form._extra.algorithms()


def test_that_a_run_that_still_waits_can_be_stopped(
    rentals: DatasetVersion, panel: RunsPanel, jobs: Jobs, qtbot: QtBot
):
    jobs.set_training_workers(1)
    panel.trainings.supervise(queued(panel, qtbot))
    waiting = min(panel.trainings._running)
    panel._stop(waiting)
    qtbot.waitUntil(
        lambda: (
            panel._runs.get(waiting) is not None
            and panel._runs[waiting].state is RunState.CANCELLED
        ),
        timeout=WAIT_MS,
    )
    for number in list(panel.trainings._running):
        panel._stop(number)
    qtbot.waitUntil(lambda: all(r.state.is_over for r in panel._runs.values()), timeout=WAIT_MS)


def test_that_what_matters_of_a_run_is_seen_without_scrolling() -> None:
    first = run_columns()[:5]
    assert [column.title for column in first] == ["Run", "Data", "Algorithm", "Value", "State"]
    assert sum(column.width or 999 for column in first) <= 520, "The table's room at 1366."


def test_that_ten_thousand_runs_sort_in_a_tenth_of_a_second(qtbot: QtBot):
    spec = TrainSpec("rentals", 1, "total")
    rows = [
        Run(n, n, spec, Algorithm.LINEAR, RunState.DONE, metric="rmse", value=n * 7919 % 9973)
        for n in range(10_000, 0, -1)
    ]
    table: RowTable[Run] = RowTable(run_columns(), "Runs", key=lambda run: run.id)
    qtbot.addWidget(table)
    table.set_rows(rows)
    took = []
    for column in (3, 1, 5):
        begun = time.monotonic()
        table.sort_by(column, descending=True)
        took.append(time.monotonic() - begun)
    assert min(took) < 0.1
