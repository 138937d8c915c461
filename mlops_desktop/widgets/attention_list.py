"""What needs somebody now: a line each, with a button that goes there."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.core.attention import Attention
from mlops_desktop.core.home import Tone
from mlops_desktop.widgets.buttons import Button, link
from mlops_desktop.widgets.cards import Card, heading
from mlops_desktop.widgets.elided import ElidedLabel
from mlops_desktop.widgets.icons import IconLabel

_SHOWN = 3
_ICONS = {Tone.ERROR: ("circle-alert", "error"), Tone.WARN: ("triangle-alert", "warn")}


class AttentionList(Card):
    """opened(panel, thing): a button was pressed. Hidden where nothing needs attention."""

    opened = Signal(str, object)

    def __init__(self) -> None:
        super().__init__(self.tr("Needs attention"))
        self.setObjectName("attention")
        self._shown: tuple[Attention, ...] = ()
        self._folded = True
        self._rows: list[QWidget] = []
        self.hide()

    def show_attention(self, found: Sequence[Attention]) -> None:
        """found: the most harmful first."""
        if tuple(found) != self._shown:
            self._shown = tuple(found)
            self._fill()
        self.setVisible(bool(found))

    def _fill(self) -> None:
        for old in self._rows:
            self.body.removeWidget(old)
            old.hide()
            old.deleteLater()
        seen = self._shown[:_SHOWN] if self._folded else self._shown
        self._rows = [self._row(number, one) for number, one in enumerate(seen)]
        more = len(self._shown) - _SHOWN
        if more > 0:
            text = self.tr("Show {0} more").format(more) if self._folded else self.tr("Show fewer")
            fold = link(text, self._toggle, inline=True)
            fold.setObjectName("more-attention")
            self._rows.append(fold)
        for row in self._rows:
            self.add(row)

    def _row(self, number: int, one: Attention) -> QWidget:
        row = QWidget()
        row.setAccessibleName(f"{one.title}. {one.why}")
        words = QVBoxLayout()
        words.setSpacing(0)
        words.addWidget(heading(one.title))
        why = ElidedLabel(one.why)
        why.setProperty("muted", True)
        words.addWidget(why)
        button = Button(
            one.button,
            kind="secondary" if number else "primary",
            clicked=lambda: self.opened.emit(one.panel, one.thing),
        )
        button.setObjectName(f"attention-{number}")
        across = QHBoxLayout(row)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(12)
        across.addWidget(IconLabel(*_ICONS[one.tone], 20))
        across.addLayout(words, 1)
        across.addWidget(button)
        return row

    def _toggle(self) -> None:
        self._folded = not self._folded
        self._fill()
