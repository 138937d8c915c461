"""The Approvals tab: who said yes and why, and every entry of the record about this version."""

from __future__ import annotations

import json

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mlops_desktop.core.audit import AuditEntry
from mlops_desktop.core.models import ModelVersion
from mlops_desktop.panels.models.words import tr
from mlops_desktop.widgets.cards import Card, heading, label
from mlops_desktop.widgets.row_model import Column
from mlops_desktop.widgets.row_table import RowTable
from mlops_desktop.widgets.times import local_time


class HistoryTab(QWidget):
    def __init__(self) -> None:
        super().__init__()
        self._yes = heading()
        self._note = label(wrap=True)
        approval = Card()
        approval.add(self._yes)
        approval.add(self._note)
        record = Card(self.tr("Record of this version"))
        self.table: RowTable[AuditEntry] = RowTable(
            (
                Column(self.tr("When"), lambda entry: local_time(entry.at)),
                Column(self.tr("Who"), lambda entry: entry.actor),
                Column(self.tr("What"), _what),
                Column(self.tr("Details"), _details, stretch=True),
            ),
            self.tr("Record of this version"),
            key=lambda entry: entry.seq,
        )
        self.table.setObjectName("model-history")
        record.add(self.table, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(approval)
        column.addWidget(record, 1)

    def show_history(self, version: ModelVersion, entries: tuple[AuditEntry, ...]) -> None:
        approval = version.approval
        if approval is None:
            self._yes.setText(self.tr("Nobody has approved it yet"))
            self._note.setText(self.tr("Only an approved version can be deployed."))
        else:
            self._yes.setText(
                self.tr("Approved by {0} on {1}").format(approval.by, local_time(approval.at))
            )
            self._note.setText(f"“{approval.note}”")
        self.table.set_rows(entries)


def _what(entry: AuditEntry) -> str:
    words = {
        "dataset.imported": tr("data imported"),
        "experiment.started": tr("training started"),
        "model.registered": tr("registered"),
        "model.approved": tr("approved"),
        "model.alias": tr("named"),
        "deployment.started": tr("deployed"),
        "deployment.swapped": tr("swapped in a deployment"),
    }
    return words.get(entry.action, entry.action)


def _details(entry: AuditEntry) -> str:
    """The details in a line of words; the record in Activity has them in full."""
    detail = json.loads(entry.detail)
    match entry.action:
        case "dataset.imported":
            return tr("{0}, {1} rows").format(entry.subject, f"{detail.get('rows', 0):,}")
        case "experiment.started":
            return tr("target {0}, on {1}").format(detail.get("target"), detail.get("data"))
        case "model.registered":
            passed = sum(detail.get("gates", {}).values())
            return tr("from run {0}, {1} of {2} gates passed").format(
                detail.get("run"), passed, len(detail.get("gates", {}))
            )
        case "model.approved":
            return str(detail.get("note", ""))
        case "model.alias":
            return str(detail.get("alias", ""))
        case "deployment.started":
            return tr("as {0} on port {1}").format(entry.subject, detail.get("port"))
        case "deployment.swapped":
            return tr("{0}: {1} after {2}").format(
                entry.subject, detail.get("version"), detail.get("previous")
            )
    return entry.detail
