"""The head of one run: its verdict in words, its progress, and what can be done with it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QSizePolicy, QVBoxLayout, QWidget

from mlops_desktop.actions.run_details import RunDetails
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.runs import Run, RunState
from mlops_desktop.panels.runs.words import (
    algorithm_name,
    figure,
    interval,
    metric_title,
    seconds,
    state_kind,
    state_word,
)
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import primary, secondary
from mlops_desktop.widgets.cards import Card, Chip, heading, label
from mlops_desktop.widgets.inline_ask import InlineAsk
from mlops_desktop.work.job import Job


class RunHead(Card):
    """register_wanted carries the number of the run and a name, again_wanted the run."""

    register_wanted = Signal(int, str)
    model_wanted = Signal(str)
    again_wanted = Signal(object)
    stop_wanted = Signal(int)

    def __init__(self) -> None:
        super().__init__()
        self._run: Run | None = None
        self._model = ""
        self._build()

    def _build(self) -> None:
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
        self.open_model = secondary("", "package-check", self._open)
        self.open_model.setObjectName("open-model")
        self._once_more = secondary(self.tr("Train again"), "rotate-cw", self._again)
        self._once_more.setObjectName("train-once-more")
        self.ask = InlineAsk(self.tr("Model name"), self.tr("Register"))
        self.ask.line.setObjectName("register-name")
        self.ask.button.setObjectName("register-button")
        self.ask.answered.connect(self._register)
        self.register_error = ErrorBox()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self._title, 1)
        first.addWidget(self._chip)
        self.body.addLayout(first)
        self.add(self.verdict)
        last = QHBoxLayout()
        last.setSpacing(8)
        last.addWidget(self._figure, 1)
        for button in (self.open_model, self.register, self._once_more):
            last.addWidget(button)
        self.body.addLayout(last)
        self.add(self._build_progress())
        self.add(self.ask)
        self.add(self.register_error)

    def _build_progress(self) -> QWidget:
        self._bar = QProgressBar(textVisible=False)
        self._bar.setRange(0, 1000)
        self._bar.setAccessibleName(self.tr("How far the training is"))
        self._stage = label()
        self.stop = secondary(self.tr("Stop"), "square", self._stop)
        self.stop.setObjectName("stop-run")
        self._progress = QWidget()
        across = QHBoxLayout(self._progress)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(12)
        words = QVBoxLayout()
        words.setSpacing(6)
        words.addWidget(self._bar)
        words.addWidget(self._stage)
        across.addLayout(words, 1)
        across.addWidget(self.stop)
        return self._progress

    def show_run(self, run: Run, details: RunDetails | None, job: Job | None) -> None:
        """details: what was read of a run that is over. job: where this window trains it."""
        self._run = run
        self._model = details.model if details else ""
        spec = run.spec
        self._title.setText(
            self.tr("{0}: {1} predicts {2} from {3}@{4}").format(
                run.title, algorithm_name(run.algorithm), spec.target, spec.dataset, spec.version
            )
        )
        self._chip.set_status(state_word(run), state_kind(run))
        self._show_progress(run, job)
        self.verdict.setText(self._said(run, details))
        self.verdict.setVisible(bool(self.verdict.text()))
        self._show_figure(run, details)
        done = run.state is RunState.DONE
        self._once_more.setVisible(run.state in (RunState.CANCELLED, RunState.INTERRUPTED))
        self.register.setVisible(done and details is not None and not self._model)
        self.open_model.setVisible(done and bool(self._model))
        self.open_model.setText(f" {self.tr('Open {0}').format(self._model)}")

    def show_register_error(self, error: UserError) -> None:
        self.register_error.show_error(error)
        self.ask.show()

    def close_asks(self) -> None:
        self.ask.hide()
        self.register_error.show_error(None)

    def _show_progress(self, run: Run, job: Job | None) -> None:
        self._progress.setVisible(not run.state.is_over)
        self._bar.setValue(round(1000 * run.fraction))
        stage = self.tr("Waits for a free worker") if run.state is RunState.QUEUED else run.stage
        stopping = job is not None and job.stopping
        self._stage.setText(self.tr("Stopping\u2026") if stopping else stage)
        self.stop.setVisible(job is not None)
        self.stop.setEnabled(not stopping)

    def _said(self, run: Run, details: RunDetails | None) -> str:
        if details is not None and details.evaluation is not None:
            return details.evaluation.verdict
        match run.state:
            case RunState.QUEUED | RunState.RUNNING | RunState.DONE:
                return ""
            case RunState.CANCELLED:
                return self.tr("Stopped before it was done.")
            case RunState.INTERRUPTED:
                return self.tr("The app ended while it trained.")
        return self.tr("No model came out of it.")

    def _show_figure(self, run: Run, details: RunDetails | None) -> None:
        if run.value is None:
            took = self.tr("Took {0}.").format(seconds(run.seconds)) if run.seconds else ""
            self._figure.setText(took)
            self._figure.setHidden(not run.state.is_over)
            return
        text = f"{metric_title(run.metric)} {figure(run.value)}"
        if between := interval(run):
            text = self.tr("{0} (95 %: {1})").format(text, between)
        found = details.evaluation if details else None
        if found is not None and run.metric in found.baseline:
            text = self.tr("{0}, baseline {1}").format(text, figure(found.baseline[run.metric]))
        self._figure.setText(text)
        self._figure.show()

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
        self.model_wanted.emit(self._model)

    def _again(self) -> None:
        if self._run is not None:
            self.again_wanted.emit(self._run)

    def _stop(self) -> None:
        if self._run is not None:
            self.stop_wanted.emit(self._run.id)
