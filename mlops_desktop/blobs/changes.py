"""Which rows of two stored versions are the same, which changed, which are in one of them only.

Chunks of equal names hold equal rows, so that only those that differ are read. Of these, rows that
are equal in all common columns go together wherever they stand: moved rows are no change. The rest
is paired by the key; without one, by standing in the same place with most values equal, or by
being equal in all columns but one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlops_desktop.blobs.rowmatch import Numbers, match, pairs_in_place, repeated
from mlops_desktop.blobs.sides import Reader, Side, differences, salted
from mlops_desktop.core.changes import RowNumbersOf

_SAMPLED = 65_536  # Rows: above, a look at some tells in which column the others differ.
_MATCHED, _PAIRED = 0.6, 0.8  # Of the progress.
Bools = np.ndarray[Any, np.dtype[np.bool_]]


@dataclass(frozen=True, slots=True)
class Alignment:
    """partner: for each row of the first version the equal row of the second, or -1.

    cells: changed cells of each column, in the order of the sides'.
    """

    partner: Numbers
    rows: RowNumbersOf
    cells: Numbers

    @property
    def same_rows(self) -> int:
        return int(np.count_nonzero(self.partner >= 0))

    def in_both(self) -> tuple[Numbers, Numbers]:
        """The rows of the first version that are in the second too, changed or not, and there."""
        same = np.flatnonzero(self.partner >= 0)
        return (
            np.concatenate([same, self.rows.changed_before]),
            np.concatenate([self.partner[same], self.rows.changed_after]),
        )

    @property
    def reordered(self) -> bool:
        found = self.partner[self.partner >= 0]
        return bool(np.any(found[1:] < found[:-1]))


class _Pairing:
    """What is known so far: the partners, both ways, and the pairs of rows that changed."""

    def __init__(self, before: Side, after: Side) -> None:
        self.partner = np.full(before.rows, -1, np.int64)
        self.back = np.full(after.rows, -1, np.int64)
        self.changed: list[tuple[Numbers, Numbers]] = []
        self.cells = np.zeros(before.width, np.int64)
        # Rows that have neither an equal one nor one that they have changed into.
        self.left, self.right = np.arange(before.rows), np.arange(after.rows)

    def same(self, rows: Numbers, others: Numbers) -> None:
        self.partner[rows] = others
        self.back[others] = rows

    def anchors(self) -> tuple[Numbers, Numbers]:
        """The partners both ways, rows that have changed into each other among them."""
        partner, back = self.partner.copy(), self.back.copy()
        for rows, others in self.changed:
            partner[rows], back[others] = others, rows
        return partner, back

    def settle(self) -> None:
        """Bring left and right up to date with the partners."""
        self.left = self.left[self.partner[self.left] < 0]
        self.right = self.right[self.back[self.right] < 0]

    def change(self, rows: Numbers, others: Numbers, differs: Bools) -> None:
        self.changed.append((rows, others))
        self.cells += differs.sum(axis=1)
        self.left = self.left[~np.isin(self.left, rows)]
        self.right = self.right[~np.isin(self.right, others)]


def align(
    reader: Reader,
    before: Side,
    after: Side,
    key: tuple[int, ...],
    progress: Callable[[float], None],
) -> Alignment:
    """key: positions of columns whose values together are unique in both; () for none."""
    pairing = _Pairing(before, after)
    twins, all_twins = _equal_chunks(before, after, pairing)
    telling = _equal_places(reader, before, after, twins, pairing)
    pairing.settle()
    progress(_MATCHED / 2)
    _equal_rows(before, after, pairing, telling if all_twins else ())
    progress(_MATCHED)
    if key:
        _by_key(reader, before, after, key, pairing)
    else:
        _in_place(reader, before, after, pairing, even=True)
        _by_the_others(reader, before, after, pairing)
        _in_place(reader, before, after, pairing, even=False)
    progress(_PAIRED)
    parts = [*pairing.changed, (np.zeros(0, np.int64), np.zeros(0, np.int64))]
    old, new = (np.concatenate(side) for side in zip(*parts, strict=True))
    order = np.argsort(new, kind="stable")
    rows = RowNumbersOf(old[order], new[order], added=pairing.right, removed=pairing.left)
    return Alignment(pairing.partner, rows, pairing.cells)


def key_repeats(side: Side, key: tuple[int, ...]) -> int:
    """How many rows have the key of an earlier one."""
    return repeated(side.row_hashes(np.arange(side.rows), key))


def _equal_chunks(
    before: Side, after: Side, pairing: _Pairing
) -> tuple[list[tuple[int, int]], bool]:
    """Pair the rows of chunks that are equal in both. The answer are twins, chunks of as many rows
    of which most columns are equal, and whether all chunks that are left are such."""
    if not before.width:
        return [], False  # Nothing says that two rows are the same.
    waiting: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for chunk in reversed(range(after.chunks)):
        waiting[after.names(chunk)].append(chunk)
    rest = []
    for chunk in range(before.chunks):
        if same := waiting[before.names(chunk)]:
            # The type is part of a name, so equal names are equal values.
            pairing.same(before.span(chunk), after.span(same.pop()))
        else:
            rest.append(chunk)
    holders: dict[tuple[int, str], list[int]] = defaultdict(list)
    others = sorted(chunk for chunks in waiting.values() for chunk in chunks)
    for chunk in others:
        for position, name in enumerate(after.names(chunk)):
            holders[position, name].append(chunk)
    twins, taken = [], set()
    for chunk in rest:
        votes: dict[int, int] = defaultdict(int)
        for position, name in enumerate(before.names(chunk)):
            for other in holders.get((position, name), ()):
                votes[other] += other not in taken
        found = max(votes, key=lambda other: votes[other], default=None)
        if found is not None and 2 * votes[found] >= before.width:
            twins.append((chunk, found))
            taken.add(found)
    return twins, len(twins) == len(rest) == len(others)


def _equal_places(
    reader: Reader, before: Side, after: Side, twins: list[tuple[int, int]], pairing: _Pairing
) -> tuple[int, ...]:
    """Pair the rows of twins that are equal where they stand; the answer are the columns in which
    some differ."""

    def work(twin: tuple[int, int]) -> Bools:
        chunk, other = twin
        differs = np.zeros(len(before.span(chunk)), bool)
        names = zip(before.names(chunk), after.names(other), strict=True)
        for position, (name, other_name) in enumerate(names):
            if name != other_name:
                hashes = before.chunk_hashes(chunk, position)
                differs |= hashes != after.chunk_hashes(other, position)
        return differs

    telling: set[int] = set()
    for (chunk, other), differs in zip(twins, reader.pool.map(work, twins), strict=True):
        pairing.same(before.span(chunk)[~differs], after.span(other)[~differs])
        names = zip(before.names(chunk), after.names(other), strict=True)
        telling.update(position for position, (one, two) in enumerate(names) if one != two)
    return tuple(sorted(telling))


def _equal_rows(before: Side, after: Side, pairing: _Pairing, telling: tuple[int, ...]) -> None:
    """Pair rows of the rest that are equal, wherever they stand.

    telling: columns to look at first, since rows that differ there need no look at the others.
    """
    left, right = pairing.left, pairing.right
    if not (before.width and len(left) and len(right)):
        return
    if telling:
        hashes = before.row_hashes(left, telling), after.row_hashes(right, telling)
        left = left[np.isin(*hashes)]
        right = right[np.isin(hashes[1], hashes[0])]
    place = match(before.row_hashes(left), after.row_hashes(right))
    found = place >= 0
    pairing.same(left[found], right[place[found]])
    pairing.settle()


def _by_key(
    reader: Reader, before: Side, after: Side, key: tuple[int, ...], pairing: _Pairing
) -> None:
    place = match(before.row_hashes(pairing.left, key), after.row_hashes(pairing.right, key))
    found = place >= 0
    rows = pairing.left[found], pairing.right[place[found]]
    pairing.change(*rows, differences(reader, before, after, rows))


def _in_place(reader: Reader, before: Side, after: Side, pairing: _Pairing, *, even: bool) -> None:
    """Pair what stands in the same place, where at least half of the values, and one, are equal."""
    for at_end in (False, True):
        left, right = pairing.left, pairing.right
        rows = pairs_in_place(*pairing.anchors(), left, right, even=even, at_end=at_end)
        differs = differences(reader, before, after, rows)
        alike = before.width - differs.sum(axis=0)
        kept = (2 * alike >= before.width) & (alike > 0)
        pairing.change(rows[0][kept], rows[1][kept], differs[:, kept])


def _by_the_others(reader: Reader, before: Side, after: Side, pairing: _Pairing) -> None:
    """Pair rows that are equal in all columns but one, wherever they stand."""
    if before.width < 2 or not (len(pairing.left) and len(pairing.right)):
        return
    totals = before.row_hashes(pairing.left), after.row_hashes(pairing.right)
    part = max(1, max(len(totals[0]), len(totals[1])) // _SAMPLED)
    for position in range(before.width):
        # The hash of a row is a sum over its columns, so that one can be taken out of it.
        rest = [
            total - salted(position, side.column_hashes(rows, position))
            for total, side, rows in zip(
                totals, (before, after), (pairing.left, pairing.right), strict=True
            )
        ]
        some = [hashes[hashes % np.uint64(part) == 0] for hashes in rest]
        if not np.isin(*some).any():
            continue
        place = match(*rest)
        found = place >= 0
        rows = pairing.left[found], pairing.right[place[found]]
        pairing.change(*rows, differences(reader, before, after, rows))
        still = ~np.isin(np.arange(len(totals[1])), place[found])
        totals = totals[0][~found], totals[1][still]
