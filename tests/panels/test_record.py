"""The Record tab: columns that are not recorded, chosen by hand."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import deployments, monitoring, sealing
from mlops_desktop.actions.deployments import Servers
from mlops_desktop.core.privacy import Privacy
from mlops_desktop.core.retention import Retention
from mlops_desktop.panels.deployments import DeploymentsPanel
from mlops_desktop.paths import Workspace
from mlops_desktop.work.jobs import Jobs
from tests.monitored import START, rows_of, watched


@pytest.fixture
def panel(
    workspace_dir: Path, workspace: Workspace, jobs: Jobs, qtbot: QtBot
) -> Iterator[DeploymentsPanel]:
    with watched(workspace_dir):
        pass
    made = DeploymentsPanel(jobs, workspace, Servers())
    qtbot.addWidget(made)
    made.resize(1178, 686)
    made.show()
    made.shown()
    made.views.set_current(made.views.bar.count() - 3)
    qtbot.waitUntil(lambda: len(made.views.record.table.rows()) == 3)
    yield made
    made.hide()


def _choose(panel: DeploymentsPanel, way: str, names: list[str], qtbot: QtBot) -> None:
    panel.views.record.table.select(names)
    [button] = [b for w, b in panel.views.record._buttons.items() if w == way]
    qtbot.waitUntil(button.isEnabled)
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def _stored(workspace_dir: Path) -> Privacy:
    with watched(workspace_dir) as one:
        return deployments.get_deployment(one.store, "d").privacy


def _ways(panel: DeploymentsPanel) -> dict[str, str]:
    return {line.field.name: line.way for line in panel.views.record.table.rows()}


def test_that_chosen_columns_are_left_out_hashed_and_recorded_again(
    workspace_dir: Path, panel: DeploymentsPanel, qtbot: QtBot
) -> None:
    assert not any(button.isEnabled() for button in panel.views.record._buttons.values())
    _choose(panel, "dropped", ["x", "town"], qtbot)
    qtbot.waitUntil(lambda: _ways(panel) == {"at": "recorded", "x": "dropped", "town": "dropped"})
    _choose(panel, "hashed", ["town"], qtbot)
    qtbot.waitUntil(lambda: _ways(panel)["town"] == "hashed")
    _choose(panel, "recorded", ["x"], qtbot)
    qtbot.waitUntil(lambda: _ways(panel)["x"] == "recorded")
    assert _stored(workspace_dir) == Privacy((), ("town",))


def test_that_the_time_column_is_refused_with_the_reason(
    workspace_dir: Path, panel: DeploymentsPanel, qtbot: QtBot
) -> None:
    _choose(panel, "dropped", ["at"], qtbot)
    qtbot.waitUntil(panel.views.record.error.isVisible)
    assert _stored(workspace_dir) == Privacy()


def test_that_limits_say_what_they_remove_before_they_are_set(
    workspace_dir: Path, panel: DeploymentsPanel, qtbot: QtBot
) -> None:
    keep = panel.views.record.keep
    qtbot.waitUntil(lambda: keep.words.text() == "Everything is kept.")
    assert not keep.set.isEnabled()
    with watched(workspace_dir) as one:
        rows, _ = rows_of(START, 24, 0)
        one.record(rows, [0.0] * 24, file=f"0001-{2**22 + 1}.jsonl")
        [path] = one.segments.glob("*.jsonl")
        os.utime(path, (1, 1))
        monitoring.fold(one.lane, "d")
    keep.by_days.setChecked(True)
    qtbot.waitUntil(lambda: "of the oldest predictions for good" in keep.words.text())
    qtbot.mouseClick(keep.set, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not path.exists())
    qtbot.waitUntil(lambda: "Removes nothing now" in keep.words.text())
    assert not keep.set.isEnabled()
    with watched(workspace_dir) as one:
        assert deployments.get_deployment(one.store, "d").retention == Retention(90)


def test_that_what_is_sealed_is_told_and_what_is_ready_is_sealed(
    workspace_dir: Path, panel: DeploymentsPanel, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "LEAST", 0)
    packing = panel.views.record.keep.packing
    assert packing.isHidden()
    with watched(workspace_dir) as one:
        for number in (1, 2):
            rows, _ = rows_of(START, 24, number)
            one.record(rows, [0.0] * 24, file=f"000{number}-{2**22 + 1}.jsonl")
        os.utime(one.segments / f"0001-{2**22 + 1}.jsonl", (1, 1))
        monitoring.fold(one.lane, "d")
    panel.reload()
    qtbot.waitUntil(packing.now.isVisible)
    assert "1 more can be sealed now" in packing.words.text()
    with qtbot.waitSignal(packing.toast) as told:
        qtbot.mouseClick(packing.now, Qt.MouseButton.LeftButton)
    assert "every prediction is there as before" in told.args[0]
    qtbot.waitUntil(lambda: packing.words.text().startswith("1 of 2 files are sealed"))
    assert "1 to come, once closed" in packing.words.text()
    assert not packing.now.isVisible()
