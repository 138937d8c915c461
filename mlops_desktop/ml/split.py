"""Which rows are held out, and the folds of the rest: by time, by group, or shuffled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_desktop.core.errors import UserError

HELDOUT = 0.2
FOLDS = 5
_COARSE = 0.2  # Fewer distinct rows than this share: rows repeat by nature, not as duplicates.
Rows = npt.NDArray[np.intp]
Codes = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Parts:
    """Row numbers. folds: (train, test) inside the training part, at most FOLDS of them.

    cutoff: with kind 'time', the first value of the held-out part. dropped: rows left out of the
    training part because the held-out part has the same features. coarse: the features have so
    few distinct rows that keeping equal ones on one side was not tried.
    """

    kind: str
    train: Rows
    heldout: Rows
    folds: tuple[tuple[Rows, Rows], ...]
    cutoff: Any = None
    dropped: int = 0
    coarse: bool = False


def hold_out(
    keys: Codes,
    *,
    time: npt.NDArray[Any] | None = None,
    groups: Codes | None = None,
    strata: Codes | None = None,
    seed: int = 0,
) -> Parts:
    """Hold out a fifth of the rows, and cut the rest into folds by the same rule.

    keys: a number for each row, the same where all its features are. time: sortable; the newest
    rows are held out, equal times stay together, and folds expand. groups: the rows of a group
    stay together. Else rows are shuffled, in equal shares of each stratum (class).
    Equal feature rows are never on both sides, unless the features are coarse (see Parts).
    Raises UserError where one time or one group is all there is.
    """
    coarse = len(np.unique(keys)) < _COARSE * len(keys)
    if time is not None:
        train, heldout, cutoff = _newest(time)
        train, dropped = _without_copies(train, heldout, keys, coarse=coarse)
        folds = _expanding(train, time[train])
        return Parts("time", train, heldout, _clean(folds, keys, coarse), cutoff, dropped, coarse)
    if groups is not None:
        if len(np.unique(groups)) < 2:
            raise UserError(
                "The group column has a single group, so no group can be held out.",
                hint="Name another column, or none.",
            )
        train, heldout = _sides(_deal(groups, None, seed))
        train, dropped = _without_copies(train, heldout, keys, coarse=coarse)
        folds = _dealt_folds(train, _deal(groups[train], None, seed + 1))
        return Parts("group", train, heldout, _clean(folds, keys, coarse), None, dropped, coarse)
    clusters = np.arange(len(keys)) if coarse else keys
    train, heldout = _sides(_deal(clusters, strata, seed))
    inner = None if strata is None else strata[train]
    folds = _dealt_folds(train, _deal(clusters[train], inner, seed + 1))
    return Parts("shuffled", train, heldout, tuple(folds), coarse=coarse)


def _newest(time: npt.NDArray[Any]) -> tuple[Rows, Rows, Any]:
    order = np.sort(time)
    value = order[int(len(order) * (1 - HELDOUT))]
    # Equal times stay together: begin with this value or after it, whichever is nearer to a fifth.
    starts = [int(np.searchsorted(order, value, side)) for side in ("left", "right")]
    starts = [start for start in starts if 0 < start < len(order)]
    if not starts:
        raise UserError(
            "The time column has a single value, so the newest rows cannot be held out.",
            hint="Name another column, or none.",
        )
    start = min(starts, key=lambda place: abs(place - len(order) * (1 - HELDOUT)))
    cutoff = order[start]
    return np.flatnonzero(time < cutoff), np.flatnonzero(time >= cutoff), cutoff


def _expanding(train: Rows, time: npt.NDArray[Any]) -> list[tuple[Rows, Rows]]:
    """Each fold trains on all that is older than what it tests on."""
    order = np.sort(time)
    edges = [order[int(len(order) * i / (FOLDS + 1))] for i in range(1, FOLDS + 1)]
    found = []
    for i, edge in enumerate(edges):
        test = time >= edge
        if i + 1 < FOLDS:
            test &= time < edges[i + 1]
        if test.any() and (time < edge).any():
            found.append((train[time < edge], train[test]))
    return found


def _deal(clusters: Codes, strata: Codes | None, seed: int) -> npt.NDArray[np.float64]:
    """A place in (0, 1) for each row, random but the same for its whole cluster, and evenly
    spread over the rows of each stratum (that of the cluster's first row)."""
    _, first, inverse, sizes = np.unique(
        clusters, return_index=True, return_inverse=True, return_counts=True
    )
    luck = np.random.default_rng(seed).permutation(len(sizes))
    stratum = np.zeros(len(sizes), dtype=np.intp)
    if strata is not None:
        stratum = np.unique(strata, return_inverse=True)[1][first]
    order = np.lexsort((luck, stratum))
    ends = np.cumsum(sizes[order])
    middles = ends - sizes[order] / 2
    totals = np.bincount(stratum, weights=sizes)
    begins = np.concatenate([[0.0], np.cumsum(totals)[:-1]])
    places = np.empty(len(sizes))
    places[order] = (middles - begins[stratum[order]]) / totals[stratum[order]]
    return np.asarray(places[inverse])


def _sides(places: npt.NDArray[np.float64]) -> tuple[Rows, Rows]:
    heldout = places >= 1 - HELDOUT
    if not heldout.any():  # One large cluster at the end: hold out the last one that there is.
        heldout = places == places.max()
    return np.flatnonzero(~heldout), np.flatnonzero(heldout)


def _dealt_folds(train: Rows, places: npt.NDArray[np.float64]) -> list[tuple[Rows, Rows]]:
    fold = np.minimum((places * FOLDS).astype(int), FOLDS - 1)
    pairs = [(train[fold != i], train[fold == i]) for i in range(FOLDS)]
    return [(fit, test) for fit, test in pairs if len(fit) and len(test)]


def _without_copies(train: Rows, heldout: Rows, keys: Codes, *, coarse: bool) -> tuple[Rows, int]:
    if coarse:
        return train, 0
    kept = train[~np.isin(keys[train], keys[heldout])]
    return kept, len(train) - len(kept)


def _clean(
    folds: list[tuple[Rows, Rows]], keys: Codes, coarse: bool
) -> tuple[tuple[Rows, Rows], ...]:
    cleaned = [(_without_copies(fit, test, keys, coarse=coarse)[0], test) for fit, test in folds]
    return tuple((fit, test) for fit, test in cleaned if len(fit))
