"""The distributions of the Changes tab: which columns are spread differently, and the test."""

from __future__ import annotations

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from mlops_desktop.core.changes import Changes, Shift
from mlops_desktop.widgets.cards import Card, EmptyState, label
from mlops_desktop.widgets.plot_card import Legend, LegendEntry
from mlops_desktop.widgets.row_table import Column, RowTable
from mlops_desktop.widgets.shift_list import KINDS, ShiftList
from mlops_desktop.widgets.theme import Theme, follow_theme

_EMPTY, _LIST, _TABLE = range(3)


class ShiftsSection(QWidget):
    """The largest effect first. As a table, too: painted charts cannot be read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self._shifts: tuple[Shift, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        above = QHBoxLayout()
        above.setSpacing(12)
        self._words = label(muted=True)
        self._legend = Legend()
        self.as_table = QCheckBox(self.tr("Show as table"))
        self.as_table.setObjectName("distributions-as-table")
        self.as_table.toggled.connect(self._show)
        above.addWidget(self._words)
        above.addWidget(self._legend, 1)
        above.addStretch(1)
        above.addWidget(self.as_table)
        column.addLayout(above)
        self._stack = QStackedWidget()
        self._empty = EmptyState("chart-column", "")
        self.list = ShiftList(self.tr("Distributions before and after"))
        self.list.setObjectName("distributions")
        self.table = self._build_table()
        card = Card()
        card.body.setContentsMargins(1, 1, 1, 1)
        card.body.addWidget(self.table)
        for page in (self._empty, self.list, card):
            self._stack.addWidget(page)
        column.addWidget(self._stack, 1)
        follow_theme(self, self._take_colors)

    def _build_table(self) -> RowTable[Shift]:
        def figure(value: float) -> str:
            return f"{value:.4g}"

        table: RowTable[Shift] = RowTable(
            [
                Column[Shift](self.tr("Column"), lambda shift: shift.column, width=144),
                Column[Shift](
                    self.tr("Shift"),
                    lambda shift: shift.size,
                    chip=lambda shift: KINDS.get(shift.size, "neutral"),
                    width=128,
                ),
                Column[Shift](self.tr("Test"), lambda shift: shift.test, width=168),
                Column[Shift](self.tr("Statistic"), lambda s: s.statistic, format=figure, width=96),
                Column[Shift]("p", lambda shift: shift.p, format=figure, width=88),
                Column[Shift](self.tr("Effect"), lambda s: s.effect, format=figure, width=88),
                Column[Shift](self.tr("Measured by"), lambda shift: shift.measure, width=224),
                Column[Shift](
                    self.tr("In words"), lambda shift: shift.words.replace("`", ""), width=360
                ),
            ],
            self.tr("Distributions before and after"),
        )
        table.setObjectName("distributions-table")
        return table

    def show_changes(self, found: Changes) -> None:
        self._shifts = found.shifts
        self.list.set_shifts(found.shifts)
        self.table.set_rows(found.shifts)
        if not found.shifts:
            self._empty.set_sentence(self.tr("No column has values whose spread could differ."))
        sure = sum(shift.sure for shift in found.shifts)
        text = self.tr("{0} of {1} columns have shifted").format(sure, len(found.shifts))
        if any(shift.sampled for shift in found.shifts):
            text = self.tr("{0} (from some of the rows)").format(text)
        self._words.setText(text)
        self._show()

    def _show(self) -> None:
        for part in (self.as_table, self._words):
            part.setVisible(bool(self._shifts))
        self._legend.setVisible(bool(self._shifts) and not self.as_table.isChecked())
        chosen = _TABLE if self.as_table.isChecked() else _LIST
        self._stack.setCurrentIndex(chosen if self._shifts else _EMPTY)

    def _take_colors(self, theme: Theme) -> None:
        self._legend.set_entries(
            [
                LegendEntry(self.tr("before"), theme.color("text")),
                LegendEntry(self.tr("after"), theme.series(0), None),
            ]
        )
