"""The alerts of a deployment: active ones first, each with what it found and what to do."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.core.monitoring import Alert, AlertState
from mlops_desktop.panels.monitoring.words import alert_figures, alert_title, is_error, when
from mlops_desktop.widgets.buttons import Button, link
from mlops_desktop.widgets.cards import Card, Chip, heading, label
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.widgets.row_model import Kind


class AlertsCard(Card):
    """Requests: change_wanted(alert), retrain_wanted()."""

    change_wanted = Signal(object)
    retrain_wanted = Signal()

    def __init__(self) -> None:
        super().__init__(self.tr("Alerts"))
        self.setObjectName("alerts-card")
        self._shown: tuple[tuple[Alert, ...], tuple[Alert, ...]] | None = None
        self._folded = True
        self._count = Chip()
        self.header.addWidget(self._count)
        self._rows: list[QWidget] = []
        self._list = QWidget()
        self._column = QVBoxLayout(self._list)
        self._column.setContentsMargins(0, 0, 8, 0)
        self._column.setSpacing(0)
        self._column.addStretch(1)
        self.body.setContentsMargins(16, 12, 8, 12)
        self.body.addWidget(scrolled(self._list), 1)

    def show_alerts(self, active: Sequence[Alert], resolved: Sequence[Alert]) -> None:
        """active: the one that leads first."""
        if self._shown == (found := (tuple(active), tuple(resolved))):
            return  # Nothing moves under the pointer, and the focus stays.
        self._shown = found
        self._fill()

    def _fill(self) -> None:
        on, over = self._shown or ((), ())
        if on:
            self._count.set_status(self.tr("{0} active").format(len(on)), "error")
        else:
            self._count.set_status(self.tr("none active"), "ok")
        rows: list[QWidget] = [_AlertRow(alert, self) for alert in on]
        if not on:
            text = self.tr("A limit passed in two windows in a row raises one here.")
            rows.append(label(text, muted=True, wrap=True))
        if over:
            more = self.tr("Show {0} resolved") if self._folded else self.tr("Hide {0} resolved")
            fold = link(more.format(len(over)), self._toggle, inline=True)
            fold.setObjectName("resolved-alerts")
            rows.append(fold)
        if over and not self._folded:
            rows += [_AlertRow(alert, self) for alert in over]
        self._put(rows)

    def _put(self, rows: list[QWidget]) -> None:
        for old in self._rows:
            self._column.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._rows = rows
        for number, row in enumerate(rows):
            side = Qt.AlignmentFlag.AlignLeft if isinstance(row, Button) else Qt.AlignmentFlag(0)
            self._column.insertWidget(number, row, 0, side)

    def _toggle(self) -> None:
        self._folded = not self._folded
        self._fill()


class _AlertRow(QWidget):
    def __init__(self, alert: Alert, card: AlertsCard) -> None:
        super().__init__()
        self.setObjectName(f"alert-{alert.id}")
        on = alert.state is AlertState.ACTIVE
        word = self.tr("error") if is_error(alert) else self.tr("drift")
        kind: Kind = "error" if is_error(alert) else "warn"
        chip = Chip(word, kind if on else "neutral")
        title = heading(alert_title(alert))
        since = label(when(alert), muted=True)
        figures = label(alert_figures(alert), muted=True, wrap=True)
        see = link(self.tr("See the change"), partial(card.change_wanted.emit, alert), inline=True)
        see.setObjectName(f"see-change-{alert.id}")
        buttons = QHBoxLayout()
        buttons.setSpacing(16)
        buttons.addWidget(see)
        if on:
            again = link(self.tr("Retrain now"), card.retrain_wanted.emit, inline=True)
            again.setObjectName(f"retrain-now-{alert.id}")
            buttons.addWidget(again)
        buttons.addStretch(1)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 4, 0, 8)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        grid.addWidget(chip, 0, 0)
        grid.addWidget(title, 0, 1)
        grid.addWidget(since, 0, 2)
        grid.addWidget(figures, 1, 0, 1, 3)
        grid.addLayout(buttons, 2, 0, 1, 3)
        grid.setColumnStretch(1, 1)
        self.setAccessibleName(f"{word}: {alert.message}")
