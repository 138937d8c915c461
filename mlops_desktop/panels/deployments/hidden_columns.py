"""Which columns a deployment is not to record, chosen before its first request."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.core.models import Signature
from mlops_desktop.core.privacy import Privacy
from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.column_picker import ColumnPicker

_LIST_PX = 240


class HiddenColumns(QWidget):
    """changed() after each tick."""

    changed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._names: list[str] = []
        self.drop = ColumnPicker(self.tr("Not recorded"))
        self.drop.list.setObjectName("new-drop")
        self.hashed = ColumnPicker(self.tr("Only a hash is recorded"))
        self.hashed.list.setObjectName("new-hash")
        across = QHBoxLayout()
        across.setSpacing(16)
        for title, picker in (
            (self.tr("Do not record"), self.drop),
            (self.tr("Record only a hash, so that equal values can be told"), self.hashed),
        ):
            picker.setMinimumHeight(_LIST_PX)
            half = QVBoxLayout()
            half.setSpacing(4)
            half.addWidget(label(title))
            half.addWidget(picker, 1)
            across.addLayout(half, 1)
        about = self.tr(
            "From the first request on. Hidden columns are left out of drift, and retraining lacks "
            "them; answers stay the same. The Record tab changes it later."
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(label(about, muted=True, wrap=True))
        column.addLayout(across, 1)
        self.drop.changed.connect(lambda: self._exclude(self.drop, self.hashed))
        self.hashed.changed.connect(lambda: self._exclude(self.hashed, self.drop))

    def show_signature(self, signature: Signature, privacy: Privacy) -> None:
        """The columns that may be hidden, and those that are."""
        self._names = [f.name for f in signature.inputs if f.name != signature.time_column]
        known = set(self._names)
        self.drop.set_columns(self._names, [name for name in privacy.drop if name in known])
        self.hashed.set_columns(self._names, [name for name in privacy.hash if name in known])

    def privacy(self) -> Privacy:
        return Privacy(tuple(self.drop.chosen()), tuple(self.hashed.chosen()))

    def _exclude(self, changed: ColumnPicker, other: ColumnPicker) -> None:
        """A column is hidden in one way only."""
        left = [name for name in other.chosen() if name not in changed.chosen()]
        if left != list(other.chosen()):
            other.set_columns(self._names, left)
        self.changed.emit()
