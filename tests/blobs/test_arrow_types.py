"""Any table that Arrow can hold is stored exactly, or as documented, or refused with a reason."""

from __future__ import annotations

import math
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from mlops_desktop.blobs import manifests
from mlops_desktop.blobs.readers import formats
from mlops_desktop.child.ingest import ingest
from mlops_desktop.child.runner import Reporter
from mlops_desktop.core.datasets import ColumnType, DataWarning, ImportOptions
from mlops_desktop.core.errors import UserError
from mlops_desktop.paths import Workspace

MOST = 2**63 - 1
SLOW = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    (tmp_path / "tmp").mkdir()
    return Workspace(tmp_path)


def stored(workspace: Workspace, table: pa.Table) -> pa.Table:
    """What comes back of a table that went through a Parquet file and the store."""
    path = workspace.root / "table.parquet"
    pq.write_table(table, path)
    job: dict[str, object] = {
        "workspace": str(workspace.root),
        "path": str(path),
        "options": {},
        "known": [],
    }
    result: dict[str, Any] = ingest(job, workspace.tmp, Reporter(workspace.tmp / "events.jsonl"))
    return manifests.load(workspace, manifests.read(workspace, result["manifest"]))


def read(
    workspace: Workspace, table: pa.Table, types: dict[str, ColumnType] | None = None
) -> tuple[pa.Table, list[DataWarning]]:
    """The table that is stored of a Parquet file, and the warnings."""
    path = workspace.root / "table.parquet"
    pq.write_table(table, path)
    return imported(path, types)


def imported(
    path: Path, types: dict[str, ColumnType] | None = None
) -> tuple[pa.Table, list[DataWarning]]:
    found, reading = formats.read_all(path, ImportOptions(types=types or {}))
    return found, list(reading.warnings)


def as_arrow_file(workspace: Workspace, table: pa.Table) -> Path:
    """For types that Parquet does not have."""
    path = workspace.root / "table.arrow"
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)
    return path


def bits(column: pa.ChunkedArray) -> list[object]:
    """Values by which -0.0 is not 0.0, and a NaN is itself."""
    return [value.hex() if isinstance(value, float) else value for value in column.to_pylist()]


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
FIRST, LAST = -62_135_596_800_000_000, 253_402_300_799_999_999  # The years 1 to 9999.
MOMENTS = st.integers(FIRST, LAST) | st.sampled_from([0, 1, -1, FIRST, LAST])


@SLOW
@given(st.data())
def test_that_storing_and_loading_our_types_is_the_identity(
    workspace: Workspace, data: Any
) -> None:
    rows = data.draw(st.integers(0, 40))

    def column(values: Any, kind: pa.DataType) -> pa.Array:
        return pa.array(data.draw(st.lists(st.none() | values, min_size=rows, max_size=rows)), kind)

    table = pa.table(
        {
            "integer": column(st.integers(-(2**63), MOST), pa.int64()),
            "number": column(st.floats(), pa.float64()),
            "boolean": column(st.booleans(), pa.bool_()),
            "text": column(TEXTS, pa.string()),
            "moment": column(MOMENTS, pa.timestamp("us")).cast(pa.timestamp("us")),
        }
    )
    back = stored(workspace, table)
    assert back.schema.equals(table.schema)
    for name in ("integer", "boolean", "text"):
        assert back[name].to_pylist() == table[name].to_pylist()
    assert back["moment"].cast(pa.int64()).equals(table["moment"].cast(pa.int64()))
    assert bits(back["number"]) == bits(table["number"])


WHOLE = {
    kind: st.integers(-(2 ** (width - 1)), 2 ** (width - 1) - 1)
    for kind, width in ((pa.int8(), 8), (pa.int16(), 16), (pa.int32(), 32))
} | {
    kind: st.integers(0, 2**width - 1)
    for kind, width in ((pa.uint8(), 8), (pa.uint16(), 16), (pa.uint32(), 32), (pa.uint64(), 63))
}


@pytest.mark.parametrize("kind", WHOLE, ids=str)
@SLOW
@given(st.data())
def test_that_whole_numbers_of_any_width_are_kept_exactly(
    workspace: Workspace, kind: pa.DataType, data: Any
) -> None:
    values = data.draw(st.lists(st.none() | WHOLE[kind], min_size=1, max_size=20))
    back, _ = read(workspace, pa.table({"a": pa.array(values, kind)}))
    assert back["a"].type == pa.int64()
    assert back["a"].to_pylist() == values


@pytest.mark.parametrize("width", [16, 32])
@SLOW
@given(st.data())
def test_that_short_floats_are_kept_exactly(workspace: Workspace, width: Any, data: Any) -> None:
    values = data.draw(st.lists(st.none() | st.floats(width=width), min_size=1, max_size=20))
    kind = {16: pa.float16(), 32: pa.float32()}[width]
    back, _ = read(workspace, pa.table({"a": pa.array(values, pa.float64()).cast(kind)}))
    assert back["a"].type == pa.float64()
    assert bits(back["a"]) == [v.hex() if v is not None else None for v in values]


