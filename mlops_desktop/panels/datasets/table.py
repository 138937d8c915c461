"""The Table tab: every row of a version, whatever their number, and a way to jump to one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from PySide6.QtCore import Qt
from PySide6.QtGui import QIntValidator
from PySide6.QtWidgets import QComboBox, QCompleter, QHBoxLayout, QLineEdit, QVBoxLayout

from mlops_desktop.actions import datasets
from mlops_desktop.core.datasets import ColumnType, DatasetVersion
from mlops_desktop.panels.datasets.tab import VersionTab
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.page_table import PageColumn, PageTable, Rows
from mlops_desktop.widgets.profile_view import type_word
from mlops_desktop.work.jobs import Jobs

_WIDTHS = {ColumnType.DATETIME: 144, ColumnType.TEXT: 128}
_MOST_ROWS = 70_000_000  # Qt counts the pixels of a table in 32 bits.


class TableTab(VersionTab):
    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__(jobs, workspace)
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._size = label(muted=True)
        self.row_field = QLineEdit(placeholderText=self.tr("number"))
        self.row_field.setObjectName("go-to-row")
        self.row_field.setFixedWidth(96)
        self.row_field.returnPressed.connect(self._go_to_row)
        self.column_field = QComboBox(editable=True)
        self.column_field.setObjectName("go-to-column")
        self.column_field.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self.column_field.setFixedWidth(180)
        self.column_field.activated.connect(self._go_to_column)
        if (completer := self.column_field.completer()) is not None:
            completer.setFilterMode(Qt.MatchFlag.MatchContains)
            completer.setCompletionMode(QCompleter.CompletionMode.PopupCompletion)
        above = QHBoxLayout()
        above.setSpacing(8)
        above.addWidget(self._size, 1)
        for text, field in (
            (self.tr("Go to row"), self.row_field),
            (self.tr("Column"), self.column_field),
        ):
            words = label(text, muted=True)
            words.setBuddy(field)
            field.setAccessibleName(text)
            above.addWidget(words)
            above.addWidget(field)
        column.addLayout(above)
        self._error = ErrorBox()
        column.addWidget(self._error)
        self.table = PageTable(self.tr("Rows"))
        self.table.setObjectName("rows-table")
        card = Card()
        card.body.setContentsMargins(1, 1, 1, 1)
        card.body.addWidget(self.table)
        column.addWidget(card, 1)

    def load(self) -> None:
        version = self.version
        assert version is not None
        self._error.show_error(None)
        self._size.setText(
            self.tr("{0} rows, {1} columns").format(f"{version.rows:,}", len(version.columns))
        )
        self.row_field.clear()
        self.row_field.setValidator(QIntValidator(1, min(version.rows, _MOST_ROWS), self))
        self.column_field.clear()
        self.column_field.addItems([column.name for column in version.columns])
        self.table.set_source(
            [PageColumn(c.name, c.type.is_numeric, type_word(c.type)) for c in version.columns],
            min(version.rows, _MOST_ROWS),
            self._fetch,
        )
        for number, column in enumerate(version.columns):
            least = _WIDTHS.get(column.type, 112)
            self.table.setColumnWidth(number, max(least, self.table.columnWidth(number)))

    def focus_filter(self) -> None:
        self.row_field.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.row_field.selectAll()

    def _go_to_row(self) -> None:
        if self.row_field.text():
            self.table.show_row(int(self.row_field.text()) - 1)
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)

    def _go_to_column(self, number: int) -> None:
        row = max(0, self.table.rowAt(0))
        self.table.setCurrentIndex(self.table.pages.index(row, number))

    def _fetch(self, first: int, count: int, done: Callable[[Rows], None]) -> None:
        version = self.version
        assert version is not None
        self.jobs.start(
            self,
            "",
            lambda _lane, _context: _rows(self.workspace, version, first, count),
            done,
            self._error.show_error,
            quiet=True,
        )


def _rows(workspace: Workspace, version: DatasetVersion, first: int, count: int) -> Rows:
    """On a worker's thread: rows whose times are texts already."""
    table = datasets.read_rows(workspace, version, first, count)
    columns = [[_time(v) for v in column.to_pylist()] for column in table.columns]
    return list(zip(*columns, strict=True))


def _time(value: object) -> object:
    if not isinstance(value, datetime):
        return value
    midnight = not (value.hour or value.minute or value.second or value.microsecond)
    return f"{value:%Y-%m-%d}" if midnight else f"{value:%Y-%m-%d %H:%M:%S}"
