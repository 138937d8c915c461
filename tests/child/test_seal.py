"""A sealed segment reads as its JSON lines did: every record, offset and id, and odd lines too."""

from __future__ import annotations

import math
import os
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mlops_desktop.blobs import idindex, sealed, segments
from mlops_desktop.blobs.records import SegmentHeader, header_line
from mlops_desktop.blobs.sealedvalues import Kind, decode, encode, joined, kind_of
from mlops_desktop.child import seal, sealrows
from mlops_desktop.core.errors import Damaged, UserError

_NAME = "0000000000000001-1.jsonl"
_IDS = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=6)
_NUMBERS = st.one_of(st.integers(-(2**63), 2**64 - 1), st.floats(allow_nan=False))
_FINITE = _NUMBERS.filter(math.isfinite)
_TEXTS = st.one_of(
    st.text(st.characters(exclude_categories=("Cs",)), max_size=8),
    st.dates().map(str),
    st.datetimes().map(lambda moment: moment.isoformat()),
    st.datetimes().map(lambda moment: moment.isoformat() + "+00:00"),
    st.sampled_from(["Yes", "No", "2024-02-30", "24:00", "2024-01-01T00:00:00.5", "\0", "=1+1"]),
)
_VALUES = st.one_of(st.none(), st.booleans(), _FINITE, _TEXTS)
_ODD = st.one_of(_VALUES, st.lists(_VALUES, max_size=2), st.dictionaries(_TEXTS, _FINITE))
_COLUMNS = st.sampled_from(
    [
        st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False)),
        st.integers(-5, 5),
        st.one_of(st.integers(-(2**54), 2**54), st.sampled_from([-0.0, 0.0, 2.0, 2.5])),
        st.booleans(),
        st.sampled_from(["Ulm", "Bonn", ""]),
        st.datetimes().map(lambda moment: moment.isoformat()),
        _VALUES,
        _ODD,
    ]
)


@st.composite
def _files(draw: st.DrawFn) -> bytes:
    """The bytes of a segment: records of one shape, now and then another one, and noise."""
    names = draw(st.lists(_TEXTS, unique=True, max_size=4))
    classes = draw(st.sampled_from([(), ("No", "Yes"), ("0", "1", "2")]))
    columns = [draw(_COLUMNS) for _ in names]
    lines = [header_line(SegmentHeader(1, "m", 1, 1, tuple(names), ("prediction", *classes)))]
    shadow = draw(st.booleans())
    for _ in range(draw(st.integers(1, 12))):
        if draw(st.integers(0, 9)) == 0:
            noise = draw(st.one_of(st.binary(max_size=30), st.just(b'{"id":"a","t":1')))
            lines.append(noise.replace(b"\n", b"") + b"\n")
            continue
        rows = draw(st.integers(0, 3))
        record: dict[str, Any] = {"id": draw(_IDS), "t": draw(st.integers(0, 2**53))}
        if draw(st.booleans()):
            record["h"] = draw(st.sampled_from(["0" * 32, "ab" * 16, "none", 7]))
        record["us"] = draw(st.integers(0, 10**7))
        record["x"] = [] if shadow else [[draw(one) for one in columns] for _ in range(rows)]
        record["y"] = [draw(st.sampled_from(classes) if classes else _FINITE) for _ in range(rows)]
        if draw(st.booleans()):
            record["p"] = [[draw(_FINITE) for _ in classes] for _ in range(rows)]
        if draw(st.integers(0, 3)) == 0:
            record["e"] = [{"of": "Yes", "contributions": {"a": 0.1}} for _ in range(rows)]
        if draw(st.integers(0, 9)) == 0:
            record[draw(_IDS)] = draw(_ODD)  # Another key, or one of ours with another value.
        lines.append(orjson.dumps(record) + b"\n")
    whole = b"".join(lines)
    return whole[: -draw(st.integers(1, 5))] if draw(st.booleans()) else whole


