"""One change seen closely: a column of one window beside the training rows, in words first."""

from __future__ import annotations

from PySide6.QtCore import Signal

from mlops_desktop.actions.monitoring import Distribution
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.monitoring import Window
from mlops_desktop.panels.monitoring.words import drift_story, feature_name, span
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import IconButton
from mlops_desktop.widgets.cards import label
from mlops_desktop.widgets.paired_bars import Pair, PairedBars


class ChangeCard(PairedBars):
    """closed() by its button or Esc."""

    closed = Signal()

    def __init__(self) -> None:
        super().__init__("", self.tr("training"), self.tr("this window"))
        self.setObjectName("change-card")
        self.words = label(wrap=True)
        self.words.setObjectName("change-words")
        self.error = ErrorBox()
        self.body.insertWidget(1, self.words)
        self.body.insertWidget(2, self.error)
        close = IconButton("x", self.tr("Close the change"), self.closed.emit)
        close.setObjectName("close-change")
        self.header.addWidget(close)

    def show_change(self, feature: str, window: Window, change: Distribution, story: str) -> None:
        """story: what to say instead of the test, where an alert has more to tell."""
        self.set_title(f"{feature_name(feature)}, {span(window)}")
        self.error.show_error(None)
        self.words.setText(story or drift_story(feature, change))
        shares = zip(change.labels, change.reference, change.current, strict=True)
        self.set_pairs([Pair(*one) for one in shares])

    def show_error(self, error: UserError) -> None:
        self.words.clear()
        self.set_pairs([])
        self.error.show_error(error)
