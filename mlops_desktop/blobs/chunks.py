"""One column of one chunk: its canonical bytes, its name, and how it lies in a pack file.

A chunk is stored as a small Parquet file of one column, which pyarrow alone can read. Measured on
24,000 rows against Arrow IPC, both with zstd: random floats 174 against 184 kB (byte stream
split), strings of 5 values 8 against 77 kB (dictionary), written and read twice as fast.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.errors import Damaged

ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    ColumnType.INTEGER: pa.int64(),
    ColumnType.NUMBER: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.TEXT: pa.string(),
    ColumnType.DATETIME: pa.timestamp("us"),
}
_SAMPLE = 512  # Values looked at to choose between a dictionary and the plain encodings.


def canonical(array: Any) -> Iterator[bytes | memoryview]:
    """The parts that name a column's values: validity, then lengths (text), then values.

    Free of offsets, padding and of whatever lies in null slots, so equal values give equal bytes.
    Validity is one byte a row and empty where nothing is missing.
    """
    yield array.is_valid().cast(pa.uint8()).to_numpy(zero_copy_only=False).data if (
        array.null_count
    ) else b""
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
    options: dict[str, Any] = {"use_dictionary": True}
    if pa.types.is_int64(array.type) or pa.types.is_float64(array.type) or (
        pa.types.is_timestamp(array.type)
    ):
        step = max(1, len(array) // _SAMPLE)
        sample = np.asarray(fixed_values(array)[::step])
        if len(np.unique(sample)) > len(sample) // 2:
            options = {"use_dictionary": False, "column_encoding": "BYTE_STREAM_SPLIT"}
    sink = pa.BufferOutputStream()
    pq.write_table(
        pa.table({"value": array}),
        sink,
        compression="zstd",
        compression_level=1,
        store_schema=False,
        write_statistics=False,
        **options,
    )
    return sink.getvalue().to_pybytes()  # type: ignore[no-any-return]


def decode(data: bytes, name: str, kind: ColumnType) -> Any:
    """The array back, verified against its name; Damaged where the bytes are not those."""
    arrow_type = ARROW_TYPES[kind]
    try:
        column = pq.ParquetFile(pa.BufferReader(data)).read(use_threads=False).column(0)
        array = column.combine_chunks() if column.num_chunks != 1 else column.chunk(0)
        if array.type != arrow_type:
            array = array.cast(arrow_type)
    except (pa.ArrowException, OSError) as error:
        raise _damaged(name) from error
    if chunk_name(array) != name:
        raise _damaged(name)
    return array


def _damaged(name: str) -> Damaged:
    return Damaged(
        f"Stored chunk {name[:12]} is damaged.",
        why="Its values no longer match their hash.",
        hint="Run fsck to see which versions need it.",
    )
