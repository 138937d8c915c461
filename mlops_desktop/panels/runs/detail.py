"""The right side of Train: one run's head, why it failed or must be answered, and its tabs."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QStackedWidget, QVBoxLayout, QWidget

from mlops_desktop.actions.run_details import RunDetails
from mlops_desktop.core.datasets import WarningKind
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.runs import Run, RunState
from mlops_desktop.panels.runs.details import Details
from mlops_desktop.panels.runs.head import RunHead
from mlops_desktop.widgets.banner import Banner, ErrorBox
from mlops_desktop.widgets.buttons import secondary
from mlops_desktop.widgets.tabs import Tabs
from mlops_desktop.work.job import Job
from mlops_desktop.work.jobs import Jobs

if TYPE_CHECKING:
    from mlops_desktop.panels.runs.charts import Curves, Overview
    from mlops_desktop.widgets.line_plot import LinePlot


class RunDetail(QWidget):
    """Facts go in by show_run() at once and show_details() when they were read."""

    data_wanted = Signal(str)
    again_wanted = Signal(object)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._run: Run | None = None
        self._details: RunDetails | None = None
        self._overview: Overview | None = None
        self._curves: Curves | None = None
        self._live: LinePlot | None = None
        self._plots_loaded = False
        self._build()

    def _build(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.head = RunHead()
        self.head.again_wanted.connect(self.again_wanted)
        column.addWidget(self.head)
        again = secondary(self.tr("Train again"), "rotate-cw", self._again)
        again.setObjectName("train-again")
        self.error = ErrorBox(None, [again])
        self.error.setObjectName("run-error")
        column.addWidget(self.error)
        answer = secondary(self.tr("Answer and train again"), "", self._again)
        answer.setObjectName("answer-leaks")
        self._leaks = Banner("warn", "", [answer])
        self._leaks.hide()
        column.addWidget(self._leaks)
        self.tabs = Tabs(self.tr("Views of the run"))
        self.tabs.bar.setObjectName("run-tabs")
        self._places = (QStackedWidget(), QStackedWidget())
        self.tabs.add(self.tr("Overview"), self._places[0])
        self.tabs.add(self.tr("Curves"), self._places[1])
        self.details = Details()
        self.details.data_wanted.connect(self.data_wanted)
        self.tabs.add(self.tr("Details"), self.details)
        self.tabs.shown.connect(lambda _: self._fill_tab())
        column.addWidget(self.tabs, 1)
        self._below = QWidget()
        self._live_place = QVBoxLayout(self._below)
        self._live_place.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self._below, 1)

    @property
    def run_id(self) -> int | None:
        return self._run.id if self._run else None

    def load_plots(self) -> None:
        """Plots take half a second to load: not in the thread that paints."""
        self._jobs.start(
            self,
            "",
            lambda _lane, _context: import_module("mlops_desktop.widgets.line_plot"),
            lambda _plots: self._on_plots(),
            quiet=True,
        )

    def _on_plots(self) -> None:
        self._plots_loaded = True
        self._fill_tab()

    def show_run(self, run: Run, job: Job | None = None) -> None:
        """What the table knows already. job: where this window trains it."""
        if self.run_id != run.id:
            self._details = None
            self.head.close_asks()
        self._run = run
        self.head.show_run(run, self._details, job)
        self._show_trouble(run)
        self.tabs.setVisible(run.state is RunState.DONE and self._details is not None)
        self._below.setHidden(self.tabs.isVisibleTo(self))
        if self._live is not None:
            self._live.setVisible(run.state is RunState.RUNNING)

    def show_details(self, details: RunDetails) -> None:
        """What was read of the shown run, at its end."""
        if details.run.id != self.run_id:
            return
        self._details = details
        self.show_run(details.run)
        self.details.show_details(details)
        self._fill_tab()

    def show_folds(self, folds: tuple[float, ...]) -> None:
        """The goal metric of each fold so far, while the run trains."""
        running = self._run is not None and self._run.state is RunState.RUNNING
        if self._run is None or not running or not self._plots_loaded:
            return
        from mlops_desktop.panels.runs.charts import fold_plot, show_folds  # noqa: PLC0415

        if self._live is None:
            self._live = fold_plot(self.tr("Cross-validation so far"))
            self._live_place.addWidget(self._live, 1)
        self._live.setVisible(bool(folds))
        show_folds(self._live, folds, self._run.metric or self._run.spec.metric)

    def _show_trouble(self, run: Run) -> None:
        failed = run.state is RunState.FAILED
        what = self.tr("{0} failed.").format(run.title)
        self.error.show_error(UserError(what, why=run.error) if failed else None)
        open_ = [w for w in run.warnings if w.kind is WarningKind.LEAK and not w.answered]
        self._leaks.setVisible(bool(open_))
        if open_:
            self._leaks.text.setText(" ".join(w.what for w in open_[:3]))
            self._leaks.detail.setText(
                self.tr("Until that is answered, no model of this run can be approved.")
            )
            self._leaks.detail.show()

    def _fill_tab(self) -> None:
        """Draw the tab that is looked at; the others when they are."""
        details = self._details
        if details is None or details.evaluation is None or not self._plots_loaded:
            return
        from mlops_desktop.panels.runs.charts import Curves, Overview  # noqa: PLC0415

        if self.tabs.current() == 0:
            if self._overview is None:
                self._overview = Overview()
                self._places[0].addWidget(self._overview)
            self._overview.show_details(details)
        elif self.tabs.current() == 1:
            if self._curves is None:
                self._curves = Curves()
                self._places[1].addWidget(self._curves)
            self._curves.show_details(details)

    def _again(self) -> None:
        if self._run is not None:
            self.again_wanted.emit(self._run)
