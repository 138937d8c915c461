"""The Requests tab: the newest recorded requests while they come in, and any one by its id."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.actions import deployments, lookup
from mlops_desktop.actions.lookup import FoundPrediction
from mlops_desktop.core.deployments import Deployment, RecentRequest
from mlops_desktop.core.errors import UserError
from mlops_desktop.panels.deployments.request_details import RequestDetails
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.focus_order import focused
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
        self._ticket = 0  # Of the newest look-up.
        self._deployment: Deployment | None = None
        self._found: list[RecentRequest] = []
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
            empty_text=self._nothing(),
        )
        self.table.setObjectName("requests-table")
        self.table.selection_changed.connect(self._on_selected)
        self.details = RequestDetails()
        self.details.wanted.connect(self._look_up)
        self.details.closed.connect(self.close_details)
        card = Card()
        card.body.addLayout(self._build_filters())
        card.add(self.table, 1)
        self._words = label(muted=True, wrap=True)
        card.add(self._words)
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.addWidget(card)
        split.addWidget(self.details)
        split.setStretchFactor(0, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(split)

    def _build_filters(self) -> QHBoxLayout:
        self.search = QLineEdit()
        self.search.setObjectName("requests-search")
        self.search.setPlaceholderText(self.tr("Request id; Enter for the whole record"))
        self.search.setAccessibleName(self.tr("Find a request by its id"))
        self.search.setClearButtonEnabled(True)
        self.search.setMinimumWidth(180)
        self.search.setMaximumWidth(360)
        self.search.textChanged.connect(self._filter)
        self.search.returnPressed.connect(lambda: self._look_up(self.search.text()))
        self._refused = self.tr("Refused requests are not recorded.")
        self.version = QComboBox()
        self.version.setObjectName("requests-version")
        self.version.setAccessibleName(self.tr("Version that answered"))
        self.version.addItem(self.tr("All versions"), 0)
        self.version.activated.connect(self._filter)
        self.follow = QCheckBox(self.tr("Follow"))
        self.follow.setObjectName("requests-follow")
        self.follow.setToolTip(self.tr("Without it the list stands still."))
        self.follow.setChecked(True)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.search, 1)
        row.addWidget(self.version)
        row.addStretch(1)
        row.addWidget(self.follow)
        return row

    def show_deployment(self, deployment: Deployment) -> None:
        if self._deployment is None or deployment.id != self._deployment.id:
            self.search.clear()
            self.close_details()
            self._show([])
        self._deployment = deployment

    def tick(self, deployment: Deployment) -> None:
        if self._asking or not (self.follow.isChecked() or not self._found):
            return
        self._asking = True
        self._jobs.start(
            self,
            "",
            lambda _lane, _context: deployments.recent_requests(
                self._workspace, deployment, _SHOWN
            ),
            self._show,
            lambda _error: self._show(self._found),
            quiet=True,
        )

    def _show(self, found: list[RecentRequest]) -> None:
        self._asking = False
        if found == self._found:
            return
        self._found = found
        for number in sorted({request.version for request in found}):
            if self.version.findData(number) < 0:
                self.version.addItem(self.tr("Version {0}").format(number), number)
        self._filter()

    def _filter(self) -> None:
        """Show those of the newest that fit; an id may be a row's, so what follows a colon goes."""
        typed, version = self.search.text().strip(), self.version.currentData()
        part = typed.rpartition(":")[0] or typed
        shown = [
            request
            for request in self._found
            if part in request.id and version in (0, request.version)
        ]
        self.table.set_empty_text(self._none() if self._found else self._nothing())
        self.table.set_rows(shown)
        text = self.tr("{0} of the newest {1} on record. {2}")
        self._words.setText(text.format(len(shown), len(self._found), self._refused))

    def show_statuses(self, statuses: Mapping[str, int]) -> None:
        """How many requests got which HTTP status since the server started."""
        bad = {code: count for code, count in sorted(statuses.items()) if code >= "4" and count}
        text = self.tr("None was refused since the server started.")
        if bad:
            counts = ", ".join(f"{code}: {count:,}" for code, count in bad.items())
            text = self.tr(
                "Refused since the server started: {0} (status {1}); they are not recorded."
            ).format(f"{sum(bad.values()):,}", counts)
        if text != self._refused:
            self._refused = text
            self._filter()

    def _nothing(self) -> str:
        return self.tr("No requests yet. Ask the model under Try it, or from a program.")

    def _none(self) -> str:
        if not self.search.text().strip():
            return self.tr("None of the newest requests was answered by this version.")
        return self.tr("None of the newest requests fits. Enter looks for this id in all of them.")

    def _on_selected(self, rows: tuple[RecentRequest, ...]) -> None:
        if rows:
            self._look_up(f"{rows[0].id}:0")

    def _look_up(self, given: str) -> None:
        """Show one row of a request, wherever in the record it is."""
        deployment = self._deployment
        if deployment is None or not given.strip():
            return
        self.details.show_looking(given)
        self._ticket += 1
        ticket = self._ticket
        self._jobs.start(
            self,
            "",
            lambda lane, context: lookup.find(lane, deployment.name, given, context),
            lambda found: self._show_found(ticket, found),
            lambda error: self._show_error(ticket, error),
            quiet=True,
        )

    def _show_found(self, ticket: int, found: FoundPrediction) -> None:
        if ticket == self._ticket:  # Else another one is looked for meanwhile.
            self.details.show_found(found)

    def _show_error(self, ticket: int, error: UserError) -> None:
        if ticket == self._ticket:
            self.details.show_error(error)

    def close_details(self) -> None:
        if not self.details.isHidden():
            focus = focused(self)
            if focus is not None and self.details.isAncestorOf(focus):
                self.table.setFocus(Qt.FocusReason.OtherFocusReason)
            self.details.hide()
            self.table.clearSelection()


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
    first = "row 1: " if request.rows > 1 else ""
    return first + ", ".join(shown)
