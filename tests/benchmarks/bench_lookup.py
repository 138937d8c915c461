"""How long one prediction among 10,000,000 on record takes to be found by its id, sealed or not."""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

import numpy as np
import orjson

from mlops_desktop.actions import lookup
from mlops_desktop.blobs import idindex, segments
from mlops_desktop.blobs.segments import SIZE_LIMIT, SegmentHeader, SegmentWriter
from mlops_desktop.child import seal

ROWS = 10_000_000
_HEADER = SegmentHeader(1, "m", 1, 1, ("a", "b", "c", "d"), ("prediction",))
_AT_ONCE = 50_000
_ASKED = 200


def main() -> list[tuple[str, str, str]]:
    """Lines of (what, measured, target)."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _fill(folder)
        files = segments.segment_files(folder)
        start = time.perf_counter()
        lookup.prepare(folder)
        built = time.perf_counter() - start
        size = sum(map(segments.size_on_disk, files))
        index = sum(path.stat().st_size for path in folder.glob("*.idx")) / 1e6
        made = f"making the indexes ({index:.0f} MB), once"
        found = [*_found(folder, size), (made, f"{built:.1f} s", "")]
        start = time.process_time()
        for path in files:
            lines, packed = segments.forms(path)
            seal.seal(lines, packed)
            lines.unlink()
        took = time.process_time() - start
        after = sum(map(segments.size_on_disk, files))
        smaller = f"{1 - after / size:.0%} smaller, {ROWS / took:,.0f} predictions a CPU second"
        return [
            *found,
            ("sealing all of them, whose inputs are alike", smaller, ""),
            *_found(folder, after, "sealed "),
        ]


def _found(folder: Path, size: int, form: str = "") -> list[tuple[str, str, str]]:
    _forget(folder)
    cold = _timed(folder, 4_321_987)
    numbers = np.random.default_rng(0).integers(0, ROWS, _ASKED)
    warm = [_timed(folder, int(number)) for number in numbers]
    start = time.perf_counter()
    assert idindex.find(folder, "nothing-has-this-id") is None
    none = time.perf_counter() - start
    count = f"{ROWS:,} {form}predictions ({size / 1e9:.1f} GB)"
    return [
        (f"one of {count} found by its id, slowest of {_ASKED}", f"{max(warm):.3f} s", "0.2 s"),
        ("the same, median", f"{float(np.median(warm)) * 1e3:.1f} ms", ""),
        ("the first time, nothing of the files in memory", f"{cold:.3f} s", "0.2 s"),
        ("an id that none has", f"{none:.3f} s", "0.2 s"),
    ]


def _id(number: int) -> str:
    return f"0193b5c2-{number >> 16:04x}-7{number & 0xFFF:03x}-8a1b-{number:012x}"


def _fill(folder: Path) -> None:
    """Segments of synthetic records, as full as the server makes them."""
    line = orjson.dumps({"t": 1_800_000_000_000_000, "us": 187, "x": [[1.5, 0.25, "Bonn", None]]})
    rest = b'",' + line[1:-1] + b',"y":[12.5]}\n{"id":"'
    writer = SegmentWriter(folder, _HEADER)
    for first in range(0, ROWS, _AT_ONCE):
        ids = (_id(number).encode() for number in range(first, first + _AT_ONCE))
        block = b'{"id":"' + rest.join(ids) + rest.removesuffix(b'{"id":"')
        if writer.size > SIZE_LIMIT:
            writer.close()
            writer = SegmentWriter(folder, _HEADER)
        writer.append(block)
    writer.sync()
    writer.close()


def _forget(folder: Path) -> None:
    """Drop the files from the page cache, where the system can be told to."""
    if not hasattr(os, "posix_fadvise"):
        return
    for path in folder.iterdir():
        with path.open("rb") as file:
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _timed(folder: Path, number: int) -> float:
    start = time.perf_counter()
    found = idindex.find(folder, _id(number))
    taken = time.perf_counter() - start
    assert found is not None
    assert found.record.id == _id(number)
    return taken


if __name__ == "__main__":
    for _line in main():
        print(*_line, sep=" | ")
