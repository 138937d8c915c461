"""What a step does, on the first rows: before and after side by side, changes marked, in words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from mlops_desktop.core.errors import UserError
from mlops_desktop.panels.datasets.table_rows import as_shown
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.cards import Card, heading, label
from mlops_desktop.widgets.cells import AFTER, BEFORE
from mlops_desktop.widgets.page_model import PageColumn, Rows, Window
from mlops_desktop.widgets.page_table import PageTable

if TYPE_CHECKING:
    from mlops_desktop.ml.recipe_preview import Preview

_WAITING, _SHOWN, _FAILED = range(3)


class StepPreview(QWidget):
    """only_changes_wanted: the tick has another state now."""

    only_changes_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self.said = label(wrap=True)
        self.said.setObjectName("preview-words")
        self.only_changes = QCheckBox(self.tr("Only what changes"))
        self.only_changes.setObjectName("only-changes")
        self.only_changes.setChecked(True)
        self.only_changes.toggled.connect(lambda _: self.only_changes_wanted.emit())
        above = QHBoxLayout()
        above.setSpacing(8)
        above.addWidget(self.said, 1)
        above.addWidget(self.only_changes, 0, Qt.AlignmentFlag.AlignTop)
        column.addLayout(above)
        self._error = ErrorBox()
        self._error.setObjectName("preview-error")
        column.addWidget(self._error)
        self._stack = QStackedWidget()
        waiting = label(self.tr("Choose a step to see what it does."), muted=True)
        waiting.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(waiting)
        tables = QWidget()
        across = QHBoxLayout(tables)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(12)
        self.before, self.after = PageTable(self.tr("Before")), PageTable(self.tr("After"))
        for table, title, name in (
            (self.before, self.tr("Before"), "preview-before"),
            (self.after, self.tr("After"), "preview-after"),
        ):
            table.setObjectName(name)
            card = Card()
            card.body.setContentsMargins(1, 8, 1, 1)
            words = heading(title)
            words.setContentsMargins(12, 0, 12, 0)
            card.body.addWidget(words)
            card.body.addWidget(table, 1)
            across.addWidget(card, 1)
        for one, other in ((self.before, self.after), (self.after, self.before)):
            one.verticalScrollBar().valueChanged.connect(other.verticalScrollBar().setValue)
        self._stack.addWidget(tables)
        self._stack.addWidget(QWidget())
        column.addWidget(self._stack, 1)

    def clear(self) -> None:
        self.said.clear()
        self._error.show_error(None)
        self._stack.setCurrentIndex(_WAITING)

    def show_error(self, error: UserError) -> None:
        self.said.clear()
        self._error.show_error(error)
        self._stack.setCurrentIndex(_FAILED)

    def show_preview(self, found: Preview, about: Sequence[str] = ()) -> None:
        """about: columns to show first, after those that change."""
        self._error.show_error(None)
        self.said.setText(self._words(found))
        before, after = found.before.column_names, found.after.column_names
        old_of = {name: found.renamed.get(name, name) for name in after}
        new_of = {old: new for new, old in old_of.items()}
        # What changes comes first, so that it is seen without scrolling.
        touched = [n for n in after if n in found.changed or n in found.added or n in found.renamed]
        touched += [n for n in after if n in about and n not in touched]
        rest = [n for n in after if n not in touched]
        shown_after = touched + rest
        shown_before = [old_of[n] for n in shown_after if old_of[n] in before]
        shown_before = [n for n in before if n in found.removed] + shown_before
        rows_before = _rows(found.before.select(shown_before))
        rows_after = _rows(found.after.select(shown_after))

        def marked_before(row: int, column: int) -> bool | str:
            name = shown_before[column]
            if not found.was[row]:
                return False
            mask = found.changed.get(new_of.get(name, name))
            gone = not found.kept[row] or name in found.removed
            return BEFORE if gone or (mask is not None and bool(mask[row])) else False

        def marked_after(row: int, column: int) -> bool | str:
            name = shown_after[column]
            if not found.kept[row]:
                return False
            mask = found.changed.get(name)
            new = not found.was[row] or name in found.added
            return AFTER if new or (mask is not None and bool(mask[row])) else False

        numbers = [int(number) for number in found.rows]
        for table, names, rows, there, marked in (
            (self.before, shown_before, rows_before, found.was, marked_before),
            (self.after, shown_after, rows_after, found.kept, marked_after),
        ):
            schema = (found.before if table is self.before else found.after).schema
            columns = [PageColumn(n, _is_number(str(schema.field(n).type))) for n in names]
            blank = ("",) * len(names)
            blanked = [row if there[place] else blank for place, row in enumerate(rows)]
            _fill(table, columns, blanked, numbers)
            table.set_marked(marked)
        self._stack.setCurrentIndex(_SHOWN)

    def _words(self, found: Preview) -> str:
        parts = []
        for name, count in list(found.changed_cells.items())[:3]:
            one, many = self.tr("1 value changes in {1}"), self.tr("{0} values change in {1}")
            parts.append((one if count == 1 else many).format(f"{count:,}", name))
        gone = found.rows_before - found.rows_after
        if gone > 0:
            one, many = self.tr("1 row goes"), self.tr("{0} rows go")
            parts.append((one if gone == 1 else many).format(f"{gone:,}"))
        elif gone < 0:
            parts.append(self.tr("{0} rows come").format(f"{-gone:,}"))
        for names, words in (
            (found.added, self.tr("new: {0}")),
            (found.removed, self.tr("left out: {0}")),
            (tuple(found.renamed), self.tr("renamed: {0}")),
        ):
            if names:
                parts.append(words.format(", ".join(names[:4])))
        for name, value in list(found.learnt.items())[:2]:
            parts.append(self.tr("learnt for {0}: {1}").format(name, _short(value)))
        if not parts and not found.is_whole:
            text = self.tr("In the first {0} of {1} rows nothing changes; further down it may.")
            return text.format(f"{found.sampled:,}", f"{found.total:,}")
        said = "; ".join(parts) or self.tr("nothing changes")
        if found.is_whole:
            return self.tr("In all {0} rows: {1}.").format(f"{found.total:,}", said)
        text = self.tr("In the first {0} of {1} rows: {2}.")
        return text.format(f"{found.sampled:,}", f"{found.total:,}", said)


def _fill(table: PageTable, columns: list[PageColumn], rows: Rows, numbers: list[int]) -> None:
    def fetch(window: Window, done: Callable[[Rows], None]) -> None:
        across = slice(window.columns.start, window.columns.stop)
        part = [row[across] for row in rows[window.first : window.first + window.count]]
        QTimer.singleShot(0, table, lambda: done(part))

    table.set_windows(
        columns,
        len(rows),
        fetch,
        block=max(1, len(columns)),
        row_number=lambda row: numbers[row] if row < len(numbers) else row + 1,
    )
    table.show_numbers_to(max(numbers, default=1))


def _rows(table: Any) -> list[tuple[object, ...]]:
    columns = [[as_shown(value) for value in column.to_pylist()] for column in table.columns]
    return list(zip(*columns, strict=True))


def _is_number(kind: str) -> bool:
    return kind in ("int64", "double")


def _short(value: object) -> str:
    text = f"{value:.6g}" if isinstance(value, float) else str(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
