"""One column of one chunk: its canonical bytes, its name, and how it lies in a pack file.

A chunk is stored as a small Parquet file of one column, which pyarrow alone can read. Measured on
24,000 rows against Arrow IPC, both with zstd: random floats 174 against 184 kB (byte stream
split), floats of five decimals 61 against 139 kB (as decimals), strings of 5 values 8 against 77
kB (dictionary); written and read about twice as fast. Where a chunk differs from the parent's in
few rows, only the difference is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from mlops_desktop.blobs import objects
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.errors import Damaged

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    ColumnType.INTEGER: pa.int64(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.TEXT: pa.string(),
    ColumnType.DATETIME: pa.timestamp("us"),
}
_SAMPLE = 512  # Values looked at to choose an encoding.
_MAX_DIGITS = 6
_MAX_DECIMAL = 1e15  # Whole numbers below are exact as floats, and so is their division.


def canonical(array: Any) -> Iterator[bytes | memoryview]:
    """The parts that name a column's values: validity, then lengths (text), then values.

    Free of offsets, padding and of whatever lies in null slots, so equal values give equal bytes.
    Validity is one byte a row and empty where nothing is missing.
    """
    yield (
        array.is_valid().cast(pa.uint8()).to_numpy(zero_copy_only=False).data
        if (array.null_count)
        else b""
    )
    if pa.types.is_string(array.type):
        lengths, data = text_buffers(array)
        yield lengths.data
        yield data.data
    else:
        yield b""
        yield fixed_values(array).data


def text_buffers(array: Any) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Lengths in bytes (int32) of each text, 0 for a missing one, and all bytes joined."""
    if array.null_count:
        array = array.fill_null("")
    if not len(array):
        return np.zeros(0, np.int32), np.zeros(0, np.uint8)
    _, offsets_buffer, data = array.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int32)[array.offset : array.offset + len(array) + 1]
    raw = np.frombuffer(data, np.uint8) if data is not None else np.zeros(0, np.uint8)
    return np.diff(offsets), raw[offsets[0] : offsets[-1]]


def fixed_values(array: Any) -> np.ndarray[Any, Any]:
    """The values of a column that is not text: int64, float64 or uint8, 0 where missing."""
    if pa.types.is_boolean(array.type):
        array = array.cast(pa.uint8())
    elif pa.types.is_timestamp(array.type):
        array = array.view(pa.int64())
    if array.null_count:
        array = array.fill_null(0)
    return array.to_numpy(zero_copy_only=False)  # type: ignore[no-any-return]


def chunk_name(array: Any) -> str:
    """SHA-256 over the type, the number of rows and the canonical bytes, as 64 hex digits."""
    hasher = hashlib.sha256(f"{array.type}\n{len(array)}\n".encode())
    for part in canonical(array):
        hasher.update(f"{len(part)}\n".encode())
        hasher.update(part)
    return hasher.hexdigest()


def encode(array: Any) -> bytes:
    """The chunk as the bytes of a Parquet file."""
    if pa.types.is_string(array.type) or pa.types.is_boolean(array.type) or _repeats(array):
        return _parquet(pa.table({"value": array}), use_dictionary=True)
    if pa.types.is_float64(array.type):
        decimals = _as_decimals(array)
        if decimals is None:
            return _parquet(pa.table({"value": array}), column_encoding="BYTE_STREAM_SPLIT")
        array = decimals
    return _parquet(pa.table({"value": array}), column_encoding="DELTA_BINARY_PACKED")


