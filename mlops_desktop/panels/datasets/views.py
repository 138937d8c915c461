"""What is seen of one version: its warnings, its tabs, and the column inspector beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.core.answers import Answer
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.places import DataPlace
from mlops_desktop.core.recipes import Step
from mlops_desktop.panels.datasets.changes import ChangesTab
from mlops_desktop.panels.datasets.checks import ChecksTab
from mlops_desktop.panels.datasets.cleaning import CleaningTab
from mlops_desktop.panels.datasets.inspector import Inspector
from mlops_desktop.panels.datasets.lineage import LineageTab
from mlops_desktop.panels.datasets.profile import ProfileTab
from mlops_desktop.panels.datasets.tab import VersionTab
from mlops_desktop.panels.datasets.table import TableTab
from mlops_desktop.panels.datasets.warnings import Warnings
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.buttons import IconButton
from mlops_desktop.widgets.tabs import Tabs
from mlops_desktop.work.jobs import Jobs

_WIDE = 972  # In a window of 1500 there is room for the column inspector.


class Views(QWidget):
    """above: what stands over the warnings. The signals are those of the tabs and warnings."""

    failed = Signal(object)
    made = Signal(object)
    toast = Signal(str)
    undoable = Signal(str, object)
    open_panel = Signal(str, object)
    answered = Signal(object, object)
    read_as = Signal(str, object)

    def __init__(self, jobs: Jobs, workspace: Workspace, above: Sequence[QWidget]) -> None:
        super().__init__()
        self._jobs, self._workspace = jobs, workspace
        self._version: DatasetVersion | None = None
        self._inspecting: bool | None = None  # Until the user says, the width decides.
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(12)
        column = QVBoxLayout()
        column.setSpacing(8)
        for widget in above:
            column.addWidget(widget)
        self._build_tabs(column)
        across.addLayout(column, 1)
        across.addWidget(self._build_inspector())

    def _build_tabs(self, column: QVBoxLayout) -> None:
        self.warnings = Warnings()
        self._follow_warnings(self.warnings)
        self.warnings.fix_wanted.connect(self.add_steps)
        column.addWidget(self.warnings)
        self.tabs = Tabs(self.tr("Views of the version"))
        self.tabs.bar.setObjectName("data-tabs")
        self._table = TableTab(self._jobs, self._workspace)
        self._profile = ProfileTab(self._jobs, self._workspace)
        self._changes = ChangesTab(self._jobs, self._workspace)
        self._cleaning = CleaningTab(self._jobs, self._workspace)
        self._cleaning.drafted.connect(self.warnings.set_pending)
        self._tabs: dict[str, VersionTab] = {
            self.tr("Table"): self._table,
            self.tr("Profile"): self._profile,
            self.tr("Changes"): self._changes,
            self.tr("Cleaning"): self._cleaning,
            self.tr("Checks"): ChecksTab(self._jobs, self._workspace),
            self.tr("Lineage"): LineageTab(self._jobs, self._workspace),
        }
        for title, tab in self._tabs.items():
            self.tabs.add(title, tab)
            tab.failed.connect(self.failed)
            tab.made.connect(self.made)
            tab.toast.connect(self.toast)
            tab.undoable.connect(self.undoable)
            tab.open_panel.connect(self.open_panel)
        column.addWidget(self.tabs, 1)

    def _build_inspector(self) -> QWidget:
        self.inspector = Inspector(self._jobs, self._workspace)
        self.inspector.hide()
        self.inspector.closed.connect(lambda: self.inspect(False))
        self.inspector.failed.connect(self.failed)
        self.inspector.steps_wanted.connect(self.add_steps)
        self._follow_warnings(self.inspector.warnings)
        for tab in self._tabs.values():
            tab.steps_wanted.connect(self.add_steps)
            tab.column_chosen.connect(self.inspector.show_column)
            tab.inspector_wanted.connect(lambda: self.inspect(True))
        toggle = IconButton("panel-right", self.tr("Column inspector"))
        toggle.setObjectName("toggle-inspector")
        toggle.clicked.connect(lambda: self.inspect(self.inspector.isHidden()))
        self.tabs.set_corner(toggle)
        return self.inspector

    def _follow_warnings(self, warnings: Warnings) -> None:
        warnings.answered.connect(self.answered)
        warnings.read_as.connect(self.read_as)

    def show_version(
        self,
        version: DatasetVersion,
        versions: Sequence[DatasetVersion],
        answers: Mapping[str, Answer],
        units: Mapping[str, str],
    ) -> None:
        """versions: all of the dataset, newest first. units: of its columns, by name."""
        before = self._version  # Packed anew by a clean-up, it has another manifest.
        same = before is not None and (before.id, before.manifest) == (version.id, version.manifest)
        self._version = version
        can_read_again = version.source.kind == "file"
        self.warnings.set_warnings(version.warnings, answers, can_read_again=can_read_again)
        self.inspector.set_answers(answers)
        for view in (self._table, self._profile, self.inspector):
            view.show_units(units)
        if same:
            for tab in self._tabs.values():
                tab.update_version(version, versions)
            return
        self.inspector.show_version(version)
        for tab in self._tabs.values():
            tab.show_version(version, versions)
        self.warnings.set_pending(self._cleaning.draft.steps)

    def show_place(self, place: DataPlace) -> None:
        """The tab of that topic, and the inspector on that column."""
        for tab in self._tabs.values():
            if place.tab and tab.help_topic == place.tab:
                self._show(tab)
        if place.column:
            self.inspect(True)
            self.inspector.show_column(place.column)

    def add_steps(self, steps: Sequence[Step]) -> None:
        """Give steps to the tab that takes them, and show it."""
        self._cleaning.add_steps(steps)
        self._show(self._cleaning)

    def compare_with(self, ref: str) -> None:
        """Show what turned another version into this one."""
        self._changes.compare_with(ref)
        self._show(self._changes)

    def _show(self, wanted: VersionTab) -> None:
        self.tabs.set_current(list(self._tabs.values()).index(wanted))

    def inspect(self, wanted: bool) -> None:
        self._inspecting = wanted
        self.inspector.setVisible(wanted)

    @property
    def tab(self) -> VersionTab:
        """The one that is shown."""
        return list(self._tabs.values())[self.tabs.current()]

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._inspecting is None:
            self.inspector.setVisible(self.width() >= _WIDE)
