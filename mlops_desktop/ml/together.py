"""How columns go together: correlations of every sort, and values that are missing at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.profile import ColumnProfile, Correlations, GapPattern, Gaps, triangle
from mlops_desktop.ml.relations import as_floats

SAMPLE_ROWS = 50_000  # Of more, random ones: a correlation is then known to 0.01 (95 %).
MOST_COLUMNS = 60  # More cells than 60 x 60 no screen shows.
_MOST_CATEGORIES = 100
_LEAST_ROWS = 10  # With fewer rows in common nothing is said.
_PATTERNS = 30
Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]


def can_correlate(column: ColumnProfile) -> bool:
    """Numbers, times, yes-or-no and texts with few values, where they vary."""
    if column.distinct < 2:
        return False
    few = column.distinct <= min(_MOST_CATEGORIES, max(2, column.rows // 5))
    return few if column.type is ColumnType.TEXT else True


def correlations(
    columns: Sequence[ColumnProfile], arrays: Sequence[Any], *, sampled: bool, left_out: int = 0
) -> Correlations | None:
    """Of columns that can_correlate(); arrays hold the same rows of each. None for one column.

    Numbers by Pearson (1895) and, on average ranks among each column's own values, Spearman
    (1904); categories by Cramer's V with Bergsma's correction (2013, J. Korean Stat. Soc. 42);
    numbers with categories by the correlation ratio, Kelley's epsilon (1935, PNAS 21), which
    takes off what chance adds. Rows where one of the two is missing do not count.
    """
    if len(columns) < 2:
        return None
    ordered = [column.type is not ColumnType.TEXT for column in columns]
    numbers = [as_floats(array) for array, number in zip(arrays, ordered, strict=True) if number]
    codes = [_codes(array) for array, number in zip(arrays, ordered, strict=True) if not number]
    count = len(columns)
    spearman, pearson, strength = (np.full((count, count), np.nan) for _ in range(3))
    places = np.flatnonzero(ordered)
    if len(numbers) > 1:
        values = np.column_stack(numbers)
        cells = np.ix_(places, places)
        pearson[cells] = pairwise(values)
        spearman[cells] = pairwise(np.column_stack([ranks(column) for column in numbers]))
    texts = np.flatnonzero(~np.array(ordered))
    for at, text in enumerate(texts):
        for other, number in enumerate(places):
            strength[text, number] = correlation_ratio(codes[at], numbers[other])
        for other, before in enumerate(texts[:at]):
            strength[text, before] = cramers_v(codes[at], codes[other])
    both = np.where(np.isnan(strength), strength.T, strength)
    return Correlations(
        rows=len(arrays[0]),
        sampled=sampled,
        columns=tuple(column.name for column in columns),
        ordered=tuple(ordered),
        spearman=triangle(spearman),
        pearson=triangle(pearson),
        strength=triangle(both),
        left_out=left_out,
    )


def gaps(
    columns: Sequence[ColumnProfile],
    absent: Sequence[npt.NDArray[np.bool_]],
    rows: int,
    *,
    left_out: int = 0,
) -> Gaps | None:
    """Of columns with missing values; absent tells for the same rows of each which are missing.

    rows: of the whole table; counts of a sample are brought up to it. The correlation of being
    missing is Pearson's, of 0 and 1 (as in missingno, Bilogur 2018). None without such columns.
    """
    if not columns:
        return None
    matrix = np.column_stack(absent)
    looked = len(matrix)
    packed = np.ascontiguousarray(np.packbits(matrix, axis=1))
    kinds, first, counts = np.unique(
        packed.view([("", packed.dtype)] * packed.shape[1]).ravel(),
        return_index=True,
        return_counts=True,
    )
    order = np.lexsort((first, -counts))
    share = rows / max(1, looked)
    shown = order[:_PATTERNS]
    return Gaps(
        rows=looked,
        sampled=looked < rows,
        columns=tuple(column.name for column in columns),
        missing=tuple(column.missing for column in columns),
        patterns=tuple(
            GapPattern(tuple(np.flatnonzero(matrix[first[at]]).tolist()), round(counts[at] * share))
            for at in shown
        ),
        other_patterns=len(kinds) - len(shown),
        other_rows=round(int(counts[order[_PATTERNS:]].sum()) * share),
        nullity=triangle(pairwise(matrix.astype(np.float64))),
        left_out=left_out,
    )


def pairwise(values: Floats) -> Floats:
    """Pearson's correlation of each two columns of values, over the rows where both are there."""
    there = np.isfinite(values)
    known = there.sum(axis=0)
    filled = np.where(there, values, 0.0)
    largest = np.abs(filled).max(axis=0, initial=0.0)
    filled /= np.where(largest > 0, largest, 1.0)  # Sums of the largest floats would overflow.
    # Centred and scaled first, so that large numbers close to each other lose no digits.
    filled = np.where(there, filled - filled.sum(axis=0) / np.maximum(known, 1), 0.0)
    largest = np.abs(filled).max(axis=0, initial=0.0)
    filled /= np.where(largest > 0, largest, 1.0)
    if there.all():
        product = filled.T @ filled
        spread = np.sqrt(np.diag(product))
        scale = np.outer(spread, spread)
        counts = np.full(product.shape, float(len(values)))
    else:
        mask = there.astype(np.float64)
        counts = mask.T @ mask
        sums = filled.T @ mask  # [i, j]: of i where j is there.
        squares = (filled**2).T @ mask
        safe = np.maximum(counts, 1.0)
        product = filled.T @ filled - sums * sums.T / safe
        spread_square = np.maximum(squares - sums**2 / safe, 0.0)
        # What is left of a constant by rounding is no spread.
        spread_square[spread_square <= 1e-12 * np.maximum(squares, 1e-300)] = 0.0
        scale = np.sqrt(spread_square * spread_square.T)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.clip(product / scale, -1.0, 1.0)
    found[(scale == 0) | (counts < _LEAST_ROWS)] = np.nan
    return np.asarray(found)


