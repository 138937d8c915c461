"""The Profile tab: a card for each column, what columns share, and which values are missing."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.actions import datasets
from mlops_desktop.actions import profile as actions
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.profile import Profile, TargetSplit
from mlops_desktop.panels.datasets.correlations import CorrelationsPage
from mlops_desktop.panels.datasets.gaps import GapsPage
from mlops_desktop.panels.datasets.tab import VersionTab
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.plot_card import Legend, LegendEntry
from mlops_desktop.widgets.profile_view import ProfileView
from mlops_desktop.widgets.tabs import TabBar
from mlops_desktop.widgets.theme import Theme, app_theme, follow_theme
from mlops_desktop.work.job import Job
from mlops_desktop.work.jobs import Jobs

_NARROW = QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon


class ProfileTab(VersionTab):
    """Enter or a double click on a card asks for the inspector of its column."""

    help_topic = "profile"

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__(jobs, workspace)
        self._profile: Profile | None = None
        self._words = ""
        self._splits: Mapping[str, TargetSplit] = {}
        self._splitting: Job | None = None
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.bar = TabBar(self.tr("Parts of the profile"))
        self.bar.setObjectName("profile-parts")
        for title in (self.tr("Columns"), self.tr("Correlations"), self.tr("Missing values")):
            self.bar.addTab(title)
        self.correlations = CorrelationsPage(self.jobs, self.workspace)
        self.gaps = GapsPage()
        self._stack, controls = QStackedWidget(), QStackedWidget()
        controls.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        for page, control in (
            (self._build_columns(), self._build_controls()),
            (self.correlations, self.correlations.controls),
            (self.gaps, QWidget()),
        ):
            self._stack.addWidget(page)
            controls.addWidget(control)
        self.bar.currentChanged.connect(self._stack.setCurrentIndex)
        self.bar.currentChanged.connect(controls.setCurrentIndex)
        above = QHBoxLayout()
        above.setSpacing(8)
        above.addWidget(self.bar)
        above.addWidget(controls, 1)
        column.addLayout(above)
        column.addWidget(self._stack, 1)

    def _build_controls(self) -> QWidget:
        self.target = QComboBox()
        self.target.setObjectName("split-by")
        self.target.setAccessibleName(self.tr("Split by"))
        self.target.setSizeAdjustPolicy(_NARROW)
        self.target.setMinimumWidth(84)
        self.target.setMaximumWidth(180)
        self.target.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.target.activated.connect(lambda _: self._split())
        words = label(self.tr("Split by"), muted=True)
        words.setBuddy(self.target)
        self.field = QLineEdit(placeholderText=self.tr("Find a column"), clearButtonEnabled=True)
        self.field.setObjectName("find-column")
        self.field.setAccessibleName(self.tr("Find a column"))
        self.field.setMinimumWidth(84)
        self.field.setMaximumWidth(180)
        self.field.textChanged.connect(self._filter)
        controls = QWidget()
        across = QHBoxLayout(controls)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(8)
        across.addStretch(1)
        across.addWidget(words)
        across.addWidget(self.target, 4)
        across.addWidget(self.field, 4)
        return controls

    def _build_columns(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._count = label(muted=True)
        self.legend = Legend()
        above = QHBoxLayout()
        above.setSpacing(24)
        above.addWidget(self._count)
        above.addWidget(self.legend, 1)
        column.addLayout(above)
        self.view = ProfileView(self.tr("Columns"))
        self.view.setObjectName("profile")
        self.view.chosen.connect(self.column_chosen)
        self.view.activated.connect(lambda _: self.inspector_wanted.emit())
        column.addWidget(self.view, 1)
        follow_theme(self, self._show_legend)
        return page

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

    def show_units(self, found: Mapping[str, str]) -> None:
        """The units of columns by name."""
        self.view.set_units(found)
        self.correlations.set_units(found)

    def _show_profile(self, version: DatasetVersion, profile: Profile) -> None:
        if self.version is None or self.version.id != version.id:
            return  # Another one was chosen meanwhile.
        self._profile = profile
        self._words = self.tr("{0} columns").format(len(profile.columns))
        if profile.duplicate_rows:
            again = self.tr("{0} rows equal an earlier one").format(f"{profile.duplicate_rows:,}")
            self._words = f"{self._words}, {again}"
        marks = {
            name: warning.kind.value
            for warning in reversed(version.warnings)
            for name in warning.columns
        }
        self.view.set_columns(profile.columns, marks)
        self.correlations.show_profile(version, profile)
        self.gaps.show_profile(profile)
        self._offer_targets(profile)
        self._filter(self.field.text())

    def _offer_targets(self, profile: Profile) -> None:
        """The target that was chosen stays, where this version has it, too."""
        chosen = self.target.currentText() if self.target.currentIndex() > 0 else ""
        names = [column.name for column in profile.columns if actions.can_split_by(column)]
        self.target.clear()
        self.target.addItems([self.tr("nothing"), *names])
        self.target.setCurrentIndex(names.index(chosen) + 1 if chosen in names else 0)
        self._split()

    def _split(self) -> None:
        version, target = self.version, self.target.currentText()
        if self._splitting is not None:
            self._splitting.cancel()
            self._splitting = None
        self._show_splits({})
        if version is None or self.target.currentIndex() < 1:
            return
        self._count.setText(self.tr("Splitting by {0}\u2026").format(target))
        self._splitting = self.jobs.start(
            self,
            "",
            lambda _lane, context: actions.profile_by_target(
                self.workspace, version, target, context=context
            ),
            lambda splits: self._on_split(version, target, splits),
            self._on_not_split,
            quiet=True,
        )

    def _on_split(
        self, version: DatasetVersion, target: str, splits: dict[str, TargetSplit]
    ) -> None:
        self._splitting = None
        same = self.version is not None and self.version.id == version.id
        if same and self.target.currentText() == target:
            self._show_splits(splits)
            self._filter(self.field.text())

    def _on_not_split(self, error: UserError) -> None:
        self._splitting = None
        self._filter(self.field.text())
        self.failed.emit(error)

    def _show_splits(self, splits: Mapping[str, TargetSplit]) -> None:
        self._splits = splits
        self.view.set_splits(splits)
        self._show_legend(app_theme())

    def _show_legend(self, theme: Theme) -> None:
        split = next(iter(self._splits.values()), None)
        if split is None:
            self.legend.set_entries([])
        elif split.classes:
            names = [
                self.tr("all others") if not name and number == len(split.classes) - 1 else name
                for number, name in enumerate(split.classes)
            ]
            self.legend.set_entries(
                [
                    LegendEntry(f"{split.target} = {name}", theme.series(number), None)
                    for number, name in enumerate(names)
                ]
            )
        else:
            mean = self.tr("mean of {0}").format(split.target)
            self.legend.set_entries(
                [
                    LegendEntry(self.tr("rows"), theme.series(0), None),
                    LegendEntry(mean, theme.series(1)),
                ]
            )

    def focus_filter(self) -> None:
        self.bar.setCurrentIndex(0)
        self.field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.field.selectAll()

    def _filter(self, text: str) -> None:
        found = self.view.set_filter(text)
        columns = len(self._profile.columns) if self._profile is not None else 0
        shown = self.tr("{0} of {1} columns").format(found, columns)
        self._count.setText(shown if text.strip() else self._words)
