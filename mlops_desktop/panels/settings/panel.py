"""Settings: the look, how many runs train at once, what fills the disk, where all of it lies."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QComboBox, QFormLayout, QLabel, QSpinBox, QVBoxLayout, QWidget

from mlops_desktop import __version__
from mlops_desktop.actions import settings
from mlops_desktop.core.errors import UserError
from mlops_desktop.panels.settings.storage import StorageSection
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import CopyButton
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.page import Page, scrolled
from mlops_desktop.widgets.spin_box import indent
from mlops_desktop.widgets.theme import Mode, app_theme
from mlops_desktop.work.jobs import Jobs

_FIELD_WIDTH = 260


class SettingsPanel(Page):
    """Everything applies at once; there is no Save. theme_chosen carries the mode's name."""

    theme_chosen = Signal(str)
    toast = Signal(str)

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__(self.tr("Settings"))
        self._jobs = jobs
        self._workspace = workspace
        self._build()

    def _build(self) -> None:
        self._error = ErrorBox()
        self.body.addWidget(self._error)
        look = _Section(self.tr("Look"))
        self.theme = QComboBox()
        self.theme.setObjectName("theme")
        titles = {
            Mode.SYSTEM: self.tr("As the system"),
            Mode.LIGHT: self.tr("Light"),
            Mode.DARK: self.tr("Dark"),
            Mode.CONTRAST: self.tr("High contrast"),
        }
        for mode, title in titles.items():
            self.theme.addItem(title, mode.value)
        self.theme.setCurrentIndex(self.theme.findData(app_theme().mode.value))
        self.theme.activated.connect(self._on_theme)
        look.add_row(self.tr("&Theme"), self.theme)
        training = _Section(self.tr("Training"))
        self.workers = QSpinBox()
        self.workers.setObjectName("workers")
        self.workers.setRange(1, settings.MAX_WORKERS)
        self.workers.setKeyboardTracking(False)
        indent(self.workers)
        self.workers.valueChanged.connect(self._on_workers)
        training.add_row(
            self.tr("Runs at the &same time"),
            self.workers,
            self.tr(
                "Each run keeps about one core busy. One core less than there are is a good fit."
            ),
        )
        place = _Section(self.tr("Workspace"))
        folder = label(str(self._workspace.root), wrap=True)
        folder.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByKeyboard
            | Qt.TextInteractionFlag.TextSelectableByMouse
        )
        place.add_row(self.tr("Folder"), folder)
        place.add_row("", CopyButton(lambda: str(self._workspace.root), self.tr("Copy the path")))
        about = _Section(self.tr("About"))
        about.add_row(self.tr("Version"), label(__version__))
        about.add_row(
            self.tr("Network"),
            label(
                self.tr("None. Servers answer on this machine only, and nothing is sent out."),
                wrap=True,
            ),
        )
        self.storage = StorageSection(self._jobs)
        self.storage.toast.connect(self.toast)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        for section in (look, training, self.storage, place, about):
            column.addWidget(section)
        column.addStretch(1)
        self._area = scrolled(inside)
        self.body.addWidget(self._area, 1)
        self._jobs.changed.connect(self._on_changed)

    def show_thing(self, thing: object) -> None:
        """'storage': scroll to what fills the workspace and what can be freed."""
        if thing == "storage":
            # Its place is known once it is filled and the page was laid out.
            self.storage.loaded.connect(
                lambda: QTimer.singleShot(0, self, self._scroll_to_storage),
                Qt.ConnectionType.SingleShotConnection,
            )

    def _scroll_to_storage(self) -> None:
        self._area.ensureWidgetVisible(self.storage, 0, 12)

    def _on_changed(self, kinds: frozenset[str]) -> None:
        if self.isVisible() and kinds & {"datasets", "runs"}:
            self.storage.load()

    def shown(self) -> None:
        self.storage.load()
        self._jobs.run(self, settings.training_workers, self._show_workers)

    def _show_workers(self, count: int) -> None:
        self.workers.blockSignals(True)
        self.workers.setValue(count)
        self.workers.blockSignals(False)

    def _on_theme(self, index: int) -> None:
        self.theme_chosen.emit(str(self.theme.itemData(index)))

    def _on_workers(self, count: int) -> None:
        self._jobs.run(
            self,
            lambda store: settings.set_training_workers(store, count),
            self._jobs.set_training_workers,
            self._show_error,
        )

    def _show_error(self, error: UserError) -> None:
        self._error.show_error(error)


class _Section(Card):
    """A card of labelled rows; labels are the fields' buddies."""

    def __init__(self, title: str) -> None:
        super().__init__(title)
        self._form = QFormLayout()
        self._form.setHorizontalSpacing(24)
        self._form.setVerticalSpacing(8)
        self._form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.body.addLayout(self._form)

    def add_row(self, title: str, field: QWidget, note: str = "") -> None:
        name = QLabel(title)
        name.setMinimumWidth(160)
        name.setBuddy(field)
        if not isinstance(field, QLabel):
            name.setMinimumHeight(32)
        if not isinstance(field, QLabel):
            field.setFixedWidth(_FIELD_WIDTH if title else field.sizeHint().width())
            field.setAccessibleName(title.replace("&", ""))
        self._form.addRow(name, field)
        if note:
            self._form.addRow("", label(note, muted=True))
