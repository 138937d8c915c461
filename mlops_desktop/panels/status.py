"""Keeps the bar at the bottom true: servers, the current job, alerts, and unread notices."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from mlops_desktop.actions import home, reviving
from mlops_desktop.actions.servers import Servers
from mlops_desktop.core.deployments import Deployment, DeploymentState
from mlops_desktop.widgets.progress import time_left
from mlops_desktop.widgets.rail import Rail
from mlops_desktop.widgets.status_bar import StatusBar
from mlops_desktop.work.job import Job
from mlops_desktop.work.jobs import Jobs

_LOOK_MS = 1000


class StatusKeeper(QObject):
    """deployed: the deployments as they were at the last look at their processes."""

    def __init__(self, jobs: Jobs, bar: StatusBar, rail: Rail, servers: Servers) -> None:
        """servers: keeps those that are started again."""
        super().__init__(bar)
        self._jobs, self._bar, self._rail, self._servers = jobs, bar, rail, servers
        self._panel = ""
        self.deployed: list[Deployment] = []
        self._looking = False
        self._notices = 0
        jobs.job_changed.connect(self._on_job)
        jobs.changed.connect(self._on_changed)
        self._watch = QTimer(self, interval=_LOOK_MS)
        self._watch.timeout.connect(self._look)

    @property
    def running(self) -> list[Deployment]:
        return [one for one in self.deployed if one.state is DeploymentState.RUNNING]

    def start(self) -> None:
        """From now on, look at the servers every second."""
        self._watch.start()
        self._jobs.start(
            self,
            "",
            lambda lane, _context: reviving.start_wanted(lane, self._servers),
            lambda _found: self._look(),
            quiet=True,
        )
        self._on_changed(frozenset({"monitoring"}))

    def stop(self) -> None:
        self._watch.stop()

    def _look(self) -> None:
        if self._looking:
            return
        self._looking = True
        self._jobs.start(
            self,
            "",
            lambda lane, _context: reviving.look(lane, self._servers),
            self._show_servers,
            lambda _error: self._show_servers(self.deployed),
            quiet=True,
        )

    def _show_servers(self, found: list[Deployment]) -> None:
        self._looking = False
        self.deployed = found
        running = self.running
        text = self.tr("No server runs")
        if len(running) == 1:
            only = running[0]
            text = self.tr("{0} v{1} serving on 127.0.0.1:{2}")
            text = text.format(only.name, only.version, only.port)
        elif running:
            text = self.tr("{0} servers running").format(len(running))
        self._bar.set_servers(len(running), text)

    def _on_job(self, job: Job) -> None:
        """The newest running job is the one that is named."""
        active = [one for one in self._jobs.jobs() if one.active and one.started is not None]
        if active:
            left = time_left(active[0].started, active[0].fraction)
            self._bar.set_job(active[0].title, active[0].fraction, left)
        else:
            self._bar.set_job("")
        if not job.active and job.error is not None and self._panel != "activity":
            self._notices += 1
            self._bar.set_notices(self._notices)

    def panel_shown(self, key: str) -> None:
        """Notices are read where they are explained."""
        self._panel = key
        if key == "activity":
            self._notices = 0
            self._bar.set_notices(0)

    def _on_changed(self, kinds: frozenset[str]) -> None:
        if "monitoring" in kinds:
            self._jobs.run(self, home.active_alerts, self._show_alerts)

    def _show_alerts(self, alerts: int) -> None:
        text = self.tr("1 alert") if alerts == 1 else self.tr("{0} alerts").format(alerts)
        self._bar.set_problems(alerts, text)
        self._rail.set_badge("monitor", str(alerts) if alerts else "")
