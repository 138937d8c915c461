"""What is seen of one deployment in tabs, and how it does right now while somebody looks."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QHideEvent, QShowEvent
from PySide6.QtWidgets import QWidget

from mlops_desktop.actions import deployments
from mlops_desktop.core.deployments import Deployment, DeploymentState, LiveStats
from mlops_desktop.core.models import ModelVersion
from mlops_desktop.panels.deployments.batch import BatchTab
from mlops_desktop.panels.deployments.documentation import DocumentationTab
from mlops_desktop.panels.deployments.logs import LogsTab
from mlops_desktop.panels.deployments.record import RecordTab
from mlops_desktop.panels.deployments.requests import RequestsTab
from mlops_desktop.panels.deployments.rollout import RolloutTab
from mlops_desktop.panels.deployments.trying import TryTab
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.tabs import Tabs
from mlops_desktop.work.jobs import Jobs

_TICK_MS = 1000
_KEPT_SAMPLES = 600


class Views(Tabs):
    """Once a second it asks for what is visible, and for nothing else."""

    open_panel = Signal(str, object)
    toast = Signal(str)

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__(self.tr("About the deployment"))
        self._jobs, self._workspace = jobs, workspace
        self._deployment: Deployment | None = None
        self._asking = False
        self._metrics_token = (0, "")  # A deployment's id, and its token.
        self._samples: deque[tuple[float, LiveStats]] = deque(maxlen=_KEPT_SAMPLES)
        self._build()
        self.shown.connect(self._on_tick)
        self._tick = QTimer(self, interval=_TICK_MS)
        self._tick.timeout.connect(self._on_tick)

    def _build(self) -> None:
        self.bar.setObjectName("deployment-tabs")
        self.try_tab = TryTab(self._jobs, self._workspace)
        self.requests = RequestsTab(self._jobs, self._workspace)
        self.batch = BatchTab(self._jobs)
        self.batch.open_panel.connect(self.open_panel)
        self.rollout = RolloutTab(self._jobs, self._workspace)
        self.rollout.toast.connect(self.toast)
        self.record = RecordTab(self._jobs)
        self.record.toast.connect(self.toast)
        self.documentation = DocumentationTab(self._jobs, self._workspace)
        self.logs = LogsTab(self._jobs, self._workspace)
        self.add(self.tr("Try it"), self.try_tab)
        self._requests_at = self.add(self.tr("Requests"), self.requests)
        self._performance_at = self.add(self.tr("Performance"), self._build_performance)
        self._batch_at = self.add(self.tr("Batch"), self.batch)
        self._rollout_at = self.add(self.tr("Rollout"), self.rollout)
        self.add(self.tr("Record"), self.record)
        self._documentation_at = self.add(self.tr("Documentation"), self.documentation)
        self._logs_at = self.add(self.tr("Logs"), self.logs)

    def _build_performance(self) -> QWidget:
        # Plots are slow to import, so they wait until somebody looks.
        from mlops_desktop.panels.deployments.performance import PerformanceTab  # noqa: PLC0415

        self.performance = PerformanceTab()
        return self.performance

    def escape(self) -> None:
        self.requests.close_details()

    def show_rollout(self) -> None:
        self.set_current(self._rollout_at)

    def help_topic(self) -> str:
        return "serving" if self.current() == self._documentation_at else "deploy"

    def show_deployment(self, deployment: Deployment, versions: Sequence[ModelVersion]) -> None:
        """versions: of every model; the deployment serves one of them."""
        if self._deployment is None or self._deployment.id != deployment.id:
            self._samples.clear()
        self._deployment = deployment
        served = next((v for v in versions if v.id == deployment.model_version), None)
        signature = served.signature if served else None
        self.try_tab.show_deployment(deployment, signature)
        self.requests.show_deployment(deployment)
        self.record.show_deployment(deployment, signature)
        self.batch.show_deployment(deployment)
        self.rollout.show_deployment(
            deployment,
            [v for v in versions if v.model == deployment.model and v.approval is not None],
        )
        self.logs.show_deployment(deployment)
        if deployment.state is DeploymentState.RUNNING:
            self._jobs.start(
                self,
                "",
                lambda _lane, _context: deployments.token(
                    self._workspace, deployment, metrics=True
                ),
                partial(self._on_metrics_token, deployment.id),
                lambda _error: None,
                quiet=True,
            )
        self._on_tick()

    def _on_metrics_token(self, deployment_id: int, token: str) -> None:
        self._metrics_token = (deployment_id, token)

    def _on_tick(self) -> None:
        deployment = self._deployment
        if deployment is None or not self.isVisible():
            return
        running = deployment.state is DeploymentState.RUNNING
        if running and not self._asking:
            self._ask_live(deployment)
        tab = self.current()
        if tab == self._requests_at:
            self.requests.tick(deployment)
        elif tab == self._performance_at:
            self.performance.show_samples(self._samples, running)
            known, token = self._metrics_token
            readable = running and known == deployment.id
            self.performance.show_metrics(deployment.url, token if readable else "")
        elif tab == self._rollout_at:
            self.rollout.tick(deployment)
        elif tab == self._documentation_at:
            self.documentation.load(deployment)
        elif tab == self._logs_at:
            self.logs.tick(deployment)

    def _ask_live(self, deployment: Deployment) -> None:
        self._asking = True
        self._jobs.start(
            self,
            "",
            lambda _lane, _context: deployments.live(self._workspace, deployment),
            partial(self._on_live, deployment.id),
            lambda _error: self._on_live(deployment.id, None),
            quiet=True,
        )

    def _on_live(self, deployment_id: int, stats: LiveStats | None) -> None:
        self._asking = False
        now = self._deployment
        if stats is not None and now is not None and now.id == deployment_id:
            self._samples.append((time.time(), stats))
            self.requests.show_statuses(stats.statuses)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._tick.start()

    def hideEvent(self, event: QHideEvent) -> None:
        self._tick.stop()
        super().hideEvent(event)
