"""Prediction segments: whole lines, each once, whatever a crash left behind."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import orjson
import pytest

from mlops_desktop.blobs import segments
from mlops_desktop.blobs.segments import (
    SegmentHeader,
    SegmentWriter,
    last_records,
    read_header,
    read_records,
    segment_files,
)

HEADER = SegmentHeader(1, "bike", 2, 7, ("hr", "temp"), ("prediction",))


def line(number: int, size: int = 0) -> bytes:
    fields = {
        "id": f"r{number}",
        "t": number,
        "us": 5,
        "x": [[1, "x" * size]],
        "y": [2.0],
        "p": None,
    }
    return orjson.dumps(fields, option=orjson.OPT_APPEND_NEWLINE)


def test_that_what_was_appended_is_read_back_with_its_header(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, HEADER)
    starts = [writer.append(line(number)) for number in range(3)]
    writer.sync()
    writer.close()
    [path] = segment_files(tmp_path)
    assert read_header(path) == HEADER
    assert [record.id for record, _ in read_records(path)] == ["r0", "r1", "r2"]
    assert path.read_bytes()[starts[1] :].startswith(line(1))
    assert path.stat().st_mode & 0o777 == 0o600


def test_that_reading_on_from_an_offset_gives_each_record_once(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, HEADER)
    offset, seen = 0, []
    for number in range(5):
        writer.append(line(number))
        torn = line(number + 1)[:-4]
        with writer.path.open("ab") as file:
            file.write(torn)
        for record, after in read_records(writer.path, offset):
            seen.append(record.id)
            offset = after
        os.truncate(writer.path, writer.path.stat().st_size - len(torn))
    writer.close()
    assert seen == [f"r{number}" for number in range(5)]


def test_that_a_file_without_a_whole_header_is_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "0000000000000001-1.jsonl"
    for text in (b"", b'{"format":1'):
        path.write_bytes(text)
        assert read_header(path) is None
        assert list(read_records(path)) == []
        assert last_records(tmp_path, 5) == []


def test_that_a_short_write_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer = SegmentWriter(tmp_path, HEADER)
    writer.append(line(0))
    real = os.write

    def full(descriptor: int, data: bytes) -> int:
        if data.startswith(b'{"id"'):
            return real(descriptor, data[:10])
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(segments.os, "write", full)
    with pytest.raises(OSError, match="No space"):
        writer.append(line(1))
    monkeypatch.undo()
    writer.append(line(2))
    writer.close()
    assert [record.id for record, _ in read_records(writer.path)] == ["r0", "r2"]


@pytest.mark.parametrize("size", [0, 300, 5_000])
def test_that_the_newest_records_are_read_from_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    monkeypatch.setattr(segments, "_BLOCK", 1_000)
    for start in (0, 10):
        writer = SegmentWriter(tmp_path, HEADER)
        for number in range(start, start + 10):
            writer.append(line(number, size))
        writer.close()
    with writer.path.open("ab") as file:
        file.write(line(99, size)[:-3])
    found = [record.id for _, record in last_records(tmp_path, 13)]
    assert found == [f"r{number}" for number in range(19, 6, -1)]
    assert len(last_records(tmp_path, 100)) == 20


def test_that_a_segment_that_is_sealed_during_the_look_is_not_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A listing may give neither the new name nor the old one, which is gone by then."""
    writer = SegmentWriter(tmp_path, HEADER)
    writer.append(line(0))
    writer.close()
    real, calls = os.scandir, [0]

    def looked(folder: Path) -> list[os.DirEntry[str]]:
        calls[0] += 1
        entries = list(real(folder))
        if calls[0] > 1:
            return entries
        writer.path.replace(writer.path.with_suffix(".parquet"))
        return []

    monkeypatch.setattr(segments.os, "scandir", looked)
    assert segment_files(tmp_path) == [writer.path.with_suffix(".parquet")]
    assert segments.segment_name(writer.path.with_suffix(".parquet")) == writer.path.name


def test_that_a_segment_that_is_gone_is_empty(tmp_path: Path) -> None:
    gone = tmp_path / "0000000000000001-1.jsonl"
    assert read_header(gone) is None
    assert list(read_records(gone)) == list(segments.records_from_end(gone)) == []
    assert segments.length(gone) == segments.size_on_disk(gone) == 0


def test_that_a_damaged_line_in_the_middle_is_passed_over(tmp_path: Path) -> None:
    writer = SegmentWriter(tmp_path, HEADER)
    for data in (line(0), b'{"id":"bad","t":\xff\n', b'{"id"\n', b'{"id":"half"}\n', line(1)):
        writer.append(data)
    writer.close()
    assert [record.id for record, _ in read_records(writer.path)] == ["r0", "r1"]
    assert [record.id for record, _ in read_records(writer.path, only={"r1", "bad"})] == ["r1"]
    assert [record.id for _, record in last_records(tmp_path, 9)] == ["r1", "r0"]
