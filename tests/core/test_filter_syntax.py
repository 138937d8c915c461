"""The shorthand of the filter row: what it means, and what it says of mistakes."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.expressions import parse as parse_expression
from mlops_desktop.core.filter_syntax import exactly, parse
from mlops_desktop.core.table_filters import (
    NOTHING,
    Contains,
    Equals,
    FilterError,
    Missing,
    Span,
    Starts,
    condition,
)

INTEGER, NUMBER = Column("n", ColumnType.INTEGER), Column("x", ColumnType.NUMBER)
TEXT, DATE = Column("city", ColumnType.TEXT), Column("day", ColumnType.DATETIME)
FLAG = Column("open", ColumnType.BOOLEAN)
ALL = (INTEGER, NUMBER, TEXT, DATE, FLAG)


def test_that_blanks_ask_nothing():
    assert all(parse(column, "  ") is None for column in ALL)


@pytest.mark.parametrize(
    ("column", "text", "test", "words"),
    [
        (INTEGER, ">5", Span(low=6), "> 5"),
        (INTEGER, "< 1.5", Span(high=1), "< 1.5"),
        (INTEGER, "1.5", NOTHING, "= 1.5"),
        (INTEGER, ">9e30", NOTHING, "> 9e30"),
        (INTEGER, "<9e30", Span(), "< 9e30"),
        (INTEGER, "1,000..2,000", Span(1000, 2000), "from 1,000 to 2,000"),
        (NUMBER, "..2.5", Span(high=2.5), "<= 2.5"),
        (NUMBER, ">2.5", Span(low=2.5, low_in=False), "> 2.5"),
        (TEXT, "Rome", Contains("Rome"), "contains Rome"),
        (TEXT, '"empty"', Contains("empty"), "contains empty"),
        (TEXT, "^Ro", Starts("Ro"), "starts with Ro"),
        (TEXT, "=Rome", Equals("Rome"), "= Rome"),
        (TEXT, '""', Equals(""), "= (no text)"),
        (TEXT, "empty", Missing(), "is empty"),
        (TEXT, 'a"b', Contains('a"b'), 'contains a"b'),
        (TEXT, "a]; DROP TABLE x--", Contains("a]; DROP TABLE x--"), "contains a]; DROP TABLE x--"),
        (TEXT, '>"m"', Span(low="m", low_in=False), "> m"),
        (FLAG, "TRUE", Equals(True), "= yes"),
    ],
)
def test_that_a_text_means_one_test(column: Column, text: str, test: object, words: str):
    found = parse(column, text)
    assert found is not None
    assert (found.tests, found.negated, found.words) == ((test,), False, words)


def test_that_bars_part_alternatives_but_not_in_quotes():
    found = parse(TEXT, ' "a|b" | c|empty|')
    assert found is not None
    assert found.tests == (Equals("a|b"), Equals("c"), Missing())
    assert found.words == "= a|b or = c or is empty"
    none = parse(TEXT, "!=a|b")
    assert none is not None
    assert (none.tests, none.negated) == ((Equals("a"), Equals("b")), True)
    assert none.words == "is none of a, b"


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("2024", "`day` >= '2024-01-01' and `day` < '2025-01-01'"),
        ("2024-02", "`day` >= '2024-02-01' and `day` < '2024-03-01'"),
        (">2024-02", "`day` >= '2024-03-01'"),
        ("<=2024-02-28", "`day` < '2024-02-29'"),
        ("2024-12-31..", "`day` >= '2024-12-31'"),
        ("2023-12..2024-1", "`day` >= '2023-12-01' and `day` < '2024-02-01'"),
        ("2024-02-03 4:05", "`day` >= '2024-02-03 04:05:00' and `day` < '2024-02-03 04:06:00'"),
        (">9999", "`day` is missing and `day` is not missing"),
    ],
)
def test_that_a_date_stands_for_all_of_its_period(text: str, where: str):
    found = parse(DATE, text)
    assert found is not None
    assert found.condition == where.replace("`", "")


@pytest.mark.parametrize(
    ("column", "text", "says"),
    [
        (INTEGER, ">", "A value is missing behind >."),
        (INTEGER, "many", "many is no number."),
        (NUMBER, "5..1", "it starts above its end"),
        (NUMBER, "^5", "^ looks at the start of a text"),
        (NUMBER, "1e999", "too large"),
        (NUMBER, "1|!=2", "!= comes first"),
        (TEXT, "|", "| needs a value."),
        (TEXT, ">5", "Read it as numbers first"),
        (TEXT, "1..5", "no range of numbers"),
        (FLAG, "maybe", "yes or no, not maybe"),
        (FLAG, ">1", "yes or no, not >1"),
        (DATE, "2024-02-30", "2024-02-30 is no date."),
        (DATE, "yesterday", "Write 2024-01-31"),
        (DATE, "2024..x", "x is no date."),
    ],
)
def test_that_a_mistake_is_told_in_words(column: Column, text: str, says: str):
    with pytest.raises(FilterError) as caught:
        parse(column, text)
    assert says in str(caught.value)
    assert caught.value.column == column.name


@given(text=st.text(max_size=30), column=st.sampled_from(ALL))
def test_that_any_text_is_read_or_refused_in_words(text: str, column: Column):
    try:
        found = parse(column, text)
    except FilterError as error:
        said = error.what and error.hint
    else:
        said = found.words if found is not None else "nothing"
    assert said


@given(text=st.text(max_size=30), column=st.sampled_from(ALL), name=st.text(min_size=1, max_size=9))
def test_that_every_filter_can_become_a_step(text: str, column: Column, name: str):
    try:
        found = parse(Column(name, column.type), text)
    except FilterError:
        return
    if found is not None:
        parse_expression(condition([found, found]))


@given(value=st.none() | st.text(max_size=20))
@example("0..0")
def test_that_a_text_of_a_cell_can_be_asked_for(value: str | None):
    found = parse(TEXT, exactly(TEXT, value))
    assert found is not None
    assert found.tests == ((Missing(),) if value is None else (Equals(value),))


def test_that_other_cells_can_be_asked_for():
    assert exactly(NUMBER, 0.1) == "=0.1"
    assert exactly(NUMBER, float("nan")) == "empty"
    assert exactly(FLAG, False) == "=no"
    assert exactly(DATE, "2024-01-31 10:00:00") == "=2024-01-31 10:00:00"


def test_that_odd_names_and_texts_are_quoted_in_steps():
    odd = parse(Column("a]; DROP TABLE x--", ColumnType.TEXT), '=it\'s|"x"')
    tick = parse(Column("a`b", ColumnType.NUMBER), ">0.5")
    assert odd is not None
    assert tick is not None
    assert condition([odd, tick]) == "`a]; DROP TABLE x--` in ('it''s', 'x') and `a``b` > 0.5"