def difference(base: Any, array: Any) -> bytes | None:
    """What turns one chunk into another of as many rows: a Parquet file of the rows (from 0) and
    the values that differ, or None where they are too many to be worth it."""
    changed = base.is_valid().to_numpy(False) != array.is_valid().to_numpy(False)
    if pa.types.is_string(array.type):
        changed |= pc.fill_null(pc.not_equal(base, array), False).to_numpy(False)
    else:  # By bits: -0.0 is not 0.0, and a NaN is itself.
        before, after = fixed_values(base), fixed_values(array)
        unsigned = np.dtype(f"u{after.itemsize}")
        changed |= before.view(unsigned) != after.view(unsigned)
    rows = np.flatnonzero(changed)
    if len(rows) > len(array) // 8:
        return None
    return _parquet(
        pa.table({"row": pa.array(rows.astype(np.int32)), "value": array.take(pa.array(rows))})
    )


def decode(data: bytes, name: str, kind: ColumnType, base: Any = None) -> Any:
    """The array back, verified against its name; Damaged where the bytes are not those.

    base: the chunk that `data` is the difference to, where it is one.
    """
    arrow_type = ARROW_TYPES[kind]
    try:
        table = pq.ParquetFile(pa.BufferReader(data)).read(use_threads=False).combine_chunks()
        array = _plain(_single(table.column("value")), arrow_type)
        if base is not None:
            mask = np.zeros(len(base), bool)
            mask[table.column("row").to_numpy()] = True
            array = pc.replace_with_mask(base, pa.array(mask), array)
    except MemoryError:  # Arrow's own is an ArrowException, too.
        raise
    except (pa.ArrowException, OSError, ValueError, LookupError) as error:
        raise _damaged(name) from error
    if chunk_name(array) != name:
        raise _damaged(name)
    return array


def _single(column: Any) -> Any:
    return column.chunk(0) if column.num_chunks else pa.array([], column.type)


def _repeats(array: Any) -> bool:
    sample = fixed_values(array)[:: max(1, len(array) // _SAMPLE)]
    return len(np.unique(sample)) <= len(sample) // 2


def _as_decimals(array: Any) -> Any:
    """Floats that were written with few digits, as decimals of 64 bits: half the size and less.

    None unless dividing the decimals again gives the very same bits.
    """
    values = fixed_values(array)
    sample = values[:: max(1, len(values) // _SAMPLE)]
    for digits in range(_MAX_DIGITS + 1):
        if _scaled(sample, digits) is not None:
            whole = _scaled(values, digits)
            if whole is not None:
                missing = array.is_null().to_numpy(False) if array.null_count else None
                integers = pa.array(whole, mask=missing)
                kind = pa.decimal64(18, digits)
                return pa.Array.from_buffers(kind, len(integers), integers.buffers())
    return None


def _scaled(values: np.ndarray[Any, Any], digits: int) -> np.ndarray[Any, Any] | None:
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.rint(values * 10.0**digits)
    if not np.all(np.abs(scaled) < _MAX_DECIMAL):
        return None
    integers = scaled.astype(np.int64)
    same = (integers / 10.0**digits).view(np.int64) == values.view(np.int64)
    return integers if same.all() else None


def _plain(array: Any, arrow_type: pa.DataType) -> Any:
    if pa.types.is_decimal(array.type):
        # Arrow's own cast to float is a last digit off now and then; this division is exact.
        low = np.frombuffer(array.buffers()[1], np.int64)[::2][array.offset :][: len(array)]
        missing = array.is_null().to_numpy(False) if array.null_count else None
        return pa.array(low / 10.0**array.type.scale, mask=missing)
    return array if array.type == arrow_type else array.cast(arrow_type)


def _parquet(table: pa.Table, **options: Any) -> bytes:
    sink = pa.BufferOutputStream()
    pq.write_table(
        table,
        sink,
        compression="zstd",
        compression_level=1,
        store_schema=False,
        store_decimal_as_integer=True,
        write_statistics=False,
        **{"use_dictionary": False, **options},
    )
    return sink.getvalue().to_pybytes()


def _damaged(name: str) -> Damaged:
    return Damaged(
        f"A part of the stored data is damaged ({name[:12]}).",
        why="It no longer holds what was written.",
        hint=objects.HOW_TO_MEND,
    )
