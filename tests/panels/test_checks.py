"""The Checks tab: proposing, changing, deleting with undo, failures with their rows, training."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QLineEdit
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import audit, checks, datasets
from mlops_desktop.core.checks import Rule, RuleKind, Severity
from mlops_desktop.core.datasets import DatasetVersion, ImportSpec
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.places import DataPlace
from mlops_desktop.panels.datasets import DatasetsPanel
from mlops_desktop.panels.datasets.checks import ChecksTab
from mlops_desktop.panels.runs import RunsPanel
from mlops_desktop.paths import Workspace
from mlops_desktop.resources import resource
from mlops_desktop.widgets.column_picker import ColumnPicker
from mlops_desktop.work.jobs import Jobs
from tests.clicking import ask, click

WAIT_MS = 60_000
LIMIT = Rule(RuleKind.RANGE, ("member",), {"high": 40}, Severity.BLOCK)


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
def tab(qtbot: QtBot, jobs: Jobs, workspace: Workspace, rentals: DatasetVersion) -> ChecksTab:
    tab = ChecksTab(jobs, workspace)
    qtbot.addWidget(tab)
    tab.resize(830, 460)
    with qtbot.waitExposed(tab):
        tab.show()
    tab.show_version(rentals, [rentals])
    return tab


def put(tab: ChecksTab, jobs: Jobs, qtbot: QtBot, *rules: Rule) -> None:
    """Set rules, and wait until they were run."""
    ask(jobs, lambda store: checks.set_rules(store, "rentals", rules), qtbot)
    tab.load()
    qtbot.waitUntil(
        lambda: (
            bool(tab.table.rows())
            and all(row.word not in ("Checking\u2026", "Not checked") for row in tab.table.rows())
        ),
        timeout=WAIT_MS,
    )


def words(tab: ChecksTab) -> list[str]:
    return [row.word for row in tab.table.rows()]


def test_that_checks_are_proposed_and_run_at_one_click(tab: ChecksTab, qtbot: QtBot):
    with qtbot.waitSignal(tab.undoable, timeout=WAIT_MS) as said:
        click(tab, "propose-checks", qtbot)
    qtbot.waitUntil(lambda: "Passed" in words(tab), timeout=WAIT_MS)
    assert set(words(tab)) == {"Passed"}
    assert tab._head.text.text().startswith("All ")
    assert said.args is not None
    text, undo = said.args
    assert text.startswith("Added ")
    undo()
    qtbot.waitUntil(lambda: tab._stack.currentIndex() == 0 or not tab.work.rules, timeout=WAIT_MS)


def test_that_a_failure_shows_its_rows_with_the_bad_cell_marked(
    tab: ChecksTab, jobs: Jobs, qtbot: QtBot
):
    put(tab, jobs, qtbot, Rule(RuleKind.UNIQUE, ("id",)), LIMIT)
    assert words(tab) == ["Failed", "Passed"]  # What failed comes first.
    detail = tab.detail
    qtbot.waitUntil(lambda: detail.table.pages.cell(0, 0).text == "42", timeout=WAIT_MS)
    assert detail.table.pages.cell(0, 0).marked
    assert not detail.table.pages.cell(0, 1).marked
    vertical = Qt.Orientation.Vertical
    assert detail.table.pages.headerData(0, vertical) == "7"
    assert "of 240 rows" in detail._message.text()
    assert "1 blocks training" in tab._head.text.text()


def test_that_missing_cells_are_marked_where_they_are(tab: ChecksTab, jobs: Jobs, qtbot: QtBot):
    put(tab, jobs, qtbot, Rule(RuleKind.NOT_MISSING, ("day", "wind")))
    pages = tab.detail.table.pages
    qtbot.waitUntil(lambda: pages.cell(0, 0).text == "missing", timeout=WAIT_MS)
    assert [c.title for c in pages.columns[:2]] == ["wind", "id"]
    assert pages.cell(0, 0).marked


def test_that_severity_and_switch_change_a_rule_at_once(tab: ChecksTab, jobs: Jobs, qtbot: QtBot):
    put(tab, jobs, qtbot, LIMIT)
    box = tab.findChild(QComboBox, "rule-severity")
    assert box is not None
    box.setCurrentIndex(0)
    box.activated.emit(0)
    qtbot.waitUntil(lambda: tab.table.rows()[0].kind == "warn", timeout=WAIT_MS)
    tab.detail.on.click()
    qtbot.waitUntil(lambda: words(tab) == ["Off"], timeout=WAIT_MS)
    [rule] = ask(jobs, lambda store: checks.rules(store, "rentals"), qtbot)
    assert (rule.severity, rule.on) == (Severity.WARN, False)


def test_that_a_rule_is_added_by_the_form_that_reads_it_out(
    tab: ChecksTab, jobs: Jobs, qtbot: QtBot
):
    click(tab, "add-first-rule", qtbot)
    form = tab.form
    form.kind.setCurrentIndex(form.kind.findData(RuleKind.ALLOWED))
    form.kind.activated.emit(form.kind.currentIndex())
    assert "needs 'values'" in form._sentence.text()
    form.form.set_values({"column": "weather", "values": 'sun, "rain", "big, storm"'})
    assert form._sentence.text() == "weather is sun, rain or big, storm"
    click(tab, "rule-save", qtbot)
    qtbot.waitUntil(lambda: words(tab) == ["Failed"], timeout=WAIT_MS)
    assert not form.isVisible()
    [rule] = ask(jobs, lambda store: checks.rules(store, "rentals"), qtbot)
    assert rule.settings == {"values": ["sun", "rain", "big, storm"]}
    assert tab.detail._message.text() == "80 of 240 rows (33.3 %) break it, such as fog."


def test_that_a_rule_of_several_columns_is_changed_in_the_form(
    tab: ChecksTab, jobs: Jobs, qtbot: QtBot
):
    put(tab, jobs, qtbot, Rule(RuleKind.UNIQUE, ("weather",)))
    tab._edit(tab.table.rows()[0].rule)
    picker = tab.findChild(ColumnPicker)
    assert picker is not None
    assert picker.chosen() == ("weather",)
    item = picker.list.topLevelItem(0)
    assert item is not None
    item.setCheckState(0, Qt.CheckState.Checked)
    assert tab.form._sentence.text() == "No two rows have the same id and weather together"
    click(tab, "rule-save", qtbot)
    qtbot.waitUntil(lambda: words(tab) == ["Passed"], timeout=WAIT_MS)


def test_that_what_cannot_be_a_rule_is_said_in_the_form(tab: ChecksTab, jobs: Jobs, qtbot: QtBot):
    put(tab, jobs, qtbot, LIMIT)
    click(tab, "add-rule", qtbot)
    click(tab, "rule-save", qtbot)
    assert "no limit" in tab.form._error.accessibleName()
    tab.form.form.set_values({"column": "member", "high": "40"})
    click(tab, "rule-save", qtbot)
    qtbot.waitUntil(lambda: "repeats" in tab.form._error.accessibleName(), timeout=WAIT_MS)
    click(tab, "rule-cancel", qtbot)
    assert tab._stack.isVisible()


def test_that_a_deleted_rule_comes_back_by_undo(tab: ChecksTab, jobs: Jobs, qtbot: QtBot):
    put(tab, jobs, qtbot, LIMIT, Rule(RuleKind.UNIQUE, ("id",)))
    tab.table.setFocus()
    with qtbot.waitSignal(tab.undoable, timeout=WAIT_MS) as said:
        qtbot.keyClick(tab.table, Qt.Key.Key_Delete)
    assert said.args is not None
    text, undo = said.args
    assert text == "Deleted: member is at most 40."
    assert len(tab.table.rows()) == 1
    undo()
    qtbot.waitUntil(lambda: len(tab.table.rows()) == 2, timeout=WAIT_MS)


def test_that_a_check_that_ends_badly_is_not_run_for_ever(
    tab: ChecksTab, jobs: Jobs, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
):
    errors: list[UserError] = []
    tab.failed.connect(errors.append)

    def refuse(*_: object, **__: object) -> None:
        raise UserError("The disk is gone.")

    monkeypatch.setattr(checks, "check", refuse)
    ask(jobs, lambda store: checks.set_rules(store, "rentals", [LIMIT]), qtbot)
    tab.load()
    qtbot.waitUntil(lambda: words(tab) == ["Not checked"], timeout=WAIT_MS)
    assert tab._head.text.text() == "Not checked yet"
    assert [error.what for error in errors] == ["The disk is gone."]
    monkeypatch.undo()
    click(tab, "check-again", qtbot)
    qtbot.waitUntil(lambda: words(tab) == ["Failed"], timeout=WAIT_MS)


def test_that_rules_are_written_to_and_read_from_a_file(
    tab: ChecksTab, jobs: Jobs, qtbot: QtBot, tmp_path: Path
):
    put(tab, jobs, qtbot, LIMIT)
    file = tmp_path / "rentals.yaml"
    tab.choose_target = lambda name, then: then(str(file))
    with qtbot.waitSignal(tab.toast, timeout=WAIT_MS):
        tab._export()
    text = file.read_text(encoding="utf-8").replace("high: 40", "high: 60")
    file.write_text(text, encoding="utf-8")
    tab.choose_file = lambda then: then(str(file))
    tab._import()
    qtbot.waitUntil(lambda: words(tab) == ["Passed"], timeout=WAIT_MS)


def test_that_training_on_a_blocked_version_asks_for_a_reason(
    rentals: DatasetVersion, jobs: Jobs, workspace: Workspace, qtbot: QtBot
):
    ask(jobs, lambda store: checks.set_rules(store, "rentals", [LIMIT]), qtbot)
    panel = RunsPanel(jobs, workspace)
    qtbot.addWidget(panel)
    panel.resize(1178, 686)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.shown()
    qtbot.waitUntil(lambda: panel._loaded, timeout=WAIT_MS)
    panel.show_thing("data:rentals@1")
    qtbot.waitUntil(panel.form.button.isEnabled, timeout=WAIT_MS)
    panel.form.target.setCurrentText("weather")
    panel.form.target.activated.emit(panel.form.target.currentIndex())
    click(panel, "train-button", qtbot)
    blocked = panel.form.refusal.blocked
    qtbot.waitUntil(blocked.isVisible, timeout=WAIT_MS)
    assert "member is at most 40" in blocked.accessibleName()
    assert not panel.form.button.isEnabled()
    assert panel.form.button.toolTip() == blocked.text.text()
    assert blocked.height() < 100, "It leaves the form its room."
    with qtbot.waitSignal(panel.open_panel) as opened:
        click(panel, "see-checks", qtbot)
    assert opened.args == ["data", DataPlace("rentals@1", "checks")]
    panel.show_thing("data:rentals@1")
    qtbot.waitUntil(blocked.isVisible, timeout=WAIT_MS)
    assert not panel.form.button.isEnabled(), "It is known to be blocked before it is asked for."
    panel.form.target.setCurrentText("weather")
    click(panel, "train-anyway", qtbot)
    qtbot.waitUntil(panel.form.refusal.ask.isVisible, timeout=WAIT_MS)
    line = panel.findChild(QLineEdit, "despite-reason")
    assert line is not None
    line.setText("A trial")
    click(panel, "train-despite", qtbot)
    qtbot.waitUntil(lambda: bool(panel.trainings._running), timeout=WAIT_MS)
    for job in list(panel.trainings._running.values()):
        job.cancel()
    qtbot.waitUntil(lambda: not panel.trainings._running, timeout=WAIT_MS)
    entries = ask(jobs, lambda store: audit.about(store, "rentals@1"), qtbot)
    assert any("A trial" in entry.detail for entry in entries)


def test_that_the_tab_has_a_page_of_help(tab: ChecksTab):
    page = resource("help", f"{tab.help_topic}.md").read_text(encoding="utf-8")
    assert all(kind.form.title in page for kind in RuleKind)


def test_that_an_import_which_breaks_a_rule_says_so(
    rentals: DatasetVersion,
    rentals_csv: Path,
    jobs: Jobs,
    workspace: Workspace,
    qtbot: QtBot,
):
    ask(jobs, lambda store: checks.set_rules(store, "rentals", [LIMIT]), qtbot)
    panel = DatasetsPanel(jobs, workspace)
    qtbot.addWidget(panel)
    told: list[str] = []
    panel.toast.connect(told.append)
    with qtbot.waitExposed(panel):
        panel.show()
    panel.shown()
    panel.import_path(str(rentals_csv))
    click(panel, "import-button", qtbot)
    broken = "rentals@2: the rule does not pass and blocks training."
    qtbot.waitUntil(lambda: broken in told, timeout=WAIT_MS)

    def marked() -> bool:
        chips = [chip for entry in panel.history._entries.entries for chip in entry.chips]
        return ("checks: 1 fails", "error") in chips

    qtbot.waitUntil(marked, timeout=WAIT_MS)
