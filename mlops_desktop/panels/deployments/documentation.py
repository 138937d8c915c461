"""The Documentation tab: what can be asked of a running deployment, and how, ready to be copied."""

from __future__ import annotations

from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.actions.documentation import Documentation, Input, Route, documentation
from mlops_desktop.core.deployments import Deployment, DeploymentState
from mlops_desktop.core.errors import UserError
from mlops_desktop.panels.deployments.programs import ProgramsCard
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import CopyButton
from mlops_desktop.widgets.cards import Card, EmptyState, label
from mlops_desktop.widgets.row_model import Column
from mlops_desktop.widgets.row_table import RowTable
from mlops_desktop.work.jobs import Jobs


class DocumentationTab(QWidget):
    """load() asks the server when the tab is seen, once for each version that it serves."""

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__()
        self._jobs, self._workspace = jobs, workspace
        self._told: Documentation | None = None
        self._of: object = None
        self.error = ErrorBox()
        self._empty = EmptyState(
            "file-text",
            self.tr("Start it: what can be asked of it comes from the running server."),
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._build())
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.error)
        column.addWidget(self._stack, 1)

    def _build(self) -> QWidget:
        self.example = QComboBox()
        self.example.setObjectName("documentation-example")
        self.example.setAccessibleName(self.tr("What to ask"))
        self.example.currentIndexChanged.connect(self._show_example)
        self.programs = ProgramsCard(self.tr("Ready to copy"), "documentation-")
        self.programs.body.insertWidget(1, self.example)
        page = QWidget()
        row = QHBoxLayout(page)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        left = QVBoxLayout()
        left.setSpacing(12)
        left.addWidget(self._build_inputs(), 3)
        left.addWidget(self._build_routes(), 2)
        row.addLayout(left, 3)
        row.addWidget(self.programs, 2)
        return page

    def _build_inputs(self) -> Card:
        self.inputs: RowTable[Input] = RowTable(
            (
                Column(self.tr("Input"), lambda i: i.name, width=130),
                Column(self.tr("Example"), lambda i: i.example, width=110),
                Column(self.tr("May be missing"), _missing, width=120),
                Column(self.tr("What it takes"), lambda i: i.about, stretch=True),
            ),
            self.tr("Inputs of the model"),
            key=lambda item: item.name,
        )
        self.inputs.setObjectName("documentation-inputs")
        card = Card(self.tr("What a row is made of"))
        card.add(self.inputs, 1)
        words = self.tr("Columns may come in any order; others are ignored. Odd values: F1.")
        card.add(label(words, muted=True, wrap=True))
        return card

    def _build_routes(self) -> Card:
        self.routes: RowTable[Route] = RowTable(
            (
                Column(self.tr("Ask"), lambda r: r.method, width=60),
                Column(self.tr("Address"), lambda r: r.path, width=210),
                Column(self.tr("Token"), _token, width=60),
                Column(self.tr("What it does"), lambda r: r.summary, stretch=True),
            ),
            self.tr("Routes of the server"),
            key=lambda route: (route.method, route.path),
        )
        self.routes.setObjectName("documentation-routes")
        words = label(self.tr("OpenAPI document"), muted=True)
        copy = CopyButton(self._text, self.tr("Copy the OpenAPI document"))
        copy.setObjectName("copy-openapi")
        card = Card(self.tr("Where to ask"), actions=(words, copy))
        card.add(self.routes, 1)
        return card

    def load(self, deployment: Deployment) -> None:
        """Show what the deployment serves now."""
        running = deployment.state is DeploymentState.RUNNING
        of = (deployment.id, deployment.model_version, deployment.port, running)
        if of == self._of:
            return
        self._of = of
        self.error.show_error(None)
        if not running:
            self._stack.setCurrentIndex(0)
            return
        self._jobs.start(
            self,
            "",
            lambda _lane, _context: documentation(self._workspace, deployment),
            self._show,
            self._show_error,
            quiet=True,
        )

    def _show(self, told: Documentation) -> None:
        self._told = told
        self.inputs.set_rows(told.inputs)
        self.routes.set_rows(told.routes)
        chosen = max(0, self.example.currentIndex())
        self.example.clear()
        self.example.addItems([example.title for example in told.examples])
        self.example.setCurrentIndex(min(chosen, len(told.examples) - 1))
        self._show_example()
        self._stack.setCurrentIndex(1)

    def _show_error(self, error: UserError) -> None:
        self._of = None  # Asked again when the tab is seen again.
        self._stack.setCurrentIndex(0)
        self.error.show_error(error)

    def _show_example(self) -> None:
        at = self.example.currentIndex()
        if self._told is not None and at >= 0:
            example = self._told.examples[at]
            self.programs.show_programs(example.curl, example.python)

    def _text(self) -> str:
        return "" if self._told is None else self._told.text


def _missing(item: Input) -> str:
    return "yes" if item.may_be_missing else "no"


def _token(route: Route) -> str:
    return "yes" if route.needs_token else "no"
