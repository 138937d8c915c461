"""The header over a table's columns, painted by hand.

Qt's style sheets clip right-aligned titles beside a sort arrow, as of 6.11.
"""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QHeaderView, QWidget

from mlops_desktop.widgets.icons import pixmap
from mlops_desktop.widgets.theme import app_theme

_PADDING, _ARROW, _HEIGHT, _NOTED_HEIGHT = 8, 12, 32, 46
NOTE_ROLE = Qt.ItemDataRole.UserRole  # Of a model's header: a small second line.


class Header(QHeaderView):
    """A bold muted title in line with its cells; the arrow stands on the title's inner side."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(True)
        self.setHighlightSections(False)

    def sizeHint(self) -> QSize:
        noted = self.count() and self.model().headerData(0, Qt.Orientation.Horizontal, NOTE_ROLE)
        return QSize(super().sizeHint().width(), _NOTED_HEIGHT if noted else _HEIGHT)

    def direction(self, section: int) -> bool | None:
        """True where the rows are sorted by it with the greatest first, None where they are not
        sorted by it."""
        if not self.isSortIndicatorShown() or self.sortIndicatorSection() != section:
            return None
        return self.sortIndicatorOrder() == Qt.SortOrder.DescendingOrder

    def paintSection(  # noqa: N802 - Qt's name
        self,
        painter: QPainter,
        rect: QRect,
        logicalIndex: int,  # noqa: N803 - Qt's name
    ) -> None:
        painter.save()
        painter.fillRect(rect, app_theme().color("surface"))
        painter.setPen(app_theme().color("divider"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        self.paint_title(painter, rect, logicalIndex)
        painter.restore()

    def paint_title(self, painter: QPainter, rect: QRect, section: int, rank: str = "") -> None:
        """The title with its note and its arrow. rank: stands beside the arrow."""
        theme, model = app_theme(), self.model()
        sides = model.headerData(
            section, Qt.Orientation.Horizontal, Qt.ItemDataRole.TextAlignmentRole
        )
        right = bool(Qt.AlignmentFlag(sides or 0) & Qt.AlignmentFlag.AlignRight)
        inner = rect.adjusted(_PADDING, 0, -_PADDING, 0)
        side = Qt.AlignmentFlag.AlignRight if right else Qt.AlignmentFlag.AlignLeft
        note = model.headerData(section, Qt.Orientation.Horizontal, NOTE_ROLE)
        if note:
            below = inner.adjusted(0, inner.height() // 2, 0, -5)
            inner.adjust(0, 5, 0, -inner.height() // 2)
            painter.setFont(theme.font(8.5))
            painter.setPen(theme.color("muted"))
            note = painter.fontMetrics().elidedText(
                str(note), Qt.TextElideMode.ElideRight, below.width()
            )
            painter.drawText(below, side | Qt.AlignmentFlag.AlignVCenter, note)
        descending = self.direction(section)
        arrow = _ARROW + 4 if descending is not None else 0
        painter.setFont(theme.font(8.5))
        beside = painter.fontMetrics().horizontalAdvance(rank) + 2 if rank else 0
        painter.setFont(theme.font(weight=QFont.Weight.DemiBold))
        title = str(model.headerData(section, Qt.Orientation.Horizontal) or "")
        title = painter.fontMetrics().elidedText(
            title, Qt.TextElideMode.ElideRight, inner.width() - arrow - beside
        )
        painter.setPen(theme.color("text" if descending is not None or note else "muted"))
        painter.drawText(inner, side | Qt.AlignmentFlag.AlignVCenter, title)
        if descending is None:
            return
        width = painter.fontMetrics().horizontalAdvance(title)
        left = inner.right() - width - arrow - beside + 1 if right else inner.left() + width + 4
        picture = pixmap("chevron-down" if descending else "chevron-up", "text", _ARROW, 2.0)
        painter.drawPixmap(left, inner.center().y() - _ARROW // 2 + 1, picture)
        if rank:
            painter.setFont(theme.font(8.5))
            ranked = QRect(left + _ARROW, inner.top(), beside, inner.height())
            painter.drawText(ranked, Qt.AlignmentFlag.AlignVCenter, rank)
