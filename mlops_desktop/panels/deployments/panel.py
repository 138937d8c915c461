"""Deploy: model versions that answer on this computer; start, try, watch, exchange, stop."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QStackedWidget, QVBoxLayout, QWidget

from mlops_desktop.actions import deployments, models
from mlops_desktop.actions.deployments import Servers
from mlops_desktop.core.deployments import Deployment, DeploymentState
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.models import ModelVersion
from mlops_desktop.panels.deployments.champion import ChampionOffer
from mlops_desktop.panels.deployments.changes import Changes
from mlops_desktop.panels.deployments.failure import FailureBox
from mlops_desktop.panels.deployments.new import NewDeployment, Wanted
from mlops_desktop.panels.deployments.strip import StatusStrip
from mlops_desktop.panels.deployments.views import Views
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import primary, secondary
from mlops_desktop.widgets.cards import EmptyState
from mlops_desktop.widgets.page import Page
from mlops_desktop.work.job import JobContext
from mlops_desktop.work.jobs import Jobs

_FAILURE_LOG_BYTES = 4000
_KINDS = {"deployments", "models"}


class DeploymentsPanel(Page):
    """show_thing() takes a deployment's name, or the reference of a version to deploy."""

    open_panel = Signal(str, object)
    toast = Signal(str)

    def __init__(self, jobs: Jobs, workspace: Workspace, servers: Servers) -> None:
        self.chooser = QComboBox()
        self.new_button = secondary(self.tr("New deployment"), "plus", self._open_new)
        super().__init__(self.tr("Deploy"), [self.chooser, self.new_button])
        self._jobs, self._workspace = jobs, workspace
        self._deployed: dict[str, Deployment] = {}
        self._versions: list[ModelVersion] = []
        self._current = self._wanted = ""
        self._changes = Changes(jobs, servers, self)
        self._build()
        self._changes.busy.connect(self._on_busy)
        self._changes.changed.connect(self._on_deployed)
        self._changes.ended.connect(self._on_ended)
        jobs.changed.connect(self._on_changed)

    def _build(self) -> None:
        self.new_button.setObjectName("new-deployment")
        self.chooser.setObjectName("deployment-chooser")
        self.chooser.setAccessibleName(self.tr("Deployment"))
        self.chooser.setMinimumWidth(200)
        self.chooser.activated.connect(lambda: self._choose(self.chooser.currentData()))
        self._error = ErrorBox()
        self.new = NewDeployment()
        self.new.wanted.connect(self._start_new)
        self.new.closed.connect(self.reload)
        self.body.addWidget(self._error)
        self.body.addWidget(self.new)
        self._stack = QStackedWidget()
        for page in (QWidget(), self._build_none(), self._build_first(), self._build_full()):
            self._stack.addWidget(page)
        self.new.alone.connect(self._stack.setHidden)
        self.body.addWidget(self._stack, 1)

    def _build_none(self) -> QWidget:
        go = primary(self.tr("Open Models"), "", partial(self.open_panel.emit, "models", None))
        go.setObjectName("open-models")
        sentence = self.tr("Deploy an approved model. No model is approved yet.")
        return EmptyState("server", sentence, go)

    def _build_first(self) -> QWidget:
        go = primary(self.tr("Deploy an approved model"), "", self._open_new)
        go.setObjectName("deploy-first")
        sentence = self.tr("Nothing is deployed yet. A deployment answers on this computer only.")
        return EmptyState("server", sentence, go)

    def _build_full(self) -> QWidget:
        self.strip = StatusStrip()
        self.strip.start_wanted.connect(self._start)
        self.strip.stop_wanted.connect(self._stop)
        self.strip.restart_wanted.connect(self._restart)
        self.strip.serve_wanted.connect(self._serve)
        self.strip.cancel_wanted.connect(self._changes.cancel)
        self.champion = ChampionOffer(self._jobs)
        self.champion.toast.connect(self.toast)
        self.champion.failed.connect(self._show_failure)
        self.failure = FailureBox()
        self.failure.again_wanted.connect(self._start)
        self.failure.port_wanted.connect(self._choose_port)
        self.views = Views(self._jobs, self._workspace)
        self.views.open_panel.connect(self.open_panel)
        self.views.toast.connect(self.toast)
        self.strip.rollout_wanted.connect(self.views.show_rollout)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self.strip)
        column.addWidget(self.champion)
        column.addWidget(self.failure)
        column.addWidget(self.views, 1)
        return page

    def shown(self) -> None:
        self.reload()

    def show_thing(self, thing: object) -> None:
        """Once the lists are there: choose the deployment of that name, or offer the version."""
        self._wanted = str(thing)
        self.reload()

    def help_topic(self) -> str:
        return self.views.help_topic()

    def escape(self) -> None:
        self.new.close_form()
        self.views.escape()

    def reload(self) -> None:
        self._jobs.run(
            self,
            lambda store: (deployments.list_deployments(store), models.list_versions(store)),
            self._show,
            self._error.show_error,
        )

    @property
    def deployment(self) -> Deployment | None:
        """The one that is shown."""
        return self._deployed.get(self._current)

    def _show(self, found: tuple[list[Deployment], list[ModelVersion]]) -> None:
        deployed, self._versions = found
        self._error.show_error(None)
        self._deployed = {item.name: item for item in deployed}
        approved = self._approved()
        self.new_button.setVisible(bool(deployed))
        self.new_button.setEnabled(bool(approved))
        if self._deployed:
            self._stack.setCurrentIndex(3)
        elif not self.new.isVisible():
            self._stack.setCurrentIndex(2 if approved else 1)
        wanted, self._wanted = self._wanted, ""
        self._choose(wanted if wanted in self._deployed else self._pick())
        if wanted and wanted not in self._deployed:
            self._offer(wanted)

    def _pick(self) -> str:
        """What was chosen, else one that runs, else any."""
        if self._current in self._deployed:
            return self._current
        running = [d for d in self._deployed.values() if d.state is DeploymentState.RUNNING]
        return next((d.name for d in running or self._deployed.values()), "")

    def _offer(self, ref: str) -> None:
        """A version was to be deployed: show where it serves already, else open the form."""
        serving = [d.name for d in self._deployed.values() if f"{d.model}@{d.version}" == ref]
        if serving:
            self._choose(serving[0])
        else:
            self._open_new(ref)

    def _choose(self, name: str) -> None:
        if name != self._current:
            self.failure.clear()
        self._current = name
        self.chooser.setVisible(len(self._deployed) > 1)
        self.chooser.clear()
        for item in self._deployed.values():
            self.chooser.addItem(f"{item.name} ({item.state})", item.name)
        self.chooser.setCurrentIndex(self.chooser.findData(name))
        deployment = self.deployment
        if deployment is not None:
            self._show_deployment(deployment)

    def _show_deployment(self, deployment: Deployment) -> None:
        newer = [v.version for v in self._approved() if v.model == deployment.model]
        newest = max(newer, default=0) if deployment.second is None else 0  # One trial at a time.
        self.strip.show_deployment(deployment, newest if newest > deployment.version else 0)
        self.strip.show_job(self._changes.text() or None)
        self.champion.watch(deployment, self._versions)
        self.views.show_deployment(deployment, self._versions)
        if deployment.state is DeploymentState.FAILED and not self._changes.running:
            self._show_failure(
                UserError(
                    self.tr("{0} is not serving: its server ended.").format(deployment.name),
                    why=deployment.error,
                    hint=self.tr("The end of its log is below."),
                )
            )
        elif deployment.state is DeploymentState.RUNNING and self.failure.offers_start:
            self.failure.clear()
        self._load_token(deployment)

    def _show_failure(self, error: UserError) -> None:
        deployment = self.deployment
        stands = deployment is not None and deployment.state is not DeploymentState.RUNNING
        self.failure.show_error(error, can_start=stands)
        if deployment is not None:
            self._quietly(
                lambda: deployments.log_tail(self._workspace, deployment, _FAILURE_LOG_BYTES),
                self.failure.show_log,
            )

    def _load_token(self, deployment: Deployment) -> None:
        if deployment.state is DeploymentState.RUNNING:
            self._quietly(
                lambda: deployments.token(self._workspace, deployment), self.strip.show_token
            )

    def _approved(self) -> list[ModelVersion]:
        return [version for version in self._versions if version.approval is not None]

    def _choose_port(self) -> None:
        """The form that makes deployments also starts one again, at another port."""
        if self.deployment is not None:
            ref = f"{self.deployment.model}@{self.deployment.version}"
            self._open_new(ref, self.deployment.name)
            self.new.port.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open_new(self, ref: str = "", name: str = "") -> None:
        if self._approved():
            self.new.open(self._approved(), self._deployed, ref, name)
            if not self._deployed:
                self._stack.setCurrentIndex(0)  # One call to act at a time.

    def _start_new(self, wanted: Wanted) -> None:
        self._wanted = wanted.name
        self._changes.start(wanted, partial(self._on_refused, wanted.name))

    def _on_refused(self, name: str, error: UserError) -> None:
        """Before a deployment was made, the form shows why; afterwards it stands below it."""
        self._wanted = ""
        if name in self._deployed:
            self._show_failure(error)
        else:
            self.new.show_error(error)

    def _start(self) -> None:
        if self.deployment is not None:
            self._start_version(self.deployment, self.deployment.version)

    def _start_version(self, deployment: Deployment, version: int) -> None:
        ref = f"{deployment.model}@{version}"
        wanted = Wanted(ref, deployment.name, None, deployment.keep)
        self._changes.start(wanted, self._show_failure)

    def _stop(self) -> None:
        self._changes.stop(self._current, self._show_failure)

    def _restart(self) -> None:
        self._changes.restart(self._current, self._show_failure)

    def _serve(self, version: int) -> None:
        """Exchange the version of a running server, or start a stopped one with it."""
        deployment = self.deployment
        if deployment is None:
            return
        if deployment.state is DeploymentState.RUNNING:
            ref = f"{deployment.model}@{version}"
            self._changes.swap(deployment.name, ref, self._show_failure)
        else:
            self._start_version(deployment, version)

    def _on_busy(self, text: str) -> None:
        self.failure.clear()
        self.strip.show_job(text)
        self.new.hide()

    def _on_ended(self) -> None:
        self.strip.show_job(None)
        self.reload()

    def _on_deployed(self, deployment: Deployment) -> None:
        if deployment.state is DeploymentState.RUNNING:
            text = self.tr("{0} v{1} answers at {2}")
            self.toast.emit(text.format(deployment.name, deployment.version, deployment.url))

    def _quietly(self, work: Callable[[], object], then: Callable[..., None]) -> None:
        """A look that repeats or that nobody asked for: its failure is no news."""

        def looked(_lane: object, _context: JobContext) -> object:
            return work()

        self._jobs.start(self, "", looked, then, lambda _error: None, quiet=True)

    def _on_changed(self, kinds: frozenset[str]) -> None:
        if self.isVisible() and kinds & _KINDS:
            self.reload()
