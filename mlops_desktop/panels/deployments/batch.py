"""The Batch tab: every row of a file or dataset version answered at once, without the server."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path, PurePath

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from mlops_desktop.actions import datasets, scoring
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.scoring import Scored
from mlops_desktop.core.datasets import Dataset
from mlops_desktop.core.deployments import Deployment
from mlops_desktop.widgets.ask_path import ask_file, ask_target
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import Button, primary, secondary
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.widgets.progress import JobRow
from mlops_desktop.work.jobs import Jobs


class BatchTab(QWidget):
    """choose_file(then) and choose_target(name, then) ask for a path; tests put their own there."""

    toast = Signal(str)
    open_panel = Signal(str, object)

    def __init__(self, jobs: Jobs) -> None:
        super().__init__()
        self._jobs = jobs
        self._deployment: Deployment | None = None
        self._file: Path | None = None
        self._made = ""
        self._row: JobRow | None = None
        self.choose_file: Callable[[Callable[[str], None]], None] = self._ask_file
        self.choose_target: Callable[[str, Callable[[str], None]], None] = self._ask_target
        self._build()
        jobs.changed.connect(self._on_changed)

    def _build(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self._error = ErrorBox()
        self._error.setObjectName("batch-error")
        column.addWidget(self._error)
        column.addWidget(self._build_rows())
        column.addWidget(self._build_answers())
        self._progress = QVBoxLayout()
        column.addLayout(self._progress)
        column.addWidget(self._build_done())
        column.addStretch(1)
        around = QVBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addWidget(scrolled(inside))

    def _build_rows(self) -> QWidget:
        card = Card(self.tr("Rows to answer"))
        self.source = QComboBox()
        self.source.setObjectName("batch-dataset")
        self.source.setMinimumWidth(240)
        words = label(self.tr("Dataset"), muted=True)
        words.setBuddy(self.source)
        choose = secondary(self.tr("Choose a file"), "folder-open", self._choose)
        choose.setObjectName("batch-file")
        self._chosen = label(muted=True)
        row = QHBoxLayout()
        row.setSpacing(8)
        for part in (words, self.source, label(self.tr("or"), muted=True), choose):
            row.addWidget(part)
        row.addWidget(self._chosen, 1)
        card.body.addLayout(row)
        card.add(
            label(
                self.tr(
                    "They need the columns that the model takes; others stay as they are. Nothing "
                    "is recorded for monitoring."
                ),
                muted=True,
                wrap=True,
            )
        )
        return card

    def _build_answers(self) -> QWidget:
        card = Card(self.tr("Answers"))
        to_file = primary(self.tr("Write them to a file"), "download", self._to_file)
        to_file.setObjectName("batch-to-file")
        self.name = QLineEdit()
        self.name.setObjectName("batch-name")
        self.name.setFixedWidth(200)
        words = label(self.tr("or into the dataset"), muted=True)
        words.setBuddy(self.name)
        to_dataset = Button(self.tr("Save version"), "save", clicked=self._to_dataset)
        to_dataset.setObjectName("batch-to-dataset")
        self.name.textChanged.connect(lambda text: to_dataset.setEnabled(bool(text.strip())))
        row = QHBoxLayout()
        row.setSpacing(8)
        for part in (to_file, words, self.name, to_dataset):
            row.addWidget(part)
        row.addStretch(1)
        card.body.addLayout(row)
        self._buttons = (to_file, to_dataset)
        return card

    def _build_done(self) -> QWidget:
        self._done = Card()
        self._said = label(wrap=True)
        self._said.setObjectName("batch-done")
        self._show = secondary(self.tr("Show it in Data"), "database", self._show_made)
        self._show.setObjectName("batch-show")
        row = QHBoxLayout()
        row.addWidget(self._said, 1)
        row.addWidget(self._show)
        self._done.body.addLayout(row)
        self._done.hide()
        return self._done

    def show_deployment(self, deployment: Deployment) -> None:
        changed = self._deployment is None or self._deployment.id != deployment.id
        self._deployment = deployment
        if changed:
            self.name.setText(f"{deployment.model}-answers")
            self._done.hide()
            self._load()

    def _load(self) -> None:
        self._jobs.run(self, datasets.list_datasets, self._show_datasets, self._error.show_error)

    def _show_datasets(self, found: list[Dataset]) -> None:
        chosen = self.source.currentData()
        self.source.clear()
        for dataset in found:
            if dataset.latest is not None:
                rows = self.tr("{0} rows").format(f"{dataset.latest.rows:,}")
                self.source.addItem(f"{dataset.latest.ref} ({rows})", dataset.latest.ref)
        self.source.setCurrentIndex(max(0, self.source.findData(chosen)))

    def _choose(self) -> None:
        self.choose_file(self._on_file)

    def _on_file(self, path: str) -> None:
        self._file = Path(path)
        self._chosen.setText(self.tr("The rows of {0}").format(self._file.name))
        self.source.setEnabled(False)

    def _to_file(self) -> None:
        if self._deployment is not None:
            self.choose_target(f"{self._deployment.model}-answers.csv", self._write)

    def _write(self, path: str) -> None:
        target = Path(path)
        self._run(
            lambda lane, ref, source, context: scoring.score_to_file(
                lane, ref, source, target, context=context
            )
        )

    def _to_dataset(self) -> None:
        name = self.name.text().strip()
        if name:
            self._run(
                lambda lane, ref, source, context: scoring.score_to_dataset(
                    lane, ref, source, name, context=context
                )
            )

    def _run(self, work: Callable[[Lane, str, str | Path, Context], Scored]) -> None:
        deployment = self._deployment
        source = self._file or self.source.currentData()
        if deployment is None or source is None or self._row is not None:
            return
        ref = f"{deployment.model}@{deployment.version}"
        self._error.show_error(None)
        self._done.hide()
        title = self.tr("Answer {0} with {1}").format(PurePath(str(source)).name, ref)
        job = self._jobs.start(
            self,
            title,
            lambda lane, context: work(lane, ref, source, context),
            self._on_scored,
            self._error.show_error,
        )
        self._row = JobRow(job)
        self._progress.addWidget(self._row)
        for button in self._buttons:
            button.setEnabled(False)
        job.finished.connect(self._on_ended)

    def _on_scored(self, done: Scored) -> None:
        where = str(done.file) if done.file is not None else ""
        self._made = ""
        if done.version is not None:
            where = self._made = done.version.ref
        text = self.tr("{0} rows answered by {1}: {2}")
        self._said.setText(text.format(f"{done.rows:,}", done.model, where))
        self._show.setVisible(bool(self._made))
        self._done.show()

    def _on_ended(self) -> None:
        if self._row is not None:
            self._row.deleteLater()
            self._row = None
        for button in self._buttons:
            button.setEnabled(True)
        self._file = None
        self._chosen.clear()
        self.source.setEnabled(True)

    def _show_made(self) -> None:
        self.open_panel.emit("data", self._made)

    def _on_changed(self, kinds: frozenset[str]) -> None:
        if "datasets" in kinds and self._deployment is not None:
            self._load()

    def _ask_file(self, then: Callable[[str], None]) -> None:
        tables = "*.csv *.tsv *.txt *.parquet *.xlsx *.xls *.ods *.json *.jsonl *.ndjson"
        filters = [self.tr("Tables ({0})").format(tables), self.tr("All files (*)")]
        ask_file(self, self.tr("Rows to answer"), filters, then)

    def _ask_target(self, name: str, then: Callable[[str], None]) -> None:
        kinds = ["CSV (*.csv)", "Parquet (*.parquet)"]
        ask_target(self, self.tr("Write the answers"), name, kinds, lambda path, _: then(path))
