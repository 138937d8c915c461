"""Activity: the record of changes in sentences, with the raw entries one click away."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPlainTextEdit, QPushButton
from pytestqt.qtbot import QtBot

from mlops_desktop.panels.activity import ActivityPanel
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from mlops_desktop.work.jobs import Jobs


def test_that_the_record_reads_as_sentences_and_shows_raw_details_when_asked(
    qtbot: QtBot, jobs: Jobs, workspace: Workspace
) -> None:
    store = Store.open(workspace)
    with store.write("models"):
        store.audit("model.approved", "bike@3", note="looks good")
    actor = store.actor
    store.close()
    panel = ActivityPanel(jobs)
    qtbot.addWidget(panel)
    panel.resize(1100, 700)
    panel.show()
    panel.tabs.set_current(1)
    panel.reload()
    qtbot.waitUntil(lambda: len(panel.audit_table.rows()) == 1)
    said = f"{actor} approved bike@3: \u201clooks good\u201d"
    assert panel.audit_table.model().index(0, 2).data() == said
    assert not panel.entry.isVisible()
    panel.audit_table.selectRow(0)
    raw = panel.findChild(QPlainTextEdit, "audit-raw")
    assert raw is not None
    assert panel.entry.isVisible()
    assert not raw.isVisible()
    button = panel.findChild(QPushButton, "show-raw")
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert raw.isVisible()
    assert '"note": "looks good"' in raw.toPlainText()
