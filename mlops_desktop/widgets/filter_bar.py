"""The line above a filtered table: how many rows fit, what was asked, and ways back."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QWidget

from mlops_desktop.widgets.buttons import Button, link, secondary
from mlops_desktop.widgets.cards import label

_WIDEST, _GAP = 260, 6
_SHOWN_AFTER_MS = 300  # What is done sooner needs no bar.


class FilterBar(QWidget):
    """removed(column): a chip was clicked. cleared, keep_wanted, stopped: the buttons were."""

    removed = Signal(str)
    cleared = Signal()
    keep_wanted = Signal()
    stopped = Signal()

    def __init__(self) -> None:
        super().__init__()
        self.count = label()
        self.count.setObjectName("rows-fitting")
        self._chips = _Chips()
        self._chips.clicked.connect(self.removed)
        self.clear = link(self.tr("Clear"), self.cleared.emit)
        self.clear.setObjectName("clear-filters")
        self.clear.setAccessibleName(self.tr("Clear all filters and the order"))
        self.keep = secondary(self.tr("Keep only these rows"), "list-filter", self.keep_wanted.emit)
        self.keep.setObjectName("keep-only-these-rows")
        self.keep.setToolTip(self.tr("Add a step to Cleaning that keeps the rows that fit"))
        self._progress = QProgressBar(textVisible=False)
        self._progress.setFixedWidth(120)
        self._progress.setAccessibleName(self.tr("Looking through the rows"))
        self._stop = link(self.tr("Stop"), self.stopped.emit)
        self._stop.setObjectName("stop-filter")
        across = QHBoxLayout(self)
        across.setContentsMargins(0, 0, 0, 0)
        across.setSpacing(8)
        across.addWidget(self.count)
        across.addWidget(self._chips, 1)
        across.addWidget(self.clear)
        across.addWidget(self._progress)
        across.addWidget(self._stop)
        across.addWidget(self.keep)
        self._later = QTimer(self, interval=_SHOWN_AFTER_MS, singleShot=True)
        self._later.timeout.connect(lambda: self._show_work(shown=True))
        self._any = False
        self.show_filters("", (), filtered=False)
        self._show_work(shown=False)

    def show_filters(self, count: str, chips: Sequence[tuple[str, str]], *, filtered: bool) -> None:
        """count: how many rows fit, in words. chips: (column, what is asked of it)."""
        self._any = bool(chips)
        self.count.setText(count)
        self._chips.set_texts(chips)
        self.keep.setVisible(filtered)
        self.clear.setVisible(self._any)
        self.setVisible(self._any or self._progress.isVisibleTo(self))

    def show_progress(self, fraction: float | None) -> None:
        """Work goes on; the bar appears if it takes long."""
        self._progress.setRange(0, 0 if fraction is None else 1000)
        self._progress.setValue(round(1000 * (fraction or 0)))
        if not self._later.isActive() and not self._progress.isVisibleTo(self):
            self._later.start()

    def end_progress(self) -> None:
        self._later.stop()
        self._show_work(shown=False)

    def _show_work(self, *, shown: bool) -> None:
        self._progress.setVisible(shown)
        self._stop.setVisible(shown)
        self.setVisible(self._any or shown)


class _Chips(QWidget):
    """As many as there is room for; the others are counted."""

    clicked = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._chips: list[Button] = []
        self._texts: tuple[tuple[str, str], ...] = ()
        self._more = label(muted=True)
        self._more.setParent(self)
        self._more.hide()

    def set_texts(self, chips: Sequence[tuple[str, str]]) -> None:
        for chip in self._chips:
            chip.hide()
            chip.deleteLater()
        self._texts = tuple(chips)
        self._chips = [self._made(column, text) for column, text in chips]
        self._place()

    def sizeHint(self) -> QSize:
        return QSize(80, 26)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._place()

    def _made(self, column: str, text: str) -> Button:
        metrics = self.fontMetrics()
        shown = metrics.elidedText(text, Qt.TextElideMode.ElideMiddle, _WIDEST - 40)
        chip = Button(shown, "x", kind="chip")
        chip.setText(f"{shown.replace('&', '&&')} ")
        chip.setParent(self)
        chip.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # The cross stands on the right.
        chip.setAccessibleName(self.tr("Remove the filter {0}").format(text))
        chip.setObjectName(f"chip-{column}")
        chip.setIconSize(QSize(12, 12))
        chip.clicked.connect(lambda: self.clicked.emit(column))
        return chip

    def _place(self) -> None:
        left, fitting = 0, 0
        more = self.fontMetrics().horizontalAdvance(self.tr("+{0} more").format(99)) + 8
        for number, chip in enumerate(self._chips):
            width = chip.sizeHint().width()
            room = self.width() - (more if number < len(self._chips) - 1 else 0)
            if left + width > room:
                break
            chip.setGeometry(left, (self.height() - 26) // 2, width, 26)
            left += width + _GAP
            fitting += 1
        for number, chip in enumerate(self._chips):
            chip.setVisible(number < fitting)
        rest = len(self._chips) - fitting
        self._more.setText(self.tr("+{0} more").format(rest))
        others = "<br>".join(escape(text) for _, text in self._texts[fitting:])
        self._more.setToolTip(f"<qt>{others}</qt>")
        self._more.setGeometry(left, 0, more, self.height())
        self._more.setVisible(rest > 0)
