"""Small parts: theme, icons, forms, tabs, toasts, the error box and the job row."""

from __future__ import annotations

import pytest
from PySide6.QtGui import QColor, QFont, QFontMetricsF, QGuiApplication
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QVBoxLayout, QWidget
from pytestqt.qtbot import QtBot

from mlops_desktop.core.errors import UserError
from mlops_desktop.resources import resource
from mlops_desktop.widgets.banner import Banner, ErrorBox
from mlops_desktop.widgets.buttons import CopyButton
from mlops_desktop.widgets.cards import Card
from mlops_desktop.widgets.cells import pill_colors
from mlops_desktop.widgets.forms import Field, Form
from mlops_desktop.widgets.icons import icon
from mlops_desktop.widgets.status_bar import StatusBar
from mlops_desktop.widgets.tabs import Tabs
from mlops_desktop.widgets.theme import CONTRAST, DARK, LIGHT, Mode, Theme, Tokens, app_theme
from mlops_desktop.widgets.toasts import Toasts


@pytest.fixture
def theme(qtbot: QtBot):
    theme = app_theme()
    yield theme
    theme.set_mode(Mode.LIGHT)


def contrast(one: QColor, two: QColor) -> float:
    """WCAG 2.2 contrast ratio, 1 to 21."""

    def luminance(color: QColor) -> float:
        parts = (color.redF(), color.greenF(), color.blueF())
        r, g, b = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
        return 0.2126 * r + 0.7152 * g + 0.0722 * b

    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("tokens", [LIGHT, DARK, CONTRAST], ids=lambda tokens: tokens.name)
def test_that_colours_can_be_read(tokens: Tokens):
    for ground in (tokens.background, tokens.surface, tokens.selection):
        assert contrast(QColor(tokens.text), QColor(ground)) >= 4.5
    for token in ("muted", "accent", "ok", "warn", "error"):
        assert contrast(QColor(getattr(tokens, token)), QColor(tokens.surface)) >= 4.5
    assert contrast(QColor(tokens.on_accent), QColor(tokens.accent)) >= 4.5
    for line in (tokens.border, *tokens.series):
        assert contrast(QColor(line), QColor(tokens.surface)) >= 3


@pytest.mark.parametrize("mode", [Mode.LIGHT, Mode.DARK, Mode.CONTRAST])
def test_that_pills_can_be_read(theme: Theme, mode: Mode):
    theme.set_mode(mode)
    for kind in ("ok", "warn", "error", "info", "neutral"):
        assert contrast(*pill_colors(theme, kind)) >= 4.5, kind


def test_that_a_change_of_mode_is_told_and_reaches_the_palette(theme: Theme, qtbot: QtBot):
    with qtbot.waitSignal(theme.changed):
        theme.set_mode(Mode.DARK)
    assert QGuiApplication.palette().base().color().name().upper() == DARK.surface


def test_that_inter_has_numerals_of_equal_width(theme: Theme):
    font = theme.font()
    assert font.family() == "Inter"
    assert QFontMetricsF(font).horizontalAdvance("111") == pytest.approx(
        QFontMetricsF(font).horizontalAdvance("000")
    )
    assert theme.font(weight=QFont.Weight.DemiBold).weight() == QFont.Weight.DemiBold


def test_that_every_icon_can_be_drawn(theme: Theme):
    names = [path.stem for path in resource("icons").glob("*.svg")]
    assert len(names) > 50
    assert all(not icon(name).isNull() for name in names)


def test_that_a_form_gives_typed_values_and_says_what_is_wrong(theme: Theme, qtbot: QtBot):
    form = Form(
        [
            Field("hour", "whole", low=0, high=23),
            Field("temp", "number", low=0, high=1),
            Field("season", "choice", choices=("spring", "summer")),
            Field("note", optional=True),
            Field("workingday", "yes_no"),
        ]
    )
    qtbot.addWidget(form)
    assert form.problems() == {"temp": "Type a number."}
    form.set_values({"hour": 8, "temp": 0.25, "season": "summer", "workingday": True})
    assert form.problems() == {}
    assert form.values() == {
        "hour": 8,
        "temp": 0.25,
        "season": "summer",
        "note": None,
        "workingday": True,
    }
    form.set_values({"temp": 3.0})
    assert form._notes["temp"].text() == "Outside of what was seen: 0 to 1."
    assert isinstance(form.editor("note"), QLineEdit)


