"""The Lineage tab: which file a version came from, by whose hand, and what it weighs."""

from __future__ import annotations

from pathlib import PurePath

from PySide6.QtWidgets import QVBoxLayout, QWidget

from mlops_desktop.actions import audit
from mlops_desktop.core.audit import AuditEntry
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.panels.datasets.tab import VersionTab
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.cards import Card, KeyValues
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.widgets.times import local_time
from mlops_desktop.work.jobs import Jobs


class LineageTab(VersionTab):
    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__(jobs, workspace)
        self._build()

    def _build(self) -> None:
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self._origin, self._made = KeyValues(), KeyValues()
        origin = Card(self.tr("Where it came from"))
        origin.add(self._origin)
        made = Card(self.tr("This version"))
        made.add(self._made)
        column.addWidget(origin)
        column.addWidget(made)
        column.addStretch(1)
        across = QVBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(scrolled(inside))

    def load(self) -> None:
        version = self.version
        assert version is not None
        parent = next((v for v in self.versions if v.id == version.parent), None)
        source = version.source
        pairs: list[tuple[str, str | QWidget]] = []
        if source.kind == "file":
            path = PurePath(source.path)
            pairs = [(self.tr("File"), path.name), (self.tr("Folder"), str(path.parent))]
        else:
            pairs = [(self.tr("Made by"), source.kind)]
        if source.bytes:
            pairs.append((self.tr("Size"), _bytes(source.bytes)))
        if source.sha256:
            pairs.append((self.tr("SHA-256"), source.sha256))
        pairs += [(name, str(value)) for name, value in source.detail.items() if value]
        self._origin.set_pairs(pairs)
        self._show_made(version, parent, "")
        self.jobs.run(
            self,
            lambda store: audit.about(store, version.ref),
            lambda entries: self._show_who(version, parent, entries),
        )

    def _show_who(
        self, version: DatasetVersion, parent: DatasetVersion | None, entries: list[AuditEntry]
    ) -> None:
        if self.version is not None and self.version.id == version.id and entries:
            self._show_made(version, parent, entries[-1].actor)

    def _show_made(self, version: DatasetVersion, parent: DatasetVersion | None, who: str) -> None:
        size = self.tr("{0} rows, {1} columns").format(f"{version.rows:,}", len(version.columns))
        self._made.set_pairs(
            [
                (self.tr("Name"), version.ref),
                (self.tr("Message"), version.message or "\u2013"),
                (self.tr("Imported"), local_time(version.created_at)),
                (self.tr("By"), who or "\u2013"),
                (self.tr("Holds"), size),
                (self.tr("Added to the disk"), _bytes(version.stored_bytes)),
                (self.tr("Follows"), parent.ref if parent else self.tr("nothing, it is the first")),
                (self.tr("Content hash"), version.content_hash),
            ]
        )


def _bytes(count: int) -> str:
    for unit, size in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:.1f} {unit}"
    return f"{count} bytes"