@SLOW
@given(
    st.lists(
        st.none()
        | st.decimals(
            allow_nan=False, allow_infinity=False, places=4, min_value=-(10**20), max_value=10**20
        ),
        min_size=1,
        max_size=20,
    )
)
def test_that_decimals_become_the_nearest_float(
    workspace: Workspace, values: list[Decimal | None]
) -> None:
    back, _ = read(workspace, pa.table({"a": pa.array(values, pa.decimal128(38, 4))}))
    assert back["a"].to_pylist() == [None if v is None else float(v) for v in values]


@SLOW
@given(st.lists(st.none() | st.dates(), min_size=1, max_size=20))
def test_that_dates_become_the_beginning_of_their_day(
    workspace: Workspace, values: list[date | None]
) -> None:
    table = pa.table({"a": pa.array(values, pa.date32()), "b": pa.array(values, pa.date64())})
    back, _ = imported(as_arrow_file(workspace, table))
    wanted = [None if v is None else datetime.combine(v, time()) for v in values]
    assert back["a"].to_pylist() == back["b"].to_pylist() == wanted


@pytest.mark.parametrize(("unit", "factor"), [("s", 10**6), ("ms", 1000), ("us", 1), ("ns", 0)])
@pytest.mark.parametrize("zone", [None, "Europe/Berlin", "+05:30"])
@SLOW
@given(st.data())
def test_that_moments_are_kept_as_utc_cut_to_microseconds(
    workspace: Workspace, unit: str, factor: int, zone: str | None, data: Any
) -> None:
    low, high = (FIRST // factor, LAST // factor) if factor else (-MOST, MOST)
    values = data.draw(st.lists(st.integers(low, high), min_size=1, max_size=10))
    moments = pa.array(values, pa.int64()).cast(pa.timestamp(unit, zone))
    back, _ = imported(as_arrow_file(workspace, pa.table({"a": moments})))
    wanted = [value * factor if factor else value // 1000 for value in values]
    assert back["a"].type == pa.timestamp("us")
    assert back["a"].cast(pa.int64()).to_pylist() == wanted


@SLOW
@given(st.lists(st.none() | st.times(), min_size=1, max_size=20))
def test_that_times_of_day_become_iso_text(workspace: Workspace, values: list[time | None]) -> None:
    back, _ = read(workspace, pa.table({"a": pa.array(values, pa.time64("us"))}))
    found = [None if text is None else time.fromisoformat(text) for text in back["a"].to_pylist()]
    assert found == values


@SLOW
@given(
    st.lists(
        st.none() | st.timedeltas(timedelta(days=-9999), timedelta(days=9999)),
        min_size=1,
        max_size=20,
    )
)
def test_that_durations_become_seconds(
    workspace: Workspace, values: list[timedelta | None]
) -> None:
    back, _ = read(workspace, pa.table({"a": pa.array(values, pa.duration("us"))}))
    wanted = [None if v is None else v / timedelta(microseconds=1) / 1e6 for v in values]
    assert back["a"].to_pylist() == wanted


@pytest.mark.parametrize("kind", [pa.large_string(), pa.string_view()], ids=str)
@SLOW
@given(st.lists(st.none() | TEXTS, min_size=1, max_size=20))
def test_that_texts_of_any_layout_are_kept(
    workspace: Workspace, kind: pa.DataType, values: list[str | None]
) -> None:
    back, _ = imported(as_arrow_file(workspace, pa.table({"a": pa.array(values, kind)})))
    assert back["a"].to_pylist() == values


@SLOW
@given(st.lists(st.none() | st.sampled_from(["a", "b", ""]), min_size=1, max_size=20))
def test_that_how_values_are_packed_does_not_matter(
    workspace: Workspace, values: list[str | None]
) -> None:
    plain = pa.array(values, pa.string())
    runs = pa.compute.run_end_encode(plain)
    table = pa.table({"dictionary": plain.dictionary_encode(), "runs": runs})
    back, _ = imported(as_arrow_file(workspace, table))
    assert back["dictionary"].to_pylist() == back["runs"].to_pylist() == values


@pytest.mark.parametrize(
    ("array", "wanted"),
    [
        (pa.array([[1, None], None, []]), ["[1, null]", None, "[]"]),
        (pa.array([{"b": 1, "a": "ä"}]), ['{"b": 1, "a": "ä"}']),
        (pa.array([[("k", 1)]], pa.map_(pa.string(), pa.int64())), ['[["k", 1]]']),
        (pa.array([[date(2026, 1, 2)]]), ['["2026-01-02"]']),
    ],
)
def test_that_lists_and_records_become_json_and_are_said(
    workspace: Workspace, array: pa.Array, wanted: list[str | None]
) -> None:
    back, warnings = read(workspace, pa.table({"a": array}))
    assert back["a"].to_pylist() == wanted
    assert "kept as JSON text" in warnings[0].what


def test_that_a_column_of_nothing_is_missing_text(workspace: Workspace) -> None:
    back, _ = read(workspace, pa.table({"a": pa.nulls(3), "b": [1, 2, 3]}))
    assert back["a"].type == pa.string()
    assert back["a"].null_count == 3


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (pa.array([b"\x00"]), r"Column 'a' of table\.arrow has the type binary"),
        (pa.array([b"ab"], pa.binary(2)), "fixed_size_binary"),
        (pa.array([(1, 2, 3)], pa.month_day_nano_interval()), "month_day_nano_interval"),
        (pa.array([1, 2**63], pa.uint64()), r"row 2 of column 'a' .* does not fit in 64 bits"),
        (
            pa.array([0, 2**62], pa.int64()).cast(pa.timestamp("s")),
            r"row 2 of column 'a' .* does not fit between the years 1 and 9999",
        ),
        (pa.array([LAST, LAST + 1]).cast(pa.timestamp("us")), "row 2 of column"),
        (pa.array([FIRST, FIRST - 1]).cast(pa.timestamp("us")), "row 2 of column"),
        (pa.array([0, 2**31 - 1], pa.int32()).cast(pa.date32()), "row 2 .* does not fit"),
        (
            pa.UnionArray.from_sparse(pa.array([0], pa.int8()), [pa.array([1]), pa.array(["x"])]),
            "sparse_union",
        ),
    ],
)
def test_that_what_cannot_be_kept_is_refused_with_its_place(
    workspace: Workspace, array: pa.Array, message: str
) -> None:
    path = as_arrow_file(workspace, pa.table({"a": array}))
    with pytest.raises(UserError, match=message):
        imported(path)


