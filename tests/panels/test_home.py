"""Home, Activity and Settings on a real workspace."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import checks, datasets, settings
from mlops_desktop.actions.lane import Lane
from mlops_desktop.app import App
from mlops_desktop.core.checks import Rule, RuleKind, Severity
from mlops_desktop.core.datasets import ImportSpec
from mlops_desktop.core.errors import UserError
from mlops_desktop.panels.activity import ActivityPanel
from mlops_desktop.panels.datasets import DatasetsPanel
from mlops_desktop.panels.home import HomePanel
from mlops_desktop.panels.settings import SettingsPanel
from mlops_desktop.widgets.help import HelpWindow
from tests.end2end.command import write_customers


def texts(panel: HomePanel | ActivityPanel | SettingsPanel) -> str:
    labels = [label for label in panel.findChildren(QLabel) if label.isVisible()]
    # A line that is cut short has its whole text as its accessible name.
    return " ".join(label.accessibleName() or label.text() for label in labels)


def test_that_an_empty_home_offers_the_sample_and_an_import(qtbot: QtBot, app: App) -> None:
    home = app.window.panel("home")
    assert isinstance(home, HomePanel)
    qtbot.waitUntil(lambda: "Nothing here yet" in texts(home))
    with qtbot.waitSignal(home.sample_wanted):
        home.findChild(QPushButton, "open-sample").click()


def test_that_home_counts_what_is_there_and_names_the_next_step(
    qtbot: QtBot, app: App, tmp_path: Path
) -> None:
    home = app.window.panel("home")
    assert isinstance(home, HomePanel)
    spec = ImportSpec(str(write_customers(tmp_path / "c.csv")), "customers")
    job = app.jobs.start(app, "Import", lambda lane, _: datasets.import_file(lane, spec))
    with qtbot.waitSignal(job.finished, timeout=30_000):
        pass
    qtbot.waitUntil(lambda: "1 version" in texts(home))
    qtbot.waitUntil(lambda: "Next: train the first model" in texts(home))
    qtbot.waitUntil(lambda: "customers@1, 900 rows" in texts(home))
    home.findChild(QPushButton, "next-step").click()
    assert app.window.current == "train"


def test_that_home_names_a_blocked_version_and_leads_to_its_checks(
    qtbot: QtBot, app: App, tmp_path: Path
) -> None:
    home = app.window.panel("home")
    assert isinstance(home, HomePanel)
    spec = ImportSpec(str(write_customers(tmp_path / "c.csv")), "customers")
    rule = Rule(RuleKind.ROWS, (), {"low": 5000}, Severity.BLOCK)

    def bring(lane: Lane, _: object) -> None:
        datasets.import_file(lane, spec)
        lane(lambda store: checks.set_rules(store, "customers", [rule]))
        checks.check(lane, "customers@1")

    job = app.jobs.start(app, "Import", bring)
    with qtbot.waitSignal(job.finished, timeout=30_000):
        pass
    qtbot.waitUntil(lambda: "customers@1 is blocked by a check" in texts(home))
    assert "All is well" not in texts(home)
    home.attention.findChild(QPushButton, "attention-0").click()
    data = app.window.panel("data")
    assert isinstance(data, DatasetsPanel)
    assert app.window.current == "data"
    qtbot.waitUntil(lambda: data.help_topic() == "checks", timeout=10_000)


def test_that_home_names_a_job_that_failed_until_it_went_well(
    qtbot: QtBot, app: App, tmp_path: Path
) -> None:
    home = app.window.panel("home")
    assert isinstance(home, HomePanel)
    spec = ImportSpec(str(write_customers(tmp_path / "c.csv")), "customers")
    app.jobs.start(app, "Import", lambda lane, _: datasets.import_file(lane, spec))
    qtbot.waitUntil(lambda: "1 version" in texts(home), timeout=30_000)
    said = "Add labels: it did not work labels.csv has no column 'truth'."

    def add(lane: Lane, wrong: bool) -> None:
        if wrong:
            raise UserError("labels.csv has no column 'truth'.")

    for wrong in (True, False):
        told: list[object] = []
        job = app.jobs.start(
            app, "Add labels", lambda lane, _, w=wrong: add(lane, w), failed=told.append
        )
        qtbot.waitUntil(lambda job=job: not job.active)
        qtbot.waitUntil(lambda w=wrong: (said in texts(home)) == w)
        if wrong:
            home.attention.findChild(QPushButton, "attention-0").click()
            activity = app.window.panel("activity")
            assert isinstance(activity, ActivityPanel)
            assert [one.id for one in activity.table.selected_rows()] == [job.id]
            app.window.show_panel("home")


def test_that_the_palette_opens_a_dataset_and_a_column(
    qtbot: QtBot, app: App, tmp_path: Path
) -> None:
    spec = ImportSpec(str(write_customers(tmp_path / "c.csv")), "customers")
    job = app.jobs.start(app, "Import", lambda lane, _: datasets.import_file(lane, spec))
    with qtbot.waitSignal(job.finished, timeout=30_000):
        pass
    palette = app.window.palette_popup
    app.window.open_palette()
    qtbot.keyClicks(palette.box, "customers contract")
    qtbot.waitUntil(lambda: palette.list.count() > 0)
    assert palette.list.item(0).text() == "contract"
    qtbot.keyClick(palette.box, Qt.Key.Key_Return)
    data = app.window.panel("data")
    assert isinstance(data, DatasetsPanel)
    qtbot.waitUntil(lambda: data.views.inspector.chooser.currentText() == "contract")
    assert data.views.inspector.isVisible()


def test_that_activity_shows_a_failed_job_with_its_reason(qtbot: QtBot, app: App) -> None:
    panel = app.window.show_panel("activity")
    assert isinstance(panel, ActivityPanel)
    spec = ImportSpec("/nowhere.csv", "x")
    failures: list[object] = []
    job = app.jobs.start(
        app, "Import", lambda lane, _: datasets.import_file(lane, spec), failed=failures.append
    )
    qtbot.waitUntil(lambda: not job.active, timeout=10_000)
    panel.table.select([job.id])
    qtbot.waitUntil(lambda: "There is no file /nowhere.csv" in texts(panel))


def test_that_the_record_of_changes_can_be_verified(qtbot: QtBot, app: App) -> None:
    app.jobs.run(app, lambda store: settings.set_training_workers(store, 2))
    panel = app.window.show_panel("activity")
    assert isinstance(panel, ActivityPanel)
    panel.tabs.set_current(1)
    qtbot.waitUntil(lambda: len(panel.audit_table.rows()) == 1)
    panel.findChild(QPushButton, "verify-audit").click()
    qtbot.waitUntil(lambda: "Verified: 1 entries" in texts(panel))


def test_that_settings_apply_at_once_and_are_kept(qtbot: QtBot, app: App) -> None:
    panel = app.window.show_panel("settings")
    assert isinstance(panel, SettingsPanel)
    panel.workers.setValue(3)
    kept: list[int] = []

    def look() -> bool:
        app.jobs.run(app, settings.training_workers, kept.append)
        return bool(kept) and kept[-1] == 3

    qtbot.waitUntil(look, timeout=5000)
    panel.theme.setCurrentIndex(panel.theme.findData("dark"))
    panel.theme.activated.emit(panel.theme.currentIndex())
    assert app.theme.is_dark
    app.theme.set_mode(type(app.theme.mode)("light"))


def test_that_f1_shows_the_help_of_the_panel(app: App) -> None:
    for key in ("home", "data", "train", "models", "deploy", "monitor", "activity", "settings"):
        app.window.help_wanted.emit(key)
        shown = app.window.findChild(HelpWindow)
        assert isinstance(shown, HelpWindow)
        assert shown.page.toPlainText().lower().startswith(key)
    shown.close()
