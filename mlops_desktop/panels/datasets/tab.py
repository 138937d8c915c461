"""What the tabs of a dataset version have in common: they load when they are looked at."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QWidget

from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.paths import Workspace
from mlops_desktop.work.jobs import Jobs


class VersionTab(QWidget):
    """Subclasses build themselves in __init__ and load `self.version` in load().

    failed: a UserError for the panel to show. made: a version that the panel is to show next.
    steps_wanted: a tuple of core/recipes.Step to add to the recipe that is being written.
    undoable: what was done, and a function that undoes it.
    column_chosen: the column that the inspector tells of; inspector_wanted: and that it opens.
    """

    failed = Signal(object)
    made = Signal(object)
    steps_wanted = Signal(object)
    toast = Signal(str)
    undoable = Signal(str, object)
    open_panel = Signal(str, object)
    column_chosen = Signal(str)
    help_topic = "data"
    inspector_wanted = Signal()

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__()
        self.jobs, self.workspace = jobs, workspace
        self.version: DatasetVersion | None = None
        self.versions: tuple[DatasetVersion, ...] = ()
        self._stale = False

    def show_version(self, version: DatasetVersion, versions: Sequence[DatasetVersion]) -> None:
        """versions: all of the dataset, newest first."""
        self.version, self.versions = version, tuple(versions)
        self._stale = True
        if self.isVisible():
            self._load()

    def update_version(self, version: DatasetVersion, versions: Sequence[DatasetVersion]) -> None:
        """The same rows, of which something else is said: a tag, a note, what became of them."""
        self.version, self.versions = version, tuple(versions)

    def load(self) -> None:
        """Show self.version; called when the tab is seen, once for each version."""
        raise NotImplementedError

    def focus_filter(self) -> None:
        """Ctrl+F: give the focus to the field that finds things, where there is one."""

    def escape(self) -> None:
        """Esc: close what was opened over the tab."""

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._load()

    def _load(self) -> None:
        self._stale = False
        self.load()
