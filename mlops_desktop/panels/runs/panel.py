"""Train: every run with what it is worth, and the form that starts new ones."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QSplitter, QStackedWidget, QVBoxLayout, QWidget

from mlops_desktop.actions import datasets, models, run_details, runs
from mlops_desktop.actions.run_details import RunDetails
from mlops_desktop.core.datasets import Dataset
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.models import ModelVersion
from mlops_desktop.core.runs import Run, RunState, best_run
from mlops_desktop.panels.runs.detail import RunDetail
from mlops_desktop.panels.runs.form import TrainForm
from mlops_desktop.panels.runs.trainings import Trainings
from mlops_desktop.panels.runs.words import run_columns
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import Button, primary
from mlops_desktop.widgets.cards import Card, EmptyState, label
from mlops_desktop.widgets.page import Page
from mlops_desktop.widgets.row_table import RowTable
from mlops_desktop.work.jobs import Jobs

_LOADING, _NO_DATA, _NO_RUNS, _FULL = range(4)
_NOTHING, _DETAIL, _FORM = range(3)
_LOOK_MS = 300  # What running runs report is shown about three times a second.


class RunsPanel(Page):
    """show_thing() takes 'new', 'data:NAME@VERSION' to train on that, or the number of a run."""

    open_panel = Signal(str, object)
    toast = Signal(str)

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        self.filter = QLineEdit(placeholderText=self.tr("Filter runs"), clearButtonEnabled=True)
        self._train_button = Button("", "play", kind="primary", clicked=self.open_form)
        super().__init__(self.tr("Train"), [self.filter, self._train_button])
        self._jobs, self._workspace = jobs, workspace
        self._runs: dict[int, Run] = {}
        self._datasets: list[Dataset] = []
        self.trainings = Trainings(jobs, self)
        self._wanted_run: int | None = None
        self._wanted_data: str | None = None
        self._followed: int | None = None
        self._loaded = False
        self._build()
        self._look = QTimer(self, interval=_LOOK_MS, singleShot=True)
        self._look.timeout.connect(self.reload)
        self.trainings.begun.connect(self._on_begun)
        self.trainings.refused.connect(self.form.show_error)
        self.trainings.failed.connect(self._on_failed)
        jobs.changed.connect(self._on_changed)

    def _build(self) -> None:
        self.filter.setObjectName("filter-runs")
        self.filter.setAccessibleName(self.tr("Filter runs"))
        self.filter.setFixedWidth(200)
        self._train_button.setObjectName("new-training")
        self._train_button.setText(f" {self.tr('Train')}")
        self._train_button.setAccessibleName(self.tr("Train"))
        self._train_button.setToolTip("Ctrl+R")
        self._error = ErrorBox()
        self._error.setObjectName("runs-error")
        self.body.addWidget(self._error)
        self._stack = QStackedWidget()
        loading = label(self.tr("Loading\u2026"), muted=True)
        loading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        first = primary(self.tr("Train the first model (Ctrl+R)"), "play", self.open_form)
        first.setObjectName("train-first")
        data = primary(
            self.tr("Open Data"), "database", partial(self.open_panel.emit, "data", None)
        )
        for page in (
            loading,
            EmptyState(
                "database", self.tr("There is nothing to train on yet. Import a file first."), data
            ),
            EmptyState("flask-conical", self.tr("No runs yet."), first),
            self._build_full(),
        ):
            self._stack.addWidget(page)
        self.body.addWidget(self._stack, 1)

    def _build_full(self) -> QWidget:
        self.table: RowTable[Run] = RowTable(
            run_columns(),
            self.tr("Runs"),
            key=lambda run: run.id,
            empty_text=self.tr("No run matches."),
        )
        self.table.setObjectName("runs-table")
        self.filter.textChanged.connect(self.table.set_filter)
        self.table.selection_changed.connect(self._on_selected)
        self._left = Card()
        self._left.body.setContentsMargins(1, 1, 1, 1)
        self._left.add(self.table)
        self._left.setMinimumWidth(280)
        self.detail = RunDetail(self._jobs)
        self.detail.head.register_wanted.connect(self._register)
        self.detail.head.model_wanted.connect(partial(self.open_panel.emit, "models"))
        self.detail.data_wanted.connect(partial(self.open_panel.emit, "data"))
        self.detail.again_wanted.connect(self._train_again)
        self.detail.head.stop_wanted.connect(self._stop)
        self.form = TrainForm(self._jobs, self._workspace)
        self.form.submitted.connect(self.trainings.begin)
        self.form.closed.connect(self._close_form)
        self.form.checks_wanted.connect(partial(self.open_panel.emit, "data"))
        self._right = QStackedWidget()
        self._right.addWidget(
            EmptyState("flask-conical", self.tr("Choose a run to see what it is worth."))
        )
        self._right.addWidget(self.detail)
        self._right.addWidget(self.form)
        split = QSplitter()
        split.setChildrenCollapsible(False)
        split.setHandleWidth(12)
        split.addWidget(self._left)
        split.addWidget(self._right)
        split.setSizes([524, 594])
        split.setStretchFactor(0, 0)
        split.setStretchFactor(1, 1)
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(split)
        return page

    def shown(self) -> None:
        if not self._loaded:
            self.detail.load_plots()
        self.reload()

    def show_thing(self, thing: object) -> None:
        text = str(thing)
        if text.startswith("data:"):
            self._wanted_data = text.removeprefix("data:")
            self.open_form()
        elif text.removeprefix("run ").isdigit():
            self._wanted_run = int(text.removeprefix("run "))
            self._right.setCurrentIndex(_NOTHING)
            self.reload()
        else:
            self.open_form()

    def escape(self) -> None:
        self.detail.head.close_asks()
        self._close_form()

    def focus_filter(self) -> None:
        self.filter.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def open_form(self) -> None:
        """Ask what to train. Its data is looked up when the datasets are known."""
        if self._datasets:
            self._stack.setCurrentIndex(_FULL)
            self._left.setVisible(bool(self._runs))
            self._right.setCurrentIndex(_FORM)
            wanted, self._wanted_data = self._wanted_data, None
            self.form.open_for(Ref.parse(wanted) if wanted else None)
        else:
            self._wanted_data = self._wanted_data or ""
            self.reload()

    def reload(self) -> None:
        """Everything the first time; then what is new, and how running runs are now."""
        newest = max(self._runs, default=0)
        running = [run.id for run in self._runs.values() if not run.state.is_over]
        self._jobs.run(
            self,
            lambda store: (datasets.list_datasets(store), runs.news(store, newest, running)),
            self._show,
            self._error.show_error,
        )

    def _show(self, found: tuple[list[Dataset], list[Run]]) -> None:
        self._loaded = True
        self._error.show_error(None)
        self._datasets, news = found
        ended = [r for r in news if r.state.is_over and self._was_running(r)]
        if news:
            self._runs |= {run.id: run for run in news}
            self._runs = dict(sorted(self._runs.items(), reverse=True))
            self.table.set_rows(tuple(self._runs.values()))
        before = {run.spec.dataset: run.spec for run in reversed(self._runs.values())}
        self.form.set_datasets(self._datasets, before)
        self._left.setVisible(bool(self._runs))
        if self._wanted_data is not None and self._datasets:
            self.open_form()
        elif self._right.currentIndex() != _FORM or not self._datasets:
            self._show_stack()
        if self._wanted_run in self._runs:
            self.table.select([self._wanted_run])
            self._wanted_run = None
        self._show_selected(reread={run.id for run in ended})
        self._show_best(ended)

    def _was_running(self, run: Run) -> bool:
        before = self._runs.get(run.id)
        return before is not None and not before.state.is_over

    def _show_stack(self) -> None:
        if self._runs:
            self._stack.setCurrentIndex(_FULL)
        else:
            self._stack.setCurrentIndex(_NO_RUNS if self._datasets else _NO_DATA)
        if self._runs and not self.table.selected_rows() and self._wanted_run is None:
            newest = next(iter(self._runs.values()))
            group = [r for r in self._runs.values() if r.experiment == newest.experiment]
            self.table.select([(best_run(group) or newest).id])

    def _show_best(self, ended: list[Run]) -> None:
        """When all runs that were started together are over, show the best of them."""
        group = [run for run in self._runs.values() if run.experiment == self._followed]
        if not ended or not group or not all(run.state.is_over for run in group):
            return
        self._followed = None
        if (best := best_run(group)) is not None:
            self.table.select([best.id])

    def _on_selected(self, chosen: tuple[Run, ...]) -> None:
        if chosen and chosen[0].experiment != self._followed:
            self._followed = None
        self._show_selected()

    def _show_selected(self, reread: set[int] | None = None) -> None:
        chosen = self.table.selected_rows()
        if self._right.currentIndex() != _FORM:
            self._right.setCurrentIndex(_DETAIL if chosen else _NOTHING)
        if not chosen:
            return
        run = self._runs[chosen[0].id]
        other = self.detail.run_id != run.id or run.id in (reread or set())
        self.detail.show_run(run, self.trainings.job(run.id))
        if other or run.state is RunState.RUNNING:
            self._jobs.run(
                self,
                lambda store: run_details.details(store, run.id),
                self._show_details,
                self._error.show_error,
            )

    def _show_details(self, details: RunDetails) -> None:
        if details.run.state.is_over:
            self.detail.show_details(details)
        elif details.run.id == self.detail.run_id:
            self.detail.show_folds(details.folds)

    def _close_form(self) -> None:
        if self._right.currentIndex() == _FORM:
            self._right.setCurrentIndex(_NOTHING)
            self._show_stack()
            self._show_selected()

    def _train_again(self, run: Run) -> None:
        self._right.setCurrentIndex(_FORM)
        self.form.open_for(spec=run.spec, found=run.warnings)

    def _on_begun(self, begun: list[Run]) -> None:
        self._followed = begun[0].experiment
        self._wanted_run = begun[0].id
        self._right.setCurrentIndex(_DETAIL)
        self.reload()

    def _on_failed(self, run_id: int, error: UserError) -> None:
        if not self.isVisible() or self.detail.run_id != run_id:
            self.toast.emit(str(error))

    def _stop(self, run_id: int) -> None:
        self.trainings.stop(run_id)
        self._show_selected()

    def _register(self, run_id: int, name: str) -> None:
        self._jobs.run(
            self,
            lambda store: models.register(store, run_id, name),
            self._on_registered,
            self.detail.head.show_register_error,
        )

    def _on_registered(self, version: ModelVersion) -> None:
        self.detail.head.close_asks()
        self.toast.emit(self.tr("Registered {0}.").format(version.ref))
        self._show_selected(reread=set(self._runs))
        self.open_panel.emit("models", version.ref)

    def _on_changed(self, kinds: frozenset[str]) -> None:
        if (
            kinds & {"runs", "datasets", "models"}
            and self.isVisible()
            and not self._look.isActive()
        ):
            self._look.start()
