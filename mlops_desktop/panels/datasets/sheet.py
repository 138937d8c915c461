"""The sheet that asks for a name and a message, imports a file, and shows how far it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import PurePath

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeyEvent, Qt
from PySide6.QtWidgets import QGridLayout, QLineEdit, QVBoxLayout, QWidget

from mlops_desktop.core.datasets import ImportSpec
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import NAME_LIMIT
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import primary, secondary
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.progress import JobRow
from mlops_desktop.work.job import Job


class ImportSheet(Card):
    """Opened with a path; import_wanted carries what was agreed."""

    import_wanted = Signal(object)

    def __init__(self) -> None:
        super().__init__(self.tr("Import a file"))
        self.setObjectName("import-sheet")
        self._path = ""
        self._known: Mapping[str, int] = {}
        self._job: Job | None = None
        self._row: JobRow | None = None
        self._build()
        self.hide()

    def _build(self) -> None:
        self._error = ErrorBox()
        self._error.setObjectName("import-error")
        self.body.addWidget(self._error)
        self._fields = QWidget()
        grid = QGridLayout(self._fields)
        grid.setContentsMargins(0, 0, 0, 0)
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
        self._becomes = label(muted=True)
        grid.addWidget(self._becomes, 2, 0, 1, 4)
        self.body.addWidget(self._fields)
        self._progress = QVBoxLayout()
        self.body.addLayout(self._progress)

    def ask(self, path: str, name: str, known: Mapping[str, int]) -> None:
        """Ask about a file. known: datasets with their number of versions."""
        if self.busy:
            return
        self._path, self._known = path, known
        self.set_title(self.tr("Import {0}").format(PurePath(path).name))
        self.title.setToolTip(f"\u200b{path}")
        self._error.show_error(None)
        self.name.setText(name)
        self._on_name(name)
        self.message.clear()
        self._fields.show()
        self.show()
        self.name.setFocus()
        self.name.selectAll()

    @property
    def busy(self) -> bool:
        return self._job is not None and self._job.active

    def follow(self, job: Job) -> None:
        """Show the job in place of the fields."""
        self._job = job
        self._error.show_error(None)
        self._fields.hide()
        self.title.hide()
        self._row = JobRow(job)
        self._row.setObjectName("import-progress")
        self._progress.addWidget(self._row)
        job.finished.connect(self._on_finished)

    def show_error(self, error: UserError) -> None:
        """What went wrong, above the fields, which stay as they were."""
        self._error.show_error(error)
        self._fields.show()
        self.show()
        self.name.setFocus()

    def close_sheet(self) -> None:
        if not self.busy:
            self.hide()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            self.close_sheet()
        else:
            super().keyPressEvent(event)

    def _import(self) -> None:
        if not self.busy and self.name.text().strip():
            name = self.name.text().strip()
            self.import_wanted.emit(ImportSpec(self._path, name, self.message.text().strip()))

    def _on_name(self, name: str) -> None:
        versions = self._known.get(name.strip(), 0)
        self._import_button.setEnabled(bool(name.strip()))
        self._becomes.setText(
            self.tr("Becomes version {0} of {1}; the versions before it stay as they are.").format(
                versions + 1, name.strip()
            )
            if versions
            else self.tr("Becomes version 1 of a new dataset.")
        )

    def _on_finished(self) -> None:
        if self._row is not None:
            self._progress.removeWidget(self._row)
            self._row.deleteLater()
            self._row = None
        self.title.show()
        self._fields.show()
