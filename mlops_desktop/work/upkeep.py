"""Looks after the records of all deployments while the app is open, seldom and unseen."""

from __future__ import annotations

from PySide6.QtCore import QObject, QTimer

from mlops_desktop.work.jobs import Jobs

FIRST_MS = 60_000  # Whoever has just opened the app waits for other things.
EVERY_MS = 600_000


class Upkeep(QObject):
    """Between start() and stop(), one round at a time."""

    def __init__(self, jobs: Jobs, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self._going = False
        self._timer = QTimer(self, singleShot=True)
        self._timer.timeout.connect(self._tend)

    def start(self) -> None:
        self._going = True
        self._timer.start(FIRST_MS)

    def stop(self) -> None:
        self._going = False
        self._timer.stop()

    def _tend(self) -> None:
        from mlops_desktop.actions import upkeep  # noqa: PLC0415  The first window does without.

        job = self._jobs.start(self, "", upkeep.upkeep, quiet=True)
        job.finished.connect(self._on_tended)

    def _on_tended(self) -> None:
        if self._going:
            self._timer.start(EVERY_MS)
