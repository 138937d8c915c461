"""How strongly each two columns go together, and one pair of them at a closer look."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from mlops_desktop.actions import profile as actions
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.profile import Correlations, Pair, Profile
from mlops_desktop.panels.datasets.pair import PairView
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.cards import EmptyState, label
from mlops_desktop.widgets.matrix_map import MatrixMap
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.work.jobs import Jobs

# In words, as most texts on statistics put them.
_WORDS = ((0.9, "very strong"), (0.7, "strong"), (0.4, "moderate"), (0.1, "weak"))


class CorrelationsPage(QWidget):
    """controls: what chooses the measure, for the tab to place beside its own."""

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__()
        self._jobs, self._workspace = jobs, workspace
        self._version: DatasetVersion | None = None
        self._found: Correlations | None = None
        self._units: Mapping[str, str] = {}
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._note = label(muted=True, wrap=True)
        self.measure = QComboBox()
        self.measure.setMinimumWidth(84)
        self.measure.setObjectName("correlation-measure")
        self.measure.addItems([self.tr("by rank (Spearman)"), self.tr("by value (Pearson)")])
        self.measure.currentIndexChanged.connect(lambda _: self._show_matrix())
        words = label(self.tr("Numbers"), muted=True)
        words.setBuddy(self.measure)
        self.measure.setAccessibleName(self.tr("How numbers are compared"))
        self.controls = QWidget()
        above = QHBoxLayout(self.controls)
        above.setContentsMargins(0, 0, 0, 0)
        above.setSpacing(8)
        above.addStretch(1)
        above.addWidget(words)
        above.addWidget(self.measure)
        column.addWidget(self._note)
        self._error = ErrorBox()
        column.addWidget(self._error)
        self.matrix = MatrixMap(self.tr("How strongly columns go together"), self._describe)
        self.matrix.setObjectName("correlations")
        self.matrix.cell_clicked.connect(self._ask_pair)
        self.pair = PairView()
        self.pair.hide()
        self.pair.closed.connect(self.pair.hide)
        full = QWidget()
        across = QHBoxLayout(full)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(12)
        across.addWidget(self.matrix, 3)
        across.addWidget(self.pair, 2)
        self._empty = EmptyState("chart-column", "")
        self._stack = QStackedWidget()
        self._stack.addWidget(scrolled(full))
        self._stack.addWidget(self._empty)
        column.addWidget(self._stack, 1)

    def show_profile(self, version: DatasetVersion, profile: Profile) -> None:
        self._version, self._found = version, profile.correlations
        self.pair.hide()
        self._error.show_error(None)
        found = self._found
        self._note.setVisible(found is not None)
        self.measure.setEnabled(found is not None)
        self._stack.setCurrentIndex(0 if found is not None else 1)
        if found is None:
            self._empty.set_sentence(
                self.tr(
                    "There is nothing to compare: fewer than two columns hold numbers or few "
                    "values, or this version was stored before correlations were looked at."
                )
            )
            return
        self._note.setText(self._words(found))
        self._show_matrix()

    def set_units(self, units: Mapping[str, str]) -> None:
        self._units = units

    def _words(self, found: Correlations) -> str:
        texts = [self.tr("Click a cell to see the pair.")]
        if found.sampled:
            texts.append(self.tr("From {0} random rows.").format(f"{found.rows:,}"))
        if found.left_out:
            texts.append(
                self.tr("The first {0} of {1} columns.").format(
                    len(found.columns), len(found.columns) + found.left_out
                )
            )
        return " ".join(texts)

    def _show_matrix(self) -> None:
        if self._found is not None:
            matrix = self._found.matrix(ranks=self.measure.currentIndex() == 0)
            self.matrix.set_values(self._found.columns, self._found.columns, matrix)

    def _describe(self, row: int, column: int) -> str:
        found = self._found
        if found is None:
            return ""
        ranks = self.measure.currentIndex() == 0
        value = float(found.matrix(ranks=ranks)[row, column])
        one, two = found.columns[row], found.columns[column]
        if row == column:
            return one
        if np.isnan(value):
            return self.tr("{0}, {1}: not known").format(one, two)
        both = found.ordered[row] + found.ordered[column]
        measure = {
            0: self.tr("Cram\u00e9r's V"),
            1: self.tr("correlation ratio"),
            2: "Spearman" if ranks else "Pearson",
        }[both]
        strength = next((word for least, word in _WORDS if abs(value) >= least), "none")
        return f"{one}, {two}:  {value:.2f}, {strength} ({measure})"

    def _ask_pair(self, row: int, column: int) -> None:
        found, version = self._found, self._version
        if found is None or version is None or row == column:
            return
        one, two = found.columns[column], found.columns[row]
        self._jobs.start(
            self,
            "",
            lambda _lane, _context: actions.pair(self._workspace, version, one, two),
            lambda pair: self._show_pair(version, pair),
            self._show_error,
            quiet=True,
        )

    def _show_pair(self, version: DatasetVersion, pair: Pair) -> None:
        if self._version is not None and self._version.id == version.id:
            self._error.show_error(None)
            self.pair.show_pair(pair, self._units)
            self.pair.show()

    def _show_error(self, error: UserError) -> None:
        self._error.show_error(error)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape and self.pair.isVisible():
            self.pair.hide()
            return
        super().keyPressEvent(event)
