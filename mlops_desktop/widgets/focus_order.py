"""Tab through a window as one reads it: in the order of its layouts, not of its making.

Qt's own order is that in which widgets came to be, so what is filled in later comes last.
"""

from __future__ import annotations

from collections.abc import Iterator

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QLayout,
    QScrollArea,
    QSplitter,
    QStackedWidget,
    QWidget,
)

_MARGIN_PX = 12


def reading_order(within: QWidget) -> list[QWidget]:
    """What Tab stops at inside a widget, in order. An area that scrolls is a stop of its own only
    where nothing in it is one: the arrow keys scroll it then."""
    return list(_stops(within))


def move_focus(window: QWidget, *, forward: bool) -> bool:
    """Give the focus to what comes next, around the window; False where there is nothing."""
    order = reading_order(window)
    if not order:
        return False
    at = _place_of(focused(window), order)
    if at is None:
        step = 0 if forward else len(order) - 1
    else:
        step = (at + (1 if forward else -1)) % len(order)
    reason = Qt.FocusReason.TabFocusReason if forward else Qt.FocusReason.BacktabFocusReason
    order[step].setFocus(reason)
    _bring_into_view(order[step])
    return True


def focused(within: QWidget) -> QWidget | None:
    """What has the focus in the window; Qt's types say that there always is something."""
    return within.window().focusWidget()


def _stops(widget: QWidget) -> Iterator[QWidget]:
    inside = [stop for child in _children(widget) for stop in _stops(child)]
    tabbed = widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    own = bool(tabbed) and widget.isEnabled() and widget.focusProxy() is None
    if own and not (isinstance(widget, QScrollArea) and (inside or not _scrolls(widget))):
        yield widget
    yield from inside


def _children(widget: QWidget) -> list[QWidget]:
    """The children that are seen, in the order of the layout; then others from the top left."""
    if isinstance(widget, QStackedWidget):
        current = widget.currentWidget()
        found = [] if current is None else [current]
    elif isinstance(widget, QScrollArea):
        inside = widget.widget()
        found = [] if inside is None else [inside]
    elif isinstance(widget, QSplitter):
        parts = (widget.widget(number) for number in range(widget.count()))
        found = [part for part in parts if part is not None]
    else:
        found = list(_laid_out(widget.layout()))
        others = [
            child
            for child in widget.findChildren(
                QWidget, options=Qt.FindChildOption.FindDirectChildrenOnly
            )
            if child not in found
        ]
        found += sorted(others, key=lambda child: (child.y(), child.x()))
    return [child for child in found if child.isVisible() and not child.isWindow()]


def _laid_out(layout: QLayout | None) -> Iterator[QWidget]:
    for number in range(layout.count() if layout is not None else 0):
        assert layout is not None
        item = layout.itemAt(number)
        if item is None:
            continue
        if (widget := item.widget()) is not None:
            yield widget
        elif (inner := item.layout()) is not None:
            yield from _laid_out(inner)


def _scrolls(area: QScrollArea) -> bool:
    return area.verticalScrollBar().maximum() > 0 or area.horizontalScrollBar().maximum() > 0


def _place_of(now: QWidget | None, order: list[QWidget]) -> int | None:
    """Of the widget that has the focus, or of the stop that it is a part of."""
    while now is not None:
        if now in order:
            return order.index(now)
        now = now.parentWidget()
    return None


def _bring_into_view(widget: QWidget) -> None:
    """In every area around it that scrolls."""
    area = widget.parentWidget()
    while area is not None:
        if isinstance(area, QScrollArea):
            area.ensureWidgetVisible(widget, _MARGIN_PX, _MARGIN_PX)
        area = area.parentWidget()
