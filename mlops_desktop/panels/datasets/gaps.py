"""Which values are missing, alone and together."""

from __future__ import annotations

import numpy as np
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from mlops_desktop.core.profile import Gaps, Profile, full
from mlops_desktop.widgets.cards import EmptyState, label
from mlops_desktop.widgets.gap_chart import GapChart
from mlops_desktop.widgets.matrix_map import MatrixMap
from mlops_desktop.widgets.page import scrolled


class GapsPage(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._found: Gaps | None = None
        self._note = label(muted=True, wrap=True)
        self.chart = GapChart(self.tr("Missing together"))
        self.chart.setObjectName("gap-patterns")
        self.matrix = MatrixMap(self.tr("How being missing goes together"), self._describe)
        self.matrix.setObjectName("gap-correlations")
        inside = QWidget()
        across = QHBoxLayout(inside)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(12)
        across.addWidget(self.chart, 3)
        across.addWidget(self.matrix, 2)
        self._empty = EmptyState("circle-check", "")
        self._stack = QStackedWidget()
        self._stack.addWidget(scrolled(inside))
        self._stack.addWidget(self._empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self._note)
        column.addWidget(self._stack, 1)

    def show_profile(self, profile: Profile) -> None:
        found = self._found = profile.gaps
        self._stack.setCurrentIndex(0 if found is not None else 1)
        self._note.setVisible(found is not None)
        if found is None:
            missing = sum(column.missing for column in profile.columns)
            self._empty.set_sentence(
                self.tr("No value is missing in {0} rows.").format(f"{profile.rows:,}")
                if not missing
                else self.tr(
                    "This version was stored before missing values were looked at together. "
                    "Import its file again to see them."
                )
            )
            return
        self._note.setText(self._words(found, profile))
        self.chart.set_gaps(found, profile.rows)
        self.matrix.setVisible(len(found.columns) > 1)
        self.matrix.set_values(found.columns, found.columns, full(found.nullity))

    def _words(self, found: Gaps, profile: Profile) -> str:
        columns = sum(1 for column in profile.columns if column.missing)
        text = self.tr("{0} of {1} columns have missing values.").format(
            columns, len(profile.columns)
        )
        if found.sampled:
            text += " " + self.tr("Patterns from {0} random rows.").format(f"{found.rows:,}")
        if found.left_out:
            text += " " + self.tr("The first {0} are shown.").format(len(found.columns))
        return text

    def _describe(self, row: int, column: int) -> str:
        if self._found is None or row == column:
            return ""
        value = float(full(self._found.nullity)[row, column])
        one, two = self._found.columns[row], self._found.columns[column]
        if np.isnan(value):
            return self.tr("{0}, {1}: not known").format(one, two)
        return f"{one}, {two}:  {value:.2f}"
