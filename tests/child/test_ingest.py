"""Reading files of every odd kind: an exact table, or an error that says where."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from mlops_desktop.blobs import exports, manifests
from mlops_desktop.child.ingest import ingest
from mlops_desktop.child.runner import Reporter
from mlops_desktop.core.errors import UserError
from mlops_desktop.paths import Workspace
from tests.stored import store_table

at = datetime.fromisoformat
Read = tuple[dict[str, list[Any]], dict[str, str], list[dict[str, Any]]]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "tmp").mkdir()
    return Workspace(tmp_path)


def read(workspace: Workspace, data: bytes, types: dict[str, str] | None = None) -> Read:
    """Values by column, types by column, and the warnings."""
    path = workspace.root / "table.csv"
    path.write_bytes(data)
    result: dict[str, Any] = run(workspace, path, types)
    manifest = manifests.read(workspace, result["manifest"])
    kinds = {column["name"]: column["type"] for column in result["columns"]}
    return manifests.load(workspace, manifest).to_pydict(), kinds, result["warnings"]


def run(workspace: Workspace, path: Path, types: dict[str, str] | None = None) -> dict[str, Any]:
    job: dict[str, object] = {
        "workspace": str(workspace.root),
        "path": str(path),
        "options": {"types": types or {}},
        "known": [],
    }
    return ingest(job, workspace.tmp, Reporter(workspace.tmp / "events.jsonl"))


TWO = {"a": [1, 3], "b": ["x", "y"]}


@pytest.mark.parametrize(
    "data",
    [
        b"a,b\n1,x\n3,y\n",
        b"a,b\n1,x\n3,y",
        b"a,b\r\n1,x\r\n3,y\r\n",
        b"a,b\r1,x\r3,y\r",
        b"\xef\xbb\xbfa,b\n1,x\n3,y\n",
        b"a;b\n1;x\n3;y\n",
        b"a\tb\n1\tx\n3\ty\n",
        b"a|b\n1|x\n3|y\n",
        b'"a","b"\n"1","x"\n"3","y"\n',
        b" a , b \n1,x\n3,y\n",
        b"a,b\n\n1,x\n\n3,y\n\n\n",
        "a,b\n1,x\n3,y\n".encode("utf-16"),
        "a,b\n1,x\n3,y\n".encode("utf-16-le"),
        "a,b\n1,x\n3,y\n".encode("utf-16-be"),
    ],
)
def test_that_one_table_is_read_from_each_way_to_write_it(
    workspace: Workspace, data: bytes
) -> None:
    values, types, warnings = read(workspace, data)
    assert values == TWO
    assert types == {"a": "integer", "b": "text"}
    assert warnings == []


@pytest.mark.parametrize(
    ("cells", "kind", "values"),
    [
        ("1|-2|+3", "integer", [1, -2, 3]),
        ("1||3", "integer", [1, None, 3]),
        ("1|2.5|3", "number", [1.0, 2.5, 3.0]),
        ("1e3|.5|5.", "number", [1000.0, 0.5, 5.0]),
        ("inf|1|2", "number", [float("inf"), 1.0, 2.0]),
        (" 1| 2|3 ", "integer", [1, 2, 3]),
        ("9223372036854775807|-9223372036854775808", "integer", [2**63 - 1, -(2**63)]),
        ("9223372036854775808|1", "text", ["9223372036854775808", "1"]),
        ("12345678901234567890|1", "text", ["12345678901234567890", "1"]),
        ("007|012|100", "text", ["007", "012", "100"]),
        ("0|10|0", "integer", [0, 10, 0]),
        ("0x1F|0x20", "text", ["0x1F", "0x20"]),
        ("true|False|TRUE", "boolean", [True, False, True]),
        ("true||false", "boolean", [True, None, False]),
        ("yes|no|yes", "text", ["yes", "no", "yes"]),
        ("2011-01-31|2012-02-29", "datetime", [at("2011-01-31"), at("2012-02-29")]),
        (
            "2011-01-31 10:00|2011-01-31T10:00:00.250|",
            "datetime",
            [at("2011-01-31T10:00"), at("2011-01-31T10:00:00.250"), None],
        ),
        (
            "2011-01-31T10:00:00Z|2011-01-31T10:00:00+02:00",
            "datetime",
            [at("2011-01-31T10:00"), at("2011-01-31T08:00")],
        ),
        ("2011-02-30|2011-02-31", "text", ["2011-02-30", "2011-02-31"]),
        ("10:30|11:00", "text", ["10:30", "11:00"]),
        ("|", "text", [None, None]),
        ('""|', "text", [None, None]),
        ("ä|NA|b", "text", ["ä", "NA", "b"]),
        ("1_000|2_000", "text", ["1_000", "2_000"]),
    ],
)
def test_that_types_are_told_from_the_cells(
    workspace: Workspace, cells: str, kind: str, values: list[object]
) -> None:
    rows = "".join(f"{cell},k\n" for cell in cells.split("|"))
    read_values, types, _ = read(workspace, f"c,other\n{rows}".encode())
    assert types["c"] == kind
    if '""' not in cells:
        assert read_values["c"] == values


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "is empty"),
        (b"\n \n", "is empty"),
        (b"a,b\n", "no rows"),
        (b"a,b", "no rows"),
        (b"a,b\n1,2\n3,4\n5\n", "Row 3 .* has 1 cells where the header has 2"),
        (b"a,b\n1,2\n3,4,5\n", "Row 2 .* has 3 cells"),
        (b'a,b\n1,"x\ny"\n3\n', "Row 2 .* line 4"),
        (b"a,b\n" + b"1,2\n" * 600_000 + b"3\n", "Row 600,001"),
        (b'a,b\n1,2\n3,"never closed\n4,5\n', "Row 2|never closed"),
        (b"PAR1....", "Parquet"),
        (b"PK\x03\x04....", "Excel"),
        (b"a,b\n\x00\x01\x02\x00", "not a text file"),
    ],
)
def test_that_a_broken_file_is_refused_with_its_row(
    workspace: Workspace, data: bytes, message: str
) -> None:
    with pytest.raises(UserError, match=message):
        read(workspace, data)
    assert not list(workspace.root.glob("objects/*/*"))


def test_that_an_empty_cell_and_an_empty_text_are_told_apart(workspace: Workspace) -> None:
    values, _, _ = read(workspace, b'a,b\nx,1\n"",2\n,3\n')
    assert values["a"] == ["x", "", None]


def test_that_quoted_newlines_and_delimiters_belong_to_the_cell(workspace: Workspace) -> None:
    values, _, _ = read(workspace, b'"a\nb","c,d"\n"x\ny","1,5"\n"""q""",2\n')
    assert values == {"a\nb": ["x\ny", '"q"'], "c,d": [1.5, 2.0]}


def test_that_names_are_made_different(workspace: Workspace) -> None:
    data = "a,a,a_2,,caf\u00e9,cafe\u0301\n1,2,3,4,5,6\n".encode()
    values, _, warnings = read(workspace, data)
    assert list(values) == ["a", "a_3", "a_2", "column_4", "café", "café_2"]
    assert [w["columns"] for w in warnings if "called" in w["what"]] == [["a_3"], ["café_2"]]


def test_that_latin_1_is_read_and_said(workspace: Workspace) -> None:
    values, _, warnings = read(workspace, "stadt,n\nKöln,1\nZürich,2\n".encode("latin-1"))
    assert values["stadt"] == ["Köln", "Zürich"]
    assert "not UTF-8" in warnings[0]["what"]


def test_that_a_late_latin_1_byte_is_found(workspace: Workspace) -> None:
    data = b"stadt,n\n" + b"Bonn,1\n" * 300_000 + "Köln,2\n".encode("latin-1")
    values, _, warnings = read(workspace, data)
    assert values["stadt"][-1] == "Köln"
    assert "not UTF-8" in warnings[0]["what"]


def test_that_a_number_spoiled_by_blanks_is_a_number_with_a_loud_warning(
    workspace: Workspace,
) -> None:
    rows = [f"{i}.5,k{i}" for i in range(100)]
    rows[48], rows[60] = " ,k48", "NA,k60"
    values, types, warnings = read(workspace, ("n,k\n" + "\n".join(rows)).encode())
    assert types["n"] == "number"
    assert values["n"][48] is values["n"][60] is None
    assert values["n"][99] == 99.5
    assert warnings[0]["what"] == (
        "`n`: 2 of 100 values are not numbers (first: row 49, blank). Read as missing."
    )


def test_that_a_number_spoiled_by_words_stays_text_until_the_user_says_otherwise(
    workspace: Workspace,
) -> None:
    data = b"n,k\n" + b"".join(b"%d,x\n" % i for i in range(99)) + b"about 7,x\n"
    values, types, warnings = read(workspace, data)
    assert types["n"] == "text"
    assert (
        "1 of 100 values are not numbers (first: row 100, 'about 7'). Kept" in warnings[0]["what"]
    )
    values, types, warnings = read(workspace, data, {"n": "number"})
    assert types["n"] == "number"
    assert values["n"][98:] == [98.0, None]
    assert "1 of 100" in warnings[0]["what"]


@pytest.mark.parametrize("kind", ["text", "number", "integer", "boolean", "datetime"])
def test_that_any_type_can_be_asked_for(workspace: Workspace, kind: str) -> None:
    values, types, _ = read(workspace, b"a,b\n1,x\ntrue,y\n2011-01-01,z\n", {"a": kind})
    assert types["a"] == kind
    assert len([value for value in values["a"] if value is not None]) == (
        3 if kind == "text" else 1
    )


def test_that_leading_zeros_can_be_asked_away(workspace: Workspace) -> None:
    data = b"zip,b\n007,x\n12,y\n99999999999999999999,z\n"
    values, _, warnings = read(workspace, data, {"zip": "integer"})
    assert values["zip"] == [7, 12, None]
    assert "1 of 3 values" in warnings[0]["what"]


def test_that_a_type_for_an_unknown_column_is_refused(workspace: Workspace) -> None:
    with pytest.raises(UserError, match=r"no column 'pric'.*price"):
        read(workspace, b"price,b\n1,2\n", {"pric": "text"})


@pytest.mark.parametrize(
    ("early", "late", "kind", "value"),
    [
        ("1", "2.5", "number", 2.5),
        ("1", "x", "text", "x"),
        ("1.5", " ", "number", None),
        ("1", "007", "text", "007"),
        ("1", "+5", "integer", 5),
        ("1", "99999999999999999999", "text", "99999999999999999999"),
        ("true", "maybe", "text", "maybe"),
        ("2011-01-01", "2011-01-01T00:00:00Z", "datetime", at("2011-01-01")),
        ("2011-01-01", "2011-02-30", "text", "2011-02-30"),
        ("2011-01-01", "soon", "text", "soon"),
        ("", "5", "integer", 5),
        ("", "word", "text", "word"),
    ],
)
def test_that_a_late_cell_changes_the_type_of_the_whole_column(
    workspace: Workspace, early: str, late: str, kind: str, value: object
) -> None:
    rows = f"{early},some filler of thirty letters..\n" * 40_000
    data = f"c,d\n{rows}{late},end\n".encode()
    assert len(data) > 1 << 20
    values, types, _ = read(workspace, data)
    assert types["c"] == kind
    assert values["c"][-1] == value
    assert len(values["c"]) == 40_001


def test_that_a_day_above_twelve_tells_that_the_day_is_first(workspace: Workspace) -> None:
    data = b"d,n\n" + b"".join(b"%02d/03/2024,1\n" % day for day in range(1, 29))
    values, types, warnings = read(workspace, data)
    assert types["d"] == "datetime"
    assert values["d"][0] == at("2024-03-01")
    assert "dates" not in [w["kind"] for w in warnings]


def test_that_dates_that_fit_both_ways_are_read_and_said(workspace: Workspace) -> None:
    values, types, warnings = read(workspace, b"d,n\n01/03/2024,1\n04/03/2024,2\n")
    assert types["d"] == "datetime"
    assert values["d"] == [at("2024-03-01"), at("2024-03-04")]
    assert warnings[0]["kind"] == "dates"
    assert warnings[0]["day_first"] == [False]
    assert "first: row 1, '01/03/2024'" in warnings[0]["what"]


def test_that_dates_written_in_different_ways_stay_text(workspace: Workspace) -> None:
    _, types, warnings = read(workspace, b"d,n\n13/03/2024,1\n03/14/2024,2\n")
    assert types["d"] == "text"
    assert "row 1, '13/03/2024'; first: row 2, '03/14/2024'" in warnings[0]["what"]
    assert warnings[0]["read_as"] == ["datetime"]


def test_that_a_cell_larger_than_a_block_is_read(workspace: Workspace) -> None:
    values, _, _ = read(workspace, b"a,b\n1,x\n2," + b"y" * (5 << 20) + b"\n3,z\n")
    assert [len(text) for text in values["b"]] == [1, 5 << 20, 1]


def test_that_ten_thousand_columns_are_read(workspace: Workspace) -> None:
    names = ",".join(f"c{i}" for i in range(10_000))
    row = ",".join(str(i) for i in range(10_000))
    values, types, _ = read(workspace, f"{names}\n{row}\n{row}\n".encode())
    assert len(types) == 10_000
    assert values["c9999"] == [9999, 9999]


def test_that_one_column_keeps_its_empty_lines(workspace: Workspace) -> None:
    values, _, _ = read(workspace, b"a\n1\n\n3\n")
    assert values["a"] == [1, None, 3]


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.data())
def test_that_an_exported_csv_is_imported_unchanged(workspace: Workspace, data: Any) -> None:
    rows = data.draw(st.integers(1, 30))

    def column(values: Any, kind: pa.DataType, typical: object) -> pa.Array:
        drawn = data.draw(st.lists(st.none() | values, min_size=rows, max_size=rows))
        return pa.array([*drawn, typical], type=kind)

    words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8) | st.just("a\n,b")
    table = pa.table(
        {
            "text": column(words, pa.string(), "word"),
            "integer": column(st.integers(-(2**63), 2**63 - 1), pa.int64(), 1),
            "number": column(st.floats(allow_nan=False), pa.float64(), 0.5),
            "boolean": column(st.booleans(), pa.bool_(), True),
            "time": column(st.integers(0, 4 * 10**15), pa.timestamp("us"), 1_000_000),
        }
    )
    manifest = store_table(workspace, table)
    path = workspace.root / "out.csv"
    exports.write(workspace, manifest, path, lambda fraction: None)
    types = {"text": "text"}  # A column of nothing but digits reads as numbers otherwise.
    back = manifests.read(workspace, run(workspace, path, types)["manifest"])
    assert manifests.load(workspace, back).equals(table)
    assert back.content_hash == manifest.content_hash


@pytest.mark.parametrize("before", [b'"', b",", b"\n"])
def test_that_a_late_code_is_found_at_the_border_of_what_is_read(
    workspace: Workspace, before: bytes
) -> None:
    """Codes that begin with 0 make a column text, wherever the blocks end."""
    from mlops_desktop.blobs.readers.csvbytes import ByteSource

    data = b"a,b\n" + b"1,2\n" * 10 + b'"x"' + before + b"07"
    path = workspace.root / "border.csv"
    path.write_bytes(data)
    for size in (len(data) - 1, len(data) - 2, len(data) - 3, len(data)):
        with ByteSource(path, "utf-8", ",") as source:
            while source.read(size):
                pass
            assert source.padded, size
