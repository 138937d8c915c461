"""`data preview`, `data add` and `data append` with the options that say how a file is read."""

from __future__ import annotations

import json
import sqlite3
import subprocess
from collections import Counter
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from tests.end2end.command import Command


@pytest.fixture
def run(workspace_dir: Path) -> Command:
    return Command(workspace_dir)


@pytest.fixture
def prices(tmp_path: Path) -> Path:
    file = tmp_path / "prices.csv"
    file.write_text("Datum;Preis\n03.04.2026;1.234,50\n04.04.2026;7,5\n", encoding="cp1252")
    return file


def test_that_a_file_is_looked_at_added_and_appended_to(run: Command, prices: Path) -> None:
    seen = run("data", "preview", prices)
    guesses = {guess["option"]: guess["value"] for guess in seen["guesses"]}
    assert (guesses["delimiter"], guesses["decimal"], guesses["thousands"]) == (";", ",", ".")
    assert seen["rows"] == [["2026-04-03", 1234.5], ["2026-04-04", 7.5]]
    text = run.ask("data", "preview", prices).out
    assert "Semicolons cut each of the first rows into 2 cells." in text
    made = run("data", "add", prices, "--name", "prices", "--month-first", "--type", "Preis=text")
    assert made["rows"] == 2
    shown = run("data", "show", "prices")
    assert [column["type"] for column in shown["schema"]] == ["datetime", "text"]
    assert shown["source"]["detail"]["options"]["day_first"] is False
    assert run("data", "append", "prices", prices, "--month-first")["rows"] == 4


def test_that_rows_that_do_not_fit_are_refused(run: Command, prices: Path, tmp_path: Path) -> None:
    run("data", "add", prices, "--name", "prices")
    other = tmp_path / "other.csv"
    other.write_text("Datum;Menge\n03.04.2026;1\n", encoding="utf-8")
    error = run("data", "append", "prices", other, code=2)["error"]
    assert "lacks 'Preis', and it has 'Menge' besides" in error["what"]
    assert run("data", "append", "nothing", prices, code=2)["error"]["what"].startswith("There is")


def test_that_a_query_of_a_database_is_added(run: Command, tmp_path: Path) -> None:
    file = tmp_path / "shop.db"
    connection = sqlite3.connect(file)
    connection.execute("CREATE TABLE sale (id INTEGER, town TEXT, amount REAL)")
    connection.executemany("INSERT INTO sale VALUES (?, ?, ?)", [(1, "Bonn", 2.5), (2, "Ulm", 3)])
    connection.commit()
    connection.close()
    query = "SELECT town, amount FROM sale WHERE amount > 2.6"
    assert run("data", "add", file, "--name", "sales", "--query", query)["rows"] == 1
    assert run("data", "add", file, "--name", "sales", "--query", "DROP TABLE sale", code=2)


@pytest.mark.parametrize(
    ("option", "says"),
    [("--type", "'x' is not COLUMN=TYPE"), ("--delimiter", "No such option|cannot be|delimiter")],
)
def test_that_an_option_that_makes_no_sense_is_exit_code_2(
    run: Command, prices: Path, option: str, says: str
) -> None:
    value = "x" if option == "--type" else "ab"
    error = run("data", "add", prices, "--name", "p", option, value, code=2)["error"]["what"]
    assert any(part in error for part in says.split("|"))


def test_that_of_two_appends_at_once_no_row_is_lost(run: Command, tmp_path: Path) -> None:
    files = []
    for number in range(3):
        rows = "".join(f"{number},{row}\n" for row in range(2_000))
        files.append(tmp_path / f"part-{number}.csv")
        files[-1].write_text(f"part,row\n{rows}", encoding="utf-8")
    run("data", "add", files[0], "--name", "rows")
    both = [
        subprocess.Popen(
            [*run.start, "data", "append", "rows", str(file), "--json"], stdout=subprocess.PIPE
        )
        for file in files[1:]
    ]
    told = [json.loads(process.communicate()[0]) for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted(made["version"] for made in told) == [2, 3]
    run("data", "export", "rows@3", tmp_path / "all.parquet")
    counted = Counter(pq.read_table(tmp_path / "all.parquet")["part"].to_pylist())
    assert counted == {0: 2_000, 1: 2_000, 2: 2_000}
    run("fsck")
