"""What came from what, as boxes and arrows from left to right, or the same as a table."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QPointF, QRect, Qt, QTimer, Signal
from PySide6.QtGui import QPainter, QPainterPath, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from mlops_desktop.core.lineage import Graph, Node, nearest, places
from mlops_desktop.widgets.buttons import Button
from mlops_desktop.widgets.cards import heading, label
from mlops_desktop.widgets.cells import ROW_HEIGHT
from mlops_desktop.widgets.lineage_box import HIGH, LineageBox
from mlops_desktop.widgets.lineage_table import kind_title, lineage_table, place_of
from mlops_desktop.widgets.theme import app_theme, follow_theme
from mlops_desktop.widgets.times import local_time

_NARROW, _WIDE = 160, 264
_ACROSS, _DOWN, _EDGE = 16, 12, 4
_MOST = 40  # Boxes that are drawn: each is made of widgets, and the window must not wait.
_BAR_PX, _TABLE_PX = 16, 420


class LineageGraph(QWidget):
    """opened(panel, argument): a box was clicked that a panel can show."""

    opened = Signal(str, object)

    def __init__(self, title: str) -> None:
        super().__init__()
        self._shown: Graph | None = None
        self._canvas = _Canvas(self.opened.emit, self._describe)
        self._area = QScrollArea()
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setWidget(self._canvas)
        self._canvas.focus_moved.connect(self._bring_into_view)
        self._area.setWidgetResizable(True)
        self._area.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for part in (self._area.viewport(), self._canvas):
            part.setAutoFillBackground(False)
        self.table = lineage_table(title)
        self.table.setObjectName("lineage-table")
        self.table.row_activated.connect(self._open)
        self._as_table = Button(self.tr("Show as table"), kind="link")
        self._as_table.setObjectName("lineage-as-table")
        self._as_table.clicked.connect(self._toggle)
        self._said = label(muted=True, wrap=True)
        self._said.setObjectName("lineage-readout")
        self._more = label(muted=True)
        self._more.setObjectName("lineage-more")
        self._more.hide()
        self._stack = QStackedWidget()
        self._stack.addWidget(self._area)
        self._stack.addWidget(self.table)
        above = QHBoxLayout()
        above.addWidget(heading(title), 1)
        above.addWidget(self._as_table)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(above)
        column.addWidget(self._stack)
        column.addWidget(self._more)
        column.addWidget(self._said)

    def show_graph(self, graph: Graph) -> None:
        if graph == self._shown:
            return
        self._shown = graph
        near = nearest(graph, _MOST)
        self._canvas.set_graph(near)
        more = len(graph.nodes) - len(near.nodes)
        self._more.setText(
            self.tr("{0} things farther away are not drawn; the table has all of them.").format(
                f"{more:,}"
            )
        )
        self._more.setVisible(more > 0)
        self.table.set_rows(graph.nodes)
        chosen = [node for node in graph.nodes if node.key in graph.focus]
        if chosen:
            self._describe(chosen[0])
        self._take_height()
        # The boxes have their places once the page has been laid out.
        QTimer.singleShot(0, self, self._show_chosen)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._canvas.fit(self.width())
        self._show_chosen()

    def _take_height(self) -> None:
        """As high as the boxes need: who has less room scrolls all of it. The table scrolls."""
        boxes = self._canvas.minimumHeight() + _BAR_PX
        rows = ROW_HEIGHT * (len(self.table.rows()) + 2)
        self._stack.setFixedHeight(min(rows, _TABLE_PX) if self._stack.currentIndex() else boxes)

    def _show_chosen(self) -> None:
        if (chosen := self._canvas.chosen()) is not None:
            self._area.ensureWidgetVisible(chosen, 2 * _ACROSS, 0)

    def _bring_into_view(self, box: QWidget) -> None:
        """In every area around the boxes that scrolls."""
        area = box.parentWidget()
        while area is not None:
            if isinstance(area, QScrollArea):
                area.ensureWidgetVisible(box, 2 * _ACROSS, _DOWN)
            area = area.parentWidget()

    def _toggle(self) -> None:
        as_table = self._stack.currentIndex() == 0
        self._stack.setCurrentIndex(int(as_table))
        self._as_table.setText(self.tr("Show as boxes") if as_table else self.tr("Show as table"))
        self._take_height()

    def _open(self, node: Node) -> None:
        if (place := place_of(node)) is not None:
            self.opened.emit(*place)

    def _describe(self, node: Node) -> None:
        """Everything that a box has no room for, in one line below."""
        parts = [kind_title(node.kind), node.title, node.detail, local_time(node.at)]
        if node.by:
            parts.append(self.tr("by {0}").format(node.by))
        if node.sha256:
            parts.append(self.tr("SHA-256 {0}\u2026").format(node.sha256[:16]))
        self._said.setText(", ".join(part for part in parts if part))


class _Canvas(QWidget):
    """Lays the boxes out in columns and draws the arrows behind them."""

    focus_moved = Signal(QWidget)

    def __init__(
        self, open_: Callable[[str, object], object], describe: Callable[[Node], object]
    ) -> None:
        super().__init__()
        self._open, self._describe = open_, describe
        self._boxes: dict[str, LineageBox] = {}
        self._edges: tuple[tuple[str, str], ...] = ()
        self._places: dict[str, tuple[int, int]] = {}
        self._focus: frozenset[str] = frozenset()
        follow_theme(self, lambda _: self.update())

    def set_graph(self, graph: Graph) -> None:
        for old in self._boxes.values():
            old.hide()
            old.deleteLater()
        self._edges, self._focus = graph.edges, graph.focus
        self._places = places(graph)
        self._boxes = {
            node.key: LineageBox(self, node, chosen=node.key in graph.focus) for node in graph.nodes
        }
        for box in self._boxes.values():
            box.opened.connect(self._open)
            box.looked_at.connect(self._describe)
            box.moved.connect(self._move_focus)
            box.show()
        self.fit(self.width())

    def chosen(self) -> QWidget | None:
        return next((self._boxes[key] for key in self._focus if key in self._boxes), None)

    def fit(self, room: int) -> None:
        """Take as much width as there is; scroll where the boxes need more."""
        across = 1 + max((column for column, _ in self._places.values()), default=0)
        down = 1 + max((row for _, row in self._places.values()), default=0)
        least = (room - 2 * _EDGE - (across - 1) * _ACROSS) // across
        wide = max(_NARROW, min(_WIDE, least))
        for key, (column, row) in self._places.items():
            left, top = column * (wide + _ACROSS), row * (HIGH + _DOWN)
            self._boxes[key].place(QRect(_EDGE + left, _EDGE + top, wide, HIGH))
        width = across * (wide + _ACROSS) - _ACROSS + 2 * _EDGE
        self.setMinimumSize(width, down * (HIGH + _DOWN) - _DOWN + 2 * _EDGE)
        self.update()

    def paintEvent(self, _: QPaintEvent) -> None:
        theme, painter = app_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.color("border"), 1.5))
        for before, after in self._edges:
            start, end = self._boxes[before].geometry(), self._boxes[after].geometry()
            a = QPointF(start.right() + 1, start.center().y() + 0.5)
            b = QPointF(end.left() - 2, end.center().y() + 0.5)
            bend = max(_ACROSS / 2, (b.x() - a.x()) / 2)
            path = QPainterPath(a)
            path.cubicTo(a + QPointF(bend, 0), b - QPointF(bend, 0), b)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPath(path)
            painter.drawPolyline([b + QPointF(-5, -4), b, b + QPointF(-5, 4)])

    def _move_focus(self, box: LineageBox, key: int) -> None:
        """The arrow keys: left and right along the arrows, up and down within the column."""
        own = box.node.key
        column, row = self._places[own]
        if key == Qt.Key.Key_Left:
            near = [before for before, after in self._edges if after == own]
        elif key == Qt.Key.Key_Right:
            near = [after for before, after in self._edges if before == own]
        else:
            down = 1 if key == Qt.Key.Key_Down else -1
            near = [k for k, (c, r) in self._places.items() if c == column and (r - row) * down > 0]
        if near:
            goal = min(near, key=lambda other: abs(self._places[other][1] - row))
            self._boxes[goal].setFocus(Qt.FocusReason.OtherFocusReason)
            self.focus_moved.emit(self._boxes[goal])
