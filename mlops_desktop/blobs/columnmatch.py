"""Which columns of two versions are the same: by name, else by what they hold."""

from __future__ import annotations

from collections import Counter

import numpy as np

from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.blobs.rowhash import U64, value_hashes
from mlops_desktop.blobs.rowmatch import Numbers
from mlops_desktop.blobs.sides import Reader, Side
from mlops_desktop.core.changes import ColumnPair
from mlops_desktop.core.datasets import Column

_ALIKE = 0.8  # From this share of equal values on, another name is a new name.
_SAMPLED = 20_000
_DIFFERENT = 0.5  # Values of which so many are different tell a column from others by themselves.
Candidates = list[tuple[int, int]]  # Positions of columns that only one of both has.


def by_name(before: Manifest, after: Manifest) -> list[ColumnPair]:
    """The columns of one name, in the order of `after`."""
    old = {column.name: column for column in before.columns}
    return [ColumnPair(old[c.name], c) for c in after.columns if c.name in old]


def by_content(reader: Reader, before: Manifest, after: Manifest) -> list[ColumnPair]:
    """Columns with other names and the same values: equal chunks, or values that are rare enough
    to tell. Reads only columns that have no namesake."""
    shares = {
        (old, new): _equal_chunks(before, old, after, new)
        for old, new in _candidates(before, after, by_name(before, after))
    }
    sure = {both for both, share in shares.items() if share >= _ALIKE}
    done = {old for old, _ in sure}, {new for _, new in sure}
    samples: dict[tuple[bool, int], Counter[int] | None] = {}
    part = max(1, max(before.rows, after.rows) // _SAMPLED)
    for old, new in shares:
        if old in done[0] or new in done[1]:
            continue
        for first, manifest, position in ((True, before, old), (False, after, new)):
            if (first, position) not in samples:
                samples[first, position] = _sample(reader, manifest, position, part)
        mine, theirs = samples[True, old], samples[False, new]
        if mine and theirs:
            common = (mine & theirs).total() / min(mine.total(), theirs.total())
            shares[old, new] = max(shares[old, new], common)
    return _best(before, after, shares)


def by_rows(
    reader: Reader,
    before: Manifest,
    after: Manifest,
    pairs: list[ColumnPair],
    in_both: tuple[Numbers, Numbers],
) -> list[ColumnPair]:
    """More renamed columns: equal in the rows that are in both, by what else they hold.

    Agreement counts as far as it exceeds what chance gives (Cohen's kappa, 1960): a column of
    many zeros is not another one of many zeros.
    """
    candidates = _candidates(before, after, pairs)
    every = max(1, len(in_both[0]) // _SAMPLED)
    rows, others = (side[::every] for side in in_both)
    if not candidates or len(rows) < 2:
        return []
    mine, theirs = (
        {
            position: _hashes(reader, manifest, position, numbers)
            for position in {both[side] for both in candidates}
        }
        for side, manifest, numbers in ((0, before, rows), (1, after, others))
    )
    found = {both: _kappa(mine[both[0]], theirs[both[1]]) for both in candidates}
    return _best(before, after, found)


def _candidates(before: Manifest, after: Manifest, pairs: list[ColumnPair]) -> Candidates:
    names = {pair.before.name for pair in pairs}, {pair.after.name for pair in pairs}
    old, new = (
        [(n, c.type) for n, c in enumerate(manifest.columns) if c.name not in taken]
        for manifest, taken in ((before, names[0]), (after, names[1]))
    )
    return [(m, n) for m, kind in old for n, other in new if kind is other]


def _equal_chunks(before: Manifest, old: int, after: Manifest, new: int) -> float:
    """The share of rows that lie in chunks that both columns have."""
    theirs = Counter(chunk.columns[new] for chunk in after.chunks)
    rows = 0
    for chunk in before.chunks:
        if theirs[chunk.columns[old]]:
            theirs[chunk.columns[old]] -= 1
            rows += chunk.rows
    return rows / max(1, min(before.rows, after.rows))


def _sample(reader: Reader, manifest: Manifest, position: int, part: int) -> Counter[int] | None:
    """How often each of some values occurs: about one in `part`, the same ones wherever they are.
    None where values repeat much, which many columns have in common."""
    kept: list[U64] = []
    for chunk in range(len(manifest.chunks)):
        hashes = value_hashes(reader.array(manifest, chunk, position))
        # The low half of the bits is what value_hashes has mixed.
        kept.append(hashes[(hashes & np.uint64(0xFFFFFFFF)) % np.uint64(part) == 0])
    found = Counter(np.concatenate(kept).tolist() if kept else [])
    return found if len(found) > max(1, _DIFFERENT * found.total()) else None


def _hashes(reader: Reader, manifest: Manifest, position: int, rows: Numbers) -> U64:
    column = manifest.columns[position]
    side = Side(reader, manifest, [ColumnPair(column, column)], first=True)
    return side.column_hashes(rows, 0)


def _kappa(mine: U64, theirs: U64) -> float:
    equal = float(np.mean(mine == theirs))
    if equal < _ALIKE:
        return 0.0  # It can only be less.
    values, counts = np.unique(mine, return_counts=True)
    others, other_counts = np.unique(theirs, return_counts=True)
    _, at, other_at = np.intersect1d(values, others, return_indices=True)
    chance = float((counts[at] / len(mine)) @ (other_counts[other_at] / len(mine)))
    return (equal - chance) / (1 - chance) if chance < 1 else 0.0


def _best(
    before: Manifest, after: Manifest, shares: dict[tuple[int, int], float]
) -> list[ColumnPair]:
    """Each column at most once, the most alike first."""
    found: list[tuple[Column, Column]] = []
    taken: tuple[set[int], set[int]] = set(), set()
    for old, new in sorted(shares, key=lambda both: -shares[both]):
        if shares[old, new] >= _ALIKE and old not in taken[0] and new not in taken[1]:
            found.append((before.columns[old], after.columns[new]))
            taken[0].add(old)
            taken[1].add(new)
    return [ColumnPair(*both) for both in found]
