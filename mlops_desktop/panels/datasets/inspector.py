"""One column at a closer look, beside whatever the panel shows; and what can be done about it."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.actions import datasets, units
from mlops_desktop.core.answers import Answers
from mlops_desktop.core.datasets import ColumnType, DatasetVersion
from mlops_desktop.core.figures import percent
from mlops_desktop.core.profile import ColumnProfile, Profile
from mlops_desktop.panels.datasets.column_steps import ColumnSteps
from mlops_desktop.panels.datasets.warnings import Warnings
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.buttons import IconButton
from mlops_desktop.widgets.cards import Card, EmptyState, KeyValues, heading, label
from mlops_desktop.widgets.histogram import Histogram
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.widgets.profile_face import type_word, value_text
from mlops_desktop.widgets.share_list import ShareList
from mlops_desktop.work.jobs import Jobs

_WIDTH = 276
_TOP = 8
_QUANTILES = ("lowest", "5 %", "25 %", "median", "75 %", "95 %", "highest")


class Inspector(Card):
    """steps_wanted carries steps of a recipe. closed: the user wants it away. `warnings` are those
    of the column, with their own signals."""

    steps_wanted = Signal(object)
    closed = Signal()
    failed = Signal(object)

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__()
        self._jobs, self._workspace = jobs, workspace
        self._version: DatasetVersion | None = None
        self._profile: Profile | None = None
        self._name = ""
        self._answers: Answers = {}
        self._units: Mapping[str, str] = {}
        self.setObjectName("inspector")
        self.setAccessibleName(self.tr("Column"))
        self.setFixedWidth(_WIDTH)
        self._build()

    def _build(self) -> None:
        self.body.setContentsMargins(12, 8, 4, 8)
        self.chooser = QComboBox()
        self.chooser.setObjectName("inspected-column")
        self.chooser.setAccessibleName(self.tr("Column"))
        self.chooser.setMinimumWidth(60)
        self.chooser.setPlaceholderText(self.tr("choose a column"))
        self.chooser.activated.connect(lambda _: self.show_column(self.chooser.currentText()))
        close = IconButton("x", self.tr("Hide the column inspector"), self.closed.emit)
        close.setObjectName("close-inspector")
        above = QHBoxLayout()
        above.setSpacing(4)
        above.addWidget(self.chooser, 1)
        above.addWidget(close)
        self.body.addLayout(above)
        self._stack = QStackedWidget()
        self._stack.addWidget(
            EmptyState("columns-3", self.tr("Click a column to see what it holds."))
        )
        self._stack.addWidget(self._build_full())
        self.body.addWidget(self._stack, 1)

    def _build_full(self) -> QWidget:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        self._facts = label(muted=True, wrap=True)
        column.addWidget(self._facts)
        self.histogram = Histogram("", 96)
        column.addWidget(self.histogram)
        column.addLayout(self._build_unit())
        self.steps = ColumnSteps()
        self.steps.steps_wanted.connect(self.steps_wanted)
        column.addWidget(self.steps)
        self.warnings = Warnings(narrow=True)
        self.warnings.setObjectName("column-warnings")
        self.warnings.fix_wanted.connect(self.steps_wanted)
        column.addWidget(self.warnings)
        self._numbers_title, self._numbers = heading(self.tr("Numbers")), KeyValues()
        self._top_title = heading(self.tr("Most frequent"))
        self._top = ShareList(self.tr("Most frequent values"))
        for widget in (self._numbers_title, self._numbers, self._top_title, self._top):
            column.addWidget(widget)
        column.addStretch(1)
        return scrolled(inside)

    def _build_unit(self) -> QHBoxLayout:
        self.unit = QLineEdit(placeholderText=self.tr("none"))
        self.unit.setObjectName("column-unit")
        self.unit.setMaxLength(24)
        self.unit.setToolTip(self.tr("Such as mm or EUR. It holds for all versions."))
        self.unit.editingFinished.connect(self._set_unit)
        words = label(self.tr("Unit"), muted=True)
        words.setBuddy(self.unit)
        self.unit.setAccessibleName(self.tr("Unit"))
        across = QHBoxLayout()
        across.setSpacing(8)
        across.addWidget(words)
        across.addWidget(self.unit, 1)
        return across

    def show_version(self, version: DatasetVersion) -> None:
        self._version, self._profile = version, None
        names = [column.name for column in version.columns]
        self.chooser.clear()
        self.chooser.addItems(names)
        if self._name not in names:
            self._name = ""
            self.chooser.setCurrentIndex(-1)
        if self.isVisible():
            self._load()

    def set_answers(self, answers: Answers) -> None:
        self._answers = answers
        self._fill_warnings()

    def show_column(self, name: str) -> None:
        """Tell of this column from now on; read when the inspector is seen."""
        self._name = name
        self.chooser.setCurrentText(name)
        if self.isVisible():
            self._load()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._load()

    def _load(self) -> None:
        version = self._version
        if version is None:
            return
        if self._profile is not None:
            self._show()
            return
        self._jobs.start(
            self,
            "",
            lambda _lane, _context: datasets.profile(self._workspace, version),
            lambda profile: self._show_profile(version, profile),
            self.failed.emit,
            quiet=True,
        )

    def show_units(self, found: Mapping[str, str]) -> None:
        """The units of columns by name."""
        changed, self._units = found != self._units, found
        if changed and self._profile is not None:
            self._show()

    def _show_profile(self, version: DatasetVersion, profile: Profile) -> None:
        if self._version is not None and self._version.id == version.id:
            self._profile = profile
            self._show()

    def _show(self) -> None:
        column = self._profile.column(self._name) if self._profile is not None else None
        self._stack.setCurrentIndex(0 if column is None else 1)
        self.chooser.setCurrentText(self._name)
        if column is None:
            return
        about = "" if column.distinct_exact else self.tr("about ")
        missing = self.tr("none missing")
        if column.missing:
            share = percent(column.missing / max(1, column.rows))
            missing = self.tr("{0} missing ({1})").format(f"{column.missing:,}", share)
        self._facts.setText(
            f"{type_word(column.type)}, {about}{column.distinct:,} "
            f"{self.tr('different values')}, {missing}"
        )
        self.unit.setText(self._units.get(self._name, ""))
        self.steps.show_column(column)
        self._show_numbers(column)
        self._show_top(column)
        self._fill_warnings()

    def _show_numbers(self, column: ColumnProfile) -> None:
        numbers = column.numbers
        drawn = numbers is not None and column.type is not ColumnType.BOOLEAN
        self.histogram.setVisible(drawn)
        pairs: list[tuple[str, str | QWidget]] = []
        if numbers is not None and drawn:
            low, high = value_text(column, numbers.low), value_text(column, numbers.high)
            self.histogram.setAccessibleName(self.tr("Histogram of {0}").format(column.name))
            self.histogram.set_counts(numbers.counts, ends=(low, high))
            pairs += [
                (self.tr(name), value_text(column, value))
                for name, value in zip(_QUANTILES, numbers.quantiles, strict=True)
            ]
        if numbers is not None and column.type.is_numeric:
            pairs.append((self.tr("mean"), f"{numbers.mean:,.4g}"))
            pairs.append((self.tr("std. deviation"), f"{numbers.std:,.4g}"))
        if column.longest is not None:
            same = column.shortest == column.longest
            ends = f"{column.shortest}" if same else f"{column.shortest}\u2013{column.longest}"
            pairs.append((self.tr("characters"), ends))
            if column.mean_length is not None and not same:
                pairs.append((self.tr("on average"), f"{column.mean_length:.3g}"))
        unit = self._units.get(column.name, "")
        numbers_title = self.tr("Numbers ({0})").format(unit) if unit else self.tr("Numbers")
        words = self.tr("Lengths") if column.longest is not None else numbers_title
        self._numbers_title.setText(words)
        self._numbers_title.setVisible(bool(pairs))
        self._numbers.set_pairs(pairs)

    def _show_top(self, column: ColumnProfile) -> None:
        there = max(1, column.rows - column.missing)
        often = [item for item in column.top[:_TOP] if item.count > 1]
        self._top_title.setVisible(bool(often))
        self._top.setVisible(bool(often))
        self._top.set_shares([(item.value, item.count, item.count / there) for item in often])

    def _fill_warnings(self) -> None:
        version = self._version
        if version is not None:
            mine = [w for w in version.warnings if self._name in w.columns]
            can_read_again = version.source.kind == "file"
            self.warnings.set_warnings(mine, self._answers, can_read_again=can_read_again)

    def _set_unit(self) -> None:
        version, name, unit = self._version, self._name, self.unit.text().strip()
        if version is None or not name or unit == self._units.get(name, ""):
            return
        self._jobs.run(
            self,
            lambda store: units.set_unit(store, version.dataset, name, unit),
            self.show_units,
            self.failed.emit,
        )
