"""Bringing data in: a file, what was pasted, or a version's file again with other options."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path, PurePath

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtGui import QGuiApplication

from mlops_desktop.actions import checks, datasets, importing
from mlops_desktop.core.checks import CheckReport
from mlops_desktop.core.datasets import ColumnType, Dataset, DatasetVersion, ImportOptions
from mlops_desktop.core.importing import Preview
from mlops_desktop.core.sentences import headline
from mlops_desktop.panels.datasets.sheet import ImportSheet, Wish
from mlops_desktop.paths import Workspace
from mlops_desktop.work.job import Job
from mlops_desktop.work.jobs import Jobs

_SETTLE_MS = 80  # Choices that follow each other quickly are looked at once.
PATTERNS = (
    "*.csv *.tsv *.txt *.parquet *.xlsx *.xlsm *.xlsb *.xls *.ods *.json *.jsonl *.ndjson "
    "*.db *.sqlite *.sqlite3 *.arrow *.feather"
)


class Importing(QObject):
    """Owns the sheet. made carries the new version; failed a UserError that the sheet cannot show;
    room tells whether the sheet needs the room of the panel."""

    made = Signal(object)
    failed = Signal(object)
    toast = Signal(str)
    room = Signal(bool)

    def __init__(self, jobs: Jobs, workspace: Workspace, parent: QObject) -> None:
        super().__init__(parent)
        self._jobs, self._workspace = jobs, workspace
        self._path, self._text = "", ""
        self._looking: Job | None = None
        self._wanted = ImportOptions()
        self.sheet = ImportSheet()
        self.sheet.import_wanted.connect(self._import)
        self.sheet.look_wanted.connect(self._look_soon)
        self.sheet.opened.connect(self.room)
        self._settle = QTimer(self, singleShot=True)
        self._settle.timeout.connect(self._look)

    def ask_about(self, path: str, known: Sequence[Dataset]) -> None:
        """Show how a file would be read, and ask for a name."""
        if self._may_ask():
            self._path, self._text = path, ""
            self.sheet.ask(path, _name_for(path, known), {d.name: d for d in known})

    def paste(self, known: Sequence[Dataset]) -> None:
        """Show how the text on the clipboard would be read, and ask for a name."""
        text = QGuiApplication.clipboard().text()
        if not text.strip():
            self.toast.emit(self.tr("There is no text on the clipboard. Copy a table first."))
        elif self._may_ask():
            self._path, self._text = "", text
            self.sheet.ask("", _free_name(known), {d.name: d for d in known})

    def read_as(self, version: DatasetVersion, column: str, wanted: ColumnType | bool) -> None:
        """Import the file of a version again. wanted: a type for the column, or whether the day
        comes first in dates."""
        if self.sheet.busy:
            return
        changed, word = ImportOptions(day_first=bool(wanted)), self.tr("day first")
        if isinstance(wanted, ColumnType):
            changed, word = ImportOptions(types={column: wanted}), wanted.value
        elif not wanted:
            word = self.tr("month first")
        title = self.tr("Import {0} again with {1} as {2}").format(version.ref, column, word)
        job = self._jobs.start(
            self,
            title,
            lambda lane, context: datasets.read_again(lane, version.ref, changed, context),
            self._on_made,
            self.failed.emit,
        )
        self.sheet.follow(job)
        job.finished.connect(self.sheet.close_sheet)

    def open_sample(self) -> None:
        # The sample is not needed by who has data of their own.
        from mlops_desktop.actions import replay  # noqa: PLC0415

        title = self.tr("Open the sample project")
        self._jobs.start(self, title, replay.open_sample, self._on_made, self.failed.emit)

    def _may_ask(self) -> bool:
        if self.sheet.busy:
            self.toast.emit(self.tr("Wait for the import that is running, then try again."))
        return not self.sheet.busy

    def _look_soon(self, options: ImportOptions) -> None:
        self._wanted = options
        self._settle.start(_SETTLE_MS if self.sheet.has_preview else 0)

    def _look(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        wanted, path, text = self._wanted, self._path, self._text
        look: Callable[..., Preview] = importing.preview
        about: object = Path(path)
        if not path:
            look, about = importing.preview_text, text
        self._looking = self._jobs.start(
            self,
            self.tr("Look at the file"),
            lambda _, context: look(self._workspace, about, wanted, context),
            lambda found: self._show(found, wanted, path),
            self.sheet.show_failed_look,
            quiet=True,
        )
        self._looking.destroyed.connect(self._forget_look)

    def _forget_look(self, gone: object) -> None:
        if self._looking is gone:
            self._looking = None

    def _show(self, found: Preview, wanted: ImportOptions, path: str) -> None:
        if wanted is self._wanted and path == self._path and not self.sheet.busy:
            self.sheet.show_preview(found)

    def _import(self, wish: Wish) -> None:
        spec = wish.spec
        name = PurePath(spec.path).name or self.tr("what was copied")
        title = self.tr("Import {0}").format(name)
        if wish.append:
            title = self.tr("Add the rows of {0} to {1}").format(name, spec.dataset)
        text = self._text
        job = self._jobs.start(
            self,
            title,
            lambda lane, context: importing.bring_in(
                lane, spec, text, append_rows=wish.append, context=context
            ),
            self._on_made,
            self.sheet.show_error,
        )
        self.sheet.follow(job)

    def _on_made(self, version: DatasetVersion) -> None:
        self.sheet.close_sheet()
        one, many = self.tr("Imported {0}: 1 row."), self.tr("Imported {0}: {1} rows.")
        text = one if version.rows == 1 else many
        self.toast.emit(text.format(version.ref, f"{version.rows:,}"))
        self._jobs.run(self, lambda store: checks.report(store, version.ref), self._tell_checks)
        self.made.emit(version)

    def _tell_checks(self, report: CheckReport | None) -> None:
        if report is not None and report.failed:
            self.toast.emit(f"{report.ref}: {headline(report)}.")


def _name_for(path: str, known: Sequence[Dataset]) -> str:
    """The dataset that came from a file of this name; else the name of the file."""
    file = PurePath(path)
    for dataset in known:
        if dataset.latest and PurePath(dataset.latest.source.path).name == file.name:
            return dataset.name
    return file.stem


def _free_name(known: Sequence[Dataset]) -> str:
    names = {dataset.name for dataset in known}
    number = 1
    while (name := "pasted" if number == 1 else f"pasted-{number}") in names:
        number += 1
    return name
