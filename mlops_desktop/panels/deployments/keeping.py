"""How long predictions are kept, what that removes now, and how much of them is packed."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QDoubleSpinBox, QHBoxLayout, QSpinBox

from mlops_desktop.actions import monitoring, retention
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.retention import Removable
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.retention import Retention
from mlops_desktop.panels.deployments.packing import PackingLine
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import Button
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.sizes import in_bytes
from mlops_desktop.widgets.spin_box import indent
from mlops_desktop.work.jobs import Jobs

_GB = 10**9


class KeepCard(Card):
    """Tells what the limits on show would remove before anybody sets them."""

    toast = Signal(str)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__(self.tr("How long it is kept"))
        self._jobs = jobs
        self._deployment: Deployment | None = None
        self.by_days = QCheckBox(self.tr("At most"))
        self.by_days.setObjectName("keep-by-days")
        self.days = QSpinBox()
        self.days.setObjectName("keep-days")
        self.days.setRange(1, 36_500)
        self.days.setValue(90)
        self.days.setSuffix(self.tr(" days"))
        self.days.setAccessibleName(self.tr("Days that predictions are kept"))
        self.by_size = QCheckBox(self.tr("At most"))
        self.by_size.setObjectName("keep-by-size")
        self.size_gb = QDoubleSpinBox()
        self.size_gb.setObjectName("keep-size")
        self.size_gb.setRange(0.1, 100_000)
        self.size_gb.setDecimals(1)
        self.size_gb.setValue(10)
        self.size_gb.setSuffix(" GB")
        self.size_gb.setAccessibleName(self.tr("Gigabytes of predictions that are kept"))
        self.set = Button(self.tr("Keep so much"), clicked=self._set)
        self.set.setObjectName("set-retention")
        self.words = label(muted=True, wrap=True)
        self.words.setObjectName("retention-words")
        self.error = ErrorBox()
        row = QHBoxLayout()
        row.setSpacing(8)
        for box, spin in ((self.by_days, self.days), (self.by_size, self.size_gb)):
            indent(spin)
            box.toggled.connect(spin.setEnabled)
            box.toggled.connect(lambda _: self._ask())
            spin.valueChanged.connect(lambda _: self._ask())
            row.addWidget(box)
            row.addWidget(spin)
            row.addSpacing(16)
        row.addStretch(1)
        row.addWidget(self.set)
        self.add(self.error)
        self.body.addLayout(row)
        self.add(self.words)
        self.packing = PackingLine(jobs)
        self.packing.toast.connect(self.toast)
        self.packing.failed.connect(self.error.show_error)
        self.add(self.packing)

    def show_deployment(self, deployment: Deployment) -> None:
        """What is typed stays while the same limits are in force."""
        before, self._deployment = self._deployment, deployment
        known = before is not None and before.id == deployment.id
        if not known or before is None or before.retention != deployment.retention:
            self._fill(deployment.retention)
            self.error.show_error(None)
        self._ask()
        self.packing.show_deployment(deployment)

    def _fill(self, limits: Retention) -> None:
        for widget in (self.by_days, self.days, self.by_size, self.size_gb):
            widget.blockSignals(True)
        self.by_days.setChecked(limits.days is not None)
        self.by_size.setChecked(limits.max_bytes is not None)
        if limits.days is not None:
            self.days.setValue(limits.days)
        if limits.max_bytes is not None:
            self.size_gb.setValue(limits.max_bytes / _GB)
        self.days.setEnabled(limits.days is not None)
        self.size_gb.setEnabled(limits.max_bytes is not None)
        for widget in (self.by_days, self.days, self.by_size, self.size_gb):
            widget.blockSignals(False)

    def limits(self) -> Retention:
        """Those on show."""
        size = round(self.size_gb.value() * 10) * (_GB // 10)
        return Retention(
            self.days.value() if self.by_days.isChecked() else None,
            size if self.by_size.isChecked() else None,
        )

    def _ask(self) -> None:
        deployment, limits = self._deployment, self.limits()
        if deployment is None:
            return
        self.set.setEnabled(limits != deployment.retention)
        name = deployment.name
        self._jobs.run(
            self,
            lambda store: retention.removable(store, name, limits),
            partial(self._show, deployment.id, limits),
            self.error.show_error,
        )

    def _show(self, of: int, limits: Retention, going: Removable) -> None:
        deployment = self._deployment
        if deployment is None or deployment.id != of or limits != self.limits():
            return
        if not limits.limits:
            said = self.tr("Everything is kept.")
        elif going.paths:
            said = self.tr(
                "Removes {0} of the oldest predictions for good: they can be found, labelled and "
                "trained on no more. Windows and labels stay."
            ).format(in_bytes(going.size))
        else:
            said = self.tr("Removes nothing now; what grows too old or too much goes by itself.")
        if going.waiting:
            said += " " + self.tr("{0} more files wait until they are closed and counted.").format(
                going.waiting
            )
        self.words.setText(said)
        self.set.set_kind("danger" if going.paths else "secondary")

    def _set(self) -> None:
        deployment, limits = self._deployment, self.limits()
        if deployment is None:
            return
        name = deployment.name
        self.set.setEnabled(False)
        self.error.show_error(None)

        def work(lane: Lane, context: Context) -> None:
            lane(lambda store: retention.set_retention(store, name, limits.days, limits.max_bytes))
            monitoring.fold(lane, name, context)

        self._jobs.start(
            self, self.tr("Keep less of {0}").format(name), work, self._done, self._show_error
        )

    def _done(self, _: None) -> None:
        if self._deployment is not None:
            self.toast.emit(self.tr("{0} keeps as much as chosen.").format(self._deployment.name))
        self._ask()

    def _show_error(self, error: UserError) -> None:
        self.error.show_error(error)
        self._ask()
