"""Which rows a model is judged on: the newest by a column, groups of their own, or any."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QGridLayout, QWidget

from mlops_desktop.core.datasets import ColumnType, DatasetVersion
from mlops_desktop.core.runs import TrainSpec
from mlops_desktop.panels.runs.choices import chosen, fill, titled
from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.choice import choice


class Judging(QWidget):
    """Two boxes, of which one at most has a column, and what that means."""

    def __init__(self) -> None:
        super().__init__()
        self._version: DatasetVersion | None = None
        self.time_box = choice("train-time-column", searched=True)
        self.group_box = choice("train-group-column", searched=True)
        self._says = label(muted=True)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        for column in (0, 1):
            grid.setColumnStretch(column, 1)
        grid.addWidget(titled(self.tr("Hold out the newest by"), self.time_box), 0, 0)
        grid.addWidget(titled(self.tr("Keep together by"), self.group_box), 0, 1)
        grid.addWidget(self._says, 1, 0, 1, 2)
        for box, other in ((self.time_box, self.group_box), (self.group_box, self.time_box)):
            box.currentTextChanged.connect(lambda _, b=box, o=other: self._on_chosen(b, o))

    def show_version(self, version: DatasetVersion) -> None:
        self._version = version
        names = [column.name for column in version.columns]
        times = [c.name for c in version.columns if c.type is ColumnType.DATETIME]
        numbers = [c.name for c in version.columns if c.type.is_numeric]
        fill(self.time_box, [self.tr("not by time"), *times, *numbers], "".join(times[:1]))
        fill(self.group_box, [self.tr("nothing"), *names], "")
        self._say()

    def leave(self, target: str) -> None:
        """What is predicted cannot be judged by."""
        for box in (self.time_box, self.group_box):
            if box.currentText() == target:
                box.setCurrentIndex(0)

    def repeat(self, spec: TrainSpec) -> None:
        for box, name in ((self.time_box, spec.time_column), (self.group_box, spec.group_column)):
            box.setCurrentIndex(max(0, box.findText(name)) if name else 0)

    @property
    def time_column(self) -> str | None:
        return chosen(self.time_box, self._version) if self._version else None

    @property
    def group_column(self) -> str | None:
        return chosen(self.group_box, self._version) if self._version else None

    def _on_chosen(self, changed: QComboBox, other: QComboBox) -> None:
        if self._version is not None and chosen(changed, self._version):
            other.setCurrentIndex(0)
        self._say()

    def _say(self) -> None:
        if self.time_column:
            text = self.tr("Judged on the newest rows, as in real use.")
        elif self.group_column:
            text = self.tr("Judged on groups that were not trained on.")
        else:
            text = self.tr("Judged on rows picked at random.")
        self._says.setText(text)
