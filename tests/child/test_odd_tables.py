"""Odd files: each gives an exact table or an error that says where, the same in a preview."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from mlops_desktop.actions import datasets
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.blobs.readers import formats
from mlops_desktop.blobs.readers.preview import preview
from mlops_desktop.core.datasets import ImportOptions, ImportSpec
from mlops_desktop.core.errors import UserError
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.odd_files import Made, Values, database, parquet, workbook, written

at = datetime.fromisoformat
EXACT: dict[str, tuple[Made, Values]] = {
    "byte order mark": (b"\xef\xbb\xbfa,b\n1,x\n", {"a": [1], "b": ["x"]}),
    "utf-16": ("a;b\n1;Köln\n".encode("utf-16"), {"a": [1], "b": ["Köln"]}),
    "utf-16 without a mark": ("a,b\n1,x\n".encode("utf-16-be"), {"a": [1], "b": ["x"]}),
    "utf-32": ("a,b\n1,x\n".encode("utf-32"), {"a": [1], "b": ["x"]}),
    "latin-1": ("a,b\n1,Köln\n".encode("latin-1"), {"a": [1], "b": ["Köln"]}),
    "semicolons": (b"a;b\n1;x,y\n", {"a": [1], "b": ["x,y"]}),
    "tabs": (b"a\tb\n1\tx\n", {"a": [1], "b": ["x"]}),
    "bars": (b"a|b\n1|x\n", {"a": [1], "b": ["x"]}),
    "old Mac line ends": (b"a,b\r1,x\r", {"a": [1], "b": ["x"]}),
    "quoted newlines": (b'a,b\n1,"x\ny"\n', {"a": [1], "b": ["x\ny"]}),
    "doubled quotes": (b'a,b\n1,"say ""hi"""\n', {"a": [1], "b": ['say "hi"']}),
    "duplicate names": (b"a,a,b\n1,2,x\n", {"a": [1], "a_2": [2], "b": ["x"]}),
    "unicode twins": (
        "caf\u00e9,cafe\u0301\n1,x\n".encode(),
        {"café": [1], "café_2": ["x"]},
    ),
    "a name that is empty": (b"a,,c\n1,2,x\n", {"a": [1], "column_2": [2], "c": ["x"]}),
    "no header": (b"1,x\n2,y\n3,z\n", {"column_1": [1, 2, 3], "column_2": ["x", "y", "z"]}),
    "years as names": (b"2019,2020,2021\n1,2,3\n", {"2019": [1], "2020": [2], "2021": [3]}),
    "mixed types": (b"a,b\n1,x\ntwo,y\n", {"a": ["1", "two"], "b": ["x", "y"]}),
    "blanks among numbers": (b"a,b\n1,x\n ,y\nNA,z\n", {"a": [1, None, None], "b": list("xyz")}),
    "decimal commas": (b"a;b\n1,5;x\n-2,25;y\n", {"a": [1.5, -2.25], "b": ["x", "y"]}),
    "decimal commas in quotes": (b'a,b\n"1,5",x\n"2,25",y\n', {"a": [1.5, 2.25], "b": list("xy")}),
    "thousands": (
        b'a,b\n"1,234.50",x\n"12,345,678",y\n7,z\n',
        {"a": [1234.5, 12345678.0, 7.0], "b": list("xyz")},
    ),
    "thousands with points": (
        b"a;b\n1.234,50;12.345\n7,5;1.000\n",
        {"a": [1234.5, 7.5], "b": [12345, 1000]},
    ),
    "thousands with spaces": (
        "a;b\n1\u00a0234,5;x\n12\u202f345;y\n".encode(),
        {"a": [1234.5, 12345.0], "b": ["x", "y"]},
    ),
    "thousands with apostrophes": (b"a;b\n1'234.5;x\n", {"a": [1234.5], "b": ["x"]}),
    "zeros before a code": (b"a,b\n007,1\n012,2\n", {"a": ["007", "012"], "b": [1, 2]}),
    "huge whole numbers": (
        b"a,b\n9223372036854775808,1\n",
        {"a": ["9223372036854775808"], "b": [1]},
    ),
    "days first": (
        b"a,b\n31/12/2026,1\n01/02/2026,2\n",
        {"a": [at("2026-12-31"), at("2026-02-01")], "b": [1, 2]},
    ),
    "months first, twelve hours": (
        b"a,b\n12/31/2026 11:05 PM,1\n1/2/26 12:00 AM,2\n",
        {"a": [at("2026-12-31T23:05"), at("2026-01-02")], "b": [1, 2]},
    ),
    "dates of 1900 and 9999": (
        b"a,b\n0001-01-01,1\n9999-12-31,2\n",
        {"a": [at("0001-01-01"), at("9999-12-31")], "b": [1, 2]},
    ),
    "a year that is none": (b"a,b\n0000-01-01,1\n", {"a": ["0000-01-01"], "b": [1]}),
    "one column": (b"a\n1\n\n3\n", {"a": [1, None, 3]}),
    "formulas": (b"a,b\n=1+1,x\n@SUM(A1),y\n", {"a": ["=1+1", "@SUM(A1)"], "b": ["x", "y"]}),
    "json lines": (
        b'{"a": 1, "b": "x"}\n\n{"b": "y", "c": [1]}\n',
        {"a": [1, None], "b": ["x", "y"], "c": [None, "[1]"]},
    ),
    "json of mixed types": (
        b'{"a": 1, "b": true}\n{"a": "n/a", "b": null}\n{"a": 2.5, "b": false}\n',
        {"a": [1.0, None, 2.5], "b": [True, None, False]},
    ),
    "json of huge numbers": (
        b'{"a": 123456789012345678901, "b": 9007199254740993}\n{"a": 1, "b": 1}\n',
        {"a": ["123456789012345678901", "1"], "b": [9007199254740993, 1]},
    ),
    "json of long numbers beside decimals": (
        b'{"a": 9007199254740993}\n{"a": 0.5}\n',
        {"a": ["9007199254740993", "0.5"]},
    ),
    "json with a byte order mark": (b'\xef\xbb\xbf{"a": 1}\n{"a": 2}', {"a": [1, 2]}),
    "json over many lines": (
        json.dumps([{"a": 1, "b": {"c": None}}, {"a": 2, "b": None}], indent=2).encode(),
        {"a": [1, 2], "b": ['{"c": null}', None]},
    ),
    "json of dates": (
        b'{"a": "2026-01-31T10:00:00Z"}\n{"a": "2026-02-01"}\n',
        {"a": [at("2026-01-31T10:00"), at("2026-02-01")]},
    ),
    "json of numbers in quotes": (b'{"a": "1"}\n{"a": "2"}\n', {"a": ["1", "2"]}),
    "a workbook": (
        workbook(("Sheet", [["a", "b", "c"], [1, "x", True], [2.5, None, None]])),
        {"a": [1.0, 2.5], "b": ["x", None], "c": [True, None]},
    ),
    "a workbook with titles": (
        workbook(("S", [["Sales of May"], [None], ["id", "name", "size"], [1, "x", 2]])),
        {"id": [1], "name": ["x"], "size": [2]},
    ),
    "a workbook whose first sheet is empty": (
        workbook(("Empty", []), ("Full", [["a", "b"], ["007", 1], ["x", 2]])),
        {"a": ["007", "x"], "b": [1, 2]},
    ),
    "a workbook of mixed types": (
        workbook(("S", [["a", "b"], [1, 1], ["n/a", 2], [3, 3]])),
        {"a": [1, None, 3], "b": [1, 2, 3]},
    ),
    "a database": (
        database("CREATE TABLE t (a, b, c)", "INSERT INTO t VALUES (1, 2.5, 'x'), (2, 3, NULL)"),
        {"a": [1, 2], "b": [2.5, 3.0], "c": ["x", None]},
    ),
    "a database of mixed types": (
        database(
            "CREATE TABLE t (a, b)",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000) "
            "INSERT INTO t SELECT i, i FROM n",
            "UPDATE t SET a = 'n/a' WHERE b = 2999",
            "UPDATE t SET a = 0.1 WHERE b = 3000",
            "DELETE FROM t WHERE b BETWEEN 3 AND 2998",
        ),
        {"a": [1.0, 2.0, None, 0.1], "b": [1, 2, 2999, 3000]},
    ),
    "a database whose texts come late": (
        database(
            "CREATE TABLE t (a)",
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000) "
            "INSERT INTO t SELECT NULL FROM n",
            "INSERT INTO t VALUES ('late')",
        ),
        {"a": [*[None] * 2000, "late"]},
    ),
    "names of tables and columns": (
        database('CREATE TABLE "a""b; x" ("c""d" INT)', 'INSERT INTO "a""b; x" VALUES (7)'),
        {'c"d': [7]},
    ),
}


