"""What is said of a deployment that has not answered anything yet, and how to make it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu, QWidget

from mlops_desktop.actions.watching import Seen
from mlops_desktop.widgets.buttons import primary, secondary
from mlops_desktop.widgets.cards import EmptyState


class Silent(EmptyState):
    """try_wanted() is a request. The replays are those of the sample project."""

    try_wanted = Signal()

    def __init__(self, replays: QMenu) -> None:
        self._replays = replays
        buttons = QWidget()
        row = QHBoxLayout(buttons)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        super().__init__("activity", "", buttons)
        self.replay = primary(self.tr("Replay…"), "play", self._open_replays)
        self.replay.setObjectName("replay-empty")
        self.try_it = secondary(self.tr("Open Try it"), "server", self.try_wanted.emit)
        self.try_it.setObjectName("open-try-it")
        row.addWidget(self.replay)
        row.addWidget(self.try_it)

    def show_seen(self, seen: Seen, *, busy: bool) -> None:
        if not seen.running:
            text = self.tr("No predictions yet, and {0} does not run. Start it in Deploy.")
        elif seen.sample:
            text = self.tr(
                "No predictions yet. Replay hours of the sample as live traffic, or open Try it."
            )
        else:
            text = self.tr("No predictions yet. Send test traffic, or open Try it.")
        self.set_sentence(text.format(seen.deployment.name))
        self.replay.setVisible(seen.sample and seen.running)
        self.replay.setEnabled(not busy)

    def _open_replays(self) -> None:
        self._replays.popup(self.replay.mapToGlobal(self.replay.rect().bottomLeft()))