def _pair(folder: Path, data: bytes) -> tuple[Path, Path]:
    """The same segment as JSON lines in one folder and sealed in another."""
    plain, packed = folder / "plain" / _NAME, folder / "packed" / _NAME
    for path in (plain, packed):
        path.parent.mkdir(parents=True, exist_ok=True)
    plain.write_bytes(data)
    target = packed.with_suffix(segments.SEALED)
    target.unlink(missing_ok=True)
    seal.seal(plain, target)
    return plain, packed


def _read(path: Path, offset: int = 0, only: set[str] | None = None) -> list[bytes]:
    found = segments.read_records(path, offset, only)
    return [orjson.dumps([record, end]) for record, end in found]


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=_files())
def test_that_both_forms_read_alike(tmp_path: Path, data: bytes) -> None:
    try:
        plain, packed = _pair(tmp_path, data)
    except UserError:
        holds_no_line = data.count(b"\n") <= 1
        assert holds_no_line
        return
    every = _read(plain)
    assert _read(packed) == every
    assert segments.read_header(packed) == segments.read_header(plain)
    assert segments.length(packed) == len(data)
    ends = [orjson.loads(one)[1] for one in every]
    for offset in {0, *ends, len(data)}:
        assert _read(packed, offset) == _read(plain, offset)
    ids = [orjson.loads(one)[0]["id"] for one in every]
    some = {*ids[::2], "nobody"}
    assert _read(packed, 0, some) == _read(plain, 0, some)
    backwards = [orjson.dumps(record) for record in segments.records_from_end(packed)]
    assert backwards == [orjson.dumps(record) for record in segments.records_from_end(plain)]
    for indexed in (False, True):
        for path in (plain, packed):
            idindex.index_path(path).unlink(missing_ok=True)
            if indexed:
                list(idindex.build(path))
        for request_id in [*ids, "nobody"]:
            here = idindex.find(plain.parent, request_id)
            there = idindex.find(packed.parent, request_id)
            assert orjson.dumps(here and here.record) == orjson.dumps(there and there.record)


@given(st.lists(_ODD, max_size=6), st.lists(_ODD, max_size=6))
def test_that_values_of_any_kind_come_back_as_they_were(first: list[Any], last: list[Any]) -> None:
    import pyarrow as pa

    kind = joined(kind_of(first), kind_of(last))
    values = first + last
    back = decode(pa.chunked_array([encode(values, kind)]), kind)
    if kind is Kind.MIXED:
        back = [float(b) if type(v) is float else b for v, b in zip(values, back, strict=True)]
    assert orjson.dumps(back) == orjson.dumps(values)


def _line(number: int, rows: int = 1, **more: Any) -> bytes:
    record = {
        "id": f"r{number}",
        "t": 1_800_000_000_000_000 + number,
        "us": 150,
        "x": [[number % 7, 0.5 * number, "Ulm", "2024-01-01T00:00:00"] for _ in range(rows)],
        "y": [0.25 * number] * rows,
        "p": None,
    }
    return orjson.dumps(record | more) + b"\n"


_HEADER = header_line(SegmentHeader(1, "m", 3, 7, ("a", "b", "town", "at"), ("prediction",)))


def test_that_it_is_one_typed_row_a_prediction_for_any_other_program(tmp_path: Path) -> None:
    lines = [_line(n, rows=1 + n % 3) for n in range(300)]
    _, packed = _pair(tmp_path, _HEADER + b"".join(lines))
    table = pq.read_table(packed.with_suffix(segments.SEALED))
    assert table.num_rows == 600
    row = table.slice(4, 1).to_pylist()[0]
    assert (row["request_id"], row["row"], row["version"], row["model"]) == ("r2", 1, 3, "m")
    assert (row["input_a"], row["input_b"], row["input_town"]) == (2, 1.0, "Ulm")
    assert row["input_at"].year == 2024
    assert (row["prediction"], row["latency_us"]) == (0.5, 150)
    assert row["time"].timestamp() * 1e6 == 1_800_000_000_000_002


