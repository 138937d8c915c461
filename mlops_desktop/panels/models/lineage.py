"""The Lineage tab: the chain from a file's hash over data and run to what serves the model."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, Signal
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.core.models import LineageNode
from mlops_desktop.widgets.buttons import CopyButton, link
from mlops_desktop.widgets.cards import Card, heading, label
from mlops_desktop.widgets.icons import pixmap
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.widgets.theme import app_theme, follow_theme
from mlops_desktop.widgets.times import local_time

_ICONS = {
    "file": "file-text",
    "dataset version": "database",
    "run": "flask-conical",
    "model version": "package-check",
    "deployment": "server",
}
_GUTTER = 44


class LineageTab(QWidget):
    """opened(panel, argument): a link of the chain was clicked."""

    opened = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[LineageNode, ...] = ()
        self._chain = _Chain()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(scrolled(self._chain))

    def show_chain(self, nodes: Sequence[LineageNode]) -> None:
        if tuple(nodes) != self._shown:
            self._shown = tuple(nodes)
            self._chain.set_cards([(node.kind, self._card(node)) for node in nodes])

    def _card(self, node: LineageNode) -> Card:
        card = Card()
        card.setAccessibleName(f"{node.kind} {node.title}, {node.detail}")
        card.body.setContentsMargins(16, 8, 12, 8)
        row = QHBoxLayout()
        row.setSpacing(8)
        words = QVBoxLayout()
        words.setSpacing(2)
        first = QHBoxLayout()
        first.setSpacing(8)
        first.addWidget(label(_kind(node.kind), muted=True))
        title = heading(node.title.rsplit("/", 1)[-1] if node.kind == "file" else node.title)
        if node.kind == "file":
            title.setToolTip(f"<span>{node.title.replace('<', '&lt;')}</span>")
        first.addWidget(title, 1)
        words.addLayout(first)
        detail = ", ".join(part for part in (node.detail, local_time(node.at)) if part)
        words.addWidget(label(detail, muted=True, wrap=True))
        row.addLayout(words, 1)
        if node.sha256:
            short = label(node.sha256[:12], muted=True)
            short.setFont(app_theme().monospace())
            short.setToolTip(f"SHA-256 {node.sha256}")
            row.addWidget(short)
            row.addWidget(
                CopyButton(
                    lambda: node.sha256, self.tr("Copy the SHA-256 of {0}").format(node.title)
                )
            )
        if (place := _place(node)) is not None:
            go = link(self.tr("Open"), lambda: self.opened.emit(*place))
            go.setAccessibleName(self.tr("Open {0}").format(node.title))
            row.addWidget(go)
        card.body.addLayout(row)
        return card


class _Chain(QWidget):
    """Cards down a line with an icon for each link, and arrow heads between."""

    def __init__(self) -> None:
        super().__init__()
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(_GUTTER, 0, 0, 0)
        self._column.setSpacing(16)
        self._cards: list[tuple[str, Card]] = []
        follow_theme(self, lambda _: self.update())

    def set_cards(self, cards: list[tuple[str, Card]]) -> None:
        while (item := self._column.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._cards = cards
        for _, card in cards:
            self._column.addWidget(card)
        self._column.addStretch(1)
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        theme, painter = app_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        x, before = 16.0, 0.0
        for number, (kind, card) in enumerate(self._cards):
            y = card.geometry().center().y() + 1.0
            painter.setPen(QPen(theme.color("border"), 1.5))
            if number:
                painter.drawLine(QPointF(x, before + 16), QPointF(x, y - 17))
                painter.drawPolyline(
                    [QPointF(x - 4, y - 21), QPointF(x, y - 17), QPointF(x + 4, y - 21)]
                )
            painter.drawLine(QPointF(x + 16, y), QPointF(_GUTTER, y))
            painter.setBrush(theme.color("surface"))
            painter.drawEllipse(QPointF(x, y), 15, 15)
            icon = pixmap(_ICONS.get(kind, "info"), "accent", 16, 2.0)
            painter.drawPixmap(QPointF(x - 8, y - 8), icon)
            before = y


def _kind(kind: str) -> str:
    return kind[:1].upper() + kind[1:]


def _place(node: LineageNode) -> tuple[str, object] | None:
    """The panel that shows a link, and how it is called there."""
    match node.kind:
        case "dataset version":
            return "data", node.title
        case "run":
            return "train", int(node.title.removeprefix("run "))
        case "deployment":
            return "deploy", node.title
    return None
