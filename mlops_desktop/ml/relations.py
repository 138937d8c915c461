"""Relations between columns that hold in all rows: sums, copies, one-to-one repeats."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow as pa

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.profile import ColumnProfile, Profile

Load = Callable[[Sequence[str]], pa.Table]
_SAMPLE = 64  # Rows that nearly every pair which is unrelated fails on.
_MOST_SUMMED = 60  # Columns; their pairs are tried.
_MOST_TRIPLED = 24
_MOST_REPEATED = 10_000  # Different values; more are measurements, not categories.
_LEAST_ROWS = 20  # Fewer rows make chance relations,
_LEAST_SHARE = 10  # and so do fewer than a tenth of all.


@dataclass(frozen=True, slots=True)
class Sum:
    """parts add up to total in `rows` rows, which are all where none of them is missing."""

    parts: tuple[str, ...]
    total: str
    rows: int


@dataclass(frozen=True, slots=True)
class Repeat:
    """Each value of `second` goes with one value of `first` and the other way round."""

    first: str
    second: str
    equal: bool


def sums(profile: Profile, head: pa.Table, load: Load) -> Iterator[Sum]:
    """Two (or, among few columns, three) numeric columns that add up to another one.

    head: the first rows; load gives whole columns.
    """
    names = [c.name for c in profile.columns if c.type.is_numeric and c.distinct > 2]
    names = names[:_MOST_SUMMED]
    if profile.rows < _LEAST_ROWS or len(names) < 3:
        return
    values = np.column_stack([as_floats(head.column(name)) for name in names])
    values = values[np.isfinite(values).all(axis=1)]
    if len(values) < 3:
        values = np.nan_to_num(np.column_stack([as_floats(head.column(n)) for n in names]))
    sample = values[:: max(1, len(values) // _SAMPLE)]
    found: list[Sum] = []
    for size in (2, 3) if len(names) <= _MOST_TRIPLED else (2,):
        for parts in combinations(range(len(names)), size):
            added = sample[:, parts].sum(axis=1)
            matches = _close(added[:4, None], sample[:4]).all(axis=0)
            for total in np.flatnonzero(matches):
                if total in parts or not _close(added, sample[:, total]).all():
                    continue
                exact = _exactly(tuple(names[p] for p in parts), names[total], load)
                # a + b = c says as much as c - b = a; with no negative numbers only one is a sum.
                if exact is not None and not any(_inside(old, exact) for old in found):
                    found.append(exact)
                    yield exact


def repeats(profile: Profile, head: pa.Table, load: Load) -> Iterator[Repeat]:
    """Pairs of columns of which one tells all about the other."""
    if profile.rows < _LEAST_ROWS:
        return
    groups: dict[tuple[int, int], list[ColumnProfile]] = {}
    for column in profile.columns:
        if column.distinct > 1:
            groups.setdefault((column.distinct, column.missing), []).append(column)
    for (distinct, missing), columns in groups.items():
        # Any two columns of nothing but different values are one-to-one: only copies count there.
        few = distinct <= min(_MOST_REPEATED, (profile.rows - missing) // 2)
        told: set[str] = set()
        for a, b in combinations(columns, 2):
            if b.name in told:
                continue
            equal = _same_values(a, b) and _all_equal(load([a.name, b.name]))
            if equal or (
                few
                and _one_to_one(head.select([a.name, b.name]))
                and _one_to_one(load([a.name, b.name]))
            ):
                told.add(b.name)
                yield Repeat(a.name, b.name, equal)


def as_floats(column: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Numbers with NaN where missing; times as microseconds since 1970, booleans as 0 and 1."""
    if pa.types.is_timestamp(column.type):
        column = column.cast(pa.int64())
    if pa.types.is_boolean(column.type):
        column = column.cast(pa.uint8())
    return np.asarray(
        column.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), dtype=np.float64
    )


def _close(a: Any, b: Any) -> Any:
    """Equal but for the last digits that adding floats loses."""
    with np.errstate(invalid="ignore"):
        return np.abs(a - b) <= 1e-9 * np.maximum(1.0, np.abs(b))


def _exactly(parts: tuple[str, ...], total: str, load: Load) -> Sum | None:
    rows, sizes, table = 0, np.zeros(len(parts)), load([*parts, total])
    for batch in table.to_batches():  # Piece by piece, since a table may be larger than memory.
        values = np.column_stack([as_floats(column) for column in batch.columns])
        values = values[np.isfinite(values).all(axis=1)]
        if not _close(values[:, :-1].sum(axis=1), values[:, -1]).all():
            return None
        rows += len(values)
        sizes += np.abs(values[:, :-1]).sum(axis=0)
    if rows < max(_LEAST_ROWS, table.num_rows // _LEAST_SHARE) or not sizes.all():
        return None  # Too few, or a part that is always 0 and so adds nothing.
    return Sum(parts, total, rows)


def _inside(old: Sum, new: Sum) -> bool:
    known = {*old.parts, old.total}
    return known == {*new.parts, new.total} or known < {*new.parts, new.total}


def _same_values(a: ColumnProfile, b: ColumnProfile) -> bool:
    alike = a.type is b.type and a.top[:1] == b.top[:1]
    if a.type is ColumnType.TEXT:
        return alike and (a.shortest, a.longest) == (b.shortest, b.longest)
    return alike and a.numbers == b.numbers


def _all_equal(table: pa.Table) -> bool:
    return bool(table.column(0).equals(table.column(1)))


def _one_to_one(table: pa.Table) -> bool:
    pairs: set[tuple[Any, Any]] = set()
    for batch in table.to_batches():
        left, right = (column.dictionary_encode(null_encoding="encode") for column in batch.columns)
        size = len(right.dictionary)
        codes = np.unique(
            left.indices.to_numpy().astype(np.int64) * size + right.indices.to_numpy()
        )
        firsts = left.dictionary.take(pa.array(codes // size)).to_pylist()
        pairs.update(
            zip(firsts, right.dictionary.take(pa.array(codes % size)).to_pylist(), strict=True)
        )
        if not len(pairs) == len({a for a, _ in pairs}) == len({b for _, b in pairs}):
            return False
    return len(pairs) > 1
