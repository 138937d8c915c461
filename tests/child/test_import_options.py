"""What a user wants of a file goes before every guess: options, a table, a query, a sheet."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from mlops_desktop.blobs import inputs
from mlops_desktop.blobs.readers import formats
from mlops_desktop.blobs.readers.preview import preview
from mlops_desktop.core.datasets import ColumnType, ImportOptions
from mlops_desktop.core.errors import UserError
from tests.odd_files import Values, database, workbook, written


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ({"delimiter": ";"}, {"a,b": [1.5, 2.5]}),
        ({"header": False}, {"column_1": ["a", "1", "2"], "column_2": ["b", "5", "5"]}),
        ({"types": {"b": ColumnType.NUMBER}}, {"a": [1, 2], "b": [5.0, 5.0]}),
        ({"encoding": "latin-1"}, {"a": [1, 2], "b": [5, 5]}),
        ({"format": "tsv", "delimiter": ","}, {"a": [1, 2], "b": [5, 5]}),
    ],
)
def test_that_every_guess_can_be_overruled(
    tmp_path: Path, options: dict[str, Any], values: Values
) -> None:
    path = written(tmp_path, b"a,b\n1,5\n2,5\n")
    table, reading = formats.read_all(path, ImportOptions(**options))
    assert table.to_pydict() == values
    for name, value in options.items():
        if name in ("delimiter", "header", "types"):
            assert getattr(reading.options, name) == value


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"format": "xml"}, "no format 'xml'.*csv"),
        ({"encoding": "klingon"}, "no encoding 'klingon'"),
        ({"encoding": "rot13"}, "no encoding 'rot13'"),
        ({"encoding": "ascii"}, "is not written in ascii"),
        ({"delimiter": "ab"}, "'ab' cannot be a delimiter"),
        ({"decimal": "x"}, "'x' cannot be a decimal mark"),
        ({"thousands": "x"}, "'x' cannot separate thousands"),
        ({"decimal": ",", "thousands": ","}, "cannot be the decimal mark and separate"),
        ({"types": {"nope": ColumnType.TEXT}}, "no column 'nope'"),
    ],
)
def test_that_an_option_that_makes_no_sense_is_said(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    path = written(tmp_path, "a,b\nKöln,5\n".encode())
    with pytest.raises(UserError, match=message):
        formats.read_all(path, ImportOptions(**options))


DATABASE = database(
    "CREATE TABLE one (a, b)",
    "INSERT INTO one VALUES (1, 'x'), (2, 'y'), (3, 'z')",
    "CREATE TABLE two (c)",
    "INSERT INTO two VALUES (9)",
    "CREATE VIEW three AS SELECT a FROM one",
)


@pytest.mark.parametrize(
    ("options", "values"),
    [
        ({"table": "two"}, {"c": [9]}),
        ({"table": "three"}, {"a": [1, 2, 3]}),
        (
            {"query": "SELECT b, a * 2 AS d FROM one ORDER BY a DESC"},
            {"b": list("zyx"), "d": [6, 4, 2]},
        ),
        ({"query": "WITH q AS (SELECT 1 AS k) SELECT * FROM q; -- end"}, {"k": [1]}),
        ({"query": "SELECT ';' AS s, a AS \"x;y\" FROM one WHERE a = 1"}, {"s": [";"], "x;y": [1]}),
    ],
)
def test_that_a_table_or_a_query_of_a_database_can_be_chosen(
    tmp_path: Path, options: dict[str, Any], values: Values
) -> None:
    path = written(tmp_path, DATABASE, "some.db")
    table, _ = formats.read_all(path, ImportOptions(**options))
    assert table.to_pydict() == values


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"query": "DELETE FROM one"}, "does not begin with SELECT"),
        ({"query": "SELECT 1; DROP TABLE one"}, "more than one statement"),
        ({"query": "SELECT 1) UNION SELECT (2"}, "has no partner"),
        ({"query": "SELECT 'open"}, "has no partner"),
        ({"query": "WITH q AS (SELECT 1) DELETE FROM one"}, "cannot be read .* syntax error"),
        ({"query": "SELECT nope FROM one"}, "no such column: nope"),
        ({"query": "ATTACH 'x.db' AS x"}, "does not begin with SELECT"),
        ({"query": "PRAGMA journal_mode=DELETE"}, "does not begin with SELECT"),
        ({"table": "four"}, "no table 'four'.*'one'"),
        ({"table": "one", "query": "SELECT 1"}, "Give one of the two"),
    ],
)
def test_that_anything_but_one_select_is_refused_and_changes_nothing(
    tmp_path: Path, options: dict[str, Any], message: str
) -> None:
    path = written(tmp_path, DATABASE, "some.db")
    before = path.read_bytes()
    with pytest.raises(UserError, match=message):
        formats.read_all(path, ImportOptions(**options))
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["some.db"]


def test_that_a_database_with_a_log_is_read_without_files_beside_it(tmp_path: Path) -> None:
    path = written(tmp_path, database("PRAGMA journal_mode=WAL", "CREATE TABLE t (a)"), "w.db")
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO t VALUES (1)")
    connection.commit()
    connection.close()
    table, _ = formats.read_all(path, ImportOptions())
    assert table.to_pydict() == {"a": [1]}
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["w.db"]


def test_that_a_sheet_can_be_chosen_and_others_are_named(tmp_path: Path) -> None:
    sheets = workbook(("One", [["a"], [1]]), ("Two", [["b"], ["x"]]))
    path = written(tmp_path, sheets, "w.xlsx")
    assert formats.read_all(path, ImportOptions(sheet="Two"))[0].to_pydict() == {"b": ["x"]}
    [guess] = [g for g in preview(path, ImportOptions()).guesses if g.option == "sheet"]
    assert (guess.value, guess.choices) == ("One", ("One", "Two"))
    with pytest.raises(UserError, match=r"no sheet 'Three'.*'One', 'Two'"):
        formats.read_all(path, ImportOptions(sheet="Three"))


@pytest.mark.parametrize(
    ("data", "options", "price", "told"),
    [
        ("id;price\n1;1.234\n2;12.500\n3;900\n", {}, 1.234, "Read with decimals"),
        ("id;price\n1;1,234\n2;12,500\n3;900\n", {}, 1.234, "Read with decimals"),
        ("id;price\n1;1.234\n2;12.500\n", {"thousands": "."}, 1234, ""),
        ("id;price\n1;1.234\n2;12.500\n", {"decimal": "."}, 1.234, ""),
        ("id;price\n1;1.234\n2;12.5\n", {}, 1.234, ""),
        ("id;price\n1;1.234\n2;0.500\n", {}, 1.234, ""),
        ("id;price\n1;1.234\n2;1.234.500\n", {}, 1234, ""),
        ("id;price;vat\n1;1.234;1,5\n2;12.500;2,5\n", {}, 1234, ""),
        ("id,price\n1,1.234\n2,12.500\n", {}, 1.234, ""),
        ('id,price\n1,"1,234"\n2,"12,500"\n', {}, 1234, ""),
        ("id;price\n1;1.234\n2;12.500\n", {"types": {"price": ColumnType.TEXT}}, "1.234", ""),
    ],
)
def test_that_numbers_whose_mark_may_separate_thousands_are_told(
    tmp_path: Path, data: str, options: dict[str, Any], price: object, told: str
) -> None:
    path = written(tmp_path, data.encode())
    table, reading = formats.read_all(path, ImportOptions(**options))
    assert table["price"][0].as_py() == price
    seen = preview(path, ImportOptions(**options))
    if not told:
        assert not reading.warnings
        return
    [warning] = reading.warnings
    assert warning.columns == ("price",)
    assert told in warning.what
    assert "1,000 times too small" in warning.fix
    [why] = [guess.why for guess in seen.guesses if guess.option == "decimal"]
    assert "fit with decimals and with thousands" in why


@pytest.mark.parametrize(
    ("line", "encoding", "mark"),
    [
        ("sep=;\r\n", "utf-8", ";"),
        ("SEP=;;\n", "utf-8-sig", ";"),
        ('"sep=;"\r\n', "cp1252", ";"),
        ("sep=\t\n", "utf-16", "\t"),
        ("sep=^\n", "utf-8", "^"),
    ],
)
def test_that_the_line_of_excel_that_names_the_delimiter_is_followed(
    tmp_path: Path, line: str, encoding: str, mark: str
) -> None:
    text = f"{line}name,x{mark}price\nKöln{mark}1\n" + f"Bonn,y{mark}2\n" * 300_000
    path = written(tmp_path, text.encode(encoding))
    table, reading = formats.read_all(path, ImportOptions())
    assert table.column_names == ["name,x", "price"]
    assert table.num_rows == 300_001
    assert table.slice(0, 1).to_pydict() == {"name,x": ["Köln"], "price": [1]}
    seen = preview(path, ImportOptions())
    assert [column.name for column in seen.columns] == ["name,x", "price"]
    [guess] = [guess for guess in seen.guesses if guess.option == "delimiter"]
    assert (guess.value, guess.why) == (mark, f"The first line of the file says so: sep={mark}")
    again, _ = formats.read_all(path, reading.options)
    assert again.equals(table)
    assert inputs.texts(path).column_names == ["name,x", "price"]


def test_that_errors_count_the_line_that_names_the_delimiter(tmp_path: Path) -> None:
    path = written(tmp_path, b"sep=;\na;b\n1;2\n3;4;5\n")
    with pytest.raises(UserError, match="has 3 cells") as error:
        formats.read_all(path, ImportOptions())
    assert error.value.why == "It ends in line 4 of the file."
    with pytest.raises(UserError, match="is empty"):
        formats.read_all(written(tmp_path, b"sep=;\n"), ImportOptions())


def test_that_a_table_of_one_column_may_begin_so_too(tmp_path: Path) -> None:
    table, _ = formats.read_all(written(tmp_path, b"sep=x\n1\n2\n"), ImportOptions())
    assert table.to_pydict() == {"sep=x": [1, 2]}


@pytest.mark.parametrize(
    ("query", "names", "renamed"),
    [
        ("SELECT * FROM a JOIN b ON a.id = b.id", ["id", "x", "id_2", "y"], ["id_2"]),
        ("SELECT id, id, id, x AS id_2 FROM a", ["id", "id_3", "id_4", "id_2"], ["id_3", "id_4"]),
        ('SELECT id, x AS "id:1" FROM a', ["id", "id:1"], []),
    ],
)
def test_that_a_query_with_names_twice_is_told_as_in_a_csv_file(
    tmp_path: Path, query: str, names: list[str], renamed: list[str]
) -> None:
    tables = database(
        "CREATE TABLE a (id, x)",
        "INSERT INTO a VALUES (1, 2)",
        "CREATE TABLE b (id, y)",
        "INSERT INTO b VALUES (1, 3)",
    )
    table, reading = formats.read_all(written(tmp_path, tables), ImportOptions(query=query))
    assert table.column_names == names
    assert [warning.columns for warning in reading.warnings] == [(name,) for name in renamed]
    assert all("Two columns are called" in warning.what for warning in reading.warnings)


@pytest.mark.parametrize(
    ("above", "table", "options"),
    [
        ("Sales of 2025\n", "name,price\nA,1\nB,2\n", {}),
        ("# made by a tool, on 3 May, at night\n# v1\n", "name,price\nA,1\nB,2\n", {}),
        ("Umsatz, in Euro\r\n\r\n", "name;price\r\nA;1.5\r\nB;2.5\r\n", {}),
        ("Sales\n", "name\tprice\nA\t1\n", {"delimiter": "\t"}),
        ("sep=;\nSales\n", "name;price\nA;1\n", {}),
        ("# texts only\n", "name,place\nA,x\n", {}),
        ("# the names follow\n", "#name,place\nA,1\n", {}),
    ],
)
def test_that_titles_above_a_table_are_left_out_and_said(
    tmp_path: Path, above: str, table: str, options: dict[str, Any]
) -> None:
    wanted, _ = formats.read_all(written(tmp_path, table.encode()), ImportOptions(**options))
    path = written(tmp_path, (above + table).encode())
    found, reading = formats.read_all(path, ImportOptions(**options))
    assert found.equals(wanted)
    assert formats.read_all(path, reading.options)[0].equals(wanted)
    assert inputs.texts(path, ImportOptions(**options)).column_names == wanted.column_names
    [why] = [
        guess.why for guess in preview(path, ImportOptions()).guesses if guess.option == "header"
    ]
    assert "Left out above it:" in why


@pytest.mark.parametrize(
    ("data", "names"),
    [
        ("a;b\n1,5;2,5\n2,5;3,5\n", ["a", "b"]),
        ("#id,name\n1,A\n2,B\n", ["#id", "name"]),
        ("note\nfirst; one\nsecond; two\n", ["note"]),
        ("note\nfirst\nsecond\n", ["note"]),
        ('"long\nname",b\n1,2\n3,4\n', ["long\nname", "b"]),
    ],
)
def test_that_a_header_is_not_taken_for_a_title(
    tmp_path: Path, data: str, names: list[str]
) -> None:
    table, reading = formats.read_all(written(tmp_path, data.encode()), ImportOptions())
    assert table.column_names == names
    assert not any("Left out" in guess.why for guess in reading.guesses)


@pytest.mark.parametrize("data", ["Sales\nname,place\nA,x\n", "price\n1,5\n2,5\n"])
def test_that_what_may_be_a_title_is_said_to_seem_one(tmp_path: Path, data: str) -> None:
    path = written(tmp_path, data.encode())
    with pytest.raises(UserError, match="seems to be a title or a comment") as error:
        formats.read_all(path, ImportOptions())
    assert error.value.why == "It is one cell, and line 2 has 2."
    assert "Delete the lines above the names" in error.value.hint
