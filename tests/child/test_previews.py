"""A preview reads the first rows only, and says why it reads them so."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_desktop.blobs.readers import cutbook, formats
from mlops_desktop.blobs.readers.preview import preview
from mlops_desktop.core.datasets import ImportOptions
from mlops_desktop.core.errors import UserError
from tests.odd_files import workbook, written


def test_that_a_preview_parses_the_first_rows_of_a_large_sheet_only(tmp_path: Path) -> None:
    rows: list[list[object]] = [
        [n, n / 4, f"a text of some length, number {n}"] for n in range(50_000)
    ]
    sheets = workbook(
        ("Small", [["a"], [1]]), ("Large", [["Made by hand"], ["n", "x", "t"], *rows])
    )
    path = written(tmp_path, sheets, "large.xlsx")
    book = cutbook.cut(path, 1200)
    assert book is not None
    assert len(book.getvalue()) < path.stat().st_size / 20
    seen = preview(path, ImportOptions(sheet="Large"))
    assert (seen.sampled, seen.width, len(seen.rows)) == (True, 3, 100)
    assert seen.rows[99] == (99, 24.75, "a text of some length, number 99")
    [sheet] = [guess for guess in seen.guesses if guess.option == "sheet"]
    assert sheet.choices == ("Small", "Large")
    assert preview(path, ImportOptions()).columns[0].name == "a"
    whole, _ = formats.read_all(path, ImportOptions(sheet="Large"))
    assert whole.num_rows == 50_000
    [column] = [column for column in seen.columns if column.name == "x"]
    assert column.type.value == "number"


def test_that_every_guess_has_a_reason(tmp_path: Path) -> None:
    path = written(tmp_path, b"day;price\n03.04.2026;1,5\n13.04.2026;2,5\n")
    seen = preview(path, ImportOptions())
    assert {g.option: g.value for g in seen.guesses} == {
        "format": "csv",
        "encoding": "utf-8",
        "delimiter": ";",
        "header": True,
        "decimal": ",",
        "thousands": "",
        "day_first": True,
    }
    assert all(guess.why for guess in seen.guesses)
    [dates] = [g.why for g in seen.guesses if g.option == "day_first"]
    assert "only with the day first (first: row 2, '13.04.2026')" in dates


def test_that_a_preview_tells_of_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    short = preview(written(tmp_path, b'a,b\n1,x\n2,"y\n3,z\n'), ImportOptions())
    assert short.failure is not None
    assert short.failure.what == 'A quote (") in row 2 of odd.csv is never closed.'
    assert [guess.option for guess in short.guesses][:3] == ["format", "encoding", "delimiter"]
    rows = "".join(f"{n},some text\n" for n in range(60_000))
    early = written(tmp_path, f'a,b\n1,x\n2,"y\n{rows}'.encode())
    seen = preview(early, ImportOptions())
    assert [problem.what for problem in seen.problems] == [
        'A quote (") in row 2 is open for many lines.'
    ]
    with pytest.raises(UserError, match=r"in row 2 of odd\.csv is never closed"):
        formats.read_all(early, ImportOptions())
    fine = written(tmp_path, f'a,b\n1,x\n2,"y\n\n\nz"\n{rows}'.encode())
    assert preview(fine, ImportOptions()).problems == ()
