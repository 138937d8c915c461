"""The status strip of one deployment: state, address, token, and what may be done with it."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from mlops_desktop.core.deployments import Deployment, DeploymentState, Role, Second
from mlops_desktop.core.figures import percent
from mlops_desktop.widgets.buttons import CopyButton, IconButton, link, primary, secondary
from mlops_desktop.widgets.cards import Card, Chip, heading, label
from mlops_desktop.widgets.icons import IconLabel
from mlops_desktop.widgets.row_model import Kind
from mlops_desktop.widgets.theme import app_theme
from mlops_desktop.widgets.times import clock_time

_KINDS: dict[DeploymentState, Kind] = {
    DeploymentState.STOPPED: "neutral",
    DeploymentState.STARTING: "info",
    DeploymentState.RUNNING: "ok",
    DeploymentState.STOPPING: "neutral",
    DeploymentState.FAILED: "error",
}
HIDDEN = "•" * 8


class StatusStrip(Card):
    """Its signals are requests; serve_wanted carries the number of a version."""

    start_wanted = Signal()
    stop_wanted = Signal()
    restart_wanted = Signal()
    serve_wanted = Signal(int)
    cancel_wanted = Signal()
    rollout_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._deployment: Deployment | None = None
        self._token, self._open = "", False
        self._newer = self._older = 0
        self.body.addLayout(self._build_row())
        self.body.addWidget(self._build_trial())
        self.body.addWidget(self._build_versions())
        self._busy = QProgressBar(textVisible=False)
        self._busy.setRange(0, 0)
        self.body.addWidget(self._busy)

    def _build_row(self) -> QHBoxLayout:
        self.chip = Chip()
        self.chip.setObjectName("deployment-state")
        self._url = heading()
        self._url.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._copy_url = CopyButton(self._url.text, self.tr("Copy the address"))
        self._covered = label(self.tr("token {0}").format(HIDDEN), muted=True)
        self._token_text = label(muted=True)
        self._token_text.setFont(app_theme().monospace(9))
        self._token_text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._show_token = IconButton("eye", self.tr("Show the token"), self._toggle_token)
        self._show_token.setCheckable(True)
        self._copy_token = CopyButton(lambda: self._token, self.tr("Copy the token"))
        self._says = label(muted=True)
        self.start = primary(self.tr("Start"), "play", self.start_wanted.emit)
        self.restart = secondary(self.tr("Restart"), "rotate-cw", self.restart_wanted.emit)
        self.stop = secondary(self.tr("Stop"), "square", self.stop_wanted.emit)
        self.cancel = secondary(self.tr("Cancel"), "x", self.cancel_wanted.emit)
        for name, widget in (
            ("deployment-url", self._url),
            ("copy-url", self._copy_url),
            ("show-token", self._show_token),
            ("copy-token", self._copy_token),
            ("start-deployment", self.start),
            ("restart-deployment", self.restart),
            ("stop-deployment", self.stop),
            ("cancel-start", self.cancel),
        ):
            widget.setObjectName(name)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStrut(32)  # As high without buttons as with them.
        row.addWidget(self.chip)
        row.addWidget(self._url)
        row.addWidget(self._copy_url)
        row.addSpacing(12)
        row.addWidget(self._covered)
        row.addWidget(self._token_text)
        row.addWidget(self._show_token)
        row.addWidget(self._copy_token)
        row.addWidget(self._says, 1)
        for button in (self.cancel, self.restart, self.stop, self.start):
            row.addWidget(button)
        return row

    def _build_trial(self) -> QWidget:
        """The second version that is tried, wherever one looks."""
        self._trial = QWidget()
        self._trial.setObjectName("trial")
        self.trial_words = label(token="warn", wrap=True)
        self.trial_words.setObjectName("trial-words")
        show = link(self.tr("Open Rollout"), self.rollout_wanted.emit, inline=True)
        show.setObjectName("open-rollout")
        row = QHBoxLayout(self._trial)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(IconLabel("git-branch", "warn", 16))
        row.addWidget(self.trial_words, 1)
        row.addWidget(show)
        return self._trial

    def _build_versions(self) -> QWidget:
        self._versions = QWidget()
        self._offer = label(muted=True)
        self.swap = secondary("", "refresh-cw", lambda: self.serve_wanted.emit(self._newer))
        self.swap.setObjectName("swap-version")
        self.roll_back = secondary("", "undo-2", lambda: self.serve_wanted.emit(self._older))
        self.roll_back.setObjectName("roll-back")
        row = QHBoxLayout(self._versions)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(self._offer, 1)
        row.addWidget(self.swap)
        row.addWidget(self.roll_back)
        return self._versions

    def show_deployment(self, deployment: Deployment, newer: int) -> None:
        """newer: the newest approved version above the one that is served, or 0."""
        if self._deployment is None or deployment.id != self._deployment.id:
            self.show_token("")
        self._deployment = deployment
        state = deployment.state
        running = state is DeploymentState.RUNNING
        word = str(state).capitalize()
        self.chip.set_status(f"{word} v{deployment.version}", _KINDS[state])
        self._url.setText(deployment.url)
        for part in (self._url, self._copy_url, self._show_token, self._copy_token):
            part.setVisible(running)
        self._show_cover()
        self._says.setText(self._sentence(deployment))
        self.start.setVisible(state is DeploymentState.STOPPED)
        self.stop.setVisible(running)
        self.restart.setVisible(running)
        older = deployment.previous_version or 0
        self._trial.setVisible(deployment.second is not None)
        if deployment.second is not None:
            self.trial_words.setText(_trial(deployment, deployment.second))
        self._newer = newer
        self._older = older if older < deployment.version else 0
        self._show_offers(deployment)

    def show_job(self, text: str | None) -> None:
        """What is being done now, or None: meanwhile nothing else can be asked for."""
        busy = text is not None
        self._busy.setVisible(busy)
        self.cancel.setVisible(busy)
        if busy:
            self._says.setText(text or "")
        for button in (self.start, self.stop, self.restart, self.swap, self.roll_back):
            button.setEnabled(not busy)

    def show_token(self, token: str) -> None:
        """The token to copy; it stays covered until the eye is pressed."""
        if token != self._token:
            self._token, self._open = token, False
            self._token_text.setText(token)
        for part in (self._show_token, self._copy_token):
            part.setEnabled(bool(token))
        self._show_cover()

    def _sentence(self, deployment: Deployment) -> str:
        match deployment.state:
            case DeploymentState.STOPPED:
                return self.tr("{0} is stopped; its address and token stay the same.").format(
                    deployment.name
                )
            case DeploymentState.STARTING:
                return self.tr("{0} v{1} is starting").format(deployment.model, deployment.version)
            case DeploymentState.RUNNING if deployment.error:
                return deployment.error
            case DeploymentState.FAILED:
                return self.tr("{0} ended by itself.").format(deployment.name)
        return ""

    def _show_offers(self, deployment: Deployment) -> None:
        self.swap.setVisible(bool(self._newer))
        self.swap.setText(f" {self.tr('Swap to v{0}').format(self._newer)}")
        self.roll_back.setVisible(bool(self._older))
        self.roll_back.setText(f" {self.tr('Roll back to v{0}').format(self._older)}")
        for button in (self.swap, self.roll_back):
            button.setAccessibleName(button.text().strip())
        if self._newer:
            text = self.tr("{0} v{1} is approved and newer.").format(deployment.model, self._newer)
            if deployment.state is DeploymentState.RUNNING:
                text = f"{text} {self.tr('No request fails while it is swapped.')}"
            self._offer.setText(text)
        else:
            self._offer.setText(self.tr("v{0} was served before.").format(self._older))
        over = deployment.state in (DeploymentState.STOPPED, DeploymentState.FAILED)
        offered = bool(self._newer or self._older)
        settled = over or deployment.state is DeploymentState.RUNNING
        self._versions.setVisible(offered and settled)

    def _toggle_token(self) -> None:
        self._open = not self._open
        self._show_cover()

    def _show_cover(self) -> None:
        running = self._deployment is not None and (
            self._deployment.state is DeploymentState.RUNNING
        )
        self._covered.setVisible(running and not self._open)
        self._token_text.setVisible(running and self._open)
        name = self.tr("Hide the token") if self._open else self.tr("Show the token")
        self._show_token.setChecked(self._open)
        self._show_token.setToolTip(name)
        self._show_token.setAccessibleName(name)


def _trial(deployment: Deployment, second: Second) -> str:
    """`10 % of the requests go to bike@4 (canary since 14:02).`"""

    def tr(text: str) -> str:
        return QCoreApplication.translate("StatusStrip", text)

    ref, since = f"{deployment.model}@{second.version}", clock_time(second.since)
    if second.role is Role.CANARY:
        text = tr("{0} of the requests go to {1} (canary since {2}).")
        said = text.format(percent(second.percent / 100), ref, since)
    else:
        text = tr("{0} answers every request once more, for the record only (shadow since {1}).")
        said = text.format(ref, since)
    if deployment.state is DeploymentState.RUNNING:
        return said
    return f"{tr('Once it runs:')} {said}"
