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
    partner: Numbers, back: Numbers, left: Numbers, right: Numbers, *, even: bool
) -> tuple[Numbers, Numbers]:
    """Rows without partner that stand in the same place of both tables: between the same rows.

    partner: for each row of the first table its row in the second, or -1; back: the other way.
    left, right: the rows of each that have none, ascending. even: only runs of as many rows in
    both; else any, as far as the shorter one goes.
    """
    nothing = np.zeros(0, np.int64)
    if not (len(left) and len(right)):
        return nothing, nothing
    start, stop = _runs(left)
    other_start, other_stop = _runs(right)
    above = np.where(start > 0, partner[np.maximum(start - 1, 0)] + 1, 0)
    below = np.where(stop < len(partner), partner[np.minimum(stop, len(partner) - 1)], len(back))
    known = (start == 0) | (above > 0)  # A row above that has no partner tells nothing.
    place = np.searchsorted(other_start, above)
    place = np.minimum(place, len(other_start) - 1)
    by_start = known & (other_start[place] == above)
    chosen = np.where(by_start, place, -1)
    # Where the row above has moved away, the one below may still be there.
    end = np.minimum(np.searchsorted(other_stop, below), len(other_stop) - 1)
    by_end = ~by_start & (below >= 0) & (other_stop[end] == below)
    by_end &= ~np.isin(end, place[by_start])
    chosen = np.where(by_end, end, chosen)
    lengths = stop - start
    theirs = (other_stop - other_start)[np.maximum(chosen, 0)]
    kept = (chosen >= 0) & ((lengths == theirs) if even else True)
    count = np.minimum(lengths, theirs)[kept]
    at_end = (by_end & ~by_start)[kept]
    first = np.where(at_end, stop[kept] - count, start[kept])
    second = np.where(
        at_end, other_stop[chosen[kept]] - count, other_start[np.maximum(chosen, 0)][kept]
    )
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
