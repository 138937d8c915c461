"""How much of the record is sealed: one line in words, and a button for those who cannot wait."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QWidget

from mlops_desktop.actions import monitoring, sealing
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.sealing import Packed, Sealed
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.figures import percent
from mlops_desktop.widgets.buttons import Button
from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.sizes import in_bytes
from mlops_desktop.work.jobs import Jobs


class PackingLine(QWidget):
    """Hidden while nothing is on record."""

    toast = Signal(str)
    failed = Signal(object)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._deployment: Deployment | None = None
        self._asking = False
        self.words = label(muted=True, wrap=True)
        self.words.setObjectName("sealing-words")
        self.words.setToolTip(
            self.tr(
                "Old predictions are packed into Parquet files, compared one by one with what they "
                "replace. They are found, labelled and trained on as before."
            )
        )
        self.now = Button(
            self.tr("Seal now"),
            clicked=self._seal,
            tip=self.tr("Otherwise it happens by itself while the app is open"),
        )
        self.now.setObjectName("seal-now")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(16)
        row.addWidget(self.words, 1)
        row.addWidget(self.now)
        self.hide()

    def show_deployment(self, deployment: Deployment) -> None:
        if self._deployment is None or self._deployment.id != deployment.id:
            self.hide()
            self._asking = False
        self._deployment = deployment
        self._ask()

    def _ask(self) -> None:
        deployment = self._deployment
        if deployment is None or self._asking:
            return
        self._asking = True
        self._jobs.start(
            self,
            "",
            lambda lane, _context: sealing.look(lane, deployment.name),
            partial(self._show, deployment.id),
            self._show_error,
            quiet=True,
        )

    def _show(self, of: int, packed: Packed) -> None:
        if self._deployment is None or self._deployment.id != of:
            return
        self._asking = False
        ready = len(packed.ready)
        self.now.setVisible(ready > 0)
        self.now.setEnabled(True)
        self.words.setText(" ".join(part for part in self._parts(packed) if part))
        self.setVisible(packed.files > 0)

    def _parts(self, packed: Packed) -> list[str]:
        if packed.sealed:
            first = self.tr("{0} of {1} files are sealed, {2} smaller: {3} instead of {4}.").format(
                packed.sealed,
                packed.files,
                percent(packed.saved, whole=True),
                in_bytes(packed.after),
                in_bytes(packed.before),
            )
        else:
            first = self.tr("{0} on record. Old files are sealed: packed to a fraction.").format(
                in_bytes(packed.size)
            )
        ready, waiting = len(packed.ready), packed.waiting
        return [
            first,
            self.tr("{0} more can be sealed now.").format(ready) if ready else "",
            self.tr("{0} to come, once closed, counted and a day old.").format(waiting)
            if waiting
            else "",
        ]

    def _seal(self) -> None:
        deployment = self._deployment
        if deployment is None:
            return
        name = deployment.name
        self.now.setEnabled(False)

        def work(lane: Lane, context: Context) -> Sealed:
            monitoring.fold(lane, name, context)
            return sealing.seal(lane, name, context)

        title = self.tr("Seal predictions of {0}").format(name)
        job = self._jobs.start(self, title, work, self._done, self._show_error)
        job.finished.connect(self._ask)  # Also where it was stopped in Activity.

    def _done(self, sealed: Sealed) -> None:
        if sealed.files:
            text = self.tr("{0} are now {1}; every prediction is there as before.")
            self.toast.emit(text.format(in_bytes(sealed.before), in_bytes(sealed.after)))

    def _show_error(self, error: UserError) -> None:
        self._asking = False
        self.now.setEnabled(True)
        self.failed.emit(error)
