"""Monitor: one deployment's windows, alerts and traffic, and what is done about them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QWidget

from mlops_desktop.actions import deployments, home, models, monitoring, replay
from mlops_desktop.actions.replay import Story
from mlops_desktop.core.deployments import Deployment, DeploymentState
from mlops_desktop.core.monitoring import MonitorSummary, Window
from mlops_desktop.panels.monitoring import words
from mlops_desktop.panels.monitoring.header import Header
from mlops_desktop.panels.monitoring.live import Live
from mlops_desktop.panels.monitoring.work import Work
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.buttons import primary, secondary
from mlops_desktop.widgets.cards import EmptyState, label
from mlops_desktop.widgets.page import Page
from mlops_desktop.widgets.times import parsed
from mlops_desktop.work.jobs import Jobs

if TYPE_CHECKING:
    from mlops_desktop.panels.monitoring.overview import Overview
    from mlops_desktop.store.store import Store

_KINDS = {"deployments", "monitoring", "models"}
_RELOAD_MS = 400  # Folding and replays tell of changes many times a second.
_LOADING, _UNDEPLOYED, _SILENT, _FULL = range(4)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What one look at the store found. target: the column that the deployed model predicts."""

    deployments: list[Deployment]
    deployment: Deployment
    summary: MonitorSummary
    target: str
    sample: bool


class MonitoringPanel(Page):
    """show_thing() takes the name of a deployment. choose_file(then) asks for a path; tests put
    their own there.
    """

    open_panel = Signal(str, object)
    toast = Signal(str)

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__(self.tr("Monitor"))
        self._jobs = jobs
        self._seen: _Seen | None = None
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
        loading = label(self.tr("Loading…"), muted=True)
        loading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        deploy = primary(self.tr("Deploy"), "server", partial(self.open_panel.emit, "deploy", None))
        deploy.setObjectName("monitor-deploy")
        undeployed = EmptyState(
            "activity",
            self.tr("Deploy a model first. What it answers is then watched here."),
            deploy,
        )
        self._stack = QStackedWidget()
        for page in (loading, undeployed, self._build_silent()):
            self._stack.addWidget(page)
        self.body.addWidget(self._stack, 1)

    def _build_silent(self) -> QWidget:
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        self._replay_empty = primary(self.tr("Replay…"), "play", self._open_replays)
        self._replay_empty.setObjectName("replay-empty")
        try_it = secondary(
            self.tr("Open Try it"),
            "server",
            lambda: self.open_panel.emit("deploy", self.head.name),
        )
        try_it.setObjectName("open-try-it")
        row.addWidget(self._replay_empty)
        row.addWidget(try_it)
        self._silent = EmptyState("activity", "", buttons)
        return self._silent

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
        if self._overview is not None:
            self._overview.close_change()

    def reload(self) -> None:
        wanted = self._wanted or self.head.name
        if self._asked == wanted:
            self._later.start()  # The answer under way may be older than the change.
            return
        self._asked = wanted
        since = self._since(wanted)
        self._jobs.run(self, lambda store: _look(store, wanted, since), self._show, self._on_failed)

    def _since(self, name: str) -> str | None:
        """Windows before it are of no interest, as far as the newest one is known."""
        newest = parsed(self._newest.get(name))
        if newest is None or not self.head.days:
            return None
        return (newest - timedelta(days=self.head.days)).isoformat()

    def _show(self, seen: _Seen | None) -> None:
        self._asked = None
        if self._wanted and (seen is None or seen.deployment.name == self._wanted):
            self._wanted = ""
        before, self._seen = self._seen, seen
        deployment = seen.deployment if seen else None
        self.head.show_deployments(seen.deployments if seen else [], deployment)
        self.live.watch(deployment)
        if seen is None:
            self._stack.setCurrentIndex(_UNDEPLOYED)
        elif not seen.summary.predictions:
            self._show_silent(seen)
        else:
            self._show_full(seen)
        other = before is None or seen is None or before.deployment.id != seen.deployment.id
        if other:
            self.live.fold()
            if self._overview is not None:
                self._overview.start_over()
        self._show_actions()
        self._apply_live()

    def _show_silent(self, seen: _Seen) -> None:
        running = seen.deployment.state is DeploymentState.RUNNING
        said = self.tr("No predictions yet. Send test traffic, or open Try it.")
        if not running:
            said = self.tr("No predictions yet, and {0} does not run. Start it in Deploy.").format(
                seen.deployment.name
            )
        elif seen.sample:
            said = self.tr(
                "No predictions yet. Replay hours of the sample as live traffic, or open Try it."
            )
        self._silent.set_sentence(said)
        self._replay_empty.setVisible(seen.sample and running)
        self._stack.setCurrentIndex(_SILENT)

    def _show_full(self, seen: _Seen) -> None:
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

        made = Overview()
        made.detail_wanted.connect(self._ask_change)
        made.out_of_range.connect(self._review_all)
        made.retrain_wanted.connect(self._retrain)
        self._stack.addWidget(made)
        return made

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
        running = seen is not None and seen.deployment.state is DeploymentState.RUNNING
        on = running and self.isVisible() and self.head.live.isChecked()
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

    def _open_replays(self) -> None:
        below = self._replay_empty.rect().bottomLeft()
        self.head.replay_menu.popup(self._replay_empty.mapToGlobal(below))

    def _replay(self, story: str) -> None:
        self.work.replay(self.head.name, Story(story))

    def _retrain(self) -> None:
        self.work.retrain(self.head.name)

    def _ask_column(self, path: str) -> None:
        if self._seen is not None:
            self.work.ask_labels(self.head.name, Path(path), self._seen.target)

    def _on_measured(self, stats: object) -> None:
        if self._overview is not None:
            self._overview.traffic.add_live(stats)  # type: ignore[arg-type]

    def _on_chosen(self) -> None:
        self._wanted = self.head.name
        self.work.clear()
        self.reload()

    def _on_failed(self, error: object) -> None:
        self._asked = None
        self.work.show_error(error)  # type: ignore[arg-type]

    def _on_changed(self, kinds: frozenset[str]) -> None:
        if kinds & _KINDS and self.isVisible() and not self._later.isActive():
            self._later.start()

    def _ask_file(self, then: Callable[[str], None]) -> None:
        dialog = QFileDialog(self, self.tr("Add labels"))
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.setNameFilters([self.tr("Tables (*.csv *.parquet)"), self.tr("All files (*)")])
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(then)
        dialog.open()


def _look(store: Store, wanted: str, since: str | None) -> _Seen | None:
    """The deployment of that name, or else the one that needs a person most; None without any."""
    found = deployments.list_deployments(store)
    if not found:
        return None
    by_name = {one.name: one for one in found}
    if wanted not in by_name:
        alert = home.overview(store).facts.alert_deployment
        running = [one.name for one in found if one.state is DeploymentState.RUNNING]
        wanted = alert if alert in by_name else (running or list(by_name))[0]
    shown = by_name[wanted]
    version = models.get_version(store, f"{shown.model}@{shown.version}")
    return _Seen(
        found,
        shown,
        monitoring.show(store, wanted, since),
        version.signature.target,
        replay.is_sample(store, wanted),
    )