@pytest.mark.parametrize("case", EXACT)
def test_that_an_odd_file_gives_an_exact_table(tmp_path: Path, case: str) -> None:
    made, values = EXACT[case]
    path = written(tmp_path, made)
    table, _ = formats.read_all(path, ImportOptions())
    assert table.to_pydict() == values
    seen = preview(path, ImportOptions())
    assert seen.failure is None
    assert [column.name for column in seen.columns] == list(values)
    assert len(seen.rows) == min(100, table.num_rows)


ERRORS: dict[str, tuple[Made, str]] = {
    "nothing": (b"", "odd.csv is empty"),
    "blank lines": (b"\n \n", "odd.csv is empty"),
    "header only": (b"a,b\n", "has a header and no rows"),
    "a row too short": (b"a,b\n1,2\n3\n", "Row 2 of odd.csv has 1 cells where the header has 2"),
    "a row too long": (b"a,b\n1,2\n3,4,5\n", "Row 2 of odd.csv has 3 cells"),
    "a row too long, no header": (b"5,2\n3,4\n5,6,7\n", "Row 3 .* where the first row has 2"),
    "a quote without an end": (b'a,b\n1,2\n3,"open\n4,5\n', "Row 2|never closed"),
    "zeros": (b"a,b\n\x00\x01\x02\x00", "not a text file"),
    "a zip archive": (b"PK\x03\x04....", "zip archive or a damaged Excel workbook"),
    "gzip": (b"\x1f\x8b....", "gzip"),
    "a pickle": (b"\x80\x04cos\nsystem\n", "pickle"),
    "a pdf": (b"%PDF-1.7", "PDF"),
    "no parquet": (b"PAR1....", "damaged or no parquet file"),
    "no database": (b"SQLite format 3\0....", "cannot be read as a SQLite database"),
    "no old workbook": (b"\xd0\xcf\x11\xe0....", "damaged or no workbook"),
    "an empty workbook": (workbook(("S", [])), "All sheets of odd.csv are empty"),
    "a workbook with a header only": (workbook(("S", [["a", "b"]])), "odd.csv has no rows"),
    "an empty database": (database(), "empty|no table"),
    "a database without tables": (
        database("CREATE TABLE t (a)", "DROP TABLE t"),
        "holds no table",
    ),
    "a table without rows": (database("CREATE TABLE t (a)"), "there are no rows"),
    "bytes in a database": (
        database("CREATE TABLE t (a)", "INSERT INTO t VALUES (1), (x'00')"),
        "Row 2 of column 'a' of odd.csv holds bytes",
    ),
    "json that breaks off": (b'{"a": 1}\n{"a": \n', "Line 2 of odd.csv is not JSON"),
    "json of lists": (b'{"a": 1}\n[2]\n', "Line 2 of odd.csv is no JSON object"),
    "a json list that breaks off": (b'[{"a": 1}, {"a": 2}', "never closed"),
    "a json list of numbers": (b'[{"a": 1}, 2]', "Row 2 of odd.csv is no JSON object"),
    "json of half a letter": (b'{"a": "\\ud800"}\n{"a": "x"}\n', "Column 'a' .* no text"),
    "no columns": (parquet(pa.table({})), "no columns|damaged"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_that_a_broken_file_is_refused_with_its_place(tmp_path: Path, case: str) -> None:
    made, message = ERRORS[case]
    path = written(tmp_path, made)
    with pytest.raises(UserError, match=message):
        formats.read_all(path, ImportOptions())
    try:
        seen = preview(path, ImportOptions())
    except UserError:
        return
    # Only all rows tell that a quote is never closed.
    assert seen.failure is not None or case == "a quote without an end"


@pytest.fixture
def store(workspace_dir: Path) -> Any:
    store = Store.open(Workspace(workspace_dir))
    yield store
    store.close()


@pytest.mark.parametrize(
    "case", ["a row too long", "bytes in a database", "a json list of numbers"]
)
def test_that_nothing_is_half_imported(store: Store, tmp_path: Path, case: str) -> None:
    path = written(tmp_path, ERRORS[case][0])
    with pytest.raises(UserError, match=ERRORS[case][1]):
        datasets.import_file(DirectLane(store), ImportSpec(str(path), "odd"))
    assert datasets.list_datasets(store) == []
    assert not list(store.workspace.objects.glob("*/*"))
    assert not list(store.workspace.tmp.iterdir())


def test_that_ten_thousand_columns_are_looked_at_and_read(tmp_path: Path) -> None:
    line = ",".join(str(n) for n in range(10_000))
    names = ",".join(f"c{n}" for n in range(10_000))
    path = written(tmp_path, f"{names}\n{line}\n{line}\n".encode())
    seen = preview(path, ImportOptions())
    assert (seen.width, len(seen.columns), len(seen.rows)) == (10_000, 200, 2)
    table, _ = formats.read_all(path, ImportOptions())
    assert table.column("c9999").to_pylist() == [9999, 9999]
