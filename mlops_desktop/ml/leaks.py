"""Columns that give the target away: alone, or as a sum (or another fixed mix) of two or three."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import numpy.typing as npt

_ROWS = 20_000  # A sample of this size is looked at.
_ALONE = 0.99  # Explained share of the target, above which one column alone is suspect.
_MIX = 0.99999  # The same for a linear mix: sums that hold exactly, but for rounding.
_PATTERNS = 5  # Of gaps that are looked at,
_KNOWN_ROWS = 50  # each with so many rows between the gaps.
_COLUMNS = 40  # Mixes are looked for among this many columns, the best correlated ones.
_BINS = 200
Values = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Leak:
    """columns: one, or those of a mix. share: of the target that they explain on unseen rows."""

    columns: tuple[str, ...]
    share: float


def find_leaks(
    columns: dict[str, Values], target: Values, *, classes: bool, seed: int = 0
) -> list[Leak]:
    """Columns (floats with NaN, or text codes as negative-free integers) that repeat the target.

    target: floats, or class codes. A column is suspect alone where the target's mean (or most
    frequent class) in each of its values or bins, learnt on half of the rows, explains the other
    half. For numbers, pairs and triples of columns are tried as linear mixes by least squares.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(len(target))[:_ROWS]
    target = target[chosen]
    columns = {name: values[chosen] for name, values in columns.items()}
    alone = []
    for name, values in columns.items():
        share = _alone(values, target, classes=classes)
        if share >= _ALONE:
            alone.append(Leak((name,), share))
    if classes:
        return alone
    taken = {leak.columns[0] for leak in alone}
    numbers = {
        name: values
        for name, values in columns.items()
        if values.dtype.kind == "f" and name not in taken
    }
    return alone + _mixes_where_known(numbers, target)


def _alone(values: Values, target: Values, *, classes: bool) -> float:
    """How much better the column predicts the second half than a constant does: 0 to 1."""
    half = len(target) // 2
    codes = _bins(values, half)
    count = int(codes.max()) + 1
    known, asked = target[:half], target[half:]
    if classes:
        kinds = int(target.max()) + 1
        table = np.zeros((count, kinds))
        np.add.at(table, (codes[:half], known), 1)
        usual = np.bincount(known, minlength=kinds).argmax()
        answers = np.where(table.sum(axis=1) > 0, table.argmax(axis=1), usual)[codes[half:]]
        wrong, base = np.mean(answers != asked), np.mean(asked != usual)
        return 0.0 if base == 0 else float(1 - wrong / base)
    sizes = np.bincount(codes[:half], minlength=count)
    sums = np.bincount(codes[:half], weights=known, minlength=count)
    means = np.where(sizes > 0, sums / np.maximum(sizes, 1), known.mean())
    spread = np.mean((asked - known.mean()) ** 2)
    return 0.0 if spread == 0 else float(1 - np.mean((asked - means[codes[half:]]) ** 2) / spread)


def _bins(values: Values, half: int) -> npt.NDArray[np.intp]:
    """Codes of the values: each its own where few, else bins of the first half; missing last."""
    if values.dtype.kind != "f":
        return np.asarray(values, dtype=np.intp)
    missing = np.isnan(values)
    distinct = np.unique(values[~missing])
    edges = (distinct[1:] + distinct[:-1]) / 2
    known = values[:half][~missing[:half]]
    if len(distinct) > _BINS and len(known):
        edges = np.unique(np.quantile(known, np.linspace(0, 1, _BINS + 1)[1:-1]))
    codes = np.searchsorted(edges, np.nan_to_num(values), side="right")
    codes[missing] = len(edges) + 1
    return np.asarray(codes, dtype=np.intp)


def _mixes_where_known(columns: dict[str, Values], target: Values) -> list[Leak]:
    """Mixes over all rows, and over the rows where columns with gaps have values: recorded rows
    that joined the old ones lack what the model never asked for."""
    found = _mixes(columns, target)
    gaps = {np.packbits(gap).tobytes(): gap for v in columns.values() if (gap := np.isnan(v)).any()}
    for gap in list(gaps.values())[:_PATTERNS]:
        if (~gap).sum() < max(_KNOWN_ROWS, len(gap) // 10):
            continue
        for leak in _mixes({name: v[~gap] for name, v in columns.items()}, target[~gap]):
            if not any(set(old.columns) <= set(leak.columns) for old in found):
                found.append(leak)
    return found


def _mixes(columns: dict[str, Values], target: Values) -> list[Leak]:
    """Pairs, then triples without such a pair, whose linear mix gives the target."""
    usable = {}
    for name, values in columns.items():
        missing = np.isnan(values)
        if missing.all():
            continue
        filled = np.where(missing, values[~missing].mean(), values)
        if filled.std() > 0:
            usable[name] = (filled - filled.mean()) / filled.std()
    if len(usable) < 2 or target.std() == 0:
        return []
    y = (target - target.mean()) / target.std()
    pull = {name: abs(float(np.mean(z * y))) for name, z in usable.items()}
    names = sorted(usable, key=lambda name: -pull[name])[:_COLUMNS]
    z = np.stack([usable[name] for name in names])
    among, with_y = z @ z.T / len(y), z @ y / len(y)
    found: list[Leak] = []
    for size in (2, 3):
        sets = np.array(list(combinations(range(len(names)), size)), dtype=np.intp)
        if not len(sets):
            continue
        gram = among[sets[:, :, None], sets[:, None, :]] + 1e-12 * np.eye(size)
        pulls = with_y[sets]
        weights = np.linalg.solve(gram, pulls[:, :, None])[:, :, 0]
        shares = np.einsum("ij,ij->i", weights, pulls)
        needed = (np.abs(weights) > 1e-3).all(axis=1)
        for at in np.flatnonzero((shares >= _MIX) & needed):
            chosen = tuple(names[i] for i in sets[at])
            if not any(set(leak.columns) <= set(chosen) for leak in found):
                found.append(Leak(tuple(sorted(chosen)), float(min(1.0, shares[at]))))
    return found
