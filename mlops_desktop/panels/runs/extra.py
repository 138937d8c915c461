"""What a training is rarely asked for: which algorithms, and the seed of all that is random."""

from __future__ import annotations

from collections.abc import Collection

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.core.runs import Algorithm
from mlops_desktop.panels.runs.choices import spin_box
from mlops_desktop.panels.runs.words import algorithm_name
from mlops_desktop.widgets.cards import label


class Extra(QWidget):
    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        above, below = QHBoxLayout(), QHBoxLayout()
        self._boxes: dict[Algorithm, QCheckBox] = {}
        for algorithm in Algorithm:
            box = QCheckBox(algorithm_name(algorithm))
            box.setObjectName(f"train-{algorithm.value}")
            box.setChecked(True)
            if algorithm is Algorithm.BASELINE:
                box.setEnabled(False)
                box.setToolTip(self.tr("Always trained: what a model must beat."))
            self._boxes[algorithm] = box
            above.addWidget(box)
        self.seed = spin_box("train-seed", 0, 2**31 - 1)
        self.seed.setAccessibleName(self.tr("Seed"))
        self.seed.setFixedWidth(96)
        words = label(self.tr("Seed"), muted=True)
        words.setBuddy(self.seed)
        below.addWidget(words)
        below.addWidget(self.seed)
        for line in (above, below):
            line.setSpacing(12)
            line.addStretch(1)
            column.addLayout(line)

    def algorithms(self) -> tuple[Algorithm, ...]:
        return tuple(algorithm for algorithm, box in self._boxes.items() if box.isChecked())

    def tick(self, algorithms: Collection[Algorithm]) -> None:
        """Tick these, and the baseline, which is always trained."""
        for algorithm, box in self._boxes.items():
            box.setChecked(algorithm in algorithms or algorithm is Algorithm.BASELINE)
