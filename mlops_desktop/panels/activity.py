"""Activity: what runs, what ended and how, and the record of every change."""

from __future__ import annotations

from datetime import UTC, datetime

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QPlainTextEdit, QVBoxLayout, QWidget

from mlops_desktop.actions import audit
from mlops_desktop.core.audit import AuditEntry
from mlops_desktop.core.audit_words import raw, told
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.figures import percent
from mlops_desktop.widgets.banner import ErrorBox
from mlops_desktop.widgets.buttons import CopyButton, secondary
from mlops_desktop.widgets.cards import Card, EmptyState, heading, label
from mlops_desktop.widgets.disclosure import Disclosure
from mlops_desktop.widgets.page import Page
from mlops_desktop.widgets.row_model import Column, Kind
from mlops_desktop.widgets.row_table import RowTable
from mlops_desktop.widgets.tabs import Tabs
from mlops_desktop.widgets.theme import app_theme
from mlops_desktop.widgets.times import local_time
from mlops_desktop.work.job import Job, JobState
from mlops_desktop.work.jobs import Jobs

_KINDS: dict[JobState, Kind] = {
    JobState.QUEUED: "neutral",
    JobState.RUNNING: "info",
    JobState.DONE: "ok",
    JobState.FAILED: "error",
    JobState.CANCELLED: "neutral",
}
_AUDIT_ROWS = 2000
_RAW_PX = 132


