"""The form of one rule: its kind, its columns, its limits, and the sentence that they make."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.core.checks import RULES, Rule, RuleKind, Severity
from mlops_desktop.core.datasets import Column
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.rulebook import checked
from mlops_desktop.panels.datasets.setting_fields import form_field, meant, shown
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import primary, secondary
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.column_picker import ColumnPicker
from mlops_desktop.widgets.focus_order import reading_order
from mlops_desktop.widgets.forms import Field, Form, Value
from mlops_desktop.widgets.marked import plain
from mlops_desktop.widgets.page import scrolled


class RuleForm(Card):
    """submitted carries the new rule, and the one that it replaces or None."""

    submitted = Signal(object, object)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__(self.tr("Add a rule"))
        self.setObjectName("rule-form")
        self._columns: tuple[Column, ...] = ()
        self._old: Rule | None = None
        self._build()
        self.hide()

    def _build(self) -> None:
        self._error = ErrorBox()
        self._error.setObjectName("rule-error")
        self.add(self._error)
        self.kind = QComboBox()
        self.kind.setObjectName("rule-kind")
        self.kind.setAccessibleName(self.tr("Kind of rule"))
        for kind in RuleKind:
            self.kind.addItem(RULES[kind].title, kind)
        self.kind.activated.connect(lambda _: self._show_kind(Rule(self._chosen())))
        self._help = label(muted=True, wrap=True)
        self.form = Form()
        self.form.setObjectName("rule-settings")
        self.form.changed.connect(self._preview)
        self.form.submitted.connect(self._submit)
        self.picker = ColumnPicker(self.tr("Columns of the rule"))
        self.picker.list.setObjectName("rule-columns")
        self.picker.changed.connect(self._preview)
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 8, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(0, 3)
        grid.setColumnStretch(1, 2)
        grid.setRowStretch(1, 1)
        top = QVBoxLayout()
        top.setSpacing(4)
        top.addWidget(self.kind)
        top.addWidget(self._help)
        grid.addLayout(top, 0, 0)
        grid.addWidget(self.form, 1, 0, Qt.AlignmentFlag.AlignTop)
        grid.addWidget(self.picker, 0, 1, 2, 1)
        self.add(scrolled(inside), 1)
        self._sentence = label(wrap=True)
        self._sentence.setObjectName("rule-sentence")
        self.button = primary(self.tr("Add the rule"), "", self._submit)
        self.button.setObjectName("rule-save")
        cancel = secondary(self.tr("Cancel"), "", self.close_form)
        cancel.setObjectName("rule-cancel")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._sentence, 1)
        row.addWidget(cancel)
        row.addWidget(self.button)
        self.body.addLayout(row)

    def open_for(self, columns: Sequence[Column], rule: Rule | None = None) -> None:
        """Ask for a new rule about these columns, or change one."""
        self._columns, self._old = tuple(columns), rule
        self.set_title(self.tr("Add a rule") if rule is None else self.tr("Change the rule"))
        text = self.tr("Add the rule") if rule is None else self.tr("Save the rule")
        self.button.setText(text)
        self.button.setAccessibleName(text)
        self._error.show_error(None)
        asked = rule or Rule(RuleKind.RANGE)
        self.kind.setCurrentIndex(self.kind.findData(asked.kind))
        self.kind.setEnabled(rule is None)
        self._show_kind(asked)
        self.show()
        first = self.kind if rule is None else reading_order(self)[0]
        first.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_error(self, error: UserError) -> None:
        self._error.show_error(error)

    def close_form(self) -> None:
        if not self.isHidden():
            self.hide()
            self.closed.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_form()
        else:
            super().keyPressEvent(event)

    def _chosen(self) -> RuleKind:
        return RuleKind(self.kind.currentData())

    def _show_kind(self, rule: Rule) -> None:
        about = rule.kind.form
        names = [column.name for column in self._columns]
        self._help.setText(about.help)
        fields = [form_field(field) for field in about.fields]
        if about.columns == "one":
            known = [*names, *(name for name in rule.columns if name not in names)]
            fields.insert(0, Field("column", "choice", self.tr("Column"), tuple(known)))
        severity = Field(
            "severity",
            "choice",
            self.tr("If it fails"),
            (self.tr("Warn"), self.tr("Block training")),
        )
        self.form.set_fields([*fields, severity])
        values: dict[str, Value] = {
            field.name: shown(rule.settings.get(field.name)) for field in about.fields
        }
        if about.columns == "one" and rule.columns:
            values["column"] = rule.columns[0]
        blocks = rule.severity is Severity.BLOCK
        values["severity"] = severity.choices[1 if blocks else 0]
        self.form.set_values(values)
        self.picker.setVisible(about.columns == "many")
        if about.columns == "many":
            self.picker.set_columns(names, rule.columns)
        self._preview()

    def rule(self) -> Rule:
        """What is asked for. Raises UserError where that cannot be."""
        kind, values = self._chosen(), self.form.values()
        about = kind.form
        columns = self.picker.chosen() if about.columns == "many" else ()
        if about.columns == "one":
            columns = (str(values["column"]),)
        numeric = any(c.type.is_numeric for c in self._columns if c.name in columns)
        settings = {
            field.name: meant(field, values[field.name], numeric=numeric)
            for field in about.fields
            if values[field.name] not in (None, "")
        }
        blocks = values["severity"] == self.tr("Block training")
        severity = Severity.BLOCK if blocks else Severity.WARN
        on = self._old.on if self._old is not None else True
        return checked(Rule(kind, columns, settings, severity, on))

    def _preview(self) -> None:
        try:
            text, token = plain(self.rule().sentence), ""
        except UserError as error:
            text, token = error.what, "muted"
        self._sentence.setText(text)
        self._sentence.setProperty("muted", token == "muted")
        self._sentence.style().unpolish(self._sentence)
        self._sentence.style().polish(self._sentence)

    def _submit(self) -> None:
        try:
            made = self.rule()
        except UserError as error:
            self._error.show_error(error)
            return
        self._error.show_error(None)
        self.submitted.emit(made, self._old)
