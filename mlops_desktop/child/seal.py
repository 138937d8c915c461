"""The child that seals closed segments: JSON lines as Parquet, read back and compared line by line.

It writes into its own folder only: who asked moves a file to its place and removes the JSON lines.
"""

from __future__ import annotations

import os
import time
from itertools import zip_longest
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

from mlops_desktop.blobs import objects, sealed
from mlops_desktop.blobs.records import header_of, record_from
from mlops_desktop.blobs.sealed import Facts, Line
from mlops_desktop.blobs.sealedvalues import Kind
from mlops_desktop.blobs.segments import SEALED
from mlops_desktop.child import runner, sealrows
from mlops_desktop.child.no_pandas import refuse_pandas
from mlops_desktop.core.errors import UserError

_LEVEL = 6  # Of zstd.
_STEPS = {Kind.INTEGER, Kind.LONG, Kind.TIME, Kind.UTC, Kind.DATE}
_FLOATS = {Kind.NUMBER, Kind.MIXED}


def main(job_file: Path) -> int:
    refuse_pandas()
    return runner.run(_run, job_file)


def _run(job: runner.Job, folder: Path, reporter: runner.Reporter) -> runner.Job:
    """job: segments, the paths of closed ones. Result: sealed, for each its number among them, the
    file in the folder and what seal() tells; failed, why the others are not."""
    plain: Any = job
    paths = [Path(text) for text in plain["segments"]]
    done: list[dict[str, object]] = []
    failed: list[str] = []
    for number, path in enumerate(paths):
        reporter.progress(number / len(paths), f"Sealing {path.stem}")
        target = folder / f"{number}{SEALED}"
        try:
            done.append({"number": number, "file": target.name, **seal(path, target)})
        except FileNotFoundError:
            continue  # It is no longer kept.
        except UserError as error:
            target.unlink(missing_ok=True)
            failed.append(str(error))
    return {"sealed": done, "failed": failed}


class Different(UserError):
    """What was read back is not what the JSON lines hold."""


def seal(path: Path, target: Path) -> dict[str, float]:
    """Write the Parquet form of a closed segment; it is on the disk when this returns.

    The answer: records, rows (predictions), odd (lines that fit no columns), bytes before and
    after, seconds. Raises Different where it does not read back as it was, OSError.
    """
    started, stat = time.perf_counter(), path.stat()
    facts = sealrows.planned(path)
    header = header_of(facts.header)
    assert header is not None
    records = rows = odd = 0
    with target.open("xb") as file:
        target.chmod(0o600)
        writer = None
        try:
            for group in sealrows.groups(path, facts):
                table = sealrows.table(group, facts, header.version, header.model)
                writer = writer or pq.ParquetWriter(file, table.schema, **_options(facts, table))
                writer.write_table(table, row_group_size=table.num_rows)
                records, odd = records + group.records, odd + group.odd
                rows += table.num_rows - group.odd
        finally:
            if writer is not None:
                writer.close()
        objects.flush(file)
    if writer is None:
        raise Different(f"{path.name} holds no line")
    # A segment is as old as its last prediction.
    os.utime(target, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    compare(path, target)
    return {
        "records": records,
        "rows": rows,
        "odd": odd,
        "before": facts.length,
        "after": target.stat().st_size,
        "seconds": time.perf_counter() - started,
    }


def compare(path: Path, target: Path) -> None:
    """Raises Different unless the sealed form reads as the JSON lines do, to the last digit."""
    facts = sealed.facts(target)
    with path.open("rb") as file:
        whole = file.readline() == facts.header and file.seek(0, 2) == facts.length
    if not whole or facts.ends[-1] != facts.length:
        raise Different(f"{path.name} is not as long")
    pairs = zip_longest(sealrows.lines(path, len(facts.header)), sealed.lines(target))
    for here, there in pairs:
        if here is None or there is None or not _is_same(here[0], here[1], there):
            raise Different(f"{path.name} differs at byte {here[1] if here else facts.length:,}")


def _is_same(line: bytes, end: int, there: Line) -> bool:
    if there.end != end:
        return False
    if there.record is None or not line.endswith(b"\n"):
        return there.raw == line
    fields = orjson.loads(line)
    if fields.get("h") != (there.digest.hex() if there.digest else None):
        return False
    # As text: else 1, 1.0 and true were equal.
    return orjson.dumps(record_from(fields)) == orjson.dumps(there.record)


def _options(facts: Facts, table: Any) -> dict[str, Any]:
    """How a column is written: values that repeat by a dictionary, others by what suits them."""
    names: list[str] = table.schema.names
    kinds: dict[str, Kind] = dict(zip(names[6:], facts.kinds, strict=False))
    plain = {"request_id", "body_digest", "raw", "jsonl_end"}
    encodings = {"jsonl_end": "DELTA_BINARY_PACKED", "time": "DELTA_BINARY_PACKED"}
    encodings["row"] = encodings["latency_us"] = "DELTA_BINARY_PACKED"
    for name, kind in kinds.items():
        repeats = len(table[name].unique()) * 4 < table.num_rows
        if kind in _FLOATS and not repeats:
            encodings[name] = "BYTE_STREAM_SPLIT"
        elif kind in _STEPS and not repeats:
            encodings[name] = "DELTA_BINARY_PACKED"
    return {
        "compression": "zstd",
        "compression_level": _LEVEL,
        "use_dictionary": [name for name in names if name not in plain and name not in encodings],
        "column_encoding": encodings,
        "write_statistics": True,
        "write_page_checksum": True,
        "store_schema": True,
    }
