"""Home: the stages of the loop with true counts, the one next step, and what happened last."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from mlops_desktop.actions import home
from mlops_desktop.core.attention import Attention
from mlops_desktop.core.home import NextStep, Stage, StageStatus, Tone
from mlops_desktop.core.monitoring import MonitorSummary, Window
from mlops_desktop.core.news import News
from mlops_desktop.widgets.attention_list import AttentionList
from mlops_desktop.widgets.buttons import primary, secondary
from mlops_desktop.widgets.cards import Card, Chip, EmptyState, label, numeral
from mlops_desktop.widgets.elided import ElidedLabel
from mlops_desktop.widgets.icons import IconLabel
from mlops_desktop.widgets.page import Page
from mlops_desktop.widgets.row_model import Kind
from mlops_desktop.widgets.times import ago, local_time
from mlops_desktop.work.job import Job, JobState
from mlops_desktop.work.jobs import Jobs

if TYPE_CHECKING:
    from mlops_desktop.widgets.error_chart import ErrorChart

_ICONS = {
    Stage.DATA: "database",
    Stage.TRAIN: "flask-conical",
    Stage.MODELS: "package-check",
    Stage.DEPLOY: "server",
    Stage.MONITOR: "activity",
}
_FEWER = 8  # News that have room beside what needs attention, in a window of 768.
_KINDS: dict[Tone, Kind] = {
    Tone.NEUTRAL: "neutral",
    Tone.OK: "ok",
    Tone.WARN: "warn",
    Tone.ERROR: "error",
}


class HomePanel(Page):
    """sample_wanted and import_wanted are requests of the empty state."""

    open_panel = Signal(str, object)
    sample_wanted = Signal()
    import_wanted = Signal()

    def __init__(self, jobs: Jobs) -> None:
        super().__init__(self.tr("Home"))
        self._jobs = jobs
        self._watched: MonitorSummary | None = None
        self._needed: tuple[Attention, ...] = ()
        self._chart: ErrorChart | None = None
        self._importing = False
        self._build()
        jobs.changed.connect(self._on_changed)
        jobs.job_changed.connect(self._on_job)

    def _build(self) -> None:
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        sample = primary(self.tr("Open the sample project"), "", self.sample_wanted.emit)
        sample.setObjectName("open-sample")
        other = secondary(self.tr("Import a file"), "upload", self.import_wanted.emit)
        other.setObjectName("home-import")
        row.addWidget(sample)
        row.addWidget(other)
        self._empty = EmptyState(
            "database",
            self.tr("Nothing here yet. Open the sample project, or drop a CSV file anywhere."),
            buttons,
        )
        self._stack = QStackedWidget()
        self._stack.addWidget(QWidget())
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._build_full())
        self.body.addWidget(self._stack, 1)

    def _build_full(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(16)
        row = QHBoxLayout()
        row.setSpacing(8)
        self._stages: dict[Stage, _StageCard] = {}
        for stage in Stage:
            if self._stages:
                row.addWidget(IconLabel("chevron-right", "muted", 20))
            self._stages[stage] = _StageCard(stage)
            self._stages[stage].clicked.connect(partial(self.open_panel.emit, stage.value, None))
            row.addWidget(self._stages[stage], 1)
        column.addLayout(row)
        self.attention = AttentionList()
        self.attention.opened.connect(self.open_panel)
        column.addWidget(self.attention)
        self._next = _NextCard()
        self._next.go.connect(lambda stage: self.open_panel.emit(stage, None))
        column.addWidget(self._next)
        below = QHBoxLayout()
        below.setSpacing(16)
        self._chart_place = QVBoxLayout()
        below.addLayout(self._chart_place, 3)
        self._recent = _RecentCard()
        below.addWidget(self._recent, 2)
        column.addLayout(below, 1)
        return page

    def shown(self) -> None:
        self.reload()

    def reload(self) -> None:
        self._jobs.run(self, home.overview, self._show)

    def _show(self, overview: home.Overview) -> None:
        started = bool(overview.facts.dataset_versions)
        self._stack.setCurrentIndex(2 if started else 1)
        for status in overview.stages:
            self._stages[status.stage].show_status(status)
        self._needed = overview.attention
        self._show_attention()
        self._next.setVisible(overview.next_step is not None)
        if overview.next_step is not None:
            kind = "secondary" if overview.attention else "primary"
            self._next.show_step(overview.next_step, kind)
        self._recent.show_news(overview.recent[: _FEWER if overview.attention else None])
        self._watched = overview.watched
        if any(window.error is not None for window in self._windows()):
            self._show_chart()
        elif self._chart is not None:
            self._chart.hide()

    def _show_attention(self) -> None:
        """What the workspace holds, and after it the jobs of this session that failed."""
        jobs = [job for job in self._jobs.jobs() if job.title]
        failed = [
            job
            for number, job in enumerate(jobs)
            if job.state is JobState.FAILED
            and not any(later.title == job.title for later in jobs[:number])
        ]
        self.attention.show_attention([*self._needed, *(self._of_job(job) for job in failed)])

    def _of_job(self, job: Job) -> Attention:
        return Attention(
            Tone.WARN,
            self.tr("{0}: it did not work").format(job.title),
            job.text or self.tr("This is a fault of the app."),
            self.tr("See why"),
            "activity",
            job.id,
        )

    def _on_job(self, job: Job) -> None:
        if self.isVisible() and not job.active:
            self._show_attention()

    def _windows(self) -> tuple[Window, ...]:
        return self._watched.windows if self._watched is not None else ()

    def _show_chart(self) -> None:
        """Charts are slow to import, so a thread does it, and once."""
        if self._chart is not None:
            self._fill_chart()
        elif not self._importing:
            self._importing = True
            self._jobs.start(
                self,
                "",
                lambda _lane, _context: import_module("mlops_desktop.widgets.error_chart"),
                self._make_chart,
                quiet=True,
            )

    def _make_chart(self, module: ModuleType) -> None:
        self._chart = module.ErrorChart()
        self._chart_place.addWidget(self._chart)
        self._fill_chart()

    def _fill_chart(self) -> None:
        if self._chart is not None and self._watched is not None:
            title = self.tr("Error of {0} in its windows").format(self._watched.deployment)
            self._chart.set_title(title)
            self._chart.show_windows(self._watched.windows, self._watched.metric)
            self._chart.show()

    def _on_changed(self, _: frozenset[str]) -> None:
        if self.isVisible():
            self.reload()


class _StageCard(Card):
    def __init__(self, stage: Stage) -> None:
        super().__init__(clickable=True)
        self.setObjectName(f"stage-{stage.value}")
        title = stage.value.capitalize()
        self.setAccessibleName(self.tr(title))
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(IconLabel(_ICONS[stage], "accent", 18))
        head.addWidget(label(self.tr(title), muted=True))
        head.addStretch(1)
        self.body.addLayout(head)
        self.headline = numeral("")
        self.body.addWidget(self.headline)
        self.chip = Chip()
        self.body.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignLeft)

    def show_status(self, status: StageStatus) -> None:
        self.headline.setText(status.headline)
        self.chip.set_status(status.note, _KINDS[status.tone])
        self.setAccessibleDescription(f"{status.headline}, {status.note}")


class _NextCard(Card):
    """go carries the key of the panel that the step opens."""

    go = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._stage = Stage.DATA
        row = QHBoxLayout()
        words = QVBoxLayout()
        words.setSpacing(4)
        self.title = numeral("", 12)
        self._why = label("", muted=True, wrap=True)
        words.addWidget(self.title)
        words.addWidget(self._why)
        row.addLayout(words, 1)
        row.addSpacing(16)
        self.button = primary("", clicked=lambda: self.go.emit(self._stage.value))
        self.button.setObjectName("next-step")
        row.addWidget(self.button, 0, Qt.AlignmentFlag.AlignVCenter)
        self.body.addLayout(row)

    def show_step(self, step: NextStep, kind: str) -> None:
        """kind: of its button; one a screen is primary."""
        self._stage = step.stage
        self.title.setText(step.title)
        self._why.setText(step.why)
        self.button.setText(step.button)
        self.button.set_kind(kind)


class _RecentCard(Card):
    def __init__(self) -> None:
        super().__init__(self.tr("Recent"))
        self._rows: list[QWidget] = []
        self.body.addStretch(1)

    def show_news(self, news: tuple[News, ...]) -> None:
        for old in self._rows:
            self.body.removeWidget(old)
            old.deleteLater()
        self._rows = [self._row(one) for one in news]
        for number, row in enumerate(self._rows):
            self.body.insertWidget(1 + number, row)

    def _row(self, news: News) -> QWidget:
        row = QWidget()
        across = QHBoxLayout(row)
        across.setContentsMargins(0, 2, 0, 2)
        across.setSpacing(12)
        chip = Chip(news.word, _KINDS[news.tone])
        chip.setFixedWidth(max(96, chip.sizeHint().width()))
        across.addWidget(chip)
        across.addWidget(ElidedLabel(news.text), 1)
        when = label(ago(news.at), muted=True)
        when.setToolTip(local_time(news.at))
        across.addWidget(when)
        return row
