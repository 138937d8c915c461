"""The versions of a dataset, newest first, as cards of which one is chosen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import PurePath

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from mlops_desktop.core.answers import Answers, key_of
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.widgets.buttons import link
from mlops_desktop.widgets.cards import Card, Chip, heading, label
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.widgets.times import ago, local_time

_FIRST = 40


class History(QWidget):
    """chosen carries the version whose card was clicked."""

    chosen = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self.setAccessibleName(self.tr("Versions"))
        self.setFixedWidth(248)
        self._versions: tuple[DatasetVersion, ...] = ()
        self._answers: Answers = {}
        self._cards: dict[int, _VersionCard] = {}
        self._limit = _FIRST
        self._current = 0
        inside = QWidget()
        self._column = QVBoxLayout(inside)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(8)
        self._more = link("", self._show_all)
        self._column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        self._column.addStretch(1)
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(scrolled(inside))

    def set_versions(
        self, versions: Sequence[DatasetVersion], answers: Answers, current: int
    ) -> None:
        """current: the id of the version that is shown beside."""
        if (tuple(versions), dict(answers)) != (self._versions, self._answers):
            if (
                versions[:1]
                and self._versions[:1]
                and (versions[0].dataset != self._versions[0].dataset)
            ):
                self._limit = _FIRST
            self._versions, self._answers = tuple(versions), dict(answers)
            self._fill()
        self.set_current(current)

    def set_current(self, version_id: int) -> None:
        for number in (self._current, version_id):
            if number in self._cards:
                self._cards[number].set_chosen(number == version_id)
        self._current = version_id

    def keyPressEvent(self, event: QKeyEvent) -> None:
        step = {Qt.Key.Key_Down: 1, Qt.Key.Key_Up: -1}.get(Qt.Key(event.key()))
        shown = list(self._cards)
        if step is None or self._current not in shown:
            super().keyPressEvent(event)
            return
        at = max(0, min(len(shown) - 1, shown.index(self._current) + step))
        self._cards[shown[at]].setFocus(Qt.FocusReason.TabFocusReason)
        self._cards[shown[at]].clicked.emit()

    def _fill(self) -> None:
        for card in self._cards.values():
            self._column.removeWidget(card)
            card.hide()
            card.deleteLater()
        self._cards = {}
        for at, version in enumerate(self._versions[: self._limit]):
            card = _VersionCard(version, self._answers)
            card.clicked.connect(partial(self.chosen.emit, version))
            self._cards[version.id] = card
            self._column.insertWidget(at, card)
        hidden = len(self._versions) - len(self._cards)
        self._more.setVisible(hidden > 0)
        self._more.setText(self.tr("Show {0} older versions").format(hidden))

    def _show_all(self) -> None:
        self._limit = len(self._versions)
        self._fill()
        self.set_current(self._current)


class _VersionCard(Card):
    def __init__(self, version: DatasetVersion, answers: Mapping[str, object]) -> None:
        super().__init__(clickable=True)
        self.setObjectName(f"version-{version.version}")
        self.body.setContentsMargins(12, 10, 12, 10)
        self.body.setSpacing(4)
        title = self.tr("version {0}").format(version.version)
        open_ = [warning for warning in version.warnings if key_of(warning) not in answers]
        chip = Chip(self.tr("no warnings"), "ok")
        if open_:
            words = self.tr("1 warning") if len(open_) == 1 else self.tr("{0} warnings")
            chip.set_status(words.format(len(open_)), "warn")
        elif version.warnings:
            chip.set_status(self.tr("answered"), "neutral")
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(heading(title))
        first.addStretch(1)
        first.addWidget(chip)
        self.body.addLayout(first)
        said = label(version.message or _origin(version))
        said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        said.setToolTip(f"\u200b{version.message or version.source.path}")
        rows = self.tr("{0} rows, {1}").format(f"{version.rows:,}", ago(version.created_at))
        when = label(rows, muted=True)
        when.setToolTip(local_time(version.created_at))
        self.body.addWidget(said)
        self.body.addWidget(when)
        self.setAccessibleName(f"{title}, {chip.text()}, {rows}")


def _origin(version: DatasetVersion) -> str:
    """The file's name, or what made the version."""
    source = version.source
    return PurePath(source.path).name if source.kind == "file" else source.kind
