"""Which row of one table is which of another: on hashes and row numbers alone, with numpy."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlops_desktop.blobs.rowhash import U64

Numbers = np.ndarray[Any, np.dtype[np.int64]]


def match(before: U64, after: U64) -> Numbers:
    """The place in `after` of the equal hash for each of `before`, or -1. Of hashes that repeat,
    the first goes with the first, the second with the second and so on."""
    order, other = np.argsort(before, kind="stable"), np.argsort(after, kind="stable")
    mine, theirs = before[order], after[other]
    first = np.searchsorted(theirs, mine)
    there = np.searchsorted(theirs, mine, side="right") - first
    rank = _ranks(mine)
    both = rank < there
    found = np.full(len(before), -1, np.int64)
    found[order[both]] = other[first[both] + rank[both]]
    return found


def repeated(hashes: U64) -> int:
    """How many equal an earlier one."""
    ordered = np.sort(hashes)
    return int(np.count_nonzero(ordered[1:] == ordered[:-1]))


def pairs_in_place(
    partner: Numbers, back: Numbers, left: Numbers, right: Numbers, *, even: bool, at_end: bool
) -> tuple[Numbers, Numbers]:
    """Rows without partner that stand in the same place of both tables: right below rows that are
    partners, or (at_end) right above.

    partner: for each row of the first table its row in the second, or -1; back: the other way.
    left, right: the rows of each that have none, ascending. even: only runs of as many rows in
    both; else any, as far as the shorter one goes.
    """
    nothing = np.zeros(0, np.int64)
    if not (len(left) and len(right)):
        return nothing, nothing
    start, stop = _runs(left)
    other_start, other_stop = _runs(right)
    if at_end:
        below = partner[np.minimum(stop, len(partner) - 1)]
        wanted, theirs = np.where(stop < len(partner), below, len(back)), other_stop
        known = wanted >= 0  # A neighbour that has no partner tells nothing.
    else:
        above = partner[np.maximum(start - 1, 0)]
        wanted, theirs = np.where(start > 0, above + 1, 0), other_start
        known = (wanted > 0) | (start == 0)
    place = np.minimum(np.searchsorted(theirs, wanted), len(theirs) - 1)
    lengths, other_lengths = stop - start, (other_stop - other_start)[place]
    kept = known & (theirs[place] == wanted)
    if even:
        kept &= lengths == other_lengths
    count = np.minimum(lengths, other_lengths)[kept]
    first = stop[kept] - count if at_end else start[kept]
    second = (other_stop[place[kept]] - count) if at_end else other_start[place[kept]]
    steps = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    return np.repeat(first, count) + steps, np.repeat(second, count) + steps


def _ranks(ordered: U64) -> Numbers:
    """0, 1, 2, ... within each run of equal values."""
    places = np.arange(len(ordered))
    new = np.ones(len(ordered), bool)
    new[1:] = ordered[1:] != ordered[:-1]
    return places - np.maximum.accumulate(np.where(new, places, 0))


def _runs(rows: Numbers) -> tuple[Numbers, Numbers]:
    """The first row of each run of neighbours, and the row after its last."""
    breaks = np.flatnonzero(np.diff(rows) != 1)
    return rows[np.concatenate([[0], breaks + 1])], rows[np.concatenate([breaks, [-1]])] + 1
