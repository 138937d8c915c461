"""The verdict on one model version, and what may be done with it: approve, name, deploy."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout

from mlops_desktop.actions import models
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.models import CHAMPION, ModelVersion
from mlops_desktop.panels.models.words import chips_of, verdict_of
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import Button, primary, secondary
from mlops_desktop.widgets.cards import Card, Chip, heading, label
from mlops_desktop.widgets.inline_ask import InlineAsk


class VersionHead(Card):
    """Requests: approve_wanted(note), alias_wanted(alias), deploy_wanted()."""

    approve_wanted = Signal(str)
    alias_wanted = Signal(str)
    deploy_wanted = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._version: ModelVersion | None = None
        self.verdict = heading(level=2)
        self.verdict.setWordWrap(True)
        self.verdict.setObjectName("model-verdict")
        self._quality = label(muted=True, wrap=True)
        self._compared = label(wrap=True)
        self._compared.setObjectName("model-comparison")
        self._compared.hide()
        self.error = ErrorBox()
        self.error.setObjectName("model-error")
        self._build_asks()
        self.body.addLayout(self._build_row())
        for part in (self.verdict, self._quality, self._compared, self._note, self._name):
            self.body.addWidget(part)
        self.body.addWidget(self.error)

    def _build_row(self) -> QHBoxLayout:
        self._title = heading()
        self._chips = QHBoxLayout()
        self._chips.setSpacing(6)
        self.name_it = secondary(self.tr("Give an alias…"), "pencil", self._ask_name)
        self.champion = secondary(
            self.tr("Make champion"), "pin", lambda: self.alias_wanted.emit(CHAMPION)
        )
        self.deploy = Button(self.tr("Deploy"), "server", clicked=self.deploy_wanted.emit)
        self.approve = primary(self.tr("Approve"), "shield-check", self._ask_note)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(self._title)
        row.addLayout(self._chips)
        row.addStretch(1)
        for name, button in (
            ("name-model", self.name_it),
            ("make-champion", self.champion),
            ("deploy-model", self.deploy),
            ("approve-model", self.approve),
        ):
            button.setObjectName(name)
            row.addWidget(button)
        return row

    def _build_asks(self) -> None:
        self._note = InlineAsk(
            self.tr("Why may it go live?"),
            self.tr("Approve"),
            self.tr("A sentence for whoever asks later"),
        )
        self._note.line.setObjectName("approval-note")
        self._note.button.setObjectName("confirm-approve")
        self._note.answered.connect(self.approve_wanted)
        self._name = InlineAsk(
            self.tr("Name of this version"), self.tr("Save"), self.tr("such as candidate or shadow")
        )
        self._name.line.setObjectName("alias-name")
        self._name.button.setObjectName("confirm-alias")
        self._name.answered.connect(self.alias_wanted)

    def show_version(self, version: ModelVersion, serving: tuple[str, ...]) -> None:
        """serving: the names of the deployments that answer with it now."""
        if self._version is None or version.id != self._version.id:
            self._quality.clear()
            self._compared.hide()
        if version != self._version:
            self.close_asks()
        self._version = version
        self._title.setText(f"{version.model} v{version.version}")
        self._show_chips(version)
        self.verdict.setText(verdict_of(version, serving))
        approved = version.approval is not None
        self.approve.setVisible(not approved)
        self.champion.setVisible(CHAMPION not in version.aliases)
        for button in (self.champion, self.deploy):
            button.setEnabled(approved)
            button.setToolTip("" if approved else self.tr("Approve it first."))
        self.deploy.set_kind("primary" if approved else "secondary")

    def show_quality(self, text: str) -> None:
        """How well it does, in words, from its evaluation."""
        self._quality.setText(text)

    def show_comparison(self, text: str) -> None:
        """Whether it is better than the champion, in words."""
        self._compared.setText(text)
        self._compared.show()

    def show_error(self, error: UserError) -> None:
        self.error.show_error(error)

    def close_asks(self) -> None:
        self._note.hide()
        self._name.hide()
        self.error.show_error(None)

    def _show_chips(self, version: ModelVersion) -> None:
        while (item := self._chips.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for text, kind in chips_of(version):
            self._chips.addWidget(Chip(text, kind))

    def _ask_note(self) -> None:
        assert self._version is not None
        self.close_asks()
        refused = models.refusal(self._version)
        if refused is not None:
            self.error.show_error(refused)
        else:
            self._note.ask()

    def _ask_name(self) -> None:
        self.close_asks()
        self._name.ask()
