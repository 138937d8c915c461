"""Models: the versions of every model, their gates, and a person's yes."""

from __future__ import annotations

from functools import partial
from itertools import groupby

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from mlops_desktop.actions import comparing, deployments, lineage, models
from mlops_desktop.actions.models import About
from mlops_desktop.core.deployments import Deployment, DeploymentState
from mlops_desktop.core.lineage import Graph
from mlops_desktop.core.models import CHAMPION, ModelState, ModelVersion
from mlops_desktop.panels.models.card import CardTab
from mlops_desktop.panels.models.gates import GatesTab
from mlops_desktop.panels.models.head import VersionHead
from mlops_desktop.panels.models.history import HistoryTab
from mlops_desktop.panels.models.lineage import LineageTab
from mlops_desktop.panels.models.words import chips_of, figure, metric_title
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import primary
from mlops_desktop.widgets.cards import Card, EmptyState
from mlops_desktop.widgets.page import Page
from mlops_desktop.widgets.tabs import Tabs
from mlops_desktop.widgets.timeline import Timeline, TimelineEntry
from mlops_desktop.widgets.times import ago
from mlops_desktop.work.jobs import Jobs

_KINDS = {"models", "deployments"}


class ModelsPanel(Page):
    """show_thing() takes a reference ('demand@2', 'demand', 'demand@champion') or a version."""

    open_panel = Signal(str, object)
    toast = Signal(str)

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:  # noqa: ARG002 - as all panels
        super().__init__(self.tr("Models"))
        self._jobs = jobs
        self._versions: dict[str, ModelVersion] = {}
        self._compared: dict[tuple[int, int], str] = {}
        self._deployed: list[Deployment] = []
        self._wanted = ""
        self._build()
        jobs.changed.connect(self._on_changed)

    def _build(self) -> None:
        self._error = ErrorBox()
        self.body.addWidget(self._error)
        register = primary(
            self.tr("Register the best run"), "", partial(self.open_panel.emit, "train", None)
        )
        register.setObjectName("register-best")
        empty = EmptyState(
            "package-check",
            self.tr("No model yet. Train one, then register the best run to test and approve it."),
            register,
        )
        self._stack = QStackedWidget()
        for page in (QWidget(), empty, self._build_full()):
            self._stack.addWidget(page)
        self.body.addWidget(self._stack, 1)

    def _build_full(self) -> QWidget:
        self.timeline = Timeline(self.tr("Model versions"))
        self.timeline.setObjectName("model-versions")
        self.timeline.chosen.connect(self._show_chosen)
        versions = Card()
        versions.body.setContentsMargins(4, 4, 4, 4)
        versions.setFixedWidth(320)
        versions.add(self.timeline)
        self.head = VersionHead()
        self.head.approve_wanted.connect(self._approve)
        self.head.alias_wanted.connect(self._name)
        self.head.deploy_wanted.connect(
            lambda: self.open_panel.emit("deploy", self.timeline.current())
        )
        right = QVBoxLayout()
        right.setSpacing(12)
        right.addWidget(self.head)
        right.addWidget(self._build_tabs(), 1)
        page = QWidget()
        across = QHBoxLayout(page)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(12)
        across.addWidget(versions)
        across.addLayout(right, 1)
        return page

    def _build_tabs(self) -> Tabs:
        self.gates, self.card = GatesTab(), CardTab()
        self.lineage, self.history = LineageTab(), HistoryTab()
        for tab in (self.card, self.lineage):
            tab.opened.connect(self.open_panel)
        tabs = Tabs(self.tr("About the version"))
        tabs.bar.setObjectName("model-tabs")
        tabs.add(self.tr("Gates"), self.gates)
        tabs.add(self.tr("Card"), self.card)
        tabs.add(self.tr("Lineage"), self.lineage)
        tabs.add(self.tr("Approvals"), self.history)
        return tabs

    def shown(self) -> None:
        self.reload()

    def show_thing(self, thing: object) -> None:
        """Choose a version by reference, once the list is there."""
        self._wanted = thing.ref if isinstance(thing, ModelVersion) else str(thing)
        self.reload()

    def escape(self) -> None:
        self.head.close_asks()

    def reload(self) -> None:
        self._jobs.run(
            self,
            lambda store: (models.list_versions(store), deployments.list_deployments(store)),
            self._show,
            self._error.show_error,
        )

    def _show(self, found: tuple[list[ModelVersion], list[Deployment]]) -> None:
        versions, self._deployed = found
        self._error.show_error(None)
        versions.sort(key=lambda version: version.model.casefold())
        self._versions = {version.ref: version for version in versions}
        self._stack.setCurrentIndex(2 if versions else 1)
        entries = []
        for model, group in groupby(versions, key=lambda version: version.model):
            own = list(group)
            count = self.tr("1 version") if len(own) == 1 else self.tr("{0} versions")
            entries.append(TimelineEntry("", model, right=count.format(len(own))))
            entries.extend(_entry(version) for version in own)
        self.timeline.set_entries(entries)
        chosen = self._pick()
        if chosen and chosen != self.timeline.current():
            self.timeline.choose(chosen)
        else:
            self._show_chosen(chosen)

    def _pick(self) -> str:
        """What was asked for, else what was chosen, else what waits for a person, else any."""
        wanted, self._wanted = self._wanted, ""
        if wanted:
            for version in self._versions.values():
                names = {f"{version.model}@{alias}" for alias in version.aliases}
                if wanted in {version.ref, version.model} | names:
                    return version.ref
        if self.timeline.current():
            return self.timeline.current()
        waiting = [v for v in self._versions.values() if v.state is ModelState.WAITING]
        newest = sorted(waiting or self._versions.values(), key=lambda version: -version.id)
        return newest[0].ref if newest else ""

    def _show_chosen(self, ref: str) -> None:
        version = self._versions.get(ref)
        if version is None:
            return
        serving = tuple(
            item.name
            for item in self._deployed
            if item.model_version == version.id and item.state is DeploymentState.RUNNING
        )
        self.head.show_version(version, serving)
        self.gates.show_gates(version.gates)
        self._jobs.run(
            self,
            lambda store: (models.about(store, ref), lineage.graph(store, f"model:{ref}")),
            self._show_about,
            self.head.show_error,
        )

    def _show_about(self, found: tuple[About, Graph]) -> None:
        about, graph = found
        if about.version.ref != self.timeline.current():
            return  # Another one was chosen meanwhile.
        self.head.show_quality(about.evaluation.verdict)
        self._compare(about.version)
        self.card.show_about(about)
        self.lineage.show_graph(graph)
        self.history.show_history(about.version, about.history)

    def _compare(self, version: ModelVersion) -> None:
        """With the champion, on rows that are new to both; it takes a moment."""
        champions = [
            other
            for other in self._versions.values()
            if other.model == version.model and CHAMPION in other.aliases
        ]
        if not champions or champions[0].id == version.id:
            return
        pair = (version.id, champions[0].id)

        def show(text: str) -> None:
            self._compared[pair] = text
            if version.ref == self.timeline.current():
                self.head.show_comparison(text)

        if pair in self._compared:  # Versions never change, so neither does this.
            show(self._compared[pair])
            return

        self._jobs.start(
            self,
            "",
            lambda lane, _context: comparing.compare(lane, version.ref, champions[0].ref),
            lambda comparison: show(str(comparison)),
            lambda error: show(f"{error.what} {error.why}"),
            quiet=True,
        )

    def _approve(self, note: str) -> None:
        ref = self.timeline.current()
        self._jobs.run(
            self,
            lambda store: models.approve(store, ref, note),
            lambda version: self.toast.emit(self.tr("{0} is approved.").format(version.ref)),
            self.head.show_error,
        )

    def _name(self, alias: str) -> None:
        version = self._versions[self.timeline.current()]
        self._jobs.run(
            self,
            lambda store: models.set_alias(store, version.model, alias, version.version),
            lambda named: self.toast.emit(self.tr("{0} is now {1}.").format(named.ref, alias)),
            self.head.show_error,
        )

    def _on_changed(self, kinds: frozenset[str]) -> None:
        if self.isVisible() and kinds & _KINDS:
            self.reload()


def _entry(version: ModelVersion) -> TimelineEntry:
    return TimelineEntry(
        version.ref,
        f"v{version.version}",
        chips_of(version),
        figure(version.value),
        f"{metric_title(version.metric)}, {version.algorithm.title}, {ago(version.created_at)}",
    )
