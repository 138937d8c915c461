"""Data: import files as versions, look at their rows and columns, and answer their warnings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QStackedWidget,
    QWidget,
)

from mlops_desktop.actions import answers, checks, datasets, units
from mlops_desktop.core.answers import Answer
from mlops_desktop.core.checks import CheckSummary
from mlops_desktop.core.datasets import (
    ColumnType,
    Dataset,
    DatasetVersion,
    DataWarning,
)
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.places import DataPlace
from mlops_desktop.panels.datasets.exporting import Exporting
from mlops_desktop.panels.datasets.history import VersionHistory
from mlops_desktop.panels.datasets.importing import PATTERNS, Importing
from mlops_desktop.panels.datasets.views import Views
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.ask_path import ask_file
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import Button, secondary
from mlops_desktop.widgets.cards import EmptyState, label
from mlops_desktop.widgets.page import Page
from mlops_desktop.work.jobs import Jobs

_LOADING, _EMPTY, _FULL = range(3)
_Found = tuple[list[DatasetVersion], dict[str, Answer], dict[int, CheckSummary], dict[str, str]]


class DatasetsPanel(Page):
    """choose_file(then) asks for a path; tests put their own there."""

    open_panel = Signal(str, object)
    toast = Signal(str)
    undoable = Signal(str, object)

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        self.chooser = QComboBox()
        self._export_button = secondary("", "download", self._export)
        self._train_button = secondary("", "play", self._train)
        self._import_button = Button("", "upload", kind="primary", clicked=self.choose_and_import)
        super().__init__(
            self.tr("Data"),
            [self.chooser, self._export_button, self._train_button, self._import_button],
        )
        self._jobs, self._workspace = jobs, workspace
        self._datasets: list[Dataset] = []
        self._versions: list[DatasetVersion] = []
        self._version: DatasetVersion | None = None
        self._wanted: Ref | None = None
        self._place: DataPlace | None = None
        self._answers: dict[str, Answer] = {}
        self._units: dict[str, str] = {}
        self._stale = True
        self.choose_file: Callable[[Callable[[str], None]], None] = self._ask_file
        self._build()
        jobs.changed.connect(self._on_changed)

    def _build(self) -> None:
        self._name_header()
        self.importing = Importing(self._jobs, self._workspace, self)
        self.importing.made.connect(self._on_made)
        self.importing.toast.connect(self.toast)
        self.sheet = self.importing.sheet
        self.exporting = Exporting(self._jobs, self)
        self.exporting.toast.connect(self.toast)
        self._error = ErrorBox()
        self._error.setObjectName("data-error")
        self.importing.failed.connect(self._error.show_error)
        self.exporting.failed.connect(self._error.show_error)
        QShortcut(QKeySequence.StandardKey.Paste, self).activated.connect(self.paste)
        self.body.addWidget(self.sheet, 1)
        self.body.addWidget(self._error)
        self._stack = QStackedWidget()
        loading = label(self.tr("Loading\u2026"), muted=True)
        loading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._stack.addWidget(loading)
        self._stack.addWidget(self._build_empty())
        self._stack.addWidget(self._build_full())
        self.importing.room.connect(self._stack.setHidden)
        self.body.addWidget(self._stack, 1)
        self._show_actions()

    def _name_header(self) -> None:
        self.chooser.setObjectName("dataset-chooser")
        self.chooser.setAccessibleName(self.tr("Dataset"))
        self.chooser.setToolTip(self.tr("The dataset whose versions are shown"))
        self.chooser.setMinimumWidth(160)
        self.chooser.activated.connect(lambda _: self._choose(self.chooser.currentText()))
        for button, name, text, tip in (
            (self._export_button, "export-button", self.tr("Export"), ""),
            (self._train_button, "train-on-this", self.tr("Train on this"), ""),
            (self._import_button, "import-file", self.tr("Import a file"), "Ctrl+O"),
        ):
            button.setObjectName(name)
            button.setText(f" {text}")
            button.setAccessibleName(text)
            button.setToolTip(tip)

    def _build_empty(self) -> QWidget:
        sample = secondary(self.tr("Open the sample project"), "", self.importing.open_sample)
        sample.setObjectName("open-sample-data")
        return EmptyState(
            "database",
            self.tr("Drop a file anywhere, import one (Ctrl+O), or paste a table (Ctrl+V)."),
            sample,
        )

    def _build_full(self) -> QWidget:
        page = QWidget()
        across = QHBoxLayout(page)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(12)
        across.addWidget(self._build_history())
        self.views = Views(self._jobs, self._workspace, self.care.asks)
        self.care.compare_wanted.connect(self.views.compare_with)
        self.views.failed.connect(self._error.show_error)
        self.views.made.connect(self._on_made)
        self.views.toast.connect(self.toast)
        self.views.undoable.connect(self.undoable)
        self.views.open_panel.connect(self.open_panel)
        self.views.answered.connect(self._answer)
        self.views.read_as.connect(self._read_as)
        across.addWidget(self.views, 1)
        return page

    def _build_history(self) -> QWidget:
        self.care = VersionHistory(self._jobs)
        self.history = self.care.timeline
        self.care.chosen.connect(self._show_chosen)
        self.care.train_wanted.connect(lambda _: self._train())
        self.care.export_wanted.connect(lambda _: self._export())
        self.care.failed.connect(self._error.show_error)
        self.care.toast.connect(self.toast)
        self.care.undoable.connect(self.undoable)
        self.care.bin_wanted.connect(lambda: self.open_panel.emit("settings", "storage"))
        return self.care

    def shown(self) -> None:
        if self._stale:
            self.reload()

    def show_thing(self, thing: object) -> None:
        """'import', 'paste', the path of a file to import, or a version: its name or DataPlace."""
        if isinstance(thing, DataPlace):
            self._place, thing = thing, thing.ref
        text = str(thing)
        if text == "import":
            self.choose_and_import()
        elif text == "paste":
            self.paste()
        elif Path(text).is_absolute():
            self.import_path(text)
        else:
            self._wanted = Ref.parse(text)
            self.reload()

    def escape(self) -> None:
        self.sheet.close_sheet()
        self.care.close_asks()
        if self._version is not None:
            self.views.tab.escape()

    def help_topic(self) -> str:
        if self.sheet.isVisible():
            return "import"
        shown = self._stack.currentIndex() == _FULL
        return self.views.tab.help_topic if shown else "data"

    def focus_filter(self) -> None:
        self.views.tab.focus_filter()

    def reload(self) -> None:
        self._stale = False
        self._jobs.run(self, datasets.list_datasets, self._show_datasets, self._error.show_error)

    def choose_and_import(self) -> None:
        self.choose_file(self.import_path)

    def import_path(self, path: str) -> None:
        """Show how the file would be read, ask for a name, and import it."""
        self.importing.ask_about(path, self._datasets)

    def paste(self) -> None:
        """The same for a table that was copied."""
        self.importing.paste(self._datasets)

    def _show_datasets(self, found: list[Dataset]) -> None:
        self._error.show_error(None)
        self._datasets = found
        names = [dataset.name for dataset in found]
        wanted = self._wanted.name if self._wanted else self.chooser.currentText()
        if [self.chooser.itemText(n) for n in range(self.chooser.count())] != names:
            self.chooser.clear()
            self.chooser.addItems(names)
        self._show_actions()
        if found:
            self._choose(wanted if wanted in names else names[0])
        else:
            self._stack.setCurrentIndex(_EMPTY)

    def _choose(self, name: str) -> None:
        self.chooser.setCurrentText(name)
        self._jobs.run(
            self,
            lambda store: (
                datasets.list_versions(store, name),
                answers.answers(store, name),
                checks.summaries(store, name),
                units.units(store, name),
            ),
            self._show_versions,
            self._error.show_error,
        )

    def _show_versions(self, found: _Found) -> None:
        self._versions, self._answers, checked, self._units = found
        if self._versions[0].dataset != self.chooser.currentText():
            return  # Another one was chosen meanwhile.
        number = self._version.version if self._version else None
        if self._version is None or self._version.dataset != self._versions[0].dataset:
            number = None
        if self._wanted is not None and self._wanted.name == self._versions[0].dataset:
            wanted, self._wanted = self._wanted, None
            tagged = (v.version for v in self._versions if wanted.alias in v.tags)
            number = wanted.version or next(tagged, None)
        chosen = next((v for v in self._versions if v.version == number), self._versions[0])
        self.care.show_versions(self._versions, self._answers, checked, chosen.ref)
        self._show_version(chosen)
        self._stack.setCurrentIndex(_FULL)
        if self._place is not None and self._place.ref == chosen.ref:
            self.views.show_place(self._place)
        self._place = None

    def _show_chosen(self, ref: str) -> None:
        self._show_version(next(v for v in self._versions if v.ref == ref))

    def _show_version(self, version: DatasetVersion) -> None:
        self._version = version
        self._show_actions()
        self.views.show_version(version, self._versions, self._answers, self._units)

    def _show_actions(self) -> None:
        self.chooser.setVisible(bool(self._datasets))
        for button in (self._export_button, self._train_button):
            button.setVisible(bool(self._datasets))
            button.setEnabled(self._version is not None)

    def _on_made(self, version: DatasetVersion) -> None:
        self._wanted = Ref(version.dataset, version=version.version)
        self.reload()

    def _read_as(self, column: str, wanted: ColumnType | bool) -> None:
        if self._version is not None:
            self.importing.read_as(self._version, column, wanted)

    def _answer(self, warning: DataWarning, given: Answer | None) -> None:
        if self._version is not None:
            name = self._version.dataset
            self._jobs.run(self, lambda store: answers.answer(store, name, warning, given))

    def _train(self) -> None:
        if self._version is not None:
            self.open_panel.emit("train", f"data:{self._version.ref}")

    def _export(self) -> None:
        if self._version is not None:
            self.exporting.export(self._version)

    def _on_changed(self, kinds: frozenset[str]) -> None:
        if "datasets" not in kinds:
            return
        if self.isVisible():
            self.reload()
        else:
            self._stale = True

    def _ask_file(self, then: Callable[[str], None]) -> None:
        filters = [f"{self.tr('Tables')} ({PATTERNS})", self.tr("All files (*)")]
        ask_file(self, self.tr("Import a file"), filters, then)
