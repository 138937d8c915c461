"""One recorded request at a closer look: what was asked, answered and found out since."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QSpinBox, QVBoxLayout, QWidget

from mlops_desktop.actions.lookup import FoundPrediction
from mlops_desktop.core.deployments import Reasons
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.figures import percent
from mlops_desktop.panels.deployments.reasons import ReasonsView
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import CopyButton, IconButton
from mlops_desktop.widgets.cards import Card, KeyValues, heading, label
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.widgets.row_model import Column
from mlops_desktop.widgets.row_table import RowTable
from mlops_desktop.widgets.spin_box import indent

_WIDTH, _ROWS_PX = 340, 148


@dataclass(frozen=True, slots=True)
class _Answered:
    row: int
    answer: float | str


class RequestDetails(Card):
    """wanted(prediction id): another row of the request is to be shown. Hidden until one is."""

    wanted = Signal(str)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__(self.tr("Request"))
        close = IconButton("x", self.tr("Close"), self.closed.emit)
        close.setObjectName("close-request")
        self.header.addWidget(close)
        self._request = ""
        self.error = ErrorBox()
        self._id = label(wrap=True)
        self._id.setObjectName("request-id")
        copy = CopyButton(self._id.text, self.tr("Copy the prediction id"))
        copy.setObjectName("copy-request-id")
        self.answer = heading(level=2)
        self.answer.setObjectName("request-answer")
        self._facts = KeyValues()
        self._inputs = KeyValues()
        self._inputs.setObjectName("request-inputs")
        self.reasons = ReasonsView()
        self.row = QSpinBox()
        self.row.setObjectName("request-row")
        self.row.setAccessibleName(self.tr("Row of the request"))
        self.row.setPrefix(self.tr("Row "))
        indent(self.row)
        self.row.valueChanged.connect(self._on_row)
        self.rows: RowTable[_Answered] = RowTable(
            (
                Column(self.tr("Row"), lambda one: one.row + 1, width=64),
                Column(self.tr("Answer"), lambda one: one.answer, format=_shown, stretch=True),
            ),
            self.tr("All rows of the request"),
            key=lambda one: one.row,
        )
        self.rows.setObjectName("request-rows")
        self.rows.setMaximumHeight(_ROWS_PX)
        self.rows.selection_changed.connect(self._on_chosen)
        top = QHBoxLayout()
        top.addWidget(self._id, 1)
        top.addWidget(copy)
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(8)
        column.addWidget(self.answer)
        column.addWidget(self._facts)
        column.addWidget(self.reasons)
        column.addWidget(heading(self.tr("Inputs")))
        column.addWidget(self._inputs)
        column.addStretch(1)
        self._body = scrolled(content)
        self.add(self.error)
        self.body.addLayout(top)
        self.add(self.row)
        self.add(self.rows)
        self.add(self._body, 1)
        self.body.addStretch()  # Takes the room of the body where an error stands alone.
        self.setMinimumWidth(_WIDTH)
        self.hide()

    def show_looking(self, given: str) -> None:
        """Until the record has been looked through."""
        if not self.isVisible():
            self._body.hide()
            self._show_rows(shown=False)
        self.error.show_error(None)
        self._id.setText(given)
        self.show()

    def show_found(self, found: FoundPrediction) -> None:
        self.error.show_error(None)
        self._request = found.prediction_id.rpartition(":")[0]
        self._id.setText(found.prediction_id)
        self.row.blockSignals(True)
        self.row.setRange(1, max(1, found.rows))
        self.row.setSuffix(self.tr(" of {0}").format(found.rows))
        self.row.setValue(found.row + 1)
        self.row.blockSignals(False)
        self.rows.blockSignals(True)
        self.rows.set_rows([_Answered(row, answer) for row, answer in enumerate(found.answers)])
        self.rows.select([found.row])
        self.rows.blockSignals(False)
        self._show_rows(shown=found.rows > 1)
        self.answer.setText(_shown(found.prediction))
        at = datetime.fromtimestamp(found.at_us / 1e6, UTC).astimezone()
        facts = [
            (self.tr("Answered by"), f"{found.model} v{found.version}"),
            (self.tr("When"), f"{at:%Y-%m-%d %H:%M:%S}"),
            (self.tr("Took"), self.tr("{0} ms").format(f"{found.latency_us / 1000:.2f}")),
            (self.tr("Was true"), found.actual or self.tr("not known yet")),
        ]
        for name, chance in (found.probabilities or {}).items():
            facts.append((self.tr("Chance of {0}").format(name), percent(chance)))
        self._facts.set_pairs(facts)
        self._inputs.set_pairs(
            [(n, self.tr("missing") if v is None else str(v)) for n, v in found.inputs.items()]
        )
        reasons = None if found.reasons is None else Reasons.told(found.reasons)
        chances = found.probabilities is not None
        self.reasons.show_reasons(reasons, "" if chances or reasons is None else reasons.of)
        self._body.show()
        self.show()

    def show_error(self, error: UserError) -> None:
        self._body.hide()
        self._show_rows(shown=False)
        self.error.show_error(error)

    def _show_rows(self, *, shown: bool) -> None:
        self.row.setVisible(shown)
        self.rows.setVisible(shown)

    def _on_chosen(self, rows: tuple[_Answered, ...]) -> None:
        if rows:
            self.row.setValue(rows[0].row + 1)

    def _on_row(self, number: int) -> None:
        self.wanted.emit(f"{self._request}:{number - 1}")


def _shown(answer: float | str) -> str:
    return answer if isinstance(answer, str) else f"{answer:.6g}"
