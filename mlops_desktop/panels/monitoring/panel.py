"""Monitor: one deployment's windows, alerts and traffic, and what is done about them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QStackedWidget

from mlops_desktop.actions import monitoring
from mlops_desktop.actions.replay import Story
from mlops_desktop.actions.watching import Seen, look
from mlops_desktop.core.deployments import Deployment, DeploymentState, LiveStats
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.monitoring import Window
from mlops_desktop.panels.monitoring import words
from mlops_desktop.panels.monitoring.header import Header
from mlops_desktop.panels.monitoring.label_files import LabelFilesCard
from mlops_desktop.panels.monitoring.live import Live
from mlops_desktop.panels.monitoring.silent import Silent
from mlops_desktop.panels.monitoring.work import Work
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.banner import Banner
from mlops_desktop.widgets.buttons import primary, secondary
from mlops_desktop.widgets.cards import EmptyState, label
from mlops_desktop.widgets.page import Page
from mlops_desktop.widgets.times import parsed
from mlops_desktop.work.jobs import Jobs

if TYPE_CHECKING:
    from mlops_desktop.panels.monitoring.overview import Overview

_KINDS = {"deployments", "monitoring", "models"}
_RELOAD_MS = 400  # Folding and replays tell of changes many times a second.
_LOADING, _UNDEPLOYED, _SILENT, _FULL = range(4)


class MonitoringPanel(Page):
    """show_thing() takes the name of a deployment. choose_file(then) asks for a path; tests put
    their own there.
    """

    open_panel = Signal(str, object)
    toast = Signal(str)

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__(self.tr("Monitor"))
        self._jobs = jobs
        self._seen: Seen | None = None
        self._wanted = ""
        self._asked: str | None = None  # For which deployment the store is being asked now.
        self._newest: dict[str, str] = {}  # The end of the newest window, by deployment.
        self._review_next = False
        self._overview: Overview | None = None
        self.choose_file: Callable[[Callable[[str], None]], None] = self._ask_file
        self.live = Live(jobs, workspace, self)
        self._later = QTimer(self, singleShot=True, interval=_RELOAD_MS)
        self._later.timeout.connect(self.reload)
        self._build()
        self._wire()

    def _build(self) -> None:
        self.head = Header()
        self.head.hide()
        self.header.addWidget(self.head)
        self.work = Work(self._jobs)
        self.body.addWidget(self.work)
        self.files = LabelFilesCard(self._jobs)
        button = secondary(self.tr("Open Deploy"), "", self._open_deploy)
        button.setObjectName("open-deploy")
        self.failed = Banner("error", "", [button])
        self.failed.setObjectName("deployment-failed")
        self.failed.hide()
        self.body.addWidget(self.failed)
        loading = label(self.tr("Loading…"), muted=True)
        loading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        deploy = primary(self.tr("Deploy"), "server", partial(self.open_panel.emit, "deploy", None))
        deploy.setObjectName("monitor-deploy")
        undeployed = EmptyState(
            "activity",
            self.tr("Deploy a model first. What it answers is then watched here."),
            deploy,
        )
        self._silent = Silent(self.head.replay_menu)
        self._silent.try_wanted.connect(self._open_deploy)
        self._stack = QStackedWidget()
        for page in (loading, undeployed, self._silent):
            self._stack.addWidget(page)
        self.body.addWidget(self._stack, 1)

    def _wire(self) -> None:
        head, work = self.head, self.work
        head.changed.connect(self._on_chosen)
        head.live_toggled.connect(self._apply_live)
        head.replay_wanted.connect(self._replay)
        head.labels_wanted.connect(lambda: self.choose_file(self._ask_column))
        head.retrain_wanted.connect(self._retrain)
        head.review_wanted.connect(self._review)
        work.changed.connect(self._show_actions)
        work.model_wanted.connect(partial(self.open_panel.emit, "models"))
        self.live.failed.connect(work.show_error)
        self.live.measured.connect(self._on_measured)
        self._jobs.changed.connect(self._on_changed)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self.reload()
        self._apply_live()
        self.live.fold()

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.live.set_running(False)

    def show_thing(self, thing: object) -> None:
        """Choose a deployment by name."""
        self._wanted = str(thing)
        self.reload()

    def escape(self) -> None:
        self.work.clear()
        self.files.hide()
        if self._overview is not None:
            self._overview.close_change()

    def reload(self) -> None:
        wanted = self._wanted or self.head.name
        if self._asked == wanted:
            self._later.start()  # The answer under way may be older than the change.
            return
        self._asked = wanted
        since = self._since(wanted)
        self._jobs.run(
            self,
            lambda store: look(store, wanted, since),
            partial(self._show, wanted),
            self._on_failed,
        )

    def _since(self, name: str) -> str | None:
        """Windows before it are of no interest, as far as the newest one is known."""
        newest = parsed(self._newest.get(name))
        if newest is None or not self.head.days:
            return None
        return (newest - timedelta(days=self.head.days)).isoformat()

    def _show(self, asked: str, seen: Seen | None) -> None:
        if asked != self._asked:
            return  # Another one was chosen meanwhile.
        self._asked, self._wanted = None, ""
        before, self._seen = self._seen, seen
        deployment = seen.deployment if seen else None
        self.head.show_deployments(seen.deployments if seen else [], deployment)
        self.live.watch(deployment)
        self._show_failed(deployment)
        if seen is None:
            self._stack.setCurrentIndex(_UNDEPLOYED)
        elif not seen.summary.predictions:
            self._silent.show_seen(seen, busy=self.work.busy)
            self._stack.setCurrentIndex(_SILENT)
        else:
            self._show_full(seen)
        other = before is None or seen is None or before.deployment.id != seen.deployment.id
        if other:
            self.live.fold()
            self.work.clear()
            self.files.hide()
            if self._overview is not None:
                self._overview.start_over()
        self._show_actions()
        self._apply_live()

    def _show_failed(self, deployment: Deployment | None) -> None:
        failed = deployment is not None and deployment.state is DeploymentState.FAILED
        self.failed.setVisible(failed)
        if deployment is not None and failed:
            said = self.tr("{0} ended by itself, so nobody gets answers.").format(deployment.name)
            self.failed.say(said, deployment.error)

    def _open_deploy(self) -> None:
        self.open_panel.emit("deploy", self.head.name)

    def _show_full(self, seen: Seen) -> None:
        windows = seen.summary.windows
        if windows:
            self._newest[seen.deployment.name] = max(window.end for window in windows)
        if self._overview is None:
            self._overview = self._build_overview()
        self._overview.show_summary(seen.summary, self._recent(windows))
        self._stack.setCurrentIndex(_FULL)
        if self._review_next:
            self._review_next = False
            self._review()

    def _recent(self, windows: tuple[Window, ...]) -> tuple[Window, ...]:
        since = parsed(self._since(self.head.name))
        if since is None:
            return windows
        return tuple(window for window in windows if (parsed(window.end) or since) > since)

    def _build_overview(self) -> Overview:
        # Plots are slow to load, so not before there is something to draw.
        from mlops_desktop.panels.monitoring.overview import Overview  # noqa: PLC0415

        made = Overview(self.head.view, self.files)
        made.detail_wanted.connect(self._ask_change)
        made.out_of_range.connect(self._review_all)
        made.retrain_wanted.connect(self._retrain)
        made.files_wanted.connect(self._open_files)
        self._stack.addWidget(made)
        return made

    def _open_files(self) -> None:
        self.files.open_for(self.head.name)
        if self._overview is not None:
            self._overview.scroll_to_top()

    def _show_actions(self) -> None:
        seen = self._seen
        if seen is not None:
            self.head.show_actions(
                alerts=len(words.active(seen.summary)),
                predictions=seen.summary.predictions,
                sample=seen.sample,
                busy=self.work.busy,
            )

    def _apply_live(self) -> None:
        seen = self._seen
        on = seen is not None and seen.running and self.isVisible() and self.head.live.isChecked()
        self.live.set_running(on)
        if self._overview is not None:
            self._overview.traffic.set_live(on)

    def _review(self) -> None:
        alerts = words.active(self._seen.summary) if self._seen else []
        if alerts and self._overview is not None:
            self._overview.see_change(alerts[0])

    def _review_all(self) -> None:
        """An alert began before the range on show: widen it."""
        if self.head.days:
            self.head.range.setCurrentIndex(0)
            self._review_next = True
            self.reload()

    def _ask_change(self, window: Window, feature: str) -> None:
        view, name = self._overview, self.head.name
        if view is not None:
            self._jobs.run(
                self,
                lambda store: monitoring.window_detail(
                    store, name, window.version, window.start, feature
                ),
                partial(view.show_change, window, feature),
                view.show_change_error,
            )

    def _replay(self, story: str) -> None:
        self.work.replay(self.head.name, Story(story))

    def _retrain(self) -> None:
        if self._seen is not None:
            self.work.retrain(self.head.name, words.newest_error(self._seen.summary))

    def _ask_column(self, path: str) -> None:
        if self._seen is not None:
            self.work.ask_labels(self.head.name, Path(path), self._seen.target)

    def _on_measured(self, stats: LiveStats) -> None:
        if self._overview is not None:
            self._overview.traffic.add_live(stats)

    def _on_chosen(self) -> None:
        self._wanted = self.head.name
        self.work.clear()
        self.reload()

    def _on_failed(self, error: UserError) -> None:
        self._asked = None
        self.work.show_error(error)

    def _on_changed(self, kinds: frozenset[str]) -> None:
        if kinds & _KINDS and self.isVisible() and not self._later.isActive():
            self._later.start()
            self.files.reload()

    def _ask_file(self, then: Callable[[str], None]) -> None:
        dialog = QFileDialog(self, self.tr("Add labels"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Tables (*.csv *.parquet)"), self.tr("All files (*)")])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(then)
        dialog.open()
