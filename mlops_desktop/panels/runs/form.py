"""The form that starts a training: what to predict, how to judge it, and how long it may take."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.actions.offer import Offer, offer
from mlops_desktop.core.answers import Answers, decisions
from mlops_desktop.core.datasets import (
    ColumnType,
    Dataset,
    DatasetVersion,
    DataWarning,
    WarningKind,
)
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.profile import Profile
from mlops_desktop.core.runs import (
    DEFAULT_METRIC,
    METRICS,
    Algorithm,
    Task,
    TrainSpec,
    metrics_for,
    task_of_profile,
)
from mlops_desktop.panels.runs.choices import fill, spin_box, titled
from mlops_desktop.panels.runs.extra import Extra
from mlops_desktop.panels.runs.judging import Judging
from mlops_desktop.panels.runs.leave_out import LeaveOut
from mlops_desktop.panels.runs.refusal import Refusal
from mlops_desktop.panels.runs.words import task_words
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.buttons import link, primary, secondary
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.choice import choice
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.work.jobs import Jobs

_BUDGET_S = 120
_YES = {"yes", "true", "1"}


class TrainForm(Card):
    """submitted carries a TrainSpec, and why to train although a check failed, or nothing.
    checks_wanted(DataPlace): the checks of that version are to be shown."""

    submitted = Signal(object, str)
    checks_wanted = Signal(object)
    closed = Signal()

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__(self.tr("Train on a dataset"))
        self._jobs, self._workspace = jobs, workspace
        self.setObjectName("train-form")
        self._datasets: tuple[Dataset, ...] = ()
        self._version: DatasetVersion | None = None
        self._profile: Profile | None = None
        self._answers: Answers = {}
        self._found: tuple[DataWarning, ...] = ()
        self._prefill: TrainSpec | None = None
        self._before: dict[str, TrainSpec] = {}
        self._build()

    def _build(self) -> None:
        self.refusal = Refusal(self._jobs)
        self.refusal.overridden.connect(self._submit)
        self.refusal.checks_wanted.connect(self.checks_wanted)
        self.refusal.changed.connect(self._show_button)
        self.body.addWidget(self.refusal)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 8, 0)
        column.setSpacing(12)
        column.addLayout(self._build_fields())
        self.leave_out = LeaveOut()
        column.addWidget(self.leave_out, 1)
        self._more = link(self.tr("More: algorithms, seed"), self._toggle_more)
        self._more.setObjectName("train-more")
        column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        self._extra = Extra()
        self._extra.hide()
        column.addWidget(self._extra)
        area = scrolled(inside)
        bar = area.verticalScrollBar()
        bar.rangeChanged.connect(lambda _, end: bar.setValue(0 if self._extra.isHidden() else end))
        self.body.addWidget(area, 1)
        self.button = primary(self.tr("Start training"), "play", lambda: self._submit(""))
        self.button.setObjectName("train-button")
        cancel = secondary(self.tr("Cancel"), "", self.closed.emit)
        cancel.setObjectName("train-cancel")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        row.addWidget(cancel)
        row.addWidget(self.button)
        self.body.addLayout(row)

    def _build_fields(self) -> QGridLayout:
        self.dataset, self.number = choice("train-dataset"), choice("train-version")
        self.target = choice("train-target", searched=True)
        self.goal, self.positive = choice("train-metric"), choice("train-positive")
        self.budget = spin_box("train-budget", 5, 7 * 86_400)
        self.budget.setSingleStep(30)
        self.budget.setValue(_BUDGET_S)
        self.budget.setSuffix(self.tr(" s"))
        self._task_says, self.judging = label(muted=True), Judging()
        self._positive_place = titled(self.tr("Class to find"), self.positive)
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        for column in (0, 1):
            grid.setColumnStretch(column, 1)
        places = (
            (0, 0, titled(self.tr("Dataset"), self.dataset)),
            (0, 1, titled(self.tr("Version"), self.number)),
            (1, 0, titled(self.tr("Predict"), self.target)),
            (1, 1, titled(self.tr("Goal"), self.goal)),
            (3, 0, titled(self.tr("Time limit for all runs"), self.budget)),
            (3, 1, self._positive_place),
        )
        for row, column, place in places:
            grid.addWidget(place, row, column)
        grid.addWidget(self._task_says, 2, 0, 1, 2)
        grid.addWidget(self.judging, 4, 0, 1, 2)
        self.dataset.currentTextChanged.connect(self._on_dataset)
        self.number.currentTextChanged.connect(lambda _: self._ask())
        self.target.currentTextChanged.connect(self._on_target)
        return grid

    def set_datasets(self, datasets: Sequence[Dataset], before: dict[str, TrainSpec]) -> None:
        """before: the newest request of each dataset, whose target and goal are offered again."""
        self._datasets, self._before = tuple(datasets), before
        names = [dataset.name for dataset in datasets]
        if names != [self.dataset.itemText(n) for n in range(self.dataset.count())]:
            fill(self.dataset, names, self.dataset.currentText())
            self._on_dataset(self.dataset.currentText())

    def open_for(
        self,
        ref: Ref | None = None,
        spec: TrainSpec | None = None,
        found: Sequence[DataWarning] = (),
    ) -> None:
        """Choose a version, or repeat a request; found: what its run warned of."""
        self._prefill, self._found = spec, tuple(found)
        self.refusal.show_error(None)
        if spec is not None:
            ref = Ref(spec.dataset, version=spec.version)
        ref = ref or Ref(self.dataset.currentText())
        fill(self.dataset, [dataset.name for dataset in self._datasets], ref.name)
        fill(self.number, self._numbers(ref.name), str(ref.version or ""))
        self._ask()
        self.target.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_offer(self, found: Offer) -> None:
        version = found.version
        self._version, self._profile, self._answers = version, found.profile, found.answers
        spec = self._prefill or self._before.get(version.dataset)
        names = [column.name for column in version.columns]
        times = [c.name for c in version.columns if c.type is ColumnType.DATETIME]
        usual = next((n for n in reversed(names) if n not in times), names[-1])
        wanted = spec.target if spec and spec.target in names else usual
        self.judging.show_version(version)
        fill(self.target, names, wanted)
        self._on_target(wanted)
        if spec is not None:
            self._repeat(spec, exactly=self._prefill is not None)
        self.refusal.show_error(found.blocked, version.ref)
        self._show_button()

    def show_error(self, error: UserError) -> None:
        self.refusal.show_error(error)
        self._show_button()

    def spec(self) -> TrainSpec | None:
        """What is asked for, or None while that is not whole."""
        version, target = self._version, self.target.currentText()
        if version is None or version.column(target) is None:
            return None
        return TrainSpec(
            dataset=version.dataset,
            version=version.version,
            target=target,
            metric=self.goal.currentData(),
            budget_s=float(self.budget.value()),
            time_column=self.judging.time_column,
            group_column=self.judging.group_column,
            positive=self.positive.currentText() or None,
            exclude=self.leave_out.left_out(),
            keep=self.leave_out.kept(),
            algorithms=self._extra.algorithms(),
            seed=self._extra.seed.value(),
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.closed.emit()
        else:
            super().keyPressEvent(event)

    def _numbers(self, name: str) -> list[str]:
        """The versions of a dataset, newest first."""
        count = next((d.versions for d in self._datasets if d.name == name), 0)
        return [str(number) for number in range(count, 0, -1)]

    def _on_dataset(self, name: str) -> None:
        fill(self.number, self._numbers(name), "")
        self._prefill = None
        self._ask()

    def _ask(self) -> None:
        self._version = None
        self.button.setEnabled(False)
        if self.isVisible() and self.dataset.currentText() and self.number.currentText():
            wanted = Ref(self.dataset.currentText(), version=int(self.number.currentText()))
            self._jobs.start(
                self,
                "",
                lambda lane, _context: offer(lane, self._workspace, wanted),
                self.show_offer,
                self.show_error,
                quiet=True,
            )

    def _on_target(self, name: str) -> None:
        version, profile = self._version, self._profile
        column = version.column(name) if version else None
        if version is None or profile is None or column is None:
            return
        profiled = profile.column(name)
        task = task_of_profile(profiled) if profiled is not None else None
        metrics = metrics_for(task) if task else []
        self.goal.clear()
        for metric in metrics:
            self.goal.addItem(METRICS[metric].title, metric)
        if task is not None:
            self.goal.setCurrentIndex(metrics.index(DEFAULT_METRIC[task]))
        classes = [item.value for item in profiled.top] if profiled and task is Task.BINARY else []
        rarer = (classes or [""])[-1]
        fill(self.positive, classes, next((c for c in classes if c.lower() in _YES), rarer))
        self._positive_place.setVisible(bool(classes))
        self._task_says.setText(task_words(name, task, profiled))
        self.judging.leave(name)
        # A run names the columns that gave the target away, without the target.
        leaks = [
            DataWarning(w.kind, (*w.columns, name), w.what, w.why, w.fix)
            for w in self._found
            if w.kind is WarningKind.LEAK
        ]
        self.leave_out.set_decisions(
            decisions(version.columns, [*leaks, *version.warnings], name, self._answers)
        )

    def _repeat(self, spec: TrainSpec, *, exactly: bool) -> None:
        if spec.target == self.target.currentText() and spec.metric:
            self.goal.setCurrentIndex(max(0, self.goal.findData(spec.metric)))
        if spec.positive:
            self.positive.setCurrentText(spec.positive)
        self.judging.repeat(spec)
        self.budget.setValue(round(spec.budget_s))
        self._extra.seed.setValue(spec.seed)
        self._extra.tick(spec.algorithms if exactly else tuple(Algorithm))
        if exactly:
            leaks = {c for w in self._found if w.kind is WarningKind.LEAK for c in w.columns}
            usual = set(self.leave_out.left_out()) - set(spec.keep)
            self.leave_out.set_left_out(usual | set(spec.exclude) | leaks)

    def _show_button(self) -> None:
        """While a check blocks the version, the reason stands above, and Start waits for it."""
        blocked = self.refusal.blocking
        self.button.setEnabled(self._version is not None and blocked is None)
        self.button.setToolTip(blocked.what if blocked is not None else "")

    def _toggle_more(self) -> None:
        self._extra.setVisible(self._extra.isHidden())

    def _submit(self, despite_checks: str) -> None:
        spec = self.spec()
        if spec is None:
            text = self.target.currentText()
            self.show_error(
                UserError(
                    self.tr("The data has no column {0!r}.").format(text),
                    hint=self.tr("Choose the column to predict."),
                )
            )
            return
        self.refusal.show_error(None)
        self.button.setEnabled(False)
        self.submitted.emit(spec, despite_checks)
