"""A 64-bit hash of each row, made column by column with numpy: for cuts and for equal rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa

from mlops_desktop.blobs.chunks import fixed_values, text_buffers

U64 = np.ndarray[Any, np.dtype[np.uint64]]
_A = np.uint64(0x9E3779B97F4A7C15)
_B = np.uint64(0xC2B2AE3D27D4EB4F)
_SHIFT = np.uint64(32)
_MISSING = np.uint64(0x5851F42D4C957F2D)
_BASE = 0x2545F4914F6CDD1D  # Odd, so that it has an inverse modulo 2**64.
# Five doublings make a polynomial over WINDOW rows.
_STEPS = [(2**i, np.uint64(pow(_BASE, 2**i, 2**64))) for i in range(5)]
WINDOW = 32
_BYTES = np.random.Generator(np.random.PCG64(2026)).integers(0, 2**64, 256, np.uint64)


def row_hashes(batch: pa.RecordBatch | pa.Table) -> U64:
    """One hash a row over all columns, in their order. Equal rows have equal hashes; different
    ones differ but for one chance in 2**64 a pair (this is no protection against an attacker)."""
    result = np.zeros(batch.num_rows, np.uint64)
    for column in batch.columns:
        array = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
        result ^= value_hashes(array)
        result *= _A
        result ^= result >> _SHIFT
    return result


def rolling(hashes: U64) -> U64:
    """A hash of each row together with the 31 before it, for those that have as many: tables of
    few different rows get cuts too."""
    for step, factor in _STEPS:
        hashes = hashes[step:] + hashes[:-step] * factor
    mixed = (hashes ^ (hashes >> _SHIFT)) * _B
    mixed ^= mixed >> _SHIFT
    return mixed


def value_hashes(array: Any) -> U64:
    """One hash a value of a column."""
    if pa.types.is_string(array.type):
        coded = array.dictionary_encode()
        codes = coded.indices.fill_null(0).to_numpy(zero_copy_only=False)
        words = _text_hashes(coded.dictionary)
        hashes = words[codes] if len(words) else np.zeros(len(array), np.uint64)
    else:
        values = fixed_values(array)
        hashes = values.view(np.uint64) if values.itemsize == 8 else values.astype(np.uint64)
        hashes = hashes * _B
    if array.null_count:
        hashes[array.is_null().to_numpy(zero_copy_only=False)] = _MISSING
    hashes ^= hashes >> _SHIFT
    return hashes


def _text_hashes(array: Any) -> U64:
    """A polynomial over the bytes of each text, by differences of one running sum."""
    lengths, data = text_buffers(array)
    total = len(data)
    powers = np.full(total + 1, _BASE, np.uint64)
    inverse = np.full(total + 1, pow(_BASE, -1, 2**64), np.uint64)
    powers[0] = inverse[0] = 1
    np.multiply.accumulate(powers, out=powers)
    np.multiply.accumulate(inverse, out=inverse)
    sums = np.zeros(total + 1, np.uint64)
    np.cumsum(_BYTES[data] * powers[:total], out=sums[1:])
    ends = np.cumsum(lengths, dtype=np.int64)
    starts = ends - lengths
    hashes: U64 = (sums[ends] - sums[starts]) * inverse[starts]
    hashes += (lengths.astype(np.uint64) + np.uint64(1)) * _A
    hashes ^= hashes >> _SHIFT
    hashes *= _B
    return hashes
