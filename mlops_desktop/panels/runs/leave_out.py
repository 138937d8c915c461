"""Which columns a training leaves out, with the reasons that warnings give."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.core.answers import ASKED, Decision
from mlops_desktop.core.datasets import WarningKind
from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.marked import plain
from mlops_desktop.widgets.theme import Theme, app_theme, follow_theme

_SEARCHED_FROM = 12


class LeaveOut(QWidget):
    """A ticked column is left out. One with a leak that is not ticked counts as kept on purpose."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._decisions: dict[str, Decision] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self._count = label(muted=True)
        self._find = QLineEdit(placeholderText=self.tr("Find a column"), clearButtonEnabled=True)
        self._find.setAccessibleName(self.tr("Find a column"))
        self._find.setFixedWidth(200)
        self._find.textChanged.connect(self._filter)
        above = QHBoxLayout()
        above.addWidget(self._count, 1)
        above.addWidget(self._find)
        column.addLayout(above)
        self.tree = QTreeWidget()
        self.tree.setObjectName("train-leave-out")
        self.tree.setAccessibleName(self.tr("Columns to leave out"))
        self.tree.setRootIsDecorated(False)
        self.tree.setHeaderHidden(True)
        self.tree.setColumnCount(2)
        self.tree.setUniformRowHeights(True)
        self.tree.setStyleSheet("QTreeView::item { min-height: 24px; }")
        self.tree.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Interactive)
        self.tree.setMinimumHeight(132)
        self.tree.itemChanged.connect(self._on_changed)
        column.addWidget(self.tree, 1)
        follow_theme(self, self._paint_reasons)

    def set_decisions(self, decisions: Sequence[Decision]) -> None:
        self._decisions = {decision.column.name: decision for decision in decisions}
        self.tree.blockSignals(True)
        self.tree.clear()
        for decision in decisions:
            reason = plain(decision.reason)
            item = QTreeWidgetItem([decision.column.name, reason])
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            state = Qt.CheckState.Checked if decision.leave_out else Qt.CheckState.Unchecked
            item.setCheckState(0, state)
            if reason:
                item.setToolTip(1, f"\u200b{reason}")
            self.tree.addTopLevelItem(item)
        self._paint_reasons(app_theme())
        self.tree.blockSignals(False)
        self.tree.resizeColumnToContents(0)
        self.tree.setColumnWidth(0, min(220, self.tree.columnWidth(0) + 16))
        self._find.setVisible(len(decisions) >= _SEARCHED_FROM)
        self._find.clear()
        self._on_changed()

    def set_left_out(self, names: Collection[str]) -> None:
        """Tick exactly these."""
        for item in self._items():
            wanted = Qt.CheckState.Checked if item.text(0) in names else Qt.CheckState.Unchecked
            item.setCheckState(0, wanted)

    def left_out(self) -> tuple[str, ...]:
        return tuple(i.text(0) for i in self._items() if i.checkState(0) is Qt.CheckState.Checked)

    def kept(self) -> tuple[str, ...]:
        """Columns that are used although a warning asked about them."""
        out = set(self.left_out())
        return tuple(
            name
            for name, decision in self._decisions.items()
            if decision.kind in ASKED and name not in out
        )

    def _items(self) -> list[QTreeWidgetItem]:
        found = (self.tree.topLevelItem(n) for n in range(self.tree.topLevelItemCount()))
        return [item for item in found if item is not None]

    def _paint_reasons(self, theme: Theme) -> None:
        for item in self._items():
            item.setForeground(1, theme.color("muted"))

    def _on_changed(self) -> None:
        out, kept = self.left_out(), self.kept()
        words = self.tr("Leave out: {0} of {1} columns").format(len(out), len(self._decisions))
        leaks = [n for n in kept if self._decisions[n].kind is WarningKind.LEAK]
        if leaks:
            words += self.tr("; {0} kept in spite of a leak").format(", ".join(leaks[:3]))
        self._count.setText(words)
        self.changed.emit()

    def _filter(self, text: str) -> None:
        for item in self._items():
            item.setHidden(text.strip().casefold() not in item.text(0).casefold())