def test_that_a_request_is_never_cut_and_many_groups_read_alike(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealrows, "_GROUP", 10)
    monkeypatch.setattr(sealed, "_AT_END", 3)
    lines = [_line(n, rows=1 + 7 * (n % 5 == 0)) for n in range(200)]
    lines[50] = b"noise\n"
    plain, packed = _pair(tmp_path, _HEADER + b"".join(lines) + b'{"id":"torn"')
    assert pq.read_metadata(packed.with_suffix(segments.SEALED)).num_row_groups > 15
    every = _read(plain)
    for offset in [0, *(orjson.loads(one)[1] for one in every)]:
        assert _read(packed, offset) == _read(plain, offset)
    backwards = list(segments.records_from_end(packed))
    assert backwards == list(segments.records_from_end(plain))
    list(idindex.build(packed))
    for request_id in ("r0", "r50", "r51", "r199", "torn"):
        here, there = (idindex.find(p.parent, request_id) for p in (plain, packed))
        assert (here and here.record) == (there and there.record)


def test_that_what_fits_no_column_is_kept_to_the_byte(tmp_path: Path) -> None:
    odd = [
        b"\xff\xfe noise\n",
        b'{"id":"n","t":1,"us":1,"x":[[NaN,1,"",""]],"y":[Infinity],"p":null}\n',
        _line(3, x=[[1, 2.0, "Ulm"]]),  # A column is missing.
        _line(4, x=[[1, 2.0, "Ulm", "", "more"]]),
        _line(5, later=1),
        _line(6, x=[], y=[]),
        b'{"id":"torn","t":18',
    ]
    _, packed = _pair(tmp_path, _HEADER + _line(1) + b"".join(odd))
    found = list(sealed.lines(packed.with_suffix(segments.SEALED)))
    assert [one.raw for one in found] == [None, *odd]
    assert [record.id for record, _ in segments.read_records(packed)] == [
        "r1",
        "r3",
        "r4",
        "r5",
        "r6",
    ]


def test_that_a_difference_is_found(tmp_path: Path) -> None:
    plain, packed = _pair(tmp_path, _HEADER + _line(1) + _line(2))
    target = packed.with_suffix(segments.SEALED)
    data = plain.read_bytes()
    for other in (
        data.replace(b"0.25", b"0.75"),
        data.replace(b"150", b"151"),
        data.replace(b'"y":[0.5]', b'"y":[0.50]', 1)[:-1],
        data + _line(3),
        data.replace(b'"m"', b'"n"'),
    ):
        plain.write_bytes(other)
        with pytest.raises(seal.Different):
            seal.compare(plain, target)


def test_that_age_and_privacy_of_the_file_stay(tmp_path: Path) -> None:
    plain = tmp_path / _NAME
    header = SegmentHeader(1, "m", 1, 1, ("a", "b"), ("prediction",), ("secret",), ("b",))
    line = b'{"id":"r","t":1,"us":1,"x":[[1,"f00d"]],"y":[1.0],"p":null}\n'
    plain.write_bytes(header_line(header) + line)
    os.utime(plain, (1_700_000_000, 1_700_000_000))
    target = tmp_path / "0.parquet"
    seal.seal(plain, target)
    assert target.stat().st_mtime == 1_700_000_000
    assert target.stat().st_mode & 0o777 == 0o600
    plain.unlink()
    found = segments.read_header(target)
    assert found == header
    assert "input_secret" not in pq.read_schema(target).names


def test_that_a_flipped_bit_is_told_or_changes_nothing(tmp_path: Path) -> None:
    _, packed = _pair(tmp_path, _HEADER + b"".join(_line(n) for n in range(300)))
    target = packed.with_suffix(segments.SEALED)
    data = target.read_bytes()
    every, told = _read(packed), []
    for number, place in enumerate(range(3, len(data), 37)):
        flipped = bytearray(data)
        flipped[place] ^= 4
        target.write_bytes(flipped)
        os.utime(target, (number, number))
        try:
            assert _read(packed) == every
        except Damaged as error:
            told.append(error.what)
    assert len(told) > 50
    assert set(told) == {"The sealed predictions 0000000000000001-1.parquet are damaged."}
