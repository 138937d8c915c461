"""The first rows of a file before it is imported; a click on a header changes a column's type."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QKeySequence, QShortcut
from PySide6.QtWidgets import QMenu, QVBoxLayout, QWidget

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.importing import Preview
from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.marked import marked
from mlops_desktop.widgets.page_model import shown
from mlops_desktop.widgets.page_table import PageColumn, PageTable
from mlops_desktop.widgets.profile_face import type_word

_MOST_PROBLEMS = 3
_MEASURED_ROWS = 20


class PreviewTable(QWidget):
    """type_chosen carries a column's name and a ColumnType, or None for the guess."""

    type_chosen = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self._preview: Preview | None = None
        self._asked: dict[str, ColumnType] = {}
        self.table = PageTable(self.tr("First rows of the file"))
        self.table.setObjectName("import-preview")
        self.table.horizontalHeader().sectionClicked.connect(self.open_menu)
        self.table.horizontalHeader().setToolTip(self.tr("Click to change the type"))
        change = QShortcut(QKeySequence("Alt+Down"), self.table)
        change.setContext(Qt.ShortcutContext.WidgetShortcut)
        change.activated.connect(lambda: self.open_menu(self.table.currentIndex().column()))
        self._said = label(muted=True)
        self._said.setObjectName("import-preview-note")
        self._problems = QVBoxLayout()
        self._problems.setSpacing(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.table, 1)
        column.addWidget(self._said)
        column.addLayout(self._problems)

    def show_preview(self, preview: Preview, asked: dict[str, ColumnType]) -> None:
        """asked: the types that the user chose."""
        self._preview, self._asked = preview, asked
        columns = [
            PageColumn(
                column.name,
                column.type.is_numeric,
                f"{type_word(column.type)} \u25be" + (" *" if column.name in asked else ""),
            )
            for column in preview.columns
        ]
        rows = preview.rows
        self.table.set_source(
            columns,
            len(rows),
            lambda first, count, done: QTimer.singleShot(
                0, self.table, lambda: done(rows[first : first + count])
            ),
        )
        self._fit_columns(preview)
        self._said.setText(self._note(preview))
        self._said.setVisible(preview.failure is None)
        self._show_problems(preview)

    def open_menu(self, section: int) -> None:
        """The types to choose from, below the header of that column."""
        if self._preview is None or not 0 <= section < len(self._preview.columns):
            return
        column = self._preview.columns[section]
        menu = QMenu(self)
        menu.setObjectName("import-types")
        group = QActionGroup(menu)
        for kind, words in self._types().items():
            action = QAction(words, menu, checkable=True, checked=kind is column.type)
            action.triggered.connect(partial(self.type_chosen.emit, column.name, kind))
            group.addAction(action)
            menu.addAction(action)
        if column.name in self._asked:
            menu.addSeparator()
            menu.addAction(self.tr("As guessed"), partial(self.type_chosen.emit, column.name, None))
        menu.aboutToHide.connect(menu.deleteLater)
        header = self.table.horizontalHeader()
        at = QPoint(header.sectionViewportPosition(section), header.height())
        menu.popup(header.viewport().mapToGlobal(at))

    def _fit_columns(self, preview: Preview) -> None:
        """Wide enough for the title and the first cells."""
        metrics = self.table.fontMetrics()
        for section, column in enumerate(preview.columns):
            cells = [shown(row[section]) for row in preview.rows[:_MEASURED_ROWS]]
            wide = max(metrics.horizontalAdvance(text[:60]) for text in [column.name, *cells])
            wide = max(
                wide, metrics.horizontalAdvance(f"{type_word(column.type)} \u25be") * 9 // 10
            )
            self.table.setColumnWidth(section, max(88, min(280, wide * 11 // 10 + 24)))

    def _types(self) -> dict[ColumnType, str]:
        return {
            ColumnType.INTEGER: self.tr("whole number"),
            ColumnType.NUMBER: self.tr("number, with decimals"),
            ColumnType.BOOLEAN: self.tr("yes or no"),
            ColumnType.TEXT: self.tr("text: words, categories, codes"),
            ColumnType.DATETIME: self.tr("date, with or without a time"),
        }

    def _note(self, preview: Preview) -> str:
        said = [self.tr("First {0} rows").format(len(preview.rows))]
        if preview.width > len(preview.columns):
            said.append(
                self.tr("{0} of {1} columns").format(len(preview.columns), f"{preview.width:,}")
            )
        if preview.sampled:
            said.append(self.tr("the import looks at every row, and may find another type"))
        return "; ".join(said) + "."

    def _show_problems(self, preview: Preview) -> None:
        while (item := self._problems.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for problem in preview.problems[:_MOST_PROBLEMS]:
            said = marked(problem.what)
            said.setProperty("token", "warn")
            self._problems.addWidget(said)
        more = len(preview.problems) - _MOST_PROBLEMS
        if more > 0:
            self._problems.addWidget(label(self.tr("and {0} more").format(more), muted=True))
