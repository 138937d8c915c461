"""The Requests tab: the newest recorded requests, while they come in."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mlops_desktop.actions import deployments
from mlops_desktop.core.deployments import Deployment, RecentRequest
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.row_model import Column
from mlops_desktop.widgets.row_table import RowTable
from mlops_desktop.work.jobs import Jobs

_SHOWN = 200


class RequestsTab(QWidget):
    """tick() asks once; the panel calls it while this tab is visible."""

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__()
        self._jobs, self._workspace = jobs, workspace
        self._asking = False
        self._of = 0
        self._shown: list[RecentRequest] = []
        self.table: RowTable[RecentRequest] = RowTable(
            (
                Column(self.tr("When"), lambda r: r.at_us, align="left", format=_time, width=120),
                Column(self.tr("Version"), lambda r: r.version, format=lambda v: f"v{v}"),
                Column(self.tr("Rows"), lambda r: r.rows),
                Column(self.tr("Took, ms"), lambda r: r.latency_us / 1000, format=_two, width=90),
                Column(self.tr("Answer"), lambda r: r.prediction, format=_answer, width=120),
                Column(self.tr("Inputs"), _inputs, stretch=True),
            ),
            self.tr("Requests"),
            key=lambda request: request.id,
            empty_text=self.tr("No requests yet. Ask the model under Try it, or from a program."),
        )
        self.table.setObjectName("requests-table")
        card = Card()
        card.add(label(self.tr("The newest {0} requests on record.").format(_SHOWN), muted=True))
        card.add(self.table, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(card)

    def show_deployment(self, deployment: Deployment) -> None:
        if deployment.id != self._of:
            self._of = deployment.id
            self._show([])

    def tick(self, deployment: Deployment) -> None:
        if self._asking:
            return
        self._asking = True
        self._jobs.start(
            self,
            "",
            lambda _lane, _context: deployments.recent_requests(
                self._workspace, deployment, _SHOWN
            ),
            self._show,
            lambda _error: self._show(self._shown),
            quiet=True,
        )

    def _show(self, found: list[RecentRequest]) -> None:
        self._asking = False
        if found != self._shown:
            self._shown = found
            self.table.set_rows(found)


def _time(at_us: int) -> str:
    moment = datetime.fromtimestamp(at_us / 1e6, UTC).astimezone()
    return f"{moment:%H:%M:%S}.{moment.microsecond // 1000:03d}"


def _two(value: float) -> str:
    return f"{value:.2f}"


def _answer(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.6g}"


def _inputs(request: RecentRequest) -> str:
    shown = (
        f"{name} {'missing' if value is None else value}" for name, value in request.inputs.items()
    )
    return ", ".join(shown)
