"""The Profile tab: a card for each column, found by name."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout

from mlops_desktop.actions import datasets
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.profile import Profile
from mlops_desktop.panels.datasets.tab import VersionTab
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.profile_view import ProfileView
from mlops_desktop.work.jobs import Jobs


class ProfileTab(VersionTab):
    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__(jobs, workspace)
        self._columns = 0
        self._words = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._count = label(muted=True)
        self.field = QLineEdit(placeholderText=self.tr("Find a column"), clearButtonEnabled=True)
        self.field.setObjectName("find-column")
        self.field.setAccessibleName(self.tr("Find a column"))
        self.field.setFixedWidth(240)
        self.field.textChanged.connect(self._filter)
        above = QHBoxLayout()
        above.addWidget(self._count, 1)
        above.addWidget(self.field)
        column.addLayout(above)
        self.view = ProfileView(self.tr("Columns"))
        self.view.setObjectName("profile")
        column.addWidget(self.view, 1)

    def load(self) -> None:
        version = self.version
        assert version is not None
        self.jobs.start(
            self,
            "",
            lambda _lane, _context: datasets.profile(self.workspace, version),
            lambda profile: self._show_profile(version, profile),
            self.failed.emit,
            quiet=True,
        )

    def _show_profile(self, version: DatasetVersion, profile: Profile) -> None:
        if self.version is None or self.version.id != version.id:
            return  # Another one was chosen meanwhile.
        self._columns = len(profile.columns)
        self._words = self.tr("{0} columns").format(self._columns)
        if profile.duplicate_rows:
            again = self.tr("{0} rows equal an earlier one").format(f"{profile.duplicate_rows:,}")
            self._words = f"{self._words}, {again}"
        marks = {
            name: warning.kind.value
            for warning in reversed(version.warnings)
            for name in warning.columns
        }
        self.view.set_columns(profile.columns, marks)
        self._filter(self.field.text())

    def focus_filter(self) -> None:
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _filter(self, text: str) -> None:
        found = self.view.set_filter(text)
        shown = self.tr("{0} of {1} columns").format(found, self._columns)
        self._count.setText(shown if text.strip() else self._words)
