"""The Gates tab: each test with what it found, what it needs, and why it matters."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from mlops_desktop.core.figures import in_words
from mlops_desktop.core.models import Gate
from mlops_desktop.widgets.cards import Card, heading, label
from mlops_desktop.widgets.icons import IconLabel
from mlops_desktop.widgets.page import scrolled

_TOP = Qt.AlignmentFlag.AlignTop


class GatesTab(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._content = QWidget()
        self._list = QVBoxLayout(self._content)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(8)
        self._shown: tuple[Gate, ...] = ()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scrolled(self._content))

    def show_gates(self, gates: Sequence[Gate]) -> None:
        """Those that failed stand first."""
        if tuple(gates) == self._shown:
            return
        self._shown = tuple(gates)
        while (item := self._list.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for gate in sorted(gates, key=lambda gate: gate.passed):
            self._list.addWidget(self._card(gate))
        self._list.addStretch(1)

    def _card(self, gate: Gate) -> Card:
        card = Card()
        word = self.tr("Passed") if gate.passed else self.tr("Failed")
        found, needed = in_words(gate.actual), in_words(gate.threshold)
        card.setAccessibleName(f"{gate.name}: {word}. {found}; {needed}")
        token = "ok" if gate.passed else "error"
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(2, 5)
        grid.setColumnStretch(3, 6)
        icon = IconLabel("circle-check" if gate.passed else "circle-alert", token, 20)
        grid.addWidget(icon, 0, 0, _TOP)
        verdict = label(word, token=token)
        verdict.setMinimumWidth(52)
        grid.addWidget(verdict, 0, 1, _TOP)
        grid.addWidget(heading(gate.name[:1].upper() + gate.name[1:]), 0, 2, _TOP)
        grid.addWidget(label(gate.why, muted=True, wrap=True), 1, 2, _TOP)
        for row, text, shown in (
            (0, gate.actual, label(found, wrap=True)),
            (1, gate.threshold, label(self.tr("Needs: {0}").format(needed), muted=True, wrap=True)),
        ):
            if in_words(text) != text:
                shown.setToolTip(self.tr("Exactly: {0}").format(text))
            grid.addWidget(shown, row, 3, _TOP)
        card.body.addLayout(grid)
        return card
