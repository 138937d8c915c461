"""Tests of whether two samples come from one distribution: p-values by numpy alone.

Kolmogorov-Smirnov: the asymptotic distribution with the correction of Stephens (1970). Chi-square:
Pearson's test of homogeneity, rare categories pooled until each cell expects five (Cochran, 1954).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

_EXPECTED = 5.0
_POINTS = 1 << 16
Floats = npt.NDArray[np.float64]


def kolmogorov_smirnov(before: Floats, after: Floats) -> tuple[float, float]:
    """D and the p-value of two ascending samples, neither empty. D is exact up to _POINTS rows;
    above, it is found at that many quantiles of either, less than 2 / _POINTS below the exact."""
    largest = 0.0
    for sample in (before, after):
        points = sample[:: -(-len(sample) // _POINTS)]
        shares = [np.searchsorted(one, points, side="right") / len(one) for one in (before, after)]
        largest = max(largest, float(np.abs(shares[0] - shares[1]).max()))
    root = math.sqrt(len(before) * len(after) / (len(before) + len(after)))
    return largest, _kolmogorov((root + 0.12 + 0.11 / root) * largest)


def chi_square(table: npt.NDArray[Any]) -> tuple[float, float]:
    """The statistic and the p-value of a table of counts [2, categories]."""
    table = table[:, table.sum(axis=0) > 0].astype(float)
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    rare = expected.min(axis=0) < _EXPECTED
    if rare.any() and not rare.all():
        # The rare ones together, with the next rarest where that is still too few.
        order = np.argsort(table.sum(axis=0))
        pooled = int(rare.sum())
        while pooled < len(order) and expected[:, order[:pooled]].sum(axis=1).min() < _EXPECTED:
            pooled += 1
        apart, together = table[:, order[pooled:]], table[:, order[:pooled]].sum(axis=1)
        table = np.column_stack([apart, together])
        expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / table.sum()
    freedom = table.shape[1] - 1
    if freedom < 1:
        return 0.0, 1.0
    statistic = float(((table - expected) ** 2 / expected).sum())
    return statistic, _above_chi_square(statistic, freedom)


def _kolmogorov(x: float) -> float:
    """The chance that the Kolmogorov distribution exceeds x (Kolmogorov, 1933)."""
    if x < 0.3:
        return 1.0  # Differs from 1 by less than 1e-5, and the series converges slowly there.
    terms = (2.0 * (-1.0) ** (k - 1) * math.exp(-2 * (k * x) ** 2) for k in range(1, 20))
    return min(1.0, max(0.0, sum(terms)))


def _above_chi_square(x: float, freedom: int) -> float:
    """The chance that chi-square exceeds x: the finite sums of Abramowitz & Stegun 26.4.4-5."""
    half = x / 2
    if half > 700:
        return 0.0
    if freedom % 2:
        total = math.erfc(math.sqrt(half))
        exponents = [k + 0.5 for k in range((freedom - 1) // 2)]
    else:
        total = 0.0
        exponents = [float(k) for k in range(freedom // 2)]
    if half == 0:
        return 1.0
    log = math.log(half)
    return min(1.0, total + sum(math.exp(k * log - half - math.lgamma(k + 1)) for k in exponents))
