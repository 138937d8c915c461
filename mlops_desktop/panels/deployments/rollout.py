"""The Rollout tab: try a second version beside the first, promote it, or go back."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.actions import reviving, rollout
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.core.deployments import Agreement, Deployment, DeploymentState, Role, Second
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.figures import percent
from mlops_desktop.core.models import ModelVersion
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import Button, primary, secondary
from mlops_desktop.widgets.cards import Card, heading, label
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.widgets.spin_box import indent
from mlops_desktop.work.jobs import Jobs


class RolloutTab(QWidget):
    toast = Signal(str)

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__()
        self._jobs, self._workspace = jobs, workspace
        self._deployment: Deployment | None = None
        self._asking = False
        self._build()

    def _build(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self._error = ErrorBox()
        self._error.setObjectName("rollout-error")
        column.addWidget(self._error)
        column.addWidget(self._build_now())
        column.addWidget(self._build_try())
        column.addWidget(self._build_back())
        column.addWidget(self._build_start())
        column.addStretch(1)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(scrolled(inside))

    def _build_now(self) -> QWidget:
        self._now = Card(self.tr("Tried beside it"))
        self._words = heading(level=2)
        self._words.setObjectName("second-version")
        self._words.setWordWrap(True)
        self._more = label(muted=True, wrap=True)
        self._more.setObjectName("agreement")
        self._promote = primary(self.tr("Promote"), "package-check", self._on_promote)
        self._promote.setObjectName("promote")
        end = secondary(self.tr("End the trial"), "x", self._on_end)
        end.setObjectName("end-trial")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._promote)
        row.addWidget(end)
        row.addStretch(1)
        self._now.add(self._words)
        self._now.add(self._more)
        self._now.body.addLayout(row)
        return self._now

    def _build_try(self) -> QWidget:
        self._try = Card(self.tr("Try another version"))
        self.version = QComboBox()
        self.version.setObjectName("second-chooser")
        self.version.setMinimumWidth(220)
        words = label(self.tr("Version"), muted=True)
        words.setBuddy(self.version)
        self.percent = QDoubleSpinBox()
        self.percent.setObjectName("canary-percent")
        self.percent.setRange(0.1, 99.0)
        self.percent.setDecimals(1)
        self.percent.setValue(10.0)
        self.percent.setSuffix(" %")
        indent(self.percent)
        self.percent.setAccessibleName(self.tr("Part of the requests"))
        self._canary = Button(self.tr("As a canary"), clicked=self._on_canary)
        self._canary.setObjectName("start-canary")
        self._shadow = Button(self.tr("In the shadow"), clicked=self._on_shadow)
        self._shadow.setObjectName("start-shadow")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(words)
        row.addWidget(self.version)
        row.addSpacing(16)
        row.addWidget(self._canary)
        row.addWidget(self.percent)
        row.addSpacing(16)
        row.addWidget(self._shadow)
        row.addStretch(1)
        self._try.body.addLayout(row)
        self._none = label(muted=True, wrap=True)
        self._try.add(self._none)
        self._try.add(
            label(
                self.tr(
                    "A canary answers a part of the requests. A shadow answers all of them for the "
                    "record only: nobody gets its answers, and no request waits for it."
                ),
                muted=True,
                wrap=True,
            )
        )
        return self._try

    def _build_back(self) -> QWidget:
        card = Card(self.tr("Go back"))
        self._back_words = label(wrap=True)
        self._back = secondary("", "undo-2", self._on_back)
        self._back.setObjectName("roll-back-here")
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._back)
        row.addWidget(self._back_words, 1)
        card.body.addLayout(row)
        return card

    def _build_start(self) -> QWidget:
        card = Card(self.tr("When the app opens"))
        self.autostart = QCheckBox(self.tr("Start this deployment with the app"))
        self.autostart.setObjectName("autostart")
        self.autostart.clicked.connect(self._on_autostart)
        card.add(self.autostart)
        return card

    def show_deployment(self, deployment: Deployment, approved: list[ModelVersion]) -> None:
        """approved: the versions of its model that may be tried."""
        self._deployment = deployment
        others = [v for v in approved if v.id != deployment.model_version]
        chosen = self.version.currentData()
        self.version.clear()
        for version in others:
            words = ", ".join([version.ref, *version.aliases])
            self.version.addItem(words, version.ref)
        self.version.setCurrentIndex(max(0, self.version.findData(chosen)))
        for widget in (self.version, self.percent, self._canary, self._shadow):
            widget.setEnabled(bool(others))
        self._none.setText(self.tr("No other version of {0} is approved.").format(deployment.model))
        self._none.setVisible(not others)
        self._show_second(deployment)
        before = deployment.previous_version
        self._back.setVisible(before is not None)
        back = self.tr("Roll back to v{0}").format(before)
        self._back.setText(f" {back}")
        self._back.setAccessibleName(back)
        running = deployment.state is DeploymentState.RUNNING
        self._back.setEnabled(running)
        text = self.tr("No request fails while the version is exchanged.")
        if before is None:
            text = self.tr("{0} has served no other version yet.").format(deployment.name)
        self._back_words.setText(text)
        self.autostart.setChecked(deployment.autostart)

    def tick(self, deployment: Deployment) -> None:
        """Look how far a shadow agrees, while somebody looks."""
        second = deployment.second
        if second is None or second.role is not Role.SHADOW or self._asking:
            return
        self._asking = True
        self._jobs.start(
            self,
            "",
            lambda _lane, _context: rollout.agreement(self._workspace, deployment),
            self._show_agreement,
            lambda _error: self._show_agreement(None),
            quiet=True,
        )

    def _show_second(self, deployment: Deployment) -> None:
        second = deployment.second
        self._now.setVisible(second is not None)
        if second is None:
            return
        self._words.setText(_words(self, deployment, second))
        if second.role is Role.CANARY:
            text = self.tr("Its answers are on record under its own version.")
            self._more.setText(text)
        elif not self._more.text():
            self._more.setText(self.tr("Nothing compared yet."))
        self._promote.setText(" " + self.tr("Promote v{0}").format(second.version))
        self._promote.setEnabled(deployment.state is DeploymentState.RUNNING)

    def _show_agreement(self, found: Agreement | None) -> None:
        self._asking = False
        if found is None or not found.rows:
            self._more.setText(self.tr("Nothing compared yet."))
            return
        if found.share is not None:
            text = self.tr("Of {0} rows, {1} are answered alike ({2}).")
            said = text.format(f"{found.rows:,}", f"{found.same:,}", percent(found.share))
        else:
            text = self.tr("Over {0} rows its answers are off by {1} on average.")
            said = text.format(f"{found.rows:,}", f"{found.difference:.4g}")
        self._more.setText(said if not found.behind else said + " " + self.tr("It catches up."))

    def _on_canary(self) -> None:
        ref, percent = self.version.currentData(), self.percent.value()
        self._do(
            self.tr("Try {0} as a canary").format(ref),
            lambda lane, name: rollout.canary(lane, name, ref, percent),
        )

    def _on_shadow(self) -> None:
        ref = self.version.currentData()
        self._more.clear()
        self._do(
            self.tr("Try {0} in the shadow").format(ref),
            lambda lane, name: rollout.shadow(lane, name, ref),
        )

    def _on_promote(self) -> None:
        self._do(self.tr("Promote the second version"), rollout.promote)

    def _on_end(self) -> None:
        self._do(self.tr("End the trial"), rollout.end)

    def _on_back(self) -> None:
        self._do(self.tr("Roll back"), rollout.roll_back)

    def _on_autostart(self, on: bool) -> None:
        if self._deployment is not None:
            name = self._deployment.name
            self._jobs.run(self, lambda store: reviving.set_autostart(store, name, on=on))

    def _do(self, title: str, work: Callable[[Lane, str], Deployment]) -> None:
        deployment = self._deployment
        if deployment is None:
            return
        self._error.show_error(None)

        def run(lane: Lane, _context: Context) -> Deployment:
            return work(lane, deployment.name)

        self._jobs.start(self, title, run, self._on_done, self._on_failed)

    def _on_done(self, deployment: Deployment) -> None:
        second = deployment.second
        said = self.tr("{0} serves v{1} alone.").format(deployment.name, deployment.version)
        if second is not None:
            said = _words(self, deployment, second)
        self.toast.emit(said)

    def _on_failed(self, error: UserError) -> None:
        self._error.show_error(error)


def _words(owner: QWidget, deployment: Deployment, second: Second) -> str:
    if second.role is Role.CANARY:
        text = owner.tr("v{0} answers {1} of the requests, v{2} the others.")
        return text.format(second.version, percent(second.percent / 100), deployment.version)
    text = owner.tr("v{0} answers every request once more, in the shadow of v{1}.")
    return text.format(second.version, deployment.version)
