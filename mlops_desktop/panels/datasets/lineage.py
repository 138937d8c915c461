"""The Lineage tab: what a version came from and what came from it, who made it, what it weighs."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.actions import lineage
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.core.lineage import Graph
from mlops_desktop.panels.datasets.tab import VersionTab
from mlops_desktop.paths import Workspace
from mlops_desktop.widgets.buttons import CopyButton
from mlops_desktop.widgets.cards import Card, KeyValues, label
from mlops_desktop.widgets.lineage_graph import LineageGraph
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.widgets.sizes import in_bytes
from mlops_desktop.widgets.theme import app_theme
from mlops_desktop.widgets.times import local_time
from mlops_desktop.work.jobs import Jobs

_SHORT = 16  # Digits of a hash: enough to tell two apart.


class LineageTab(VersionTab):
    help_topic = "versions"

    def __init__(self, jobs: Jobs, workspace: Workspace) -> None:
        super().__init__(jobs, workspace)
        self._build()
        jobs.changed.connect(self._on_changed)

    def _build(self) -> None:
        self.graph = LineageGraph(self.tr("What it came from, and what came from it"))
        self.graph.opened.connect(self.open_panel)
        drawn = Card()
        drawn.add(self.graph)
        self._origin, self._made = KeyValues(), KeyValues()
        origin = Card(self.tr("Where it came from"))
        origin.add(self._origin)
        origin.body.addStretch(1)
        made = Card(self.tr("This version"))
        made.add(self._made)
        made.body.addStretch(1)
        facts = QHBoxLayout()
        facts.setSpacing(12)
        facts.addWidget(origin, 1)
        facts.addWidget(made, 1)
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(drawn)
        column.addLayout(facts)
        column.addStretch(1)
        across = QVBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.addWidget(scrolled(inside))

    def update_version(self, version: DatasetVersion, versions: Sequence[DatasetVersion]) -> None:
        self.show_version(version, versions)

    def load(self) -> None:
        version = self.version
        assert version is not None
        self._show_origin(version)
        self._show_made(version)
        self._load_graph()

    def _load_graph(self) -> None:
        version = self.version
        if version is not None:
            self.jobs.run(
                self,
                lambda store: lineage.graph(store, f"data:{version.ref}"),
                lambda graph: self._show_graph(version, graph),
                self.failed.emit,
            )

    def _show_graph(self, version: DatasetVersion, graph: Graph) -> None:
        if self.version is not None and self.version.id == version.id:
            self.graph.show_graph(graph)

    def _on_changed(self, kinds: frozenset[str]) -> None:
        """Runs, models and servers come and go; the panel reloads for datasets itself."""
        if self.isVisible() and kinds & {"runs", "models", "deployments"}:
            self._load_graph()

    def _show_origin(self, version: DatasetVersion) -> None:
        source = version.source
        pairs: list[tuple[str, str | QWidget]] = []
        if source.path:
            pairs.append((self.tr("File"), source.path))
        else:
            made = {
                "pasted": self.tr("Pasting"),
                "append": self.tr("Appending"),
                "recipe": self.tr("A recipe"),
                "retrain": self.tr("Retraining, from labelled predictions"),
                "score": self.tr("A model's answers"),
            }
            pairs.append((self.tr("Made by"), made.get(source.kind, source.kind)))
        if source.bytes:
            pairs.append((self.tr("Size"), in_bytes(source.bytes)))
        if source.sha256:
            pairs.append((self.tr("SHA-256"), _hash(source.sha256)))
        pairs += [
            (
                name.replace("_", " ").capitalize(),
                f"{value:,}" if isinstance(value, int) else str(value),
            )
            for name, value in source.detail.items()
            if value and isinstance(value, str | int | float)
        ]
        self._origin.set_pairs(pairs)

    def _show_made(self, version: DatasetVersion) -> None:
        parent = next((v for v in self.versions if v.id == version.parent), None)
        size = self.tr("{0} rows, {1} columns").format(f"{version.rows:,}", len(version.columns))
        pairs: list[tuple[str, str | QWidget]] = [
            (self.tr("Name"), version.ref),
            (self.tr("Tags"), ", ".join(version.tags)),
            (self.tr("Note"), version.note),
            (self.tr("Message"), version.message),
            (self.tr("Made"), local_time(version.created_at)),
            (self.tr("By"), version.by),
            (self.tr("Holds"), size),
            (self.tr("Added to the disk"), in_bytes(version.stored_bytes)),
            (self.tr("Follows"), parent.ref if parent else ""),
            (self.tr("Content hash"), _hash(version.content_hash)),
        ]
        self._made.set_pairs([(name, value) for name, value in pairs if value])


def _hash(text: str) -> QWidget:
    """The start of a hash, with a button that copies all of it."""
    made = QWidget()
    row = QHBoxLayout(made)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(8)
    short = label(f"{text[:_SHORT]}\u2026")
    short.setFont(app_theme().monospace())
    short.setToolTip(text)
    row.addWidget(short)
    row.addWidget(CopyButton(lambda: text, short.tr("Copy the whole hash")))
    return made
