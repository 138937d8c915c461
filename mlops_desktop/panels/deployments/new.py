"""The form for a new deployment: an approved version, a name, and how it is kept."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QHideEvent
from PySide6.QtWidgets import QCheckBox, QComboBox, QHBoxLayout, QLineEdit, QWidget

from mlops_desktop.core.deployments import Deployment, DeploymentState
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.models import CHAMPION, ModelVersion, Signature
from mlops_desktop.core.privacy import Privacy
from mlops_desktop.panels.deployments.hidden_columns import HiddenColumns
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import Button, primary
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.disclosure import Disclosure


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the form asks for. port: None for any that is free. privacy: None leaves it as it is."""

    ref: str
    name: str
    port: int | None
    keep: bool
    privacy: Privacy | None = None


class NewDeployment(Card):
    """wanted(Wanted) on Start, closed() where nothing is wanted. Hidden until open().
    alone(bool): it needs the room of what stands below, or no longer."""

    wanted = Signal(object)
    closed = Signal()
    alone = Signal(bool)

    def __init__(self) -> None:
        super().__init__(self.tr("New deployment"))
        self._named = False  # By the user: another version changes nothing in that.
        self._known: Mapping[str, Deployment] = {}
        self._signatures: dict[str, Signature] = {}
        self._hidden_of = ("", 0)  # The version and deployment whose columns are listed.
        self.version = QComboBox()
        self.name = QLineEdit()
        self.port = QLineEdit()
        self.port.setPlaceholderText(self.tr("any"))
        self.port.setFixedWidth(80)
        self.keep = QCheckBox(self.tr("keep serving after the app closes"))
        self.start = primary(self.tr("Start"), "play", self._start)
        cancel = Button(self.tr("Cancel"), clicked=self.close_form)
        for object_name, widget in (
            ("new-version", self.version),
            ("new-name", self.name),
            ("new-port", self.port),
            ("new-keep", self.keep),
            ("start-new", self.start),
            ("cancel-new", cancel),
        ):
            widget.setObjectName(object_name)
        row = QHBoxLayout()
        row.setSpacing(8)
        for words, field, stretch in (
            (self.tr("&Version"), self.version, 3),
            (self.tr("&Name"), self.name, 2),
            (self.tr("&Port"), self.port, 0),
        ):
            row.addWidget(_buddy(words, field))
            row.addWidget(field, stretch)
        row.addWidget(self.keep)
        row.addWidget(cancel)
        row.addWidget(self.start)
        self.body.addLayout(row)
        self._note = label(muted=True, wrap=True)
        self.add(self._note)
        self.hidden = HiddenColumns()
        self.hidden.changed.connect(self._name_hidden)
        self.privacy = Disclosure(self.tr("Privacy"), self.hidden)
        self.privacy.button.setObjectName("new-privacy")
        self.privacy.toggled.connect(self.alone)
        self.add(self.privacy, 1)
        self.error = ErrorBox()
        self.add(self.error)
        self.version.currentIndexChanged.connect(self._suggest_name)
        self.name.textEdited.connect(self._on_named)
        self.name.textChanged.connect(self._explain)
        self.name.returnPressed.connect(self._start)
        self.hide()

    def open(
        self,
        approved: Sequence[ModelVersion],
        known: Mapping[str, Deployment],
        ref: str = "",
        name: str = "",
    ) -> None:
        """Offer these versions, the champion or ref first chosen, under that name if one is given.

        known: the deployments that there are, by name; a stopped one keeps its port.
        """
        self._known, self._hidden_of = known, ("", 0)
        self._signatures = {version.ref: version.signature for version in approved}
        self._named = False
        self.error.show_error(None)
        self.version.clear()
        for version in approved:
            words = ", ".join((f"{version.model} v{version.version}", *version.aliases))
            self.version.addItem(words, (version.ref, version.model))
        champions = [v.ref for v in approved if CHAMPION in v.aliases]
        chosen = ref or (champions[0] if champions else "")
        refs = [version.ref for version in approved]
        self.version.setCurrentIndex(refs.index(chosen) if chosen in refs else 0)
        self._suggest_name()
        if name:
            self._on_named(name)
            self.name.setText(name)
        self._explain()
        self.privacy.set_open(open_=False)
        self.show()
        self.start.setFocus(Qt.FocusReason.OtherFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:
        super().hideEvent(event)
        self.privacy.set_open(open_=False)

    def close_form(self) -> None:
        if self.isVisible():
            self.hide()
            self.closed.emit()

    def show_error(self, error: UserError) -> None:
        """What was asked for cannot be: say so in the form, which still has it."""
        self.show()
        self.error.show_error(error)

    def _suggest_name(self) -> None:
        data = self.version.currentData()
        if data is not None and not self._named:
            self.name.setText(data[1])
            self.port.clear()
        self._show_hidden()

    def _on_named(self, name: str) -> None:
        self._named = bool(name)

    def _of_name(self) -> Deployment | None:
        """The deployment that has the name already."""
        return self._known.get(self.name.text().strip())

    def _show_hidden(self) -> None:
        """Of another version, or another deployment; else what was ticked stays."""
        data, known = self.version.currentData(), self._of_name()
        of = (data[0] if data is not None else "", known.id if known is not None else 0)
        if of != self._hidden_of and of[0] in self._signatures:
            self._hidden_of = of
            privacy = known.privacy if known is not None else Privacy()
            self.hidden.show_signature(self._signatures[of[0]], privacy)
        self._name_hidden()

    def _name_hidden(self) -> None:
        count = len(self.hidden.privacy().columns)
        words = self.tr("{0} columns hidden").format(count) if count else self.tr("all is recorded")
        self.privacy.set_title(self.tr("Privacy ({0})").format(words))

    def _explain(self) -> None:
        name, known = self.name.text().strip(), self._of_name()
        running = known is not None and known.state is DeploymentState.RUNNING
        kept = known.port if known is not None else None
        self.privacy.setVisible(not running)  # Its Record tab says what it records.
        self._show_hidden()
        self.port.setPlaceholderText(str(kept) if kept else self.tr("any"))
        if running:
            self._note.setText(
                self.tr("{0} is running: its version is exchanged, and no request fails.").format(
                    name
                )
            )
        elif kept:
            text = self.tr("{0} starts again at port {1}, unless you write another.")
            self._note.setText(text.format(name, kept))
        else:
            self._note.setText(
                self.tr("It answers on this computer only, and only to whoever has its token.")
            )

    def _start(self) -> None:
        self.error.show_error(None)
        port = self.port.text().strip()
        if port and not (port.isdecimal() and 1024 <= int(port) <= 65535):
            self.error.show_error(
                UserError(
                    "The port must be a number from 1024 to 65535.", hint="Or leave it empty."
                )
            )
            return
        known, hidden = self._of_name(), self.hidden.privacy()
        before = known.privacy if known is not None else Privacy()
        same = (set(hidden.drop), set(hidden.hash)) == (set(before.drop), set(before.hash))
        self.wanted.emit(
            Wanted(
                ref=self.version.currentData()[0],
                name=self.name.text().strip(),
                port=int(port) if port else None,
                keep=self.keep.isChecked(),
                privacy=None if same else hidden,
            )
        )


def _buddy(words: str, field: QWidget) -> QWidget:
    made = label(words, muted=True)
    made.setTextFormat(Qt.TextFormat.AutoText)
    made.setBuddy(field)
    field.setAccessibleName(words.replace("&", ""))
    return made
