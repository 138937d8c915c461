"""The Monitor panel over recorded predictions: words, alerts, changes, labels, ranges of time."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from PySide6.QtWidgets import QComboBox, QLabel, QLineEdit, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import monitoring
from mlops_desktop.core.monitoring import MonitorSummary
from mlops_desktop.panels.monitoring import MonitoringPanel
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.error_chart import ErrorChart
from mlops_desktop.widgets.heat_map import HeatMap
from mlops_desktop.work.jobs import Jobs
from tests.clicking import click
from tests.monitored import NEXT, SPAN_H, START, rows_of, watched

_BEGIN = START + timedelta(hours=NEXT)


@pytest.fixture
def panel(workspace: Workspace, jobs: Jobs, qtbot: QtBot) -> Iterator[MonitoringPanel]:
    made = MonitoringPanel(jobs, workspace)
    qtbot.addWidget(made)
    made.resize(1178, 686)
    yield made
    made.hide()


def record(root: Path, windows: int, *, shift: float = 0.0, wrong: float = 0.0) -> list[str]:
    """Fill so many windows of two weeks; from the second on with inputs moved by shift and
    answers off by wrong. The answer is label lines: prediction id, true value."""
    lines: list[str] = []
    with watched(root) as one:
        for number in range(windows):
            moved = shift if number else 0.0
            start = _BEGIN + timedelta(hours=number * SPAN_H)
            rows, actual = rows_of(start, SPAN_H, number + 1, moved)
            said = [10 * row[1] + (wrong if number else 0.0) for row in rows]
            ids = one.record(rows, said)
            lines += [f"{i},{float(a)!r}" for i, a in zip(ids, actual, strict=True)]
    return lines


def label(root: Path, lines: list[str]) -> None:
    with watched(root) as one:
        ids, values = zip(*(line.split(",") for line in lines), strict=True)
        monitoring.add_labels_table(one.lane, "d", ids, values, "test")


def summary(root: Path) -> MonitorSummary:
    with watched(root) as one:
        return monitoring.show(one.store, "d")


def text(panel: MonitoringPanel, name: str) -> str:
    found = panel.findChild(QLabel, name)
    return found.text() if found is not None and found.isVisible() else ""


def result(panel: MonitoringPanel) -> str:
    found = panel.findChild(QWidget, "monitor-result")
    return " ".join(w.text() for w in found.findChildren(QLabel)) if found is not None else ""


def opened(panel: MonitoringPanel, qtbot: QtBot, words: str) -> None:
    panel.show()
    qtbot.waitUntil(lambda: words in text(panel, "monitor-verdict"), timeout=10_000)


def test_that_without_a_deployment_the_way_to_one_is_shown(panel: MonitoringPanel, qtbot: QtBot):
    panel.show()
    qtbot.waitUntil(lambda: panel.findChild(QPushButton, "monitor-deploy").isVisible())
    with qtbot.waitSignal(panel.open_panel) as asked:
        click(panel, "monitor-deploy", qtbot)
    assert asked.args == ["deploy", None]
    assert not panel.head.isVisible()


def test_that_without_predictions_try_it_is_offered(
    workspace_dir: Path, panel: MonitoringPanel, qtbot: QtBot
):
    with watched(workspace_dir):
        pass
    panel.show()
    qtbot.waitUntil(lambda: panel.findChild(QPushButton, "open-try-it").isVisible())
    with qtbot.waitSignal(panel.open_panel) as asked:
        click(panel, "open-try-it", qtbot)
    assert asked.args == ["deploy", "d"]


def test_that_new_predictions_are_counted_when_it_is_shown(
    workspace_dir: Path, panel: MonitoringPanel, qtbot: QtBot
):
    record(workspace_dir, 2)
    opened(panel, qtbot, "The inputs look as in training")
    assert "672 predictions, 0 of them with labels" in text(panel, "monitor-facts")
    assert "2 windows of 14 days" in text(panel, "monitor-facts")


def test_that_too_few_rows_are_said(workspace_dir: Path, panel: MonitoringPanel, qtbot: QtBot):
    with watched(workspace_dir) as one:
        rows, _ = rows_of(_BEGIN, 30, 1)
        one.record(rows, [0.0] * 30)
    opened(panel, qtbot, "Too few predictions to judge yet: 30 of the 200")
    assert "1 with fewer than 200 rows is not judged" in text(panel, "monitor-facts")


def test_that_drift_is_named_and_the_change_shown_in_words(
    workspace_dir: Path, panel: MonitoringPanel, qtbot: QtBot
):
    record(workspace_dir, 4, shift=3.0)
    opened(panel, qtbot, "x has drifted since")
    assert panel.findChild(QPushButton, "review-alert").isVisible()
    click(panel, "review-alert", qtbot)
    qtbot.waitUntil(lambda: "x moved" in text(panel, "change-words"))
    card = panel.findChild(QWidget, "change-card")
    titles, rows = card.table()
    assert list(titles) == ["", "training", "this window"]
    assert sum(row[2] for row in rows) == pytest.approx(1.0)
    panel.escape()
    assert not card.isVisible()


def test_that_the_error_alert_leads_and_says_that_the_inputs_are_the_same(
    workspace_dir: Path, panel: MonitoringPanel, qtbot: QtBot
):
    label(workspace_dir, record(workspace_dir, 4, wrong=30.0))
    opened(panel, qtbot, "The error has grown since")
    click(panel, "review-alert", qtbot)
    qtbot.waitUntil(lambda: "the world changed" in text(panel, "change-words"))
    chart = panel.findChild(ErrorChart, "error-chart")
    titles, rows = chart.table()
    assert list(titles) == ["time", "RMSE", "limit"]
    assert rows[1][1] > rows[1][2] > rows[0][1]


def test_that_a_cell_of_the_drift_map_opens_its_change(
    workspace_dir: Path, panel: MonitoringPanel, qtbot: QtBot
):
    record(workspace_dir, 3)
    opened(panel, qtbot, "The inputs look")
    panel.findChild(HeatMap, "drift-map").cell_clicked.emit(0, 1)
    qtbot.waitUntil(lambda: "x: as in training" in text(panel, "change-words"))


def test_that_labels_of_a_file_are_joined_and_counted(
    workspace_dir: Path, tmp_path: Path, panel: MonitoringPanel, qtbot: QtBot
):
    lines = record(workspace_dir, 2)
    file = tmp_path / "labels.csv"
    file.write_text("\n".join(["prediction_id,y", *lines, "stranger:0,1.5"]) + "\n")
    opened(panel, qtbot, "The inputs look")
    panel.choose_file = lambda then: then(str(file))
    click(panel, "labels-button", qtbot)
    assert panel.findChild(QLineEdit, "label-column").text() == "y"
    click(panel, "add-labels", qtbot)
    qtbot.waitUntil(lambda: "672 of 673 labels joined; 1 unknown id." in result(panel))
    qtbot.waitUntil(lambda: "672 of them with labels" in text(panel, "monitor-facts"))
    assert summary(workspace_dir).labelled == 672


def test_that_a_wrong_label_column_is_said_in_place(
    workspace_dir: Path, tmp_path: Path, panel: MonitoringPanel, qtbot: QtBot
):
    lines = record(workspace_dir, 1)
    file = tmp_path / "labels.csv"
    file.write_text("\n".join(["prediction_id,y", *lines]) + "\n")
    opened(panel, qtbot, "The inputs look")
    panel.choose_file = lambda then: then(str(file))
    click(panel, "labels-button", qtbot)
    panel.findChild(QLineEdit, "label-column").setText("truth")
    click(panel, "add-labels", qtbot)
    error = panel.findChild(QWidget, "monitor-error")
    qtbot.waitUntil(error.isVisible)
    assert "has no column 'truth'" in error.accessibleName()
    assert not panel.work.busy


def test_that_a_label_file_is_undone(workspace_dir: Path, panel: MonitoringPanel, qtbot: QtBot):
    label(workspace_dir, record(workspace_dir, 2))
    opened(panel, qtbot, "")
    qtbot.waitUntil(lambda: "672 of them with labels" in text(panel, "monitor-facts"))
    assert panel._overview is not None
    before = panel._overview.error.height()
    click(panel, "show-label-files", qtbot)
    qtbot.waitUntil(lambda: len(panel.files.table.rows()) == 1)
    qtbot.waitUntil(lambda: panel.files.height() > 150)
    assert panel._overview.error.height() >= before, "The quality chart keeps its room."
    assert not panel.files.undo.isEnabled()
    panel.files.table.select([panel.files.table.rows()[0].id])
    click(panel, "undo-labels", qtbot)
    qtbot.waitUntil(lambda: "0 of them with labels" in text(panel, "monitor-facts"))
    qtbot.waitUntil(lambda: panel.files.table.rows()[0].undone_at is not None)
    assert not panel.files.undo.isEnabled()
    panel.escape()
    assert not panel.files.isVisible()


def test_that_retraining_without_labels_says_what_is_missing(
    workspace_dir: Path, panel: MonitoringPanel, qtbot: QtBot
):
    record(workspace_dir, 1)
    opened(panel, qtbot, "The inputs look")
    click(panel, "retrain-button", qtbot)
    error = panel.findChild(QWidget, "monitor-error")
    qtbot.waitUntil(error.isVisible)
    assert panel.findChild(QPushButton, "retrain-button").isEnabled()


def test_that_reviewing_an_alert_widens_a_range_that_is_too_short(
    workspace_dir: Path, panel: MonitoringPanel, qtbot: QtBot
):
    record(workspace_dir, 3, shift=3.0)
    with watched(workspace_dir) as one:
        rows, _ = rows_of(_BEGIN + timedelta(hours=3 * SPAN_H), 250, 9)
        one.record(rows, [10 * row[1] for row in rows])
    opened(panel, qtbot, "x has drifted since")
    chooser = panel.findChild(QComboBox, "range-chooser")
    chooser.setCurrentIndex(chooser.findText("Last 24 hours"))
    chooser.activated.emit(chooser.currentIndex())
    qtbot.waitUntil(lambda: "1 window" in text(panel, "monitor-facts"))
    click(panel, "review-alert", qtbot)
    qtbot.waitUntil(lambda: "x moved" in text(panel, "change-words"))
    assert chooser.currentText() == "All"


def test_that_a_hidden_panel_neither_asks_nor_reloads(
    workspace_dir: Path, panel: MonitoringPanel, jobs: Jobs, qtbot: QtBot
):
    record(workspace_dir, 1)
    opened(panel, qtbot, "The inputs look")
    panel.hide()
    shown = text(panel, "monitor-facts")
    jobs.changed.emit(frozenset({"monitoring"}))
    assert not panel._later.isActive()
    assert not panel.live._timer.isActive()
    assert text(panel, "monitor-facts") == shown
