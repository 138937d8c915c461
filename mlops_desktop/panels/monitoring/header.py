"""The controls above the view: which deployment, how far back, live or not, and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QMenu, QWidget

from mlops_desktop.actions.replay import Story
from mlops_desktop.core.deployments import Deployment, DeploymentState
from mlops_desktop.panels.monitoring.words import story_title
from mlops_desktop.widgets.buttons import Button, primary, secondary
from mlops_desktop.widgets.cards import Chip
from mlops_desktop.widgets.row_model import Kind

_KINDS: dict[DeploymentState, Kind] = {
    DeploymentState.RUNNING: "ok",
    DeploymentState.FAILED: "error",
}


class Header(QWidget):
    """Requests of the same names as the buttons. Choosing a deployment or a range is `changed`.

    view: the controls of the charts, to stand beside them; hidden until somebody takes them.
    """

    changed = Signal()
    live_toggled = Signal()
    replay_wanted = Signal(str)
    labels_wanted = Signal()
    retrain_wanted = Signal()
    review_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._running = False
        self.state = Chip()
        self.deployment = QComboBox()
        self.deployment.setAccessibleName(self.tr("Deployment"))
        self.deployment.activated.connect(lambda _: self.changed.emit())
        self.range = QComboBox()
        self.range.setAccessibleName(self.tr("Range of time"))
        self.range.setToolTip(self.tr("Counted back from the newest window"))
        for text, days in (
            (self.tr("All"), 0),
            (self.tr("Last 24 hours"), 1),
            (self.tr("Last 7 days"), 7),
            (self.tr("Last 4 weeks"), 28),
            (self.tr("Last 3 months"), 92),
        ):
            self.range.addItem(text, days)
        self.range.activated.connect(lambda _: self.changed.emit())
        self.live = QCheckBox(self.tr("Live"))
        self.live.setChecked(True)
        self.live.setToolTip(self.tr("Count new predictions as they come"))
        self.live.toggled.connect(lambda _: self.live_toggled.emit())
        self.replay_menu = self._build_replay()
        self.replay = Button(self.tr("Replay"), "play")
        self.replay.set_menu(self.replay_menu)
        self.labels = secondary(self.tr("Labels"), "upload", self.labels_wanted.emit)
        self.labels.setToolTip(self.tr("Add a file with what was true"))
        self.retrain = secondary(self.tr("Retrain"), "refresh-cw", self.retrain_wanted.emit)
        self.retrain.setToolTip(self.tr("Train again on the old rows and the labelled new ones"))
        self.review = primary(self.tr("Review the top alert"), "", self.review_wanted.emit)
        self._build()

    def _build(self) -> None:
        self.view = QWidget(self)
        self.view.hide()
        self.deployment.setMinimumWidth(120)
        for name, widget in (
            ("deployment-state", self.state),
            ("deployment-chooser", self.deployment),
            ("range-chooser", self.range),
            ("live-switch", self.live),
            ("replay-button", self.replay),
            ("labels-button", self.labels),
            ("retrain-button", self.retrain),
            ("review-alert", self.review),
        ):
            widget.setObjectName(name)
        _in_a_row(self.view, self.range, self.live)
        _in_a_row(
            self,
            self.state,
            self.deployment,
            self.replay,
            self.labels,
            self.retrain,
            self.review,
        )

    def _build_replay(self) -> QMenu:
        menu = QMenu(self)
        for story in Story:
            action = QAction(story_title(story), menu)
            action.setObjectName(f"replay-{story}")
            action.triggered.connect(partial(self.replay_wanted.emit, story.value))
            menu.addAction(action)
        return menu

    @property
    def name(self) -> str:
        """Of the chosen deployment; empty where there is none."""
        return self.deployment.currentText()

    @property
    def days(self) -> int:
        """How far back to look; 0 means everything."""
        return int(self.range.currentData())

    def show_deployments(self, found: Sequence[Deployment], shown: Deployment | None) -> None:
        names = [one.name for one in found]
        if [self.deployment.itemText(n) for n in range(self.deployment.count())] != names:
            self.deployment.clear()
            self.deployment.addItems(names)
        self.setVisible(shown is not None)
        if shown is not None:
            self.deployment.setCurrentText(shown.name)
            text = f"{shown.state} v{shown.version}"
            self.state.set_status(text, _KINDS.get(shown.state, "neutral"))
            self._running = shown.state is DeploymentState.RUNNING
            self.live.setEnabled(self._running)

    def show_actions(self, *, alerts: int, predictions: int, sample: bool, busy: bool) -> None:
        """One primary action: an alert to review, or else retraining."""
        self.review.setVisible(bool(alerts))
        self.retrain.set_kind("secondary" if alerts else "primary")
        self.replay.setVisible(sample and bool(predictions))
        for widget in (self.labels, self.retrain):
            widget.setVisible(bool(predictions))
        for button in (self.labels, self.retrain):
            button.setEnabled(not busy)
        self.replay.setEnabled(self._running and not busy)
        replays = self.tr("Send hours of the sample as if they happened now")
        self.replay.setToolTip(replays if self._running else self.tr("Start it in Deploy first."))


def _in_a_row(place: QWidget, *widgets: QWidget) -> None:
    row = QHBoxLayout(place)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    for widget in widgets:
        row.addWidget(widget)