def test_that_bytes_can_be_imported_as_text_if_they_are(workspace: Workspace) -> None:
    back, _ = read(workspace, pa.table({"a": [b"K\xc3\xb6ln", None]}), {"a": ColumnType.TEXT})
    assert back["a"].to_pylist() == ["Köln", None]
    with pytest.raises(UserError, match="rows 1 to 1"):
        read(workspace, pa.table({"a": [b"\xff"]}), {"a": ColumnType.TEXT})


def test_that_a_text_column_of_bytes_that_are_no_text_is_refused(workspace: Workspace) -> None:
    broken = pa.array([b"ok", b"\xff\xfe"]).view(pa.string())
    with pytest.raises(UserError, match=r"Column 'a' of table\.parquet cannot be read"):
        read(workspace, pa.table({"a": broken}))


def test_that_extension_types_and_metadata_are_stripped(workspace: Workspace) -> None:
    field = pa.field(
        "a",
        pa.int64(),
        metadata={
            "ARROW:extension:name": "arrow.py_extension_type",
            "ARROW:extension:metadata": b"\x80\x04cos\nsystem\n",
        },
    )
    schema = pa.schema([field], metadata={"pandas": "{}"})
    back, _ = imported(as_arrow_file(workspace, pa.table([[1, 2]], schema=schema)))
    assert back.schema.equals(pa.schema([("a", pa.int64())]), check_metadata=True)
    assert back["a"].to_pylist() == [1, 2]
    known = pa.ExtensionArray.from_storage(pa.json_(), pa.array(['{"a": 1}']))
    back, _ = imported(as_arrow_file(workspace, pa.table({"a": known})))
    assert back["a"].to_pylist() == ['{"a": 1}']


def test_that_equal_names_are_made_different_in_any_format(workspace: Workspace) -> None:
    table = pa.table([[1], [2], [3]], names=["caf\u00e9", "cafe\u0301", ""])
    back, warnings = read(workspace, table)
    assert back.column_names == ["café", "café_2", "column_3"]
    assert [w.columns for w in warnings if "called" in w.what] == [("café_2",)]


def test_that_row_groups_are_read_one_after_the_other(workspace: Workspace) -> None:
    table = pa.table({"a": list(range(50_000)), "b": [str(n) for n in range(50_000)]})
    path = workspace.root / "groups.parquet"
    pq.write_table(table, path, row_group_size=7_001)
    back, _ = imported(path)
    assert back.equals(table)


@pytest.mark.parametrize(
    ("kind", "wanted"),
    [
        (ColumnType.TEXT, ["1", "2.5", None, "nan"]),
        (ColumnType.INTEGER, [1, None, None, None]),
        (ColumnType.BOOLEAN, [True, None, None, None]),
    ],
)
def test_that_another_type_can_be_asked_for(
    workspace: Workspace, kind: ColumnType, wanted: list[object]
) -> None:
    back, warnings = read(workspace, pa.table({"a": [1.0, 2.5, None, math.nan]}), {"a": kind})
    assert back["a"].to_pylist() == wanted
    lost = kind is not ColumnType.TEXT
    assert any("first: row 2, '2.5'" in w.what for w in warnings) is lost


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1" + b"\0" * 100 + b"PAR1", b"ARROW1\0\0junk"])
def test_that_a_damaged_file_is_refused(workspace: Workspace, data: bytes) -> None:
    path = workspace.root / "bad"
    path.write_bytes(data)
    with pytest.raises(UserError, match=r"bad is damaged or no (parquet|arrow) file"):
        imported(path)
