"""Tab goes through a window as one reads it, and never into a trap."""

from __future__ import annotations

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot

from mlops_desktop.widgets.focus_order import move_focus, reading_order
from mlops_desktop.widgets.page import scrolled


def named(kind: type[QWidget], name: str) -> QWidget:
    made = kind()
    made.setObjectName(name)
    return made


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    """Two rows: a, b, and below a page that scrolls with c to e, and f beside it. The widgets come
    to be in another order, and one page of the stack is not seen."""
    made = QWidget()
    column = QVBoxLayout(made)
    f = named(QPushButton, "f")
    above, below = QHBoxLayout(), QHBoxLayout()
    column.addLayout(above)
    column.addLayout(below)
    inside = QWidget()
    grid = QGridLayout(inside)
    area = scrolled(inside)
    below.addWidget(area)
    below.addWidget(f)
    above.addWidget(named(QPushButton, "a"))
    stack = QStackedWidget()
    stack.addWidget(named(QPushButton, "unseen"))
    stack.addWidget(named(QLineEdit, "b"))
    stack.setCurrentIndex(1)
    above.addWidget(stack)
    for row, name in enumerate("cde"):
        field = named(QSpinBox if name == "d" else QLineEdit, name)
        field.setMinimumHeight(90)
        grid.addWidget(field, row, 0)
    off = named(QPushButton, "off")
    off.setEnabled(False)
    column.addWidget(off)
    qtbot.addWidget(made)
    made.resize(300, 200)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def test_that_the_order_is_that_of_the_layouts(window: QWidget) -> None:
    assert [stop.objectName() for stop in reading_order(window)] == list("abcdef")


def test_that_tab_goes_around_and_back_again(window: QWidget, qtbot: QtBot) -> None:
    forward = []
    for _ in range(7):
        assert move_focus(window, forward=True)
        forward.append(window.focusWidget().objectName())
    assert forward == list("abcdefa")
    back = []
    for _ in range(3):
        assert move_focus(window, forward=False)
        back.append(window.focusWidget().objectName())
    assert back == list("fed")


def test_that_what_gets_the_focus_is_brought_into_view(window: QWidget, qtbot: QtBot) -> None:
    last = window.findChild(QLineEdit, "e")
    assert last is not None
    assert last.visibleRegion().isEmpty()
    last.setFocus(Qt.FocusReason.OtherFocusReason)
    move_focus(window, forward=False)
    move_focus(window, forward=True)
    assert window.focusWidget() is last
    qtbot.waitUntil(lambda: not last.visibleRegion().isEmpty())


def test_that_a_page_of_text_is_a_stop_so_that_keys_scroll_it(qtbot: QtBot) -> None:
    text = QWidget()
    text.setMinimumHeight(900)
    area = scrolled(text)
    holder = QWidget()
    QVBoxLayout(holder).addWidget(area)
    qtbot.addWidget(holder)
    holder.resize(200, 200)
    with qtbot.waitExposed(holder):
        holder.show()
    assert reading_order(holder) == [area]
