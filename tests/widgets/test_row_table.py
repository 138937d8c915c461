"""Sorting, filtering and selecting in the table of frozen rows."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pytest
from pytestqt.qtbot import QtBot

from mlops_desktop.widgets.row_table import Column, RowTable


@dataclass(frozen=True, slots=True)
class Run:
    number: int
    name: str
    score: float | None


RUNS = (Run(1, "forest", 41.2), Run(2, "Linear", None), Run(3, "boosting", 38.4))
COLUMNS = (
    Column[Run]("run", lambda run: run.number),
    Column[Run]("algorithm", lambda run: run.name),
    Column[Run]("RMSE", lambda run: run.score),
)


@pytest.fixture
def table(qtbot: QtBot) -> RowTable[Run]:
    table = RowTable(COLUMNS, "Runs", key=lambda run: run.number, multiple=True)
    qtbot.addWidget(table)
    table.set_rows(RUNS)
    return table


def test_that_missing_values_come_last_in_both_directions(table: RowTable[Run]):
    table.sort_by(2)
    assert [run.number for run in table.rows()] == [3, 1, 2]
    table.sort_by(2, descending=True)
    assert [run.number for run in table.rows()] == [1, 3, 2]


def test_that_text_sorts_without_regard_to_case(table: RowTable[Run]):
    table.sort_by(1)
    assert [run.name for run in table.rows()] == ["boosting", "forest", "Linear"]


def test_that_a_filter_wants_every_word(table: RowTable[Run]):
    table.set_filter("41 FOR")
    assert [run.number for run in table.rows()] == [1]
    table.set_filter("")
    assert len(table.rows()) == 3


def test_that_selection_survives_new_rows_a_sort_and_a_filter(table: RowTable[Run]):
    table.select([3])
    table.sort_by(2)
    table.set_rows((Run(4, "ridge", 1.0), *RUNS[:2], Run(3, "boosting", 50.0)))
    assert table.selected_rows() == (Run(3, "boosting", 50.0),)
    table.set_filter("boost")
    assert [run.number for run in table.selected_rows()] == [3]


def test_that_a_selection_that_is_gone_is_told(table: RowTable[Run], qtbot: QtBot):
    table.select([3])
    with qtbot.waitSignal(table.selection_changed) as told:
        table.set_rows(RUNS[:2])
    assert told.args == [()]


def test_that_ten_thousand_rows_of_a_hundred_columns_sort_and_filter_fast(qtbot: QtBot):
    columns = [Column[tuple[float, ...]](f"c{i}", lambda row, i=i: row[i]) for i in range(100)]
    table = RowTable(columns, "Many")
    qtbot.addWidget(table)
    table.resize(1000, 600)
    table.show()
    table.set_rows([tuple(float(r * 7919 % 10_007 + c) for c in range(100)) for r in range(10_000)])
    qtbot.waitUntil(lambda: not table._rows._idle.isActive(), timeout=20_000)
    start = time.perf_counter()
    table.sort_by(50)
    sorting = time.perf_counter() - start
    start = time.perf_counter()
    table.set_filter("77")
    filtering = time.perf_counter() - start
    assert sorting < 1.0
    assert filtering < 1.0
