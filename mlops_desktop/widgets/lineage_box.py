"""One box of a lineage, painted, so that forty of them are made in a moment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from PySide6.QtCore import QRect, QRectF, Qt, Signal
from PySide6.QtGui import (
    QAction,
    QEnterEvent,
    QFocusEvent,
    QFont,
    QFontMetrics,
    QGuiApplication,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QWidget

from mlops_desktop.core.lineage import Kind, Node
from mlops_desktop.widgets.buttons import IconButton
from mlops_desktop.widgets.icons import pixmap
from mlops_desktop.widgets.lineage_table import kind_title, place_of, short_title
from mlops_desktop.widgets.theme import app_theme, follow_theme
from mlops_desktop.widgets.times import ago

HIGH = 104
_ICONS = {
    Kind.FILE: "file-text",
    Kind.DATA: "database",
    Kind.RECIPE: "wand-sparkles",
    Kind.RUN: "flask-conical",
    Kind.MODEL: "package-check",
    Kind.DEPLOYMENT: "server",
}
_COPY_PX = 22
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter


class LineageBox(QWidget):
    """opened(panel, argument): clicked, or Enter. looked_at(node): under the pointer or focused.
    moved(box, key): an arrow key was pressed."""

    opened = Signal(str, object)
    looked_at = Signal(object)
    moved = Signal(object, int)

    def __init__(self, parent: QWidget, node: Node, *, chosen: bool) -> None:
        super().__init__(parent)
        self.node = node
        self._chosen, self._place = chosen, place_of(node)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setAttribute(Qt.WidgetAttribute.WA_Hover)
        self.setObjectName(f"lineage-{node.key}")
        self.setAccessibleName(f"{kind_title(node.kind)} {node.title}, {node.detail}")
        self.setToolTip(f"<qt>{escape(node.title)}<br>{escape(node.detail)}</qt>")
        if self._place is not None:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        self._copy = self._copy_button() if node.sha256 else None
        self._add_actions()
        follow_theme(self, lambda _: self.update())

    def _copy_button(self) -> IconButton:
        name = self.tr("Copy the SHA-256 of {0} ({1}\u2026)").format(
            short_title(self.node), self.node.sha256[:12]
        )
        button = IconButton("copy", name, self._copy_hash)
        button.setProperty("small", True)
        button.setParent(self)
        button.setFixedSize(_COPY_PX, _COPY_PX)
        return button

    def _add_actions(self) -> None:
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        if self._place is not None:
            self._add_action(self.tr("Open"), self._open)
        clipboard = QGuiApplication.clipboard()
        self._add_action(self.tr("Copy the name"), lambda: clipboard.setText(self.node.title))
        if self.node.sha256:
            self._add_action(self.tr("Copy the SHA-256"), self._copy_hash)

    def _add_action(self, text: str, run: Callable[[], object]) -> None:
        action = QAction(text, self)
        action.triggered.connect(lambda: run())  # noqa: PLW0108 - Qt's `checked` ends here
        self.addAction(action)

    def place(self, area: QRect) -> None:
        self.setGeometry(area)
        if self._copy is not None:
            self._copy.move(self.width() - _COPY_PX - 6, self.height() - _COPY_PX - 6)

    def paintEvent(self, _: QPaintEvent) -> None:
        theme, painter = app_theme(), QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        hovered = self.underMouse() and self._place is not None
        edge = "accent" if self._chosen or self.hasFocus() else "border" if hovered else "divider"
        wide = 2.0 if self.hasFocus() else 1.0
        painter.setPen(QPen(theme.color(edge), wide))
        painter.setBrush(theme.color("selection" if self._chosen else "surface"))
        inset = wide / 2
        ground = QRectF(self.rect()).adjusted(inset, inset, -inset, -inset)
        painter.drawRoundedRect(ground, 6, 6)
        token = "muted" if self.node.gone else "accent"
        icon = pixmap(_ICONS[self.node.kind], token, 16, self.devicePixelRatioF())
        painter.drawPixmap(10, 8, icon)
        room = self.width() - 20
        small = theme.font(9)
        kind = kind_title(self.node.kind, short=True)
        self._write(painter, QRect(32, 6, room - 22, 20), (kind,), "muted", small)
        title = theme.font(weight=QFont.Weight.DemiBold)
        self._write(painter, QRect(10, 26, room, 20), (short_title(self.node),), "text", title)
        lines = two_lines(self.node.detail, QFontMetrics(small), room)
        self._write(painter, QRect(10, 45, room, 16), lines, "muted", small)
        left = room - (_COPY_PX if self._copy is not None else 0)
        self._write(painter, QRect(10, 80, left, 18), (ago(self.node.at),), "muted", small)

    def _write(
        self, painter: QPainter, area: QRect, lines: Sequence[str], token: str, font: QFont
    ) -> None:
        """Each line below the one before. Too long ones lose their middle: ends tell most."""
        painter.setFont(font)
        painter.setPen(app_theme().color(token))
        for number, text in enumerate(lines):
            shown = painter.fontMetrics().elidedText(
                text, Qt.TextElideMode.ElideMiddle, area.width()
            )
            painter.drawText(area.translated(0, number * area.height()), _LEFT, shown)

    def _open(self) -> None:
        if self._place is not None:
            self.opened.emit(*self._place)

    def _copy_hash(self) -> None:
        QGuiApplication.clipboard().setText(self.node.sha256)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        self.looked_at.emit(self.node)

    def enterEvent(self, event: QEnterEvent) -> None:
        super().enterEvent(event)
        self.looked_at.emit(self.node)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        inside = self.rect().contains(event.position().toPoint())
        if inside and event.button() == Qt.MouseButton.LeftButton:
            self._open()
        super().mouseReleaseEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        match event.key():
            case Qt.Key.Key_Left | Qt.Key.Key_Right | Qt.Key.Key_Up | Qt.Key.Key_Down:
                self.moved.emit(self, event.key())
            case Qt.Key.Key_Return | Qt.Key.Key_Enter | Qt.Key.Key_Space:
                self._open()
            case _:
                super().keyPressEvent(event)


def two_lines(text: str, metrics: QFontMetrics, width: int) -> tuple[str, ...]:
    """As many words as fit on the first line, the others on the second."""
    if metrics.horizontalAdvance(text) <= width:
        return (text,)
    words = text.split(" ")
    first = 1
    while metrics.horizontalAdvance(" ".join(words[: first + 1])) <= width:
        first += 1
    lines = (" ".join(words[:first]), " ".join(words[first:]))
    return tuple(line for line in lines if line)
