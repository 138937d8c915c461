"""The card around every chart: title, legend, readout, the same numbers as a table, and saving."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QPainter, QPaintEvent, QPen, QPixmap, QShowEvent
from PySide6.QtSvg import QSvgGenerator
from PySide6.QtWidgets import (
    QFileDialog,
    QGraphicsView,
    QLabel,
    QMenu,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QWidget,
)

from mlops_desktop.widgets.buttons import IconButton
from mlops_desktop.widgets.cards import Card, label
from mlops_desktop.widgets.row_table import Column, RowTable
from mlops_desktop.widgets.theme import Theme, app_theme, follow_theme

_Row = tuple[object, ...]
_SAVED_TITLE_PX = 36


class LegendEntry(NamedTuple):
    """style: a pen style for lines, or None for a filled square."""

    name: str
    color: QColor
    style: Qt.PenStyle | None = Qt.PenStyle.SolidLine


class Legend(QWidget):
    """Names beside a piece of their line, in one row; hidden while there is nothing to tell."""

    def __init__(self) -> None:
        super().__init__()
        self._entries: tuple[LegendEntry, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self.hide()

    def set_entries(self, entries: Sequence[LegendEntry]) -> None:
        if tuple(entries) != self._entries:
            self._entries = tuple(entries)
            self.setAccessibleName(", ".join(entry.name for entry in entries))
            self.setVisible(len(entries) > 1)
            self.update()

    def sizeHint(self) -> QSize:
        return QSize(100, 18)

    def paintEvent(self, _: QPaintEvent) -> None:
        theme, painter = app_theme(), QPainter(self)
        painter.setFont(theme.font(9))
        left = 0
        for entry in self._entries:
            if entry.style is None:
                painter.fillRect(left + 4, 4, 10, 10, entry.color)
            else:
                painter.setPen(QPen(entry.color, 2, entry.style))
                painter.drawLine(left, 9, left + 18, 9)
            painter.setPen(theme.color("muted"))
            width = painter.fontMetrics().horizontalAdvance(entry.name) + 2
            words = QRect(left + 24, 0, min(width, self.width() - left - 24), self.height())
            text = painter.fontMetrics().elidedText(
                entry.name, Qt.TextElideMode.ElideRight, words.width()
            )
            painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, text)
            left += 24 + width + 18


class PlotCard(Card):
    """A subclass puts its chart in by set_chart(), answers table() and draws in redraw().

    redraw() is only called while the card is visible: a hidden plot does nothing.
    """

    def __init__(self, title: str) -> None:
        self._menu_button = IconButton("ellipsis", "")
        super().__init__(title, actions=())
        self._stale = True
        self.readout = label(muted=True)
        self.readout.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.readout.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._fill_header()
        self.legend = Legend()
        self.body.addWidget(self.legend)
        self._stack = QStackedWidget()
        self._table: RowTable[_Row] | None = None
        self._empty = ""
        self._empty_page: QLabel | None = None
        self.body.addWidget(self._stack, 1)
        self.body.setContentsMargins(16, 8, 8, 8)
        self.body.setSpacing(4)
        self.set_title(title)
        follow_theme(self, self._restyle)

    def _fill_header(self) -> None:
        if self.header.count() == 0:
            self.header.addWidget(self.title)
            self.body.addLayout(self.header)
        while self.header.count() > 1:
            self.header.takeAt(1)
        self.header.addWidget(self.readout, 1)
        self.header.addWidget(self._menu_button)
        self._menu = QMenu(self)
        self._as_table = self._menu.addAction(self.tr("Show as table"))
        self._as_table.setCheckable(True)
        self._as_table.toggled.connect(self.show_table)
        self._menu.addSeparator()
        for kind in ("PNG", "SVG", "CSV"):
            action = self._menu.addAction(self.tr("Save as {0}…").format(kind))
            action.triggered.connect(lambda _=False, kind=kind: self._ask_where(kind.lower()))
        self._menu_button.setMenu(self._menu)
        self._menu_button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self._menu_button.setProperty("nomenu", True)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(lambda at: self._menu.popup(self.mapToGlobal(at)))

    def set_title(self, title: str) -> None:
        super().set_title(title)
        self.setAccessibleName(title)
        name = self.tr("Chart menu of {0}").format(title)
        self._menu_button.setAccessibleName(name)
        self._menu_button.setToolTip(self.tr("Table, save"))

    def set_readout(self, text: str) -> None:
        """What the crosshair or the chosen cell says, beside the title; elided if too long."""
        room = self.readout.width()
        self.readout.setText(
            self.readout.fontMetrics().elidedText(text, Qt.TextElideMode.ElideLeft, room)
        )
        self.readout.setToolTip(text)
        self._chart.setAccessibleDescription(text)

    def set_chart(self, chart: QWidget) -> None:
        chart.setAccessibleName(self.title.text())
        self._chart = chart
        self._stack.addWidget(chart)

    def say_empty(self, text: str) -> None:
        """Stand a sentence in the chart's place, why there is nothing to draw; empty: the chart."""
        if text != self._empty:
            self._empty = text
            if self._empty_page is None:
                self._empty_page = label(muted=True, wrap=True)
                self._empty_page.setAlignment(Qt.AlignmentFlag.AlignCenter)
                self._stack.addWidget(self._empty_page)
            self._empty_page.setText(text)
            self.show_table(self._as_table.isChecked())

    def table(self) -> tuple[Sequence[str], Sequence[_Row]]:
        """Column titles and rows of what the chart shows."""
        raise NotImplementedError

    def redraw(self) -> None:
        raise NotImplementedError

    def restyle(self, theme: Theme) -> None:
        """Take the theme's colours; called before the first redraw too."""

    def touch(self) -> None:
        """Say that the data changed: drawn now if visible, else when shown."""
        self._stale = True
        if self.isVisible():
            self._draw()

    def show_table(self, wanted: bool) -> None:
        self._as_table.setChecked(wanted)
        if wanted and self._table is None:
            self._table = RowTable((), self.title.text())
            self._stack.addWidget(self._table)
        if wanted:
            self._fill_table()
        chart = self._empty_page if self._empty and self._empty_page is not None else self._chart
        self._stack.setCurrentWidget(self._table if wanted and self._table is not None else chart)

    def save(self, path: Path) -> None:
        """Write a picture or the numbers; the suffix decides: .png, .svg or .csv."""
        kind = path.suffix.lower()
        self._draw()
        if kind == ".csv":
            titles, rows = self.table()
            with path.open("w", newline="", encoding="utf-8") as file:
                writer = csv.writer(file)
                writer.writerow(titles)
                writer.writerows(rows)
            return
        size = self._chart.size() + QSize(0, _SAVED_TITLE_PX)
        if kind == ".svg":
            drawing = QSvgGenerator()
            drawing.setFileName(str(path))
            drawing.setSize(size)
            drawing.setViewBox(QRect(QPoint(), size))
            drawing.setTitle(self.title.text())
            self._paint_saved(QPainter(drawing), size)
            return
        picture = QPixmap(size * 2)
        picture.setDevicePixelRatio(2)
        self._paint_saved(QPainter(picture), size)
        picture.save(str(path), "PNG")

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        if self._stale:
            self._draw()

    def _draw(self) -> None:
        self._stale = False
        self.redraw()
        if self._stack.currentWidget() is self._table:
            self._fill_table()

    def _fill_table(self) -> None:
        if self._table is not None:
            titles, rows = self.table()
            columns = [Column[_Row](t, lambda row, n=n: row[n]) for n, t in enumerate(titles)]  # type: ignore[misc]
            self._table.set_rows(())  # The old ones may be shorter than the new columns.
            self._table.set_columns(columns)
            self._table.set_rows(rows)

    def _restyle(self, theme: Theme) -> None:
        self.restyle(theme)
        self.touch()

    def _paint_saved(self, painter: QPainter, size: QSize) -> None:
        theme = app_theme()
        painter.fillRect(QRect(QPoint(), size), theme.color("surface"))
        painter.setFont(theme.font(weight=QFont.Weight.DemiBold))
        painter.setPen(theme.color("text"))
        place = QRect(12, 0, size.width() - 24, _SAVED_TITLE_PX)
        painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, self.title.text())
        if isinstance(self._chart, QGraphicsView):
            ground = QRectF(QPointF(0, _SAVED_TITLE_PX), self._chart.size())
            self._chart.render(painter, ground)
        else:
            self._chart.render(painter, QPoint(0, _SAVED_TITLE_PX))
        painter.end()

    def _ask_where(self, kind: str) -> None:
        dialog = QFileDialog(self, self.tr("Save the chart"), f"{self.title.text()}.{kind}")
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(kind)
        dialog.setNameFilter(f"{kind.upper()} (*.{kind})")
        dialog.fileSelected.connect(lambda path: self.save(Path(path)))
        dialog.open()
