"""One job as a row: title, bar, what it does now, the time left, and a button that stops it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Protocol

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QProgressBar, QWidget

from mlops_desktop.widgets.buttons import Button
from mlops_desktop.widgets.cards import Chip, heading, label
from mlops_desktop.widgets.row_model import Kind

_KINDS: dict[str, Kind] = {
    "queued": "neutral",
    "running": "info",
    "done": "ok",
    "failed": "error",
    "cancelled": "neutral",
}


class ShownJob(Protocol):
    """What a row needs of a job; state is a StrEnum."""

    title: str
    state: Any
    fraction: float | None
    text: str
    started: datetime | None
    stopping: bool
    changed: Any

    @property
    def active(self) -> bool: ...

    def cancel(self) -> None: ...


class JobRow(QWidget):
    """Follows one job."""

    def __init__(self, job: ShownJob) -> None:
        super().__init__()
        self._job = job
        self._title = heading(job.title)
        self._state = Chip()
        self._bar = QProgressBar(textVisible=False)
        self._text = label(muted=True)
        self._left = label(muted=True)
        self._stop = Button(self.tr("Stop"), "square", clicked=job.cancel)
        self._stop.setAccessibleName(self.tr("Stop {0}").format(job.title))
        self._build()
        job.changed.connect(self._show)
        self._show()

    def _build(self) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 8, 0, 8)
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(6)
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(self._title)
        first.addWidget(self._state)
        first.addStretch(1)
        below = QHBoxLayout()
        below.setSpacing(12)
        below.addWidget(self._text, 1)
        below.addWidget(self._left)
        grid.addLayout(first, 0, 0)
        grid.addWidget(self._bar, 1, 0)
        grid.addLayout(below, 2, 0)
        grid.addWidget(self._stop, 0, 1, 3, 1)
        grid.setColumnStretch(0, 1)

    def _show(self) -> None:
        job = self._job
        running = job.active
        self._state.set_status(str(job.state), _KINDS.get(str(job.state), "neutral"))
        self._bar.setVisible(running)
        self._bar.setRange(0, 1000 if job.fraction is not None or str(job.state) == "queued" else 0)
        self._bar.setValue(round(1000 * (job.fraction or 0)))
        self._bar.setAccessibleName(job.title)
        self._text.setText(job.text)
        self._text.setVisible(bool(job.text))
        self._left.setText(time_left(job.started, job.fraction) if running else "")
        self._stop.setVisible(running)
        self._stop.setEnabled(not job.stopping)


def time_left(started: datetime | None, fraction: float | None) -> str:
    """'about 2 minutes left', from the time that the done part took; empty while unknown."""
    if started is None or not fraction or fraction >= 1:
        return ""
    gone_s = (datetime.now(UTC) - started).total_seconds()
    if gone_s < 2 or fraction < 0.02:
        return ""
    left_s = gone_s * (1 - fraction) / fraction
    say = QCoreApplication.translate
    if left_s < 90:
        rounded = max(5, 5 * round(left_s / 5))
        return say("JobRow", "about {0} s left").format(rounded)
    if left_s < 90 * 60:
        return say("JobRow", "about {0} minutes left").format(round(left_s / 60))
    return say("JobRow", "about {0} hours left").format(round(left_s / 3600))
