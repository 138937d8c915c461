"""The order of a column of texts as numbers: by small letters first, then by code points."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

_HEAD = 8
Ranks = NDArray[np.uint32]
Mask = NDArray[np.bool_]


def ranks(parts: Sequence[Any]) -> Ranks:
    """A number for each text, in their order; equal texts have equal ones. parts: Arrow arrays."""
    first = parts[0]
    if 2 * len(pc.unique(first)) <= len(first):
        return _by_words(parts)
    return _by_heads(parts)


def _by_words(parts: Sequence[Any]) -> Ranks:
    """Sorts the different texts only: quick where there are few of them."""
    coded: Any = pa.chunked_array([part.dictionary_encode() for part in parts]).unify_dictionaries()
    words = coded.chunk(0).dictionary
    table = pa.table({"small": pc.utf8_lower(words), "word": words})
    order: Any = pc.sort_indices(table, [("small", "ascending"), ("word", "ascending")])
    rank = np.empty(len(words) + 1, np.uint32)
    rank[order.to_numpy()] = np.arange(len(words), dtype=np.uint32)
    rank[-1] = 0  # Of what is missing.
    codes = [part.indices.fill_null(len(words)).to_numpy() for part in coded.chunks]
    return np.asarray(rank[np.concatenate(codes)])


def _by_heads(parts: Sequence[Any]) -> Ranks:
    """Sorts numbers, the first eight bytes that differ: ten million texts four times as fast.
    Texts of one head are sorted as words, where they are not known to be equal."""
    heads, settled = _heads(parts)
    order = np.argsort(heads)
    ordered = heads[order]
    begins = np.concatenate([[True], ordered[1:] != ordered[:-1]])
    starts = np.flatnonzero(begins)
    sizes = np.diff(starts, append=len(order))
    rank = np.empty(len(order), np.uint32)
    rank[order] = np.repeat(starts, sizes)
    open_ = (sizes > 1) & ~np.logical_and.reduceat(settled[order], starts)
    if open_.any():
        rows = order[np.repeat(open_, sizes)]
        words = _by_words(pa.chunked_array(parts).take(rows).chunks)
        # Words follow each other as their heads do, so those of one head are neighbours.
        lowest = np.minimum.reduceat(words, np.cumsum(sizes[open_]) - sizes[open_])
        rank[rows] += words - np.repeat(lowest, sizes[open_])
    return rank


def _heads(parts: Sequence[Any]) -> tuple[NDArray[np.uint64], Mask]:
    """The first bytes after what all texts have in common, as numbers, and whether they are all of
    the text that counts."""
    small = [pc.utf8_lower(part) for part in parts]
    ends: list[Any] = [pc.min_max(part) for part in small if part.null_count < len(part)]
    least = min((end["min"].as_py() for end in ends), default="").encode()
    most = max((end["max"].as_py() for end in ends), default="").encode()
    pairs = zip(least, most, strict=False)
    skip = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(least), len(most)))
    heads, settled = [], []
    for part, lower in zip(parts, small, strict=True):
        head, whole = _head(lower.fill_null("") if lower.null_count else lower, skip)
        heads.append(head)
        same: Any = pc.fill_null(pc.equal(part, lower), True)
        settled.append(whole & np.asarray(same))
    return np.concatenate(heads), np.concatenate(settled)


def _head(texts: Any, skip: int) -> tuple[NDArray[np.uint64], Mask]:
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int32)[texts.offset :][: len(texts) + 1].astype(np.int64)
    # What is behind the last text is read, too, and then left out.
    read = np.zeros((ends[-1] if len(ends) else 0) + skip + _HEAD, np.uint8)
    if data is not None:
        read[: ends[-1]] = np.frombuffer(data, np.uint8)[: ends[-1]]
    begins = ends[:-1] + skip
    left = ends[1:] - begins
    found = np.empty((len(texts), _HEAD), np.uint8)
    for place in range(_HEAD):
        found[:, place] = np.where(place < left, read[begins + place], 0)
    # A text that ends early and one that goes on with NUL have the same head.
    whole = (left <= _HEAD) & bool(read[: ends[-1]].all())
    return found.view(">u8").ravel().astype(np.uint64), whole
