"""Which version to compare with, and by which columns rows are told apart."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.core.changes import Changes
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.widgets.buttons import secondary
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.column_picker import ColumnPicker

_CONTENT, _SEVERAL = "content", "several"


class CompareWith(QWidget):
    """wanted carries the key as a tuple of columns, () for none, or None where it is to be
    guessed, as for another version."""

    wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        row = QHBoxLayout()
        row.setSpacing(8)
        self.other, self.key = QComboBox(), QComboBox()
        self._by = label(self.tr("Tell rows apart by"), muted=True)
        for words, field, name in (
            (label(self.tr("Compare with"), muted=True), self.other, "compare-with"),
            (self._by, self.key, "compare-key"),
        ):
            words.setBuddy(field)
            field.setObjectName(name)
            field.setAccessibleName(words.text())
            field.setMinimumWidth(176)
            field.setMaximumWidth(280)
            row.addWidget(words)
            row.addWidget(field)
        row.addStretch(1)
        column.addLayout(row)
        column.addWidget(self._build_several())
        self.other.activated.connect(self._on_other)
        self.key.activated.connect(self._on_key)

    def _build_several(self) -> QWidget:
        self.button = secondary(self.tr("Compare"), "", self._on_several)
        self.button.setObjectName("compare-by-columns")
        title = self.tr("Columns that together name a row")
        self._several = Card(title, actions=[self.button])
        self.picker = ColumnPicker(title)
        self.picker.setObjectName("compare-key-columns")
        self.picker.setMaximumHeight(148)
        self.picker.changed.connect(self._on_picked)
        self._several.add(self.picker)
        self._several.hide()
        return self._several

    def set_versions(self, version: DatasetVersion, others: Sequence[DatasetVersion]) -> bool:
        """The answer is whether there is one to compare with at once: the first of the others."""
        has_origin = version.parent is not None or version.derived_from is not None
        self.other.clear()
        self._several.hide()
        if not has_origin:
            self.other.addItem(self.tr("choose a version"), None)
        for other in others:
            self.other.addItem(self._named(version, other), other.ref)
        self.other.setEnabled(bool(others))
        _widen(self.other)
        self.set_keys(None)
        return has_origin and bool(others)

    def choose(self, ref: str) -> bool:
        """Choose the version to compare with; False where it is not among the others."""
        index = self.other.findData(ref)
        if index >= 0:
            self.other.setCurrentIndex(index)
        return index >= 0

    def chosen(self) -> str | None:
        """The version to compare with as NAME@VERSION."""
        ref = self.other.currentData()
        return None if ref is None else str(ref)

    def set_keys(self, found: Changes | None) -> None:
        """The ways to tell rows apart, the one that was used chosen."""
        self.key.clear()
        for part in (self._by, self.key):
            part.setVisible(found is not None and bool(found.pairs))
        if found is None:
            return
        self.key.addItem(self.tr("all their values"), _CONTENT)
        guessed = found.key[0] if found.key_guessed else ""
        one = found.key if len(found.key) == 1 else ()
        for name in dict.fromkeys((*found.keys, *one)):
            text = self.tr("{0} (guessed)").format(name) if name == guessed else name
            self.key.addItem(text, f":{name}")
        self.key.addItem(self.tr("several columns\u2026"), _SEVERAL)
        used = f":{one[0]}" if one else _SEVERAL if found.key else _CONTENT
        self.key.setCurrentIndex(self.key.findData(used))
        _widen(self.key)
        self._several.setVisible(used == _SEVERAL)
        self.picker.set_columns([pair.name for pair in found.pairs], found.key)
        self._on_picked()

    def _named(self, version: DatasetVersion, other: DatasetVersion) -> str:
        if other.id == version.derived_from:
            return self.tr("{0} (made from it)").format(other.ref)
        if other.id == version.parent:
            return self.tr("{0} (the one before)").format(other.ref)
        return other.ref

    def _on_other(self) -> None:
        if self.chosen() is not None:
            self._several.hide()
            self.wanted.emit(None)

    def _on_key(self) -> None:
        used = str(self.key.currentData())
        self._several.setVisible(used == _SEVERAL)
        if used == _SEVERAL:
            self.picker.list.setFocus(Qt.FocusReason.OtherFocusReason)
        else:
            self.wanted.emit(() if used == _CONTENT else (used[1:],))

    def _on_picked(self) -> None:
        self.button.setEnabled(bool(self.picker.chosen()))

    def _on_several(self) -> None:
        self.wanted.emit(self.picker.chosen())


def _widen(field: QComboBox) -> None:
    """Qt's own hint leaves no room for the padding of the style sheet."""
    texts = (field.itemText(number) for number in range(field.count()))
    widest = max((field.fontMetrics().horizontalAdvance(text) for text in texts), default=0)
    field.setMinimumWidth(max(176, min(280, widest + 52)))
