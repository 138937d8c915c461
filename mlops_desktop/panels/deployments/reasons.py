"""Why an answer is what it is: the columns that moved it up and down, as bars."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mlops_desktop.core.deployments import Reasons
from mlops_desktop.widgets.bar_plot import Bar, BarPlot
from mlops_desktop.widgets.cards import label

_SHOWN = 8


class ReasonsView(QWidget):
    """show_reasons() with the target's name; hidden where there is nothing to say."""

    def __init__(self) -> None:
        super().__init__()
        self.words = label(muted=True, wrap=True)
        self.words.setObjectName("reasons-words")
        self.bars = BarPlot(self.tr("Why: what each column added"), "", self.tr("column"))
        self.bars.setObjectName("reasons-bars")
        self.bars.setProperty("card", False)
        self.bars.body.setContentsMargins(0, 4, 0, 0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.bars)
        column.addWidget(self.words)
        self.hide()

    def show_reasons(self, reasons: Reasons | None, target: str) -> None:
        self.setVisible(reasons is not None)
        if reasons is None:
            return
        chances = reasons.of != target
        parts = [(name, added) for name, added in reasons.contributions if added]
        if rest := parts[_SHOWN:]:
            name = self.tr("{0} more columns").format(len(rest)) if rest[1:] else rest[0][0]
            parts = [*parts[:_SHOWN], (name, sum(value for _, value in rest))]
        digits = 2 if chances else _digits([added for _, added in parts])
        bars = [Bar(name, added, f"{added:+,.{digits}f}") for name, added in parts]
        what = self.tr("the probability of {0}").format(reasons.of) if chances else target
        self.bars.set_bars(bars, self.tr("added to {0}").format(what))
        self.words.setText(
            self.tr(
                "Rows of the training data average {0}; these parts lead from there to {1}."
            ).format(_plain(reasons.baseline, chances), _plain(reasons.answer, chances))
        )


def _digits(values: Sequence[float]) -> int:
    """Behind the point, the same for all: four digits of the largest count."""
    largest = max((abs(value) for value in values), default=0.0)
    return min(6, max(0, 3 - math.floor(math.log10(largest)))) if largest else 0


def _plain(value: float, chances: bool) -> str:
    return f"{value:.2f}" if chances else f"{value:.4g}"
