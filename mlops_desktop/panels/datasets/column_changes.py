"""The columns of the Changes tab: which are new, gone, renamed or retyped, and changed cells."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mlops_desktop.core.changes import Changes, ColumnChangeKind
from mlops_desktop.core.figures import percent
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.row_model import Kind
from mlops_desktop.widgets.row_table import Column, RowTable

_KINDS: dict[str, Kind] = {"added": "ok", "removed": "error", "renamed": "info", "retyped": "warn"}


@dataclass(frozen=True, slots=True)
class _Line:
    name: str
    what: str
    words: str
    cells: int | None


class ColumnsSection(QWidget):
    """column_wanted carries the name of a column whose changed rows are to be shown."""

    column_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._hint = label(self.tr("Enter or a double click shows the rows."), muted=True)
        self.table: RowTable[_Line] = RowTable(
            [
                Column[_Line](self.tr("Column"), lambda line: line.name, width=200),
                Column[_Line](
                    self.tr("Change"),
                    lambda line: line.what,
                    chip=lambda line: _KINDS.get(line.what, "neutral"),
                    width=120,
                ),
                Column[_Line](
                    self.tr("Changed cells"),
                    lambda line: line.cells,
                    align="right",
                    format=lambda cells: f"{cells:,}",
                    width=120,
                ),
                Column[_Line](self.tr("In words"), lambda line: line.words, stretch=True),
            ],
            self.tr("Columns that changed"),
        )
        self.table.setObjectName("changed-columns")
        self.table.row_activated.connect(self._activate)
        card = Card()
        card.body.setContentsMargins(1, 1, 1, 1)
        card.body.addWidget(self.table)
        column.addWidget(card, 1)
        column.addWidget(self._hint, 0, Qt.AlignmentFlag.AlignLeft)

    def show_changes(self, found: Changes) -> None:
        lines = []
        for change in found.columns:
            column = change.after or change.before
            assert column is not None
            kept = change.kind in (ColumnChangeKind.RENAMED, ColumnChangeKind.RETYPED)
            cells = found.cells.get(column.name, 0) if kept else None
            lines.append(_Line(column.name, change.kind.value, str(change).replace("`", ""), cells))
        rows = found.same_rows + found.changed
        told = {line.name for line in lines}
        for name, cells in sorted(found.cells.items(), key=lambda item: -item[1]):
            if name not in told:
                words = self.tr("{0} of the values in rows of both differ").format(
                    percent(cells / max(1, rows))
                )
                lines.append(_Line(name, self.tr("edited"), words, cells))
        self.table.set_rows(lines)
        self._hint.setVisible(bool(found.cells))

    def _activate(self, line: _Line) -> None:
        if line.cells:
            self.column_wanted.emit(line.name)
