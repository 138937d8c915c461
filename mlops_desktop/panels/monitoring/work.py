"""What is done for a deployment: replays, labels and retraining, each with progress and result."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mlops_desktop.actions import monitoring, replay, retrain
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.monitoring import LabelBatch
from mlops_desktop.actions.replay import Replayed, Story
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.models import ModelVersion
from mlops_desktop.panels.monitoring import words
from mlops_desktop.widgets.banner import Banner, ErrorBox
from mlops_desktop.widgets.buttons import Button, primary
from mlops_desktop.widgets.cards import Card
from mlops_desktop.widgets.inline_ask import InlineAsk
from mlops_desktop.widgets.progress import JobRow
from mlops_desktop.work.job import Job, JobState
from mlops_desktop.work.jobs import Jobs

T = TypeVar("T")
_REPLAY_HOURS_A_SECOND = 600.0  # Slow enough to watch, and a year takes a quarter of a minute.


class Work(QWidget):
    """One piece at a time, shown in place; without one it takes no room.

    changed: it became busy, or free. model_wanted carries the reference of a new version.
    """

    changed = Signal()
    model_wanted = Signal(str)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._job: Job | None = None
        self._shown: QWidget | None = None
        self._labels = ("", Path())
        self.ask = InlineAsk(self.tr("Column with the true values"), self.tr("Add labels"))
        self.ask.line.setObjectName("label-column")
        self.ask.button.setObjectName("add-labels")
        self.ask.answered.connect(self._add_labels)
        self.error = ErrorBox()
        self.error.setObjectName("monitor-error")
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._column.addWidget(self.ask)
        self._column.addWidget(self.error)

    @property
    def busy(self) -> bool:
        return self._job is not None

    def replay(self, name: str, story: Story) -> None:
        """Send a story of the sample to a deployment, slowly enough to watch."""
        self._start(
            self.tr("Replay on {0}: {1}").format(name, words.story_title(story)),
            partial(_replay, name=name, story=story),
            partial(self._show_replayed, story),
        )

    def ask_labels(self, name: str, file: Path, guess: str) -> None:
        """Ask which column holds the true values, and join them. guess: the column to offer."""
        self.clear()
        self._labels = (name, file)
        self.ask.ask()
        self.ask.line.setText(guess)
        self.ask.line.selectAll()

    def retrain(self, name: str, before: str) -> None:
        """before: how the version that serves did lately, in words, for the result."""
        self._start(
            self.tr("Retrain {0}").format(name),
            partial(_retrain, name=name),
            partial(self._show_retrained, before),
        )

    def show_error(self, error: UserError) -> None:
        self.error.show_error(error)

    def clear(self) -> None:
        """Take away what is said and asked, but not a job that goes on."""
        self.ask.hide()
        self.error.show_error(None)
        if not self.busy:
            self._put(None)

    def _add_labels(self, column: str) -> None:
        name, file = self._labels
        self._start(
            self.tr("Add labels to {0}").format(name),
            lambda lane, context: monitoring.add_labels(lane, name, file, column, context),
            self._show_labelled,
        )

    def _start(
        self, title: str, work: Callable[[Lane, Context], T], then: Callable[[T], None]
    ) -> None:
        if self.busy:
            return
        self.clear()
        job = self._jobs.start(self, title, work, then, self.show_error)
        self._job = job
        card = Card()
        card.setObjectName("monitor-job")
        card.body.setContentsMargins(16, 4, 12, 4)
        card.add(JobRow(job))
        self._put(card)
        job.finished.connect(self._on_finished)
        self.changed.emit()

    def _on_finished(self) -> None:
        job, self._job = self._job, None
        self._put(None)
        if job is not None and job.state is JobState.CANCELLED:
            self._say("info", self.tr("Stopped: {0}.").format(job.title))
        self.changed.emit()

    def _show_replayed(self, story: Story, done: Replayed) -> None:
        said = self.tr("{0}: {1} predictions were answered, and {2} labels came back.")
        title = words.story_title(story)
        self._say(
            "ok",
            said.format(title, f"{done.predictions:,}", f"{done.labels:,}"),
            words.replayed(story, done),
        )

    def _show_labelled(self, batch: LabelBatch) -> None:
        kind = "ok" if batch.matched == batch.rows else "warn"
        self._say(kind, words.labels_joined(batch))

    def _show_retrained(self, before: str, done: tuple[ModelVersion, tuple[str, ...]]) -> None:
        version, hidden = done
        review = primary(self.tr("Review"), "", partial(self.model_wanted.emit, version.ref))
        review.setObjectName("review-retrained")
        kind = "ok" if version.gates_pass else "warn"
        detail = words.retrained_detail(version, before)
        if hidden:
            said = self.tr("The new rows lack {0}: not recorded, for privacy.")
            detail += " " + said.format(", ".join(hidden))
        self._say(kind, words.retrained(version), detail, [review])

    def _say(self, kind: str, text: str, detail: str = "", actions: Sequence[Button] = ()) -> None:
        banner = Banner(kind, text, actions, detail=detail, closable=True)
        banner.setObjectName("monitor-result")
        self._put(banner)

    def _put(self, widget: QWidget | None) -> None:
        if self._shown is not None:
            self._shown.hide()
            self._shown.deleteLater()
        self._shown = widget
        if widget is not None:
            self._column.addWidget(widget)


def _retrain(lane: Lane, context: Context, name: str) -> tuple[ModelVersion, tuple[str, ...]]:
    version = monitoring.retrain(lane, name, context)
    return version, lane(lambda store: retrain.hidden_columns(store, version))


def _replay(lane: Lane, context: Context, name: str, story: Story) -> Replayed:
    return replay.replay(lane, name, story, context, hours_per_s=_REPLAY_HOURS_A_SECOND)
