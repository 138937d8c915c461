"""Finding a request by its id: through an index, without one, and past what a crash has torn."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from mlops_desktop.blobs import idindex
from mlops_desktop.blobs.segments import SegmentHeader, SegmentWriter

_HEADER = SegmentHeader(1, "m", 3, 7, ("x",), ("prediction",))
_MANY = 3000  # Enough bytes for an index to be looked for.


def _line(request_id: str, value: object) -> bytes:
    record = {"id": request_id, "t": 1, "us": 2, "x": [[value]], "y": [0.5]}
    return orjson.dumps(record) + b"\n"


def _segment(folder: Path, ids: list[str], value: object = 1.0) -> Path:
    writer = SegmentWriter(folder, _HEADER)
    for request_id in ids:
        writer.append(_line(request_id, value))
    writer.close()
    return writer.path


def _build(path: Path) -> list[int]:
    return list(idindex.build(path))


def _value(folder: Path, request_id: str) -> object:
    found = idindex.find(folder, request_id)
    return None if found is None else found.record.x[0][0]


def _ids(count: int) -> list[str]:
    return [f"{n:x}-request-{'y' * (n % 60)}" for n in range(count)]


@pytest.mark.parametrize("indexed", [True, False])
def test_that_every_id_is_found_and_no_other(tmp_path: Path, indexed: bool) -> None:
    ids = _ids(_MANY)
    path = _segment(tmp_path, ids)
    if indexed:
        _build(path)
    for request_id in [*ids[:50], *ids[-50:], ids[1234]]:
        found = idindex.find(tmp_path, request_id)
        assert found is not None
        assert (found.record.id, found.header, found.path) == (request_id, _HEADER, path)
    for other in ("", "none", ids[0][:-1], ids[5] + "y", 'a"b', "a\nb", "\ud800", "x" * 500):
        assert idindex.find(tmp_path, other) is None
    assert idindex.find(tmp_path / "no such folder", ids[0]) is None


def test_that_the_index_alone_leads_to_the_lines_that_it_covers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = _ids(_MANY)
    path = _segment(tmp_path, ids)
    _build(path)

    def never(*_: object) -> None:
        raise AssertionError("the segment was looked through")

    monkeypatch.setattr(idindex, "_scanned", never)
    assert all(_value(tmp_path, request_id) == 1.0 for request_id in ids[::97])
    assert idindex.find(tmp_path, "none") is None


def test_that_the_newest_of_the_same_id_is_found(tmp_path: Path) -> None:
    ids = _ids(_MANY)
    first = _segment(tmp_path, ids, "first")
    with first.open("ab") as file:
        file.write(_line(ids[7], "again"))
    _build(first)
    assert _value(tmp_path, ids[7]) == "again"
    with first.open("ab") as file:
        file.write(_line(ids[7], "after the index"))
    assert _value(tmp_path, ids[7]) == "after the index"
    _segment(tmp_path, [ids[7]], "another segment")
    assert _value(tmp_path, ids[7]) == "another segment"
    assert _value(tmp_path, ids[8]) == "first"


@pytest.mark.parametrize("torn", [b'{"id":"torn","t":1', b'{"id":"torn', b"{"])
@pytest.mark.parametrize("indexed", [True, False])
def test_that_a_torn_last_line_is_no_answer(tmp_path: Path, torn: bytes, indexed: bool) -> None:
    ids = _ids(_MANY)
    path = _segment(tmp_path, ids)
    with path.open("ab") as file:
        file.write(torn)
    if indexed:
        _build(path)
    assert _value(tmp_path, "torn") is None
    assert _value(tmp_path, ids[-1]) == 1.0


def test_that_a_value_that_looks_like_a_record_is_none(tmp_path: Path) -> None:
    path = _segment(tmp_path, _ids(_MANY), '\n{"id":"inner","t":1}')
    with path.open("ab") as file:
        file.write(b'{"other":[{"id":"inner"}]}\n')
    assert _value(tmp_path, "inner") is None
    _build(path)
    assert _value(tmp_path, "inner") is None


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"\0" * 4096])
def test_that_a_damaged_or_foreign_index_is_passed_over(tmp_path: Path, damage: bytes) -> None:
    ids = _ids(_MANY)
    path = _segment(tmp_path, ids)
    _build(path)
    whole = idindex.index_path(path).read_bytes()
    for data in (damage, whole[:-8], whole[: len(whole) // 2]):
        idindex.index_path(path).write_bytes(data)
        assert _value(tmp_path, ids[99]) == 1.0
    # The index of a longer file.
    idindex.index_path(path).write_bytes(whole)
    other = _segment(tmp_path, ids[:2000])
    idindex.index_path(path).replace(idindex.index_path(other))
    assert _value(tmp_path, ids[99]) == 1.0


def test_that_large_segments_ask_for_an_index_and_again_when_they_have_grown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idindex, "SCANNED", 50_000)
    path = _segment(tmp_path, _ids(100))
    assert not idindex.needs_index(path)
    with path.open("ab") as file:
        file.writelines(_line(request_id, 2.0) for request_id in _ids(_MANY))
    assert idindex.needs_index(path)
    monkeypatch.setattr(idindex, "_BLOCK", 10_000)
    steps = _build(path)
    assert len(steps) > 10
    assert steps[-1] == path.stat().st_size
    assert not idindex.needs_index(path)
    assert _value(tmp_path, _ids(_MANY)[2999]) == 2.0
    with path.open("ab") as file:
        file.writelines(_line(request_id, 3.0) for request_id in _ids(_MANY))
    assert idindex.needs_index(path)


def test_that_a_line_longer_than_a_step_is_indexed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(idindex, "_BLOCK", 1000)
    path = _segment(tmp_path, ["long", "short"], "x" * 5000)
    _build(path)
    assert _value(tmp_path, "long") == _value(tmp_path, "short") == "x" * 5000
