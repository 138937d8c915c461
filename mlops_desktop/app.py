"""Builds everything once and opens the window; the literal list of panels."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from functools import partial
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QObject, QSettings, Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from mlops_desktop.actions import deployments, health, runs, settings
from mlops_desktop.actions.deployments import Servers
from mlops_desktop.panels.closing import Closing
from mlops_desktop.panels.finding import Finding
from mlops_desktop.panels.status import StatusKeeper
from mlops_desktop.panels.window import Command, MainWindow, Place
from mlops_desktop.panels.workspaces import choose_workspace
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.help import HelpWindow
from mlops_desktop.widgets.icons import icon
from mlops_desktop.widgets.theme import Mode, Theme
from mlops_desktop.widgets.toasts import Toasts
from mlops_desktop.work.instance import Instance
from mlops_desktop.work.jobs import Jobs
from mlops_desktop.work.upkeep import Upkeep

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store


def run(workspace: Workspace, *, smoke: bool = False) -> int:
    """Open the app on a workspace and run until its window closes; the answer is the exit code.

    smoke: close by itself as soon as the window is usable (a test of an installation).
    """
    qt = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(qt, QApplication)
    qt.setApplicationName("mlops_desktop")
    qt.setApplicationDisplayName("MLOps Desktop")
    try:
        instance = Instance(workspace.root, qt)
    except OSError as error:
        sys.stderr.write(f"The workspace {workspace.root} cannot be made: {error}\n")
        return 2
    if not instance.acquire():
        sys.stderr.write("The app is open on this workspace already; its window comes forward.\n")
        return 0
    _log_to(workspace.logs)
    app = App(workspace, qt)
    instance.raise_asked.connect(app.come_forward)
    if smoke:
        app.usable.connect(lambda: QTimer.singleShot(0, app.window.close))
    app.start()
    code = qt.exec()
    app.end()
    instance.release()
    return code


class App(QObject):
    """The one place where jobs, servers, theme, window and panels meet.

    usable: the window is on the screen and the store has answered.
    """

    usable = Signal()

    def __init__(self, workspace: Workspace, qt: QApplication) -> None:
        super().__init__()
        self.workspace = workspace
        self._preferences = QSettings(
            str(workspace.root / "window.ini"), QSettings.Format.IniFormat
        )
        self.theme = Theme(qt, _mode(self._preferences))
        qt.setWindowIcon(icon("activity", "accent"))
        self.servers = Servers()
        self.jobs = Jobs(self._open_store, self)
        self._help: HelpWindow | None = None
        self.window = MainWindow("MLOps Desktop", self._places())
        self.toasts = Toasts(self.window)
        self._upkeep = Upkeep(self.jobs, self)
        self.status = StatusKeeper(self.jobs, self.window.status, self.window.rail, self.servers)
        self.closing = Closing(self.window, self.jobs, self.servers, lambda: self.status.running)
        self._wire()

    def _places(self) -> tuple[Place, ...]:
        """The literal list of panels, in the order of the rail."""
        tr = self.tr
        places = (
            Place("home", tr("Home"), "house", self._home),
            Place("data", tr("Data"), "database", self._data),
            Place("train", tr("Train"), "flask-conical", self._train),
            Place("models", tr("Models"), "package-check", self._models),
            Place("deploy", tr("Deploy"), "server", self._deploy),
            Place("monitor", tr("Monitor"), "activity", self._monitor),
            Place("activity", tr("Activity"), "list-checks", self._activity, bottom=True),
            Place("settings", tr("Settings"), "settings", self._settings, bottom=True),
        )
        return tuple(place._replace(make=partial(self._made, place.make)) for place in places)

    # Each panel is imported when it is first shown: the first window must not wait for plots.

    def _home(self) -> QWidget:
        from mlops_desktop.panels.home import HomePanel  # noqa: PLC0415

        panel = HomePanel(self.jobs)
        panel.sample_wanted.connect(self.open_sample)
        panel.import_wanted.connect(lambda: self._open("data", "import"))
        return panel

    def _data(self) -> QWidget:
        from mlops_desktop.panels.datasets import DatasetsPanel  # noqa: PLC0415

        return DatasetsPanel(self.jobs, self.workspace)

    def _train(self) -> QWidget:
        from mlops_desktop.panels.runs import RunsPanel  # noqa: PLC0415

        return RunsPanel(self.jobs, self.workspace)

    def _models(self) -> QWidget:
        from mlops_desktop.panels.models import ModelsPanel  # noqa: PLC0415

        return ModelsPanel(self.jobs, self.workspace)

    def _deploy(self) -> QWidget:
        from mlops_desktop.panels.deployments import DeploymentsPanel  # noqa: PLC0415

        return DeploymentsPanel(self.jobs, self.workspace, self.servers)

    def _monitor(self) -> QWidget:
        from mlops_desktop.panels.monitoring import MonitoringPanel  # noqa: PLC0415

        return MonitoringPanel(self.jobs, self.workspace)

    def _activity(self) -> QWidget:
        from mlops_desktop.panels.activity import ActivityPanel  # noqa: PLC0415

        return ActivityPanel(self.jobs)

    def _settings(self) -> QWidget:
        from mlops_desktop.panels.settings import SettingsPanel  # noqa: PLC0415

        panel = SettingsPanel(self.jobs, self.workspace)
        panel.theme_chosen.connect(self._set_theme)
        return panel

    def _made(self, make: Callable[[], QWidget]) -> QWidget:
        panel = make()
        for name, slot in (
            ("open_panel", self._open),
            ("toast", self.toasts.show),
            ("undoable", self.toasts.offer_undo),
        ):
            signal = getattr(panel, name, None)
            if signal is not None:
                signal.connect(slot)
        return panel

    def _wire(self) -> None:
        window, status = self.window, self.window.status
        window.set_workspace(self.workspace.root.name, str(self.workspace.root))
        window.may_close = self.closing.may_close
        window.file_dropped.connect(lambda path: self._open("data", path))
        choose = partial(choose_workspace, window, self.workspace.root)
        window.workspace_clicked.connect(choose)
        window.help_wanted.connect(self._show_help)
        window.panel_shown.connect(self.status.panel_shown)
        status.servers_clicked.connect(partial(self._open, "deploy", None))
        status.problems_clicked.connect(partial(self._open, "monitor", None))
        status.job_clicked.connect(partial(self._open, "activity", None))
        status.bell_clicked.connect(partial(self._open, "activity", None))
        for title, run_, keys, name in (
            (self.tr("Import a file"), partial(self._open, "data", "import"), "Ctrl+O", "upload"),
            (self.tr("Paste a table"), partial(self._open, "data", "paste"), "", "copy"),
            (self.tr("Train"), partial(self._open, "train", "new"), "Ctrl+R", "play"),
            (self.tr("Open the sample project"), self.open_sample, "", "database"),
            (self.tr("Open another workspace"), choose, "", "folder-open"),
            (self.tr("Help"), lambda: self._show_help(self.window.help_topic), "", "info"),
            (
                self.tr("Storage and clean-up"),
                partial(self._open, "settings", "storage"),
                "",
                "trash-2",
            ),
            (self.tr("Theme: light"), partial(self._set_theme, "light"), "", "sun"),
            (self.tr("Theme: dark"), partial(self._set_theme, "dark"), "", "moon"),
        ):
            window.add_command(Command(title, run_, keys, name))
        self._finding = Finding(self.jobs, window.palette_popup, self._open)
        self.jobs.user_error.connect(self.toasts.show_error)
        self.jobs.crashed.connect(self.toasts.show_crash)

    def start(self) -> None:
        """Show the window at once; open the store and look around just after."""
        geometry = self._preferences.value("geometry")
        if isinstance(geometry, QByteArray):
            self.window.restoreGeometry(geometry)
        self.window.show_first("home")
        QTimer.singleShot(0, self, self._look_around)

    def end(self) -> None:
        """Stop everything that is ours. Servers that are kept go on."""
        self.status.stop()
        self._upkeep.stop()
        self._preferences.setValue("geometry", self.window.saveGeometry())
        self._preferences.sync()
        for job in self.jobs.jobs():
            job.cancel()
        if self.status.deployed:
            deployments.shut_down_unkept(self.jobs.lane)
        self.jobs.shutdown()
        self.servers.close()

    def come_forward(self) -> None:
        self.window.setWindowState(self.window.windowState() & ~Qt.WindowState.WindowMinimized)
        self.window.show()
        self.window.raise_()
        self.window.activateWindow()

    def open_sample(self) -> None:
        from mlops_desktop.actions import replay  # noqa: PLC0415

        self.jobs.start(
            self,
            self.tr("Open the sample project"),
            replay.open_sample,
            lambda version: self._open("data", version.ref),
        )

    def _open_store(self) -> Store:
        # Importing the store takes a second, so it waits until the window is on the screen.
        from mlops_desktop.store.store import Store  # noqa: PLC0415

        return Store.open(self.workspace)

    def _look_around(self) -> None:
        """What a crash left behind is swept, and the state of runs and servers made true."""
        self.jobs.run(
            self,
            lambda store: (runs.recover(store), settings.training_workers(store)),
            self._on_ready,
            self.closing.after,
        )
        self.jobs.start(self, "", lambda _lane, _context: health.sweep(self.workspace), quiet=True)

    def _on_ready(self, found: tuple[list[int], int]) -> None:
        interrupted, workers = found
        self.jobs.set_training_workers(workers)
        if interrupted:
            self.toasts.show(
                self.tr("Interrupted by the last end of the app: {0} runs.").format(
                    len(interrupted)
                )
            )
        self.status.start()
        self._upkeep.start()
        self.usable.emit()

    def _open(self, key: str, thing: object = None) -> None:
        """Show a panel, and in it a thing, where its show_thing knows what to do with it."""
        panel = self.window.show_panel(key)
        show_thing = getattr(panel, "show_thing", None)
        if thing is not None and show_thing is not None:
            show_thing(thing)

    def _show_help(self, topic: str) -> None:
        if self._help is None:
            self._help = HelpWindow(self.window)
        self._help.show_topic(topic)

    def _set_theme(self, mode: str) -> None:
        self.theme.set_mode(Mode(mode))
        self._preferences.setValue("theme", mode)


def _mode(preferences: QSettings) -> Mode:
    name = str(preferences.value("theme", Mode.SYSTEM.value))
    return Mode(name) if name in {mode.value for mode in Mode} else Mode.SYSTEM


def _log_to(folder: Path) -> None:
    """The app's own log, kept small."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = RotatingFileHandler(
        folder / "app.log", maxBytes=1 << 20, backupCount=3, encoding="utf-8"
    )
    file.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[file])
