"""The form of one step, made from the catalogue, with the columns that there are at its place."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.recipe_documents import checked
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.setting_fields import FieldKind
from mlops_desktop.core.steps import StepKind
from mlops_desktop.panels.datasets.setting_fields import form_field, meant, shown
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import primary, secondary
from mlops_desktop.widgets.cards import heading, label
from mlops_desktop.widgets.column_picker import ColumnPicker
from mlops_desktop.widgets.forms import Form
from mlops_desktop.widgets.page import scrolled

_TRUTH = {"true": True, "yes": True, "false": False, "no": False}


class StepForm(QWidget):
    """typed(step) while it is filled in, for a preview; saved(step) and closed() at its end."""

    typed = Signal(object)
    saved = Signal(object)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("step-form")
        self._kind = StepKind.FILTER
        self._columns: tuple[Column, ...] = ()
        self._on = True
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        self._title = heading()
        self._help = label(muted=True, wrap=True)
        self._error = ErrorBox()
        self._error.setObjectName("step-error")
        self.form = Form()
        self.form.changed.connect(self._on_changed)
        self.form.submitted.connect(self._save)
        self.picker = ColumnPicker(self.tr("Columns of the step"))
        self.picker.list.setObjectName("step-columns")
        self.picker.list.setMinimumHeight(128)
        self.picker.changed.connect(self._on_changed)
        inside = QWidget()
        fields = QVBoxLayout(inside)
        fields.setContentsMargins(0, 0, 8, 0)
        fields.setSpacing(8)
        fields.addWidget(self.picker, 1)
        fields.addWidget(self.form)
        fields.addStretch(0)
        self.button = primary("", "", self._save)
        self.button.setObjectName("step-save")
        cancel = secondary(self.tr("Cancel"), "", self.closed.emit)
        cancel.setObjectName("step-cancel")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self.button)
        for part in (self._title, self._help, self._error):
            column.addWidget(part)
        column.addWidget(scrolled(inside), 1)
        column.addLayout(row)

    def open_for(self, columns: Sequence[Column], step: Step, *, new: bool) -> None:
        """columns: those that there are before the step."""
        self._kind, self._columns, self._on = step.kind, tuple(columns), step.on
        about = step.kind.form
        names = [column.name for column in columns]
        self._title.setText(about.title)
        self._help.setText(about.help)
        self._error.show_error(None)
        text = self.tr("Add the step") if new else self.tr("Save the step")
        self.button.setText(text)
        self.button.setAccessibleName(text)
        plain = [field for field in about.fields if field.kind is not FieldKind.COLUMNS]
        many = next((field for field in about.fields if field.kind is FieldKind.COLUMNS), None)
        blocked = self.form.blockSignals(True)
        self.form.set_fields([form_field(field, names) for field in plain])
        for field in plain:
            self.form.editor(field.name).setObjectName(f"step-{field.name}")
        values = {field.name: step.settings.get(field.name, field.default) for field in plain}
        known = {name: value for name, value in values.items() if value not in (None, ())}
        self.form.set_values({name: shown(value) for name, value in known.items()})
        self.form.blockSignals(blocked)
        self.picker.setVisible(many is not None)
        if many is not None:
            chosen = step.settings.get("columns")
            self.picker.set_columns(names, chosen if isinstance(chosen, list | tuple) else ())
        first = self.picker.list if many is not None else self.form.editor(plain[0].name)
        first.setFocus(Qt.FocusReason.OtherFocusReason)
        self._on_changed()

    def step(self) -> Step:
        """What is asked for. Raises UserError where that cannot be."""
        settings: dict[str, object] = {}
        chosen = list(self.picker.chosen())
        if chosen and any(field.kind is FieldKind.COLUMNS for field in self._kind.form.fields):
            settings["columns"] = chosen
        numeric, truth = self._types(settings)
        typed = self.form.values()
        for field in self._kind.form.fields:
            value = typed.get(field.name)
            if value not in (None, ""):
                found = meant(field, value, numeric=numeric)
                if field.kind is FieldKind.VALUE and truth:
                    found = _TRUTH.get(str(found).lower(), found)
                settings[field.name] = found
        for field in self._kind.form.fields:
            if field.name not in settings and not field.optional:
                many = field.kind is FieldKind.COLUMNS
                what = self.tr("No column is chosen.") if many else self.tr("{0} is missing.")
                raise UserError(what.format(field.title))
        return checked(Step(self._kind, settings, self._on), 1)

    def show_error(self, error: UserError | None) -> None:
        self._error.show_error(error)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _types(self, settings: dict[str, object]) -> tuple[bool, bool]:
        """Whether the chosen columns hold numbers, and whether they hold true and false."""
        chosen = settings.get("columns")
        names = chosen if isinstance(chosen, list) else []
        kinds = {column.type for column in self._columns if column.name in names}
        return any(kind.is_numeric for kind in kinds), kinds == {ColumnType.BOOLEAN}

    def _on_changed(self) -> None:
        try:
            found = self.step()
        except UserError:
            return  # It is not filled in yet; saving it says what is missing.
        self._error.show_error(None)
        self.typed.emit(found)

    def _save(self) -> None:
        try:
            found = self.step()
        except UserError as error:
            what = error.what.partition("): ")[2] or error.what
            self._error.show_error(UserError(what, why=error.why, hint=error.hint))
            return
        self.saved.emit(found)
