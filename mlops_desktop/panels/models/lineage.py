"""The Lineage tab: from files over data and runs to the model, and on to what serves it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mlops_desktop.core.lineage import Graph
from mlops_desktop.widgets.cards import Card
from mlops_desktop.widgets.lineage_graph import LineageGraph
from mlops_desktop.widgets.page import scrolled


class LineageTab(QWidget):
    """opened(panel, argument): a box was clicked."""

    opened = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self.graph = LineageGraph(self.tr("What it came from, and what came from it"))
        self.graph.opened.connect(self.opened)
        card = Card()
        card.add(self.graph)
        card.body.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scrolled(card))

    def show_graph(self, graph: Graph) -> None:
        self.graph.show_graph(graph)
