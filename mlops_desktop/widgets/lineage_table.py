"""The words of a lineage graph, its table, and which panel shows each of its boxes."""

from __future__ import annotations

from pathlib import PurePath

from PySide6.QtCore import QCoreApplication

from mlops_desktop.core.lineage import Kind, Node
from mlops_desktop.widgets.row_table import Column, RowTable
from mlops_desktop.widgets.times import local_time

_PANELS = {
    Kind.DATA: "data",
    Kind.RECIPE: "data",
    Kind.RUN: "train",
    Kind.MODEL: "models",
    Kind.DEPLOYMENT: "deploy",
}


def lineage_table(title: str) -> RowTable[Node]:
    def tr(text: str) -> str:
        return QCoreApplication.translate("LineageGraph", text)

    return RowTable(
        (
            Column(tr("Kind"), lambda node: kind_title(node.kind)),
            Column(tr("Name"), short_title, tip=lambda node: node.title),
            Column(tr("Details"), lambda node: node.detail, stretch=True),
            Column(tr("When"), lambda node: local_time(node.at)),
            Column(tr("By"), lambda node: node.by),
            Column(tr("SHA-256"), lambda node: node.sha256[:12], tip=lambda node: node.sha256),
        ),
        title,
        key=lambda node: node.key,
    )


def short_title(node: Node) -> str:
    return PurePath(node.title).name if node.kind is Kind.FILE else node.title


def kind_title(kind: Kind, *, short: bool = False) -> str:
    """short: one word, for a box."""
    words = {Kind.DATA: "dataset", Kind.MODEL: "model"}.get(kind, kind.value) if short else kind
    return QCoreApplication.translate("LineageGraph", words[:1].upper() + words[1:])


def place_of(node: Node) -> tuple[str, object] | None:
    """The panel that shows what a box stands for, and how it is called there."""
    if node.count > 1:
        return _PANELS[node.kind], None
    if not node.ref:
        return None
    return _PANELS[node.kind], int(node.ref) if node.kind is Kind.RUN else node.ref
