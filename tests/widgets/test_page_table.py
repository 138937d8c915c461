"""The table of any size asks for pages and shows them when they come."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
from pytestqt.qtbot import QtBot

from mlops_desktop.widgets.page_table import PAGE_ROWS, PageColumn, PageTable, Rows

COLUMNS = (PageColumn("row", number=True), PageColumn("name"))


class Source:
    def __init__(self) -> None:
        self.asked: list[tuple[int, int, Callable[[Rows], None]]] = []

    def fetch(self, first: int, count: int, done: Callable[[Rows], None]) -> None:
        self.asked.append((first, count, done))

    def answer(self) -> None:
        for first, count, done in self.asked:
            done([(row, None if row % 2 else f"n{row}") for row in range(first, first + count)])


@pytest.fixture
def source() -> Source:
    return Source()


@pytest.fixture
def table(qtbot: QtBot, source: Source) -> PageTable:
    table = PageTable("Rows")
    qtbot.addWidget(table)
    table.resize(400, 300)
    table.set_source(COLUMNS, 1_000_000, source.fetch)
    with qtbot.waitExposed(table):
        table.show()
    return table


def test_that_a_placeholder_gives_way_to_the_page(table: PageTable, source: Source, qtbot: QtBot):
    assert table.pages.cell(0, 0).text == "\u2026"
    qtbot.waitUntil(lambda: bool(source.asked))
    assert source.asked[0][:2] == (0, PAGE_ROWS)
    source.answer()
    assert table.pages.cell(0, 1) == ("n0", False, False, "", False)
    assert table.pages.cell(1, 1).muted
    assert table.pages.cell(1, 0).right


def test_that_jumping_far_asks_only_for_what_is_seen(
    table: PageTable, source: Source, qtbot: QtBot
):
    qtbot.waitUntil(lambda: bool(source.asked))
    table.show_row(777_777)
    qtbot.waitUntil(lambda: len(source.asked) >= 2)
    assert len(source.asked) <= 4
    assert any(first <= 777_777 < first + count for first, count, _ in source.asked)


def test_that_a_late_page_of_an_old_source_is_dropped(
    table: PageTable, source: Source, qtbot: QtBot
):
    qtbot.waitUntil(lambda: bool(source.asked))
    table.set_source(COLUMNS, 10, lambda first, count, done: None)
    source.answer()
    assert table.pages.cell(0, 0).text == "\u2026"


def test_that_nan_is_missing(table: PageTable, qtbot: QtBot):
    table.set_source(COLUMNS, 1, lambda first, count, done: done([(math.nan, "x")]))
    qtbot.waitUntil(lambda: table.pages.cell(0, 1).text == "x")
    assert table.pages.cell(0, 0).muted
