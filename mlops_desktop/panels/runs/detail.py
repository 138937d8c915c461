"""The right side of Train: one run's verdict in words, its progress or its error, and its tabs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QProgressBar,
    QSizePolicy,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.actions.run_details import RunDetails
from mlops_desktop.core.datasets import WarningKind
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.runs import Run, RunState
from mlops_desktop.panels.runs.details import Details
from mlops_desktop.panels.runs.words import (
    algorithm_name,
    figure,
    interval,
    metric_title,
    seconds,
    state_kind,
    state_word,
)
from mlops_desktop.widgets.banner import Banner, ErrorBox
from mlops_desktop.widgets.buttons import primary, secondary
from mlops_desktop.widgets.cards import Card, Chip, heading, label
from mlops_desktop.widgets.inline_ask import InlineAsk
from mlops_desktop.widgets.tabs import Tabs
from mlops_desktop.work.job import Job

if TYPE_CHECKING:
    from mlops_desktop.panels.runs.charts import Curves, Overview
    from mlops_desktop.widgets.plots import LinePlot


class RunDetail(QWidget):
    """Facts go in by show_run() at once and show_details() when they were read."""

    register_wanted = Signal(int, str)
    model_wanted = Signal(str)
    data_wanted = Signal(str)
    again_wanted = Signal(object)
    stop_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
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
        column.addWidget(self._build_head())
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

    def _build_head(self) -> Card:
        self._chip = Chip()
        self._title = label(muted=True)
        self._title.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.verdict = heading("", 2)
        self.verdict.setObjectName("verdict")
        self.verdict.setWordWrap(True)
        self.verdict.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._figure = label(muted=True, wrap=True)
        self.register = primary(self.tr("Register as model"), "package-check", self._ask_name)
        self.register.setObjectName("register-run")
        self._open_model = secondary("", "package-check", self._open)
        self._open_model.setObjectName("open-model")
        self._once_more = secondary(self.tr("Train again"), "rotate-cw", self._again)
        self._once_more.setObjectName("train-once-more")
        self.ask = InlineAsk(self.tr("Model name"), self.tr("Register"))
        self.ask.line.setObjectName("register-name")
        self.ask.button.setObjectName("register-button")
        self.ask.answered.connect(self._register)
        self.register_error = ErrorBox()
        self._bar = QProgressBar(textVisible=False)
        self._bar.setRange(0, 1000)
        self._bar.setAccessibleName(self.tr("How far the training is"))
        self._stage = label()
        self.stop = secondary(self.tr("Stop"), "square", self._stop)
        self.stop.setObjectName("stop-run")
        card = Card()
        card.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self._title, 1)
        first.addWidget(self._chip)
        card.body.addLayout(first)
        card.add(self.verdict)
        last = QHBoxLayout()
        last.setSpacing(8)
        last.addWidget(self._figure, 1)
        for button in (self._open_model, self.register, self._once_more):
            last.addWidget(button)
        card.body.addLayout(last)
        self._running = QWidget()
        live = QHBoxLayout(self._running)
        live.setContentsMargins(0, 0, 0, 0)
        live.setSpacing(12)
        words = QVBoxLayout()
        words.setSpacing(6)
        words.addWidget(self._bar)
        words.addWidget(self._stage)
        live.addLayout(words, 1)
        live.addWidget(self.stop)
        card.add(self._running)
        card.add(self.ask)
        card.add(self.register_error)
        return card

    @property
    def run_id(self) -> int | None:
        return self._run.id if self._run else None

    def plots_loaded(self) -> None:
        """Charts can be made from now on without the wait that loading them costs."""
        self._plots_loaded = True
        self._fill_tab()

    def show_run(self, run: Run, job: Job | None = None) -> None:
        """What the table knows already. job: where this window trains it."""
        if self.run_id != run.id:
            self._details = None
            self.ask.hide()
            self.register_error.show_error(None)
        self._run = run
        spec = run.spec
        self._title.setText(
            self.tr("{0}: {1} predicts {2} from {3}@{4}").format(
                run.title, algorithm_name(run.algorithm), spec.target, spec.dataset, spec.version
            )
        )
        self._chip.set_status(state_word(run), state_kind(run))
        live = not run.state.is_over
        self._running.setVisible(live)
        self._bar.setValue(round(1000 * run.fraction))
        stage = self.tr("Waits for a free worker") if run.state is RunState.QUEUED else run.stage
        stopping = job is not None and job.stopping
        self._stage.setText(self.tr("Stopping\u2026") if stopping else stage)
        self.stop.setVisible(job is not None)
        self.stop.setEnabled(not stopping)
        self.verdict.setText(self._said(run))
        self.verdict.setVisible(bool(self.verdict.text()))
        self._show_figure(run)
        self._show_trouble(run)
        done = run.state is RunState.DONE
        self.tabs.setVisible(done and self._details is not None)
        self._below.setHidden(self.tabs.isVisibleTo(self))
        self._once_more.setVisible(run.state in (RunState.CANCELLED, RunState.INTERRUPTED))
        if self._live is not None:
            self._live.setVisible(run.state is RunState.RUNNING)
        known = self._details is not None
        self.register.setVisible(done and known and not (self._details and self._details.model))
        self._open_model.setVisible(bool(done and self._details and self._details.model))

    def show_details(self, details: RunDetails) -> None:
        """What was read of the shown run, at its end."""
        if details.run.id != self.run_id:
            return
        self._details = details
        self.show_run(details.run)
        self._open_model.setText(f" {self.tr('Open {0}').format(details.model)}")
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

    def show_register_error(self, error: UserError) -> None:
        self.register_error.show_error(error)
        self.ask.show()

    def close_asks(self) -> None:
        self.ask.hide()
        self.register_error.show_error(None)

    def _said(self, run: Run) -> str:
        if self._details is not None and self._details.evaluation is not None:
            return self._details.evaluation.verdict
        match run.state:
            case RunState.QUEUED | RunState.RUNNING | RunState.DONE:
                return ""
            case RunState.CANCELLED:
                return self.tr("Stopped before it was done.")
            case RunState.INTERRUPTED:
                return self.tr("The app ended while it trained.")
        return self.tr("No model came out of it.")

    def _show_figure(self, run: Run) -> None:
        if run.value is None:
            took = self.tr("Took {0}.").format(seconds(run.seconds)) if run.seconds else ""
            self._figure.setText(took)
            self._figure.setHidden(not run.state.is_over)
            return
        text = f"{metric_title(run.metric)} {figure(run.value)}"
        if between := interval(run):
            text = self.tr("{0} (95 %: {1})").format(text, between)
        found = self._details.evaluation if self._details else None
        if found is not None and run.metric in found.baseline:
            text = self.tr("{0}, baseline {1}").format(text, figure(found.baseline[run.metric]))
        self._figure.setText(text)
        self._figure.show()

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

    def _ask_name(self) -> None:
        if self._run is not None:
            self.ask.ask()
            self.ask.line.setText(self._run.spec.dataset)
            self.ask.line.selectAll()

    def _register(self, name: str) -> None:
        if self._run is not None:
            self.register_error.show_error(None)
            self.register_wanted.emit(self._run.id, name)

    def _open(self) -> None:
        if self._details is not None:
            self.model_wanted.emit(self._details.model)

    def _again(self) -> None:
        if self._run is not None:
            self.again_wanted.emit(self._run)

    def _stop(self) -> None:
        if self._run is not None:
            self.stop_wanted.emit(self._run.id)
