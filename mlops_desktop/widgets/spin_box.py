"""Spin boxes in the look of the other fields."""

from __future__ import annotations

from PySide6.QtWidgets import QDoubleSpinBox, QSpinBox


def indent(box: QSpinBox | QDoubleSpinBox) -> None:
    """Stand the number off the edge: a style sheet's padding does not reach the text of these."""
    box.lineEdit().setTextMargins(8, 0, 0, 0)
