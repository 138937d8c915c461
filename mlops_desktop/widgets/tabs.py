"""Underlined tabs over a stack of pages; a page may be built when it is first shown."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from mlops_desktop.widgets.theme import Theme, app_theme, follow_theme

_PADDING = 12


class TabBar(QTabBar):
    """The words in a row; the chosen one bold with a line under it. Left and right move."""

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.setDrawBase(False)
        self.setExpanding(False)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setUsesScrollButtons(True)
        self.setAccessibleName(name)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setMouseTracking(True)
        self._plain = app_theme().font()
        self._bold = app_theme().font(weight=QFont.Weight.DemiBold)
        self._colors: dict[str, QColor] = {}
        follow_theme(self, self._take_colors)

    def _take_colors(self, theme: Theme) -> None:
        self._colors = {name: theme.color(name) for name in ("text", "muted", "accent")}
        self.update()

    def tabSizeHint(self, index: int) -> QSize:  # noqa: N802 - Qt's name
        width = QFontMetrics(self._bold).horizontalAdvance(self.tabText(index))
        return QSize(width + 2 * _PADDING, 34)

    def minimumTabSizeHint(self, index: int) -> QSize:  # noqa: N802 - Qt's name
        return self.tabSizeHint(index)

    def paintEvent(self, _: QPaintEvent) -> None:
        painter = QPainter(self)
        at = self.mapFromGlobal(self.cursor().pos())
        for index in range(self.count()):
            rect = self.tabRect(index)
            chosen = index == self.currentIndex()
            strong = chosen or rect.contains(at)
            painter.setFont(self._bold if chosen else self._plain)
            painter.setPen(self._colors["text" if strong else "muted"])
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, self.tabText(index))
            if chosen:
                line = rect.adjusted(0, rect.height() - 2, 0, 0)
                painter.fillRect(line, self._colors["accent"])
                if self.hasFocus():
                    painter.setPen(self._colors["accent"])
                    painter.drawRoundedRect(rect.adjusted(1, 2, -2, -5), 4, 4)


class Tabs(QWidget):
    """add() a page or a function that makes one. shown(index) is emitted after a change."""

    shown = Signal(int)

    def __init__(self, name: str = "") -> None:
        super().__init__()
        self.bar = TabBar(name)
        self._stack = QStackedWidget()
        self._pages: list[QWidget] = []
        self._makers: dict[int, Callable[[], QWidget]] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self._above = QHBoxLayout()
        self._above.addWidget(self.bar, 1)
        column.addLayout(self._above)
        column.addWidget(self._stack, 1)
        self.bar.currentChanged.connect(self._show)

    def add(self, title: str, page: QWidget | Callable[[], QWidget]) -> int:
        """The index of the new tab. A page's own title should not repeat the tab's."""
        index = len(self._pages)
        if not isinstance(page, QWidget):
            self._makers[index] = page
            page = QWidget()
        self._pages.append(page)
        self._stack.addWidget(page)
        self.bar.addTab(title)
        return index

    def set_corner(self, widget: QWidget) -> None:
        """Stand a widget to the right of the words."""
        self._above.addWidget(widget)

    def current(self) -> int:
        return self.bar.currentIndex()

    def set_current(self, index: int) -> None:
        self.bar.setCurrentIndex(index)

    def page(self, index: int) -> QWidget:
        """The page, which is built now if it was not."""
        if (make := self._makers.pop(index, None)) is not None:
            old, self._pages[index] = self._pages[index], make()
            self._stack.insertWidget(index, self._pages[index])
            self._stack.removeWidget(old)
            old.deleteLater()
        return self._pages[index]

    def set_title(self, index: int, title: str) -> None:
        self.bar.setTabText(index, title)

    def _show(self, index: int) -> None:
        if index >= 0:
            self._stack.setCurrentWidget(self.page(index))
            self.shown.emit(index)