def ranks(values: Floats) -> Floats:
    """Ranks from 1 of the values that are there, equal ones sharing their mean; NaN stays."""
    there = np.flatnonzero(np.isfinite(values))
    known = values[there]
    order = np.argsort(known)
    ascending = known[order]
    starts = np.flatnonzero(np.concatenate([[True], ascending[1:] != ascending[:-1]]))
    sizes = np.diff(starts, append=len(ascending))
    found = np.full(len(values), np.nan)
    if len(there):
        found[there[order]] = np.repeat(starts + (sizes + 1) / 2, sizes)
    return found


def cramers_v(a: Codes, b: Codes) -> float:
    """Of two columns of codes from 0, -1 where missing; NaN where one does not vary."""
    both = (a >= 0) & (b >= 0)
    a, b = a[both], b[both]
    if len(a) < _LEAST_ROWS:
        return float("nan")
    wide = int(b.max()) + 1
    table = np.bincount(a * wide + b, minlength=(int(a.max()) + 1) * wide).reshape(-1, wide)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0].astype(np.float64)
    rows, columns = table.shape
    if rows < 2 or columns < 2:
        return float("nan")
    count = table.sum()
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / count
    phi = ((table - expected) ** 2 / expected).sum() / count
    phi = max(0.0, phi - (rows - 1) * (columns - 1) / (count - 1))
    rows_less = rows - (rows - 1) ** 2 / (count - 1)
    columns_less = columns - (columns - 1) ** 2 / (count - 1)
    least = min(rows_less, columns_less) - 1
    return float(np.sqrt(min(1.0, phi / least))) if least > 0 else float("nan")


def correlation_ratio(codes: Codes, values: Floats) -> float:
    """How far numbers differ between categories: 0 not at all, 1 by nothing else."""
    both = (codes >= 0) & np.isfinite(values)
    codes, values = codes[both], values[both]
    count = len(codes)
    if count < _LEAST_ROWS:
        return float("nan")
    sizes = np.bincount(codes)
    kinds = int((sizes > 0).sum())
    centred = values - values.mean()
    total = float(np.square(centred).sum())  # Not by BLAS, whose threads cost more than this.
    if kinds < 2 or total <= 0 or count <= kinds:
        return float("nan")
    sums = np.bincount(codes, weights=centred)
    between = float((sums**2 / np.maximum(sizes, 1)).sum())
    share = 1 - (1 - between / total) * (count - 1) / (count - kinds)
    return float(np.sqrt(min(1.0, max(0.0, share))))


def _codes(array: Any) -> Codes:
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    return np.asarray(
        array.dictionary_encode().indices.fill_null(-1).to_numpy(zero_copy_only=False),
        dtype=np.int64,
    )
