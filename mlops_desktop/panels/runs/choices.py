"""What the fields of a training have in common: names above them, items, what is chosen."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QComboBox, QSpinBox, QVBoxLayout, QWidget

from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.spin_box import indent


def spin_box(name: str, low: int, high: int) -> QSpinBox:
    box = QSpinBox()
    box.setObjectName(name)
    indent(box)
    box.setRange(low, high)
    return box


def titled(text: str, field: QWidget) -> QWidget:
    """The field with its name above it."""
    place = QWidget()
    column = QVBoxLayout(place)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    above = label(text, muted=True)
    above.setBuddy(field)
    field.setAccessibleName(text)
    field.setMinimumHeight(32)
    column.addWidget(above)
    column.addWidget(field)
    return place


def fill(box: QComboBox, items: Sequence[str], chosen: str) -> None:
    """Other items, silently; the chosen one, or the first."""
    box.blockSignals(True)
    box.clear()
    box.addItems(list(items))
    box.setCurrentIndex(max(0, box.findText(chosen)) if items else -1)
    box.blockSignals(False)


def chosen(box: QComboBox, version: DatasetVersion) -> str | None:
    """The column in a box whose first item says that there is none."""
    name = box.currentText()
    return name if name != box.itemText(0) and version.column(name) is not None else None