def test_that_a_tab_is_built_when_first_shown(theme: Theme, qtbot: QtBot):
    built: list[str] = []
    tabs = Tabs("Views")
    qtbot.addWidget(tabs)
    tabs.add("Table", QWidget())
    tabs.add("Profile", lambda: (built.append("profile"), QWidget())[1])
    assert built == []
    with qtbot.waitSignal(tabs.shown):
        tabs.set_current(1)
    assert built == ["profile"]


def test_that_a_toast_leaves_the_focus_where_it_is(theme: Theme, qtbot: QtBot):
    window = QWidget()
    qtbot.addWidget(window)
    box = QLineEdit(window)
    with qtbot.waitExposed(window):
        window.show()
    box.setFocus()
    toasts = Toasts(window)
    for number in range(5):
        toasts.show(f"notice {number}", "ok", "Undo", lambda: None)
    assert toasts.texts() == ["notice 2", "notice 3", "notice 4"]
    assert window.focusWidget() is box


def test_that_the_error_box_shows_all_three_parts_and_copies_them(theme: Theme, qtbot: QtBot):
    error = UserError("Name already taken.", why="A model has it.", hint="Pick another.")
    box = ErrorBox(error)
    qtbot.addWidget(box)
    box.findChild(CopyButton).copy()
    assert QGuiApplication.clipboard().text() == str(error)
    box.show_error(None)
    assert box.isHidden()


def test_that_the_error_box_keeps_room_for_its_words_where_there_is_little(
    theme: Theme, qtbot: QtBot
):
    page = QWidget()
    qtbot.addWidget(page)
    column = QVBoxLayout(page)
    box, below = ErrorBox(), QPlainTextEdit()
    column.addWidget(box)
    column.addWidget(below, 1)
    page.resize(260, 200)
    page.show()
    box.show_error(UserError("A sentence " * 6, why="Its reason. " * 8, hint="What to do. " * 8))
    qtbot.waitUntil(lambda: box.height() == box.heightForWidth(box.width()))
    assert below.height() < box.height()


@pytest.mark.parametrize("mode", [Mode.LIGHT, Mode.DARK, Mode.CONTRAST])
def test_that_the_hint_in_an_empty_field_can_be_read(mode: Mode, theme: Theme, qtbot: QtBot):
    theme.set_mode(mode)
    field = QLineEdit(placeholderText="\N{FULL BLOCK}" * 8)
    qtbot.addWidget(field)
    field.resize(200, 32)
    image = field.grab().toImage()
    across = [image.pixelColor(x, 16) for x in range(20, 60)]
    assert max(contrast(color, theme.color("surface")) for color in across) >= 4.5


def test_that_the_icons_of_the_status_bar_follow_the_theme(theme: Theme, qtbot: QtBot):
    bar = StatusBar()
    qtbot.addWidget(bar)
    bar.set_problems(1, "1 alert")

    def ink() -> QColor:
        image = bar._problems.icon().pixmap(16, 16).toImage()
        colors = [image.pixelColor(x, y) for x in range(16) for y in range(16)]
        return max(colors, key=lambda color: color.alpha())

    theme.set_mode(Mode.LIGHT)
    light = ink()
    theme.set_mode(Mode.DARK)
    assert ink().lightness() > light.lightness()


def test_that_a_clickable_card_answers_the_keyboard(theme: Theme, qtbot: QtBot):
    card = Card("Data", clickable=True)
    qtbot.addWidget(card)
    card.show()
    card.activateWindow()
    card.setFocus()
    qtbot.waitUntil(card.hasFocus)
    with qtbot.waitSignal(card.clicked):
        qtbot.keyClick(card, " ")


def test_that_a_banner_can_be_dismissed(theme: Theme, qtbot: QtBot):
    banner = Banner("warn", "11 values are not numbers.", closable=True)
    qtbot.addWidget(banner)
    with qtbot.waitSignal(banner.closed):
        banner._close()
    assert banner.isHidden()