class ActivityPanel(Page):
    """Jobs of this session on one tab, the audit chain of the workspace on the other."""

    open_panel = Signal(str, object)

    def __init__(self, jobs: Jobs) -> None:
        self._cancel = secondary(self.tr("Cancel"), "x", self._cancel_chosen)
        super().__init__(self.tr("Activity"), [self._cancel])
        self._jobs = jobs
        self._build()
        jobs.job_changed.connect(self._on_job)
        jobs.changed.connect(self._on_changed)

    def _build(self) -> None:
        self._cancel.setObjectName("cancel-job")
        self.tabs = tabs = Tabs(self.tr("Activity"))
        tabs.add(self.tr("Jobs"), self._build_jobs())
        tabs.add(self.tr("Record of changes"), self._build_audit())
        self.body.addWidget(tabs, 1)

    def _build_jobs(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(12)
        self.table: RowTable[Job] = RowTable(
            (
                Column(self.tr("Job"), lambda job: job.title),
                Column(self.tr("State"), _state, chip=lambda job: _KINDS[job.state]),
                Column(self.tr("What it says"), lambda job: job.text, stretch=True),
                Column(self.tr("Started"), lambda job: local_time(job.started)),
                Column(self.tr("Took"), _seconds),
            ),
            self.tr("Jobs"),
            multiple=True,
            key=lambda job: job.id,
        )
        self.table.setObjectName("jobs-table")
        self.table.selection_changed.connect(self._on_selected)
        self._empty = EmptyState(
            "list-checks", self.tr("Nothing runs. Imports, training and retraining show up here.")
        )
        self._error = ErrorBox()
        column.addWidget(self._error)
        column.addWidget(self.table, 1)
        column.addWidget(self._empty, 1)
        return page

    def _build_audit(self) -> QWidget:
        page = QWidget()
        column = QVBoxLayout(page)
        column.setContentsMargins(0, 12, 0, 0)
        column.setSpacing(12)
        self._chain = label("", muted=True)
        self.audit_table: RowTable[AuditEntry] = RowTable(
            (
                Column(self.tr("No."), lambda entry: entry.seq),
                Column(self.tr("When"), lambda entry: local_time(entry.at)),
                Column(self.tr("What happened"), told, tip=told, stretch=True),
                Column(self.tr("By"), lambda entry: entry.actor, width=120),
            ),
            self.tr("Record of changes"),
            key=lambda entry: entry.seq,
        )
        self.audit_table.setObjectName("audit-table")
        row = QHBoxLayout()
        row.addWidget(self._chain)
        row.addStretch(1)
        verify = secondary(self.tr("Verify the record"), "shield-check", self._verify)
        verify.setObjectName("verify-audit")
        row.addWidget(verify)
        column.addLayout(row)
        column.addWidget(self.audit_table, 1)
        column.addWidget(self._build_entry())
        return page

    def _build_entry(self) -> QWidget:
        """The chosen entry: what the table has no room for, and exactly what is sealed."""
        self.entry = Card()
        self._sentence = heading()
        self._sentence.setObjectName("audit-sentence")
        self._sentence.setWordWrap(True)
        self._raw = QPlainTextEdit(readOnly=True)
        self._raw.setObjectName("audit-raw")
        self._raw.setAccessibleName(self.tr("Raw details"))
        self._raw.setFont(app_theme().monospace(9))
        self._raw.setFixedHeight(_RAW_PX)
        self._raw.setTabChangesFocus(True)
        details = Disclosure(self.tr("Raw details"), self._raw)
        details.button.setObjectName("show-raw")
        copy = CopyButton(self._raw.toPlainText, self.tr("Copy the raw details"))
        copy.setObjectName("copy-raw")
        row = QHBoxLayout()
        row.addWidget(self._sentence, 1)
        row.addWidget(copy, 0, Qt.AlignmentFlag.AlignTop)
        self.entry.body.addLayout(row)
        self.entry.add(details)
        self.entry.hide()
        self.audit_table.selection_changed.connect(self._show_entry)
        return self.entry

    def show_thing(self, thing: object) -> None:
        """The number of a job of this session."""
        self.tabs.set_current(0)
        self._show_jobs()
        self.table.select([thing] if isinstance(thing, int) else [])

    def shown(self) -> None:
        self.reload()

    def reload(self) -> None:
        """Show the jobs now, and the record when the store has answered."""
        self._show_jobs()
        self._jobs.run(self, lambda store: audit.recent(store, _AUDIT_ROWS), self._show_audit)

    def _show_jobs(self) -> None:
        jobs = self._jobs.jobs()
        self.table.set_rows(jobs)
        self.table.setVisible(bool(jobs))
        self._empty.setVisible(not jobs)
        self._on_selected(self.table.selected_rows())

    def _show_audit(self, entries: list[AuditEntry]) -> None:
        self.audit_table.set_rows(entries)
        if not self._chain.text():
            self._chain.setText(self.tr("Each entry seals the one before it."))

    def _on_job(self, _: Job) -> None:
        if self.isVisible():
            self._show_jobs()

    def _on_changed(self, _: frozenset[str]) -> None:
        if self.isVisible():
            self.reload()

    def _on_selected(self, rows: tuple[Job, ...]) -> None:
        self._cancel.setEnabled(any(job.active for job in rows))
        job = rows[0] if len(rows) == 1 else None
        self._error.show_error(_error_of(job) if job else None)

    def _cancel_chosen(self) -> None:
        for job in self.table.selected_rows():
            job.cancel()

    def _show_entry(self, rows: tuple[AuditEntry, ...]) -> None:
        self.entry.setVisible(bool(rows))
        if rows:
            self._sentence.setText(told(rows[0]))
            self._raw.setPlainText(raw(rows[0]))

    def _verify(self) -> None:
        self._jobs.run(self, audit.verify, self._show_verified)

    def _show_verified(self, report: audit.AuditReport) -> None:
        if report.whole:
            text = self.tr("Verified: {0} entries, nothing was changed, removed or slipped in.")
            self._chain.setText(text.format(report.entries))
        else:
            text = self.tr("The record was tampered with: it breaks at entry {0}.")
            self._chain.setText(text.format(report.broken_at))


def _state(job: Job) -> str:
    if job.state is JobState.RUNNING and job.fraction is not None:
        return f"{job.state} {percent(job.fraction, whole=True)}"
    return str(job.state)


def _seconds(job: Job) -> str:
    if job.started is None:
        return ""
    seconds = ((job.ended or datetime.now(UTC)) - job.started).total_seconds()
    return f"{seconds:.1f} s" if seconds < 60 else f"{seconds // 60:.0f} min {seconds % 60:.0f} s"


def _error_of(job: Job) -> UserError | None:
    if job.error is not None:
        return job.error
    if job.traceback:
        return UserError(f"{job.title} stopped by a fault of the app.", why=job.traceback)
    return None
