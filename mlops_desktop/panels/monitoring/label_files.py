"""The label files of a deployment: who added which when, and undoing a wrong one."""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QHBoxLayout

from mlops_desktop.actions import label_files
from mlops_desktop.core.monitoring import LabelFile
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import Button, IconButton
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.row_model import Column, Kind
from mlops_desktop.widgets.row_table import RowTable
from mlops_desktop.widgets.times import local_time
from mlops_desktop.work.jobs import Jobs

tr = partial(QCoreApplication.translate, "LabelFiles")
_HEIGHT = 152  # Four files and the titles; more are scrolled to.


class LabelFilesCard(Card):
    """Hidden until open_for(deployment). Undoing asks nothing: adding the file again undoes it."""

    def __init__(self, jobs: Jobs) -> None:
        super().__init__(self.tr("Label files"))
        self.setObjectName("label-files")
        self._jobs = jobs
        self._name = ""
        self.table: RowTable[LabelFile] = RowTable(
            (
                Column(self.tr("Added"), lambda f: f.at, format=local_time, width=180),
                Column(self.tr("By"), lambda f: f.by, width=110),
                Column(self.tr("Joined"), lambda f: f.matched, format=_thousands, width=90),
                Column(self.tr("Count now"), lambda f: f.used, format=_thousands, width=100),
                Column(self.tr("State"), _state, chip=_kind, width=144),
                Column(self.tr("File"), lambda f: f.source, tip=lambda f: f.source, stretch=True),
            ),
            self.tr("Label files"),
            key=lambda file: file.id,
            empty_text=self.tr("No labels yet. Labels, above, adds a file with what was true."),
        )
        self.table.setObjectName("label-files-table")
        self.table.setFixedHeight(_HEIGHT)
        self.table.selection_changed.connect(lambda _: self._show_button())
        self.undo = Button(self.tr("Undo this file"), "undo-2", clicked=self._undo)
        self.undo.setObjectName("undo-labels")
        self.error = ErrorBox()
        close = IconButton("x", self.tr("Close"), self.hide)
        close.setObjectName("close-label-files")
        self.header.addWidget(close)
        self.add(self.error)
        self.add(self.table)
        about = self.tr(
            "What the chosen file said no longer counts, and what it had replaced counts again. "
            "Add the file again to take this back."
        )
        across = QHBoxLayout()
        across.setSpacing(12)
        across.addWidget(self.undo)
        across.addWidget(label(about, muted=True, wrap=True), 1)
        self.body.addLayout(across)
        self.hide()

    def open_for(self, name: str) -> None:
        """name: of the deployment."""
        self._name = name
        self.error.show_error(None)
        self._show([])
        self.show()
        self.reload()

    def reload(self) -> None:
        if not self.isHidden():
            name = self._name
            self._jobs.run(
                self,
                lambda store: label_files.list_files(store, name),
                self._show,
                self.error.show_error,
            )

    def _show(self, found: list[LabelFile]) -> None:
        self.table.set_rows(found)
        self._show_button()

    def _show_button(self) -> None:
        chosen = self.table.selected_rows()
        self.undo.setEnabled(bool(chosen) and chosen[0].undone_at is None)

    def _undo(self) -> None:
        [file] = self.table.selected_rows()
        self.undo.setEnabled(False)
        self.error.show_error(None)
        self._jobs.run(
            self,
            partial(label_files.undo, name=self._name, number=file.id),
            lambda _: self.reload(),
            self.error.show_error,
        )


def _thousands(count: int) -> str:
    return f"{count:,}"


def _state(file: LabelFile) -> str:
    if file.undone_at is not None:
        return tr("undone")
    if file.used == file.matched:
        return tr("counts")
    return tr("partly replaced") if file.used else tr("replaced")


def _kind(file: LabelFile) -> Kind:
    return "neutral" if file.undone_at is not None or not file.used else "ok"
