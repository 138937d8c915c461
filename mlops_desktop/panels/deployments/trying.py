"""The Try it tab: a form made from the signature, the answer, and the same as code."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.actions import trying
from mlops_desktop.actions.trying import Tried
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.deployments import Deployment, DeploymentState
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.models import Field, Signature
from mlops_desktop.panels.deployments.answer import AnswerCard
from mlops_desktop.panels.deployments.programs import ProgramsCard
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets import forms
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import primary, secondary
from mlops_desktop.widgets.cards import Card
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.work.jobs import Jobs


class TryTab(QWidget):
    """predicted() after each answer."""

    predicted = Signal()

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__()
        self._jobs, self._workspace = jobs, workspace
        self._deployment: Deployment | None = None
        self._signature: Signature | None = None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self._build_form(), 4)
        right = QWidget()
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.answer = AnswerCard()
        column.addWidget(self.answer)
        self.programs = ProgramsCard(self.tr("The same from a program"))
        column.addWidget(self.programs, 1)
        row.addWidget(scrolled(right), 5)

    def _build_form(self) -> Card:
        example = secondary(self.tr("Example row"), "dices", self._fill_in)
        example.setObjectName("example-row")
        self.predict = primary(self.tr("Predict"), "", self._ask)
        self.predict.setObjectName("predict-button")
        self.form = forms.Form()
        self.form.setObjectName("try-form")
        self.form.submitted.connect(self._ask)
        self.form.changed.connect(self._show_code)
        self.error = ErrorBox()
        card = Card(self.tr("Ask the model"))
        card.add(scrolled(self.form), 1)
        card.add(self.error)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addStretch(1)
        buttons.addWidget(example)
        buttons.addWidget(self.predict)
        card.body.addLayout(buttons)
        return card

    def show_deployment(self, deployment: Deployment, signature: Signature | None) -> None:
        """A form for what the deployment takes; what was typed stays while that is the same."""
        if self._deployment is None or deployment.id != self._deployment.id:
            self.answer.clear()
            self.error.show_error(None)
        self._deployment = deployment
        running = deployment.state is DeploymentState.RUNNING
        self.predict.setEnabled(running)
        self.predict.setToolTip("" if running else self.tr("Start it first."))
        self.answer.set_ready(running)
        if signature is not None and signature != self._signature:
            self._signature = signature
            self.form.set_fields([_field(field) for field in signature.inputs])
            self.answer.set_target(signature.target)
            self._fill_in()
        self._show_code()

    def values(self) -> dict[str, object]:
        """What was typed, as the model takes it."""
        assert self._signature is not None
        typed = self.form.values()
        return {field.name: _value(field, typed[field.name]) for field in self._signature.inputs}

    def _fill_in(self) -> None:
        if self._signature is not None:
            self.form.set_values(
                {field.name: _shown(field, field.example) for field in self._signature.inputs}
            )

    def _show_code(self) -> None:
        if self._deployment is None or self._signature is None or not self._deployment.port:
            return
        values = self.values()
        self.programs.show_programs(
            trying.as_curl(self._workspace, self._deployment, values),
            trying.as_python(self._workspace, self._deployment, values),
        )

    def _ask(self) -> None:
        deployment = self._deployment
        if deployment is None or not self.predict.isEnabled() or self.form.problems():
            return
        values = self.values()
        self.predict.setEnabled(False)
        self._jobs.start(
            self,
            "",
            lambda _lane, _context: trying.try_row(self._workspace, deployment, values),
            lambda tried: self._show(deployment, tried),
            self._show_error,
            quiet=True,
        )

    def _show(self, deployment: Deployment, tried: Tried) -> None:
        self.predict.setEnabled(True)
        self.error.show_error(None)
        if self._deployment is not None and deployment.id == self._deployment.id:
            self.answer.show_answer(tried)
            self.predicted.emit()

    def _show_error(self, error: UserError) -> None:
        self.predict.setEnabled(True)
        self.answer.clear()  # An older answer beside an error would be taken for this one's.
        self.error.show_error(error)


def _field(field: Field) -> forms.Field:
    """A field of the form; the range seen in training stands beside the name."""
    kind: forms.FieldKind = "text"
    unit = ""
    if field.type is ColumnType.BOOLEAN:
        kind = "yes_no"
    elif field.type.is_numeric:
        kind = "number"
        if field.low is not None and field.high is not None:
            unit = f"{field.low:.6g} \N{EN DASH} {field.high:.6g}"
    elif field.categories:
        kind = "choice"
    return forms.Field(
        field.name,
        kind,
        choices=field.categories or (),
        open_choice=True,
        low=field.low if kind == "number" else None,
        high=field.high if kind == "number" else None,
        optional=field.nullable and kind != "yes_no",
        unit=unit,
    )


def _value(field: Field, typed: forms.Value) -> object:
    if field.type is ColumnType.INTEGER and isinstance(typed, float) and typed.is_integer():
        return int(typed)
    return None if typed == "" and field.nullable else typed


def _shown(field: Field, example: object) -> forms.Value:
    if field.type is ColumnType.BOOLEAN:
        return bool(example)
    return example if isinstance(example, str | float | int) else None
