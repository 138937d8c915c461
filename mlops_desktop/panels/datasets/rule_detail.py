"""One rule and what it found: its switches, and the rows that break it with their bad cells."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QVBoxLayout

from mlops_desktop.actions.failing_rows import failing_columns, failing_rows
from mlops_desktop.core.checks import Outcome, Rule, RuleKind, Severity
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.errors import UserError
from mlops_desktop.panels.datasets.table_rows import page_column
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.buttons import IconButton
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.marked import plain
from mlops_desktop.widgets.page_table import PageTable, Rows, Window
from mlops_desktop.widgets.theme import app_theme
from mlops_desktop.work.jobs import Jobs

_BLOCK = 32  # So many columns are read at once: a table may have thousands.


class RuleDetail(Card):
    """changed carries the rule as it was and as it shall be; edit_wanted and delete_wanted the
    rule."""

    changed = Signal(object, object)
    edit_wanted = Signal(object)
    delete_wanted = Signal(object)
    failed = Signal(object)

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__()
        self.setObjectName("rule-detail")
        self._jobs, self._workspace = jobs, workspace
        self._rule: Rule | None = None
        self._shown: tuple[int, Outcome | None] | None = None
        self._build()

    def _build(self) -> None:
        self.body.setContentsMargins(12, 8, 12, 8)
        self.body.setSpacing(4)
        self._sentence = label(wrap=True)
        self._sentence.setFont(app_theme().font(weight=QFont.Weight.DemiBold))
        self._message = label(wrap=True)
        self._message.setObjectName("rule-message")
        self._note = label(muted=True, wrap=True)
        words = QVBoxLayout()
        words.setSpacing(2)
        for part in (self._sentence, self._message, self._note):
            words.addWidget(part)
        words.addStretch(1)
        self.severity = QComboBox()
        self.severity.setObjectName("rule-severity")
        self.severity.setAccessibleName(self.tr("If it fails"))
        self.severity.addItem(self.tr("Warn"), Severity.WARN)
        self.severity.addItem(self.tr("Block training"), Severity.BLOCK)
        self.severity.activated.connect(lambda _: self._change(severity=self._severity()))
        self.on = QCheckBox(self.tr("On"))
        self.on.setObjectName("rule-on")
        self.on.clicked.connect(lambda checked: self._change(on=checked))
        edit = IconButton("pencil", self.tr("Change the rule"), self._edit)
        edit.setObjectName("rule-edit")
        delete = IconButton("trash-2", self.tr("Delete the rule"), self._delete)
        delete.setObjectName("rule-delete")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addLayout(words, 1)
        controls = QHBoxLayout()
        controls.setSpacing(8)
        for control in (self.on, self.severity, edit, delete):
            controls.addWidget(control)
        row.addLayout(controls)
        row.setAlignment(controls, Qt.AlignmentFlag.AlignTop)
        self.body.addLayout(row)
        self._caption = label(muted=True)
        self.body.addWidget(self._caption)
        self.table = PageTable(self.tr("Rows that break the rule"))
        self.table.setObjectName("failing-rows")
        self.table.setMinimumHeight(84)
        self.body.addWidget(self.table, 1)
        self.body.addStretch(0)

    def show_rule(self, version: DatasetVersion, rule: Rule, outcome: Outcome | None) -> None:
        """outcome: None where it was not run on the version."""
        self._rule = rule
        self._sentence.setText(plain(rule.sentence))
        self._sentence.setToolTip(", ".join(rule.columns))
        self._message.setText(self._words(rule, outcome))
        token = ""
        if outcome is not None and outcome.fails:
            token = "error" if outcome.blocks else "warn"
        self._message.setProperty("token", token)
        self._message.style().unpolish(self._message)
        self._message.style().polish(self._message)
        self._note.setText(rule.note)
        self._note.setVisible(bool(rule.note))
        self.severity.setCurrentIndex(self.severity.findData(rule.severity))
        self.on.setChecked(rule.on)
        if self._shown != (version.id, outcome):
            self._shown = (version.id, outcome)
            self._show_rows(version, outcome)

    def _words(self, rule: Rule, outcome: Outcome | None) -> str:
        if not rule.on:
            return self.tr("It is off.")
        if outcome is None:
            return self.tr("It was not run on this version yet.")
        if outcome.message:
            return plain(outcome.message)
        return self.tr("It holds.")

    def _show_rows(self, version: DatasetVersion, outcome: Outcome | None) -> None:
        rows = outcome.rows if outcome is not None else ()
        self.table.setVisible(bool(rows))
        self._caption.setVisible(bool(rows))
        if outcome is None or not rows:
            return
        ordered = failing_columns(version, outcome)
        at_fault = sum(version.column(name) is not None for name in outcome.columns)
        types = {column.name: column.type for column in version.columns}
        text = self.tr("The rows that break it; the cells at fault are marked and stand first.")
        if outcome.count > len(rows):
            text = self.tr("The first {0} of {1} rows that break it.").format(
                f"{len(rows):,}", f"{outcome.count:,}"
            )
        self._caption.setText(text)
        missing = outcome.rule.kind is RuleKind.NOT_MISSING

        def marked(row: int, column: int) -> bool:
            if column >= at_fault:
                return False
            return not missing or self.table.pages.value(row, column) is None

        def fetch(window: Window, done: Callable[[Rows], None]) -> None:
            def refuse(error: UserError) -> None:
                done(())
                self.failed.emit(error)

            self._jobs.start(
                self,
                "",
                lambda _lane, _context: _rows(self._workspace, version, outcome, window),
                done,
                refuse,
                quiet=True,
            )

        self.table.set_windows(
            [page_column(name, types[name]) for name in ordered],
            len(rows),
            fetch,
            block=_BLOCK,
            row_number=lambda row: rows[row],
        )
        self.table.set_marked(marked)

    def _severity(self) -> Severity:
        return Severity(self.severity.currentData())

    def _change(self, **new: object) -> None:
        if self._rule is not None:
            made = replace(self._rule, **new)  # type: ignore[arg-type]
            if made != self._rule:
                self.changed.emit(self._rule, made)

    def _edit(self) -> None:
        if self._rule is not None:
            self.edit_wanted.emit(self._rule)

    def _delete(self) -> None:
        if self._rule is not None:
            self.delete_wanted.emit(self._rule)


def _rows(workspace: Workspace, version: DatasetVersion, outcome: Outcome, window: Window) -> Rows:
    """On a worker's thread: rows whose times are texts already."""
    at = slice(window.columns.start, window.columns.stop)
    names = failing_columns(version, outcome)[at]
    table = failing_rows(workspace, version, outcome, window.first, window.count, names)
    columns = [
        [str(value) if isinstance(value, datetime) else value for value in column.to_pylist()]
        for column in table.columns
    ]
    return list(zip(*columns, strict=True))
