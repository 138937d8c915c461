"""The Record tab: which columns are recorded, hashed or left out, and how long it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.actions import privacy
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.models import Field, Signature
from mlops_desktop.panels.deployments.keeping import KeepCard
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import Button
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.profile_face import type_word
from mlops_desktop.widgets.row_model import Column, Kind
from mlops_desktop.widgets.row_table import RowTable
from mlops_desktop.work.jobs import Jobs

_RECORDED, _HASHED, _DROPPED = "recorded", "hashed", "dropped"
_KINDS: dict[str, Kind | None] = {_RECORDED: None, _HASHED: "info", _DROPPED: "warn"}


@dataclass(frozen=True, slots=True)
class _Line:
    field: Field
    way: str


class RecordTab(QWidget):
    """Changes count for requests from now on; what is on record already stays as it is."""

    toast = Signal(str)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._deployment: Deployment | None = None
        words = {
            _RECORDED: self.tr("recorded"),
            _HASHED: self.tr("only a hash"),
            _DROPPED: self.tr("not recorded"),
        }
        self.table: RowTable[_Line] = RowTable(
            (
                Column(self.tr("Column"), lambda line: line.field.name, width=260),
                Column(self.tr("Type"), lambda line: type_word(line.field.type), width=120),
                Column(
                    self.tr("In the record"),
                    lambda line: line.way,
                    format=lambda way: words[way],
                    chip=lambda line: _KINDS[line.way],
                    stretch=True,
                ),
            ),
            self.tr("Columns of the requests"),
            key=lambda line: line.field.name,
            multiple=True,
            empty_text=self.tr("The version that is served is not known."),
        )
        self.table.setObjectName("record-columns")
        self.table.selection_changed.connect(lambda _: self._show_buttons())
        self.error = ErrorBox()
        self.error.setObjectName("record-error")
        self._buttons: dict[str, Button] = {}
        card = Card(self.tr("What is recorded of each request"))
        card.add(
            label(
                self.tr(
                    "Choose columns with personal or secret values. Those that are not recorded, "
                    "or of which only a hash is, are left out of drift, and retraining lacks "
                    "them. Answers stay the same, and what is on record already stays as it is."
                ),
                muted=True,
                wrap=True,
            )
        )
        card.add(self.error)
        card.body.addLayout(self._build_buttons())
        card.add(self.table, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(card, 1)
        self.keep = KeepCard(jobs)
        self.keep.toast.connect(self.toast)
        column.addWidget(self.keep)

    def _build_buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        for way, text, tip in (
            (_DROPPED, self.tr("Do not record"), self.tr("Nothing of the value is kept")),
            (
                _HASHED,
                self.tr("Record a hash"),
                self.tr("Equal values can be told; the key never leaves this deployment's folder"),
            ),
            (_RECORDED, self.tr("Record"), self.tr("Keep the value as it came")),
        ):
            button = Button(text, clicked=partial(self._change, way), tip=tip)
            button.setObjectName(f"record-{way}")
            self._buttons[way] = button
            row.addWidget(button)
        row.addStretch(1)
        return row

    def show_deployment(self, deployment: Deployment, signature: Signature | None) -> None:
        if self._deployment is None or self._deployment.id != deployment.id:
            self.error.show_error(None)
        self._deployment = deployment
        self.keep.show_deployment(deployment)
        hidden = deployment.privacy
        self.table.set_rows(
            [
                _Line(
                    field,
                    _DROPPED
                    if field.name in hidden.drop
                    else _HASHED
                    if field.name in hidden.hash
                    else _RECORDED,
                )
                for field in (signature.inputs if signature else ())
            ]
        )
        self._show_buttons()

    def _show_buttons(self) -> None:
        ways = {line.way for line in self.table.selected_rows()}
        for way, button in self._buttons.items():
            button.setEnabled(bool(ways - {way}))

    def _change(self, way: str) -> None:
        deployment = self._deployment
        names = {line.field.name for line in self.table.selected_rows()}
        if deployment is None or not names:
            return
        drop = [name for name in deployment.privacy.drop if name not in names]
        hashed = [name for name in deployment.privacy.hash if name not in names]
        if way == _DROPPED:
            drop += sorted(names)
        elif way == _HASHED:
            hashed += sorted(names)
        for button in self._buttons.values():
            button.setEnabled(False)
        self.error.show_error(None)
        self._jobs.start(
            self,
            "",
            lambda lane, _context: privacy.set_privacy(lane, deployment.name, drop, hashed),
            self._show_changed,
            self._show_error,
            quiet=True,
        )

    def _show_changed(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.toast.emit(self.tr("{0} records requests as chosen.").format(deployment.name))
        self._show_buttons()

    def _show_error(self, error: UserError) -> None:
        self.error.show_error(error)
        self._show_buttons()
