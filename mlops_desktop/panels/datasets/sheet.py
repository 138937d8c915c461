"""The sheet that shows how a file would be read, asks for a name, and shows how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import PurePath

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import (
    QCheckBox,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.core.datasets import ColumnType, Dataset, ImportOptions, ImportSpec
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import NAME_LIMIT
from mlops_desktop.core.importing import Preview
from mlops_desktop.panels.datasets.guesses import Guesses
from mlops_desktop.panels.datasets.preview import PreviewTable
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import primary, secondary
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.widgets.progress import JobRow
from mlops_desktop.work.job import Job

_GUESSES_WIDTH = 300


@dataclass(frozen=True, slots=True)
class Wish:
    """What was agreed. append: add the rows to the newest version of that dataset."""

    spec: ImportSpec
    append: bool


class ImportSheet(Card):
    """Opened with a path; import_wanted carries a Wish; look_wanted ImportOptions to preview with.

    opened tells whether it needs the room of the panel.
    """

    import_wanted = Signal(object)
    look_wanted = Signal(object)
    opened = Signal(bool)

    def __init__(self) -> None:
        super().__init__(self.tr("Import a file"))
        self.setObjectName("import-sheet")
        self._path = ""
        self._known: Mapping[str, Dataset] = {}
        self._job: Job | None = None
        self._row: JobRow | None = None
        self._preview: Preview | None = None
        self._unreadable = False  # As it would be read now; importing would say the same.
        self._build()
        self.hide()

    def _build(self) -> None:
        self._error = ErrorBox()
        self._error.setObjectName("import-error")
        self.body.addWidget(self._error)
        self._fields = QWidget()
        inside = QVBoxLayout(self._fields)
        inside.setContentsMargins(0, 0, 0, 0)
        inside.setSpacing(12)
        inside.addLayout(self._build_names())
        inside.addLayout(self._build_preview(), 1)
        self.body.addWidget(self._fields, 1)
        self._progress = QVBoxLayout()
        self.body.addLayout(self._progress)

    def _build_names(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        self.name = QLineEdit(maxLength=NAME_LIMIT)
        self.name.setObjectName("import-name")
        self.name.textChanged.connect(self._on_name)
        self.message = QLineEdit(placeholderText=self.tr("What is new in it? (optional)"))
        self.message.setObjectName("import-message")
        for column, (text, field) in enumerate(
            ((self.tr("&Name"), self.name), (self.tr("&Message"), self.message))
        ):
            above = label(text, muted=True)
            above.setBuddy(field)
            field.setAccessibleName(text.replace("&", ""))
            field.returnPressed.connect(self._import)
            grid.addWidget(above, 0, column)
            grid.addWidget(field, 1, column)
            grid.setColumnStretch(column, 1 + column)
        self._import_button = primary(self.tr("Import"), "upload", self._import)
        self._import_button.setObjectName("import-button")
        cancel = secondary(self.tr("Cancel"), "", self.close_sheet)
        cancel.setObjectName("import-cancel")
        grid.addWidget(self._import_button, 1, 2)
        grid.addWidget(cancel, 1, 3)
        self.append = QCheckBox()
        self.append.setObjectName("import-append")
        self.append.toggled.connect(lambda _: self._show_name())
        self._becomes = label(muted=True)
        below = QHBoxLayout()
        below.setSpacing(16)
        below.addWidget(self.append)
        below.addWidget(self._becomes, 1)
        grid.addLayout(below, 2, 0, 1, 4)
        return grid

    def _build_preview(self) -> QHBoxLayout:
        self.guesses = Guesses()
        self.guesses.changed.connect(self.look_wanted)
        left = scrolled(self.guesses)
        left.setFixedWidth(_GUESSES_WIDTH)
        self.table = PreviewTable()
        self.table.type_chosen.connect(self._choose_type)
        across = QHBoxLayout()
        across.setSpacing(16)
        across.addWidget(left)
        across.addWidget(self.table, 1)
        self._looking = label(self.tr("Looking at the file\u2026"), muted=True)
        self._looking.setAlignment(Qt.AlignmentFlag.AlignCenter)
        across.addWidget(self._looking, 1)
        across.addStretch()  # Where there is nothing to preview, the guesses stay at their side.
        return across

    def ask(self, path: str, name: str, known: Mapping[str, Dataset]) -> None:
        """Ask about a file, or about what was pasted where path is empty. known: all datasets."""
        if self.busy:
            return
        self._path, self._known, self._preview = path, known, None
        self._unreadable = False
        title = self.tr("Import {0}").format(PurePath(path).name)
        self.set_title(title if path else self.tr("Import what was copied"))
        self.title.setToolTip(f"\u200b{path}" if path else "")
        self._error.show_error(None)
        self.guesses.restart()
        self.table.hide()
        self._looking.show()
        self.append.setChecked(False)
        self.name.setText(name)
        self._on_name(name)
        self.message.clear()
        self._fields.show()
        self.show()
        self.opened.emit(True)
        self.name.setFocus()
        self.name.selectAll()
        self.look_wanted.emit(self.guesses.options)

    @property
    def busy(self) -> bool:
        return self._job is not None and self._job.active

    @property
    def has_preview(self) -> bool:
        return self._preview is not None

    @property
    def options(self) -> ImportOptions:
        """What the user chose; the rest is guessed."""
        return self.guesses.options

    def show_preview(self, preview: Preview) -> None:
        """How the file would be read with the options that were asked about."""
        self._preview = preview
        failure = preview.failure
        self._unreadable = failure is not None
        self._show_button()
        self._error.show_error(
            UserError(failure.what, why=failure.why, hint=failure.hint) if failure else None
        )
        if preview.failure is None or len(preview.guesses) > 1:
            self.guesses.show_guesses(preview.guesses)
        self._looking.hide()
        self.table.setVisible(preview.failure is None)
        self.table.show_preview(preview, self.options.types)
        self._show_name()

    def show_failed_look(self, error: UserError) -> None:
        """The file cannot even be looked at."""
        self._preview = None
        self._unreadable = True
        self._show_button()
        self._error.show_error(error)
        self._looking.hide()
        self.table.hide()

    def follow(self, job: Job) -> None:
        """Show the job in place of the fields."""
        self._job = job
        self._error.show_error(None)
        self._fields.hide()
        self.title.hide()
        self._row = JobRow(job)
        self._row.setObjectName("import-progress")
        self._progress.addWidget(self._row)
        self.show()
        self.opened.emit(False)
        job.finished.connect(self._on_finished)

    def show_error(self, error: UserError) -> None:
        """What went wrong, above the fields, which stay as they were."""
        self._error.show_error(error)
        self._fields.show()
        self.show()
        self.opened.emit(True)
        self.name.setFocus()

    def close_sheet(self) -> None:
        if not self.busy:
            self.hide()
            self.opened.emit(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_sheet()
        else:
            super().keyPressEvent(event)

    def _import(self) -> None:
        if not self.busy and self._import_button.isEnabled():
            name = self.name.text().strip()
            spec = ImportSpec(self._path, name, self.message.text().strip(), self.options)
            append = self.append.isChecked() and self.append.isVisible()
            self.import_wanted.emit(Wish(spec, append))

    def _choose_type(self, column: str, kind: ColumnType | None) -> None:
        types = {name: old for name, old in self.options.types.items() if name != column}
        if kind is not None:
            types[column] = kind
        self.guesses.options = replace(self.options, types=types)
        self.look_wanted.emit(self.options)

    def _on_name(self, _: str) -> None:
        self._show_button()
        self._show_name()

    def _show_button(self) -> None:
        self._import_button.setEnabled(bool(self.name.text().strip()) and not self._unreadable)

    def _show_name(self) -> None:
        name = self.name.text().strip()
        known = self._known.get(name)
        fits = self._has_same_columns(known)
        self.append.setVisible(known is not None and known.latest is not None)
        self.append.setEnabled(fits)
        self.append.setText(self.tr("Add the rows to {0}").format(name))
        self.append.setToolTip(
            "" if fits else self.tr("The file does not have the same columns as {0}.").format(name)
        )
        adds = fits and self.append.isChecked()
        self._import_button.setText(f" {self.tr('Add rows') if adds else self.tr('Import')}")
        if known is None:
            self._becomes.setText(self.tr("Becomes version 1 of a new dataset."))
            return
        text = self.tr("Becomes version {0} of {1}; the versions before it stay as they are.")
        if adds:
            text = self.tr("Becomes version {0} of {1}: the rows of its newest, and these.")
        self._becomes.setText(text.format(known.versions + 1, name))

    def _has_same_columns(self, known: Dataset | None) -> bool:
        """Whether rows of the file can be added to the newest version, as far as names tell."""
        if known is None or known.latest is None or self._preview is None:
            return False
        names = {column.name for column in known.latest.columns}
        seen = {column.name for column in self._preview.columns}
        return self._preview.width == len(names) and seen <= names

    def _on_finished(self) -> None:
        if self._row is not None:
            self._progress.removeWidget(self._row)
            self._row.deleteLater()
            self._row = None
        self.title.show()
        self._fields.show()
