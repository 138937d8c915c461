"""Sums that hold but for a few fixed amounts: a fare, a tip and tolls, and a fee, in the total."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.profile import Profile
from mlops_desktop.ml.relations import as_floats

_SAMPLE = 64
_MOST_COLUMNS = 16  # 680 pairs and triples, a tenth of a second.
_LEAST_ROWS = 200
_LEAST_VALUES = 100  # Of the total: few values differ by few amounts anyway.
_MOST_AMOUNTS = 12
_COVERED = 0.95  # The share of the rows that one of the amounts must explain,
_ALONE = 0.98
_SMALL = 0.25  # which vary less than this share of what the total does.
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bill:
    """parts and one of few amounts add up to total, in that share of the rows. amounts: the most
    frequent ones first."""

    parts: tuple[str, ...]
    total: str
    share: float
    amounts: tuple[float, ...]


def bills(profile: Profile, some_rows: pa.Table) -> Iterator[Bill]:
    """Of each total the parts that explain the most rows, told from random rows. Sums that hold
    exactly are none: relations.sums finds them."""
    names = [c.name for c in profile.columns if c.type is ColumnType.NUMBER and c.distinct > 2]
    if profile.rows < _LEAST_ROWS or not 3 <= len(names) <= _MOST_COLUMNS:
        return
    values = np.column_stack([as_floats(some_rows.column(name)) for name in names])
    values = values[np.isfinite(values).all(axis=1)]
    sample = values[:: max(1, len(values) // _SAMPLE)][:_SAMPLE]
    if len(sample) < _SAMPLE // 2:
        return
    many = [n for n, name in enumerate(names) if _distinct(profile, name) >= _LEAST_VALUES]
    found: dict[str, Bill] = {}
    for parts in (p for size in (2, 3) for p in combinations(range(len(names)), size)):
        rest = np.sort(sample[:, many] - sample[:, parts].sum(axis=1)[:, None], axis=0)
        amounts = 1 + (np.diff(rest, axis=0) > _close(sample[:, many])).sum(axis=0)
        for total in np.array(many)[(amounts > 1) & (amounts <= _MOST_AMOUNTS)]:
            if total in parts:
                continue
            share, usual = _judged(values[:, parts].sum(axis=1), values[:, total])
            old = found.get(names[total])
            if share >= _COVERED and (old is None or share > old.share):
                chosen = tuple(names[part] for part in parts)
                found[names[total]] = Bill(chosen, names[total], share, usual)
    yield from found.values()


def _judged(added: Floats, total: Floats) -> tuple[float, tuple[float, ...]]:
    """The share of the rows that the most frequent amounts explain, 0 where that says nothing."""
    rest = total - added
    digits = int(np.clip(8 - np.ceil(np.log10(np.abs(total).max() + 1)), 0, 6))
    amounts, counts = np.unique(rest.round(digits), return_counts=True)
    alone = counts.max() > _ALONE * len(rest)  # Nothing but a sum with exceptions.
    if alone or rest.std() >= _SMALL * total.std():
        return 0.0, ()
    most = np.argsort(-counts, kind="stable")[:_MOST_AMOUNTS]
    usual = tuple(float(amount) for amount in amounts[most] + 0.0)
    return float(counts[most].sum() / len(rest)), usual


def _close(sample: Floats) -> Floats:
    """What adding floats loses at most."""
    found: Floats = 1e-8 * np.maximum(1.0, np.abs(sample).max(axis=0))
    return found


def _distinct(profile: Profile, name: str) -> int:
    column = profile.column(name)
    return 0 if column is None else column.distinct
