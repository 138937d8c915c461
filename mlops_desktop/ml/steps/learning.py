"""What steps learn from training rows: medians, quantiles, frequent values."""

from __future__ import annotations

from typing import Any

import numpy as np

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.ml import arrow_vectors
from mlops_desktop.ml.expressions import NUMBER
from mlops_desktop.ml.raw_rows import Prepared
from mlops_desktop.ml.vectors import Vec


class PreparedLearner:
    """Learns from all rows that are left, one column after the other."""

    def __init__(self, rows: Prepared) -> None:
        self._rows = rows
        self._last: tuple[str, Vec] | None = None

    def median(self, name: str, kind: ColumnType) -> Any:
        return self.quantile(name, kind, 0.5)

    def mean(self, name: str) -> float | None:
        values = self._present(name)
        if not len(values):
            return None
        numbers = values.astype(np.float64)
        with np.errstate(over="ignore", invalid="ignore"):
            mean = float(numbers.mean())
        return mean if np.isfinite(mean) else float((numbers / len(numbers)).sum())

    def most_frequent(self, name: str, kind: ColumnType) -> Any:
        values, counts = np.unique(self._present(name), return_counts=True)
        if not len(values):
            return None
        often = values[counts == counts.max()]
        if kind is ColumnType.TEXT:
            words = self._read(name).words
            return min(words[code] for code in often.tolist())
        return often[0].item()

    def quantile(self, name: str, kind: ColumnType, share: float) -> Any:
        values = self._present(name)
        if not len(values):
            return None
        if kind is NUMBER:
            return float(_quantiles(values, [share])[0])
        place = int(share * (len(values) - 1))
        return np.partition(values, place)[place].item()

    def common(self, name: str, share: float) -> list[str]:
        values = self._present(name)
        codes, counts = np.unique(values, return_counts=True)
        words = self._read(name).words
        return sorted(words[code] for code in codes[counts >= share * len(values)].tolist())

    def edges(self, name: str, bins: int) -> list[float]:
        values = self._present(name).astype(np.float64)
        if not len(values):
            return []
        return list(map(float, np.unique(_quantiles(values, np.arange(1, bins) / bins))))

    def _read(self, name: str) -> Vec:
        """The column's values; only those that were asked for last are kept."""
        if self._last is None or self._last[0] != name:
            self._last = None
            self._last = (name, arrow_vectors.vector(self._rows[name]))
        return self._last[1]

    def _present(self, name: str) -> Any:
        vec = self._read(name)
        return vec.values if vec.missing is None else vec.values[~vec.missing]


def _quantiles(values: Any, shares: Any) -> Any:
    with np.errstate(over="ignore", invalid="ignore"):
        found = np.quantile(values, shares)
    # Between numbers near the ends of what a float holds lies none: take one that is there.
    whole = np.isfinite(found).all()
    return found if whole else np.quantile(values, shares, method="lower")


class NothingLearner:
    """Stands in where only the types of the columns to come are asked for."""

    def median(self, name: str, kind: ColumnType) -> Any:  # noqa: ARG002
        return None

    def mean(self, name: str) -> float | None:  # noqa: ARG002
        return None

    def most_frequent(self, name: str, kind: ColumnType) -> Any:  # noqa: ARG002
        return None

    def quantile(self, name: str, kind: ColumnType, share: float) -> Any:  # noqa: ARG002
        return None

    def common(self, name: str, share: float) -> list[str]:  # noqa: ARG002
        return []

    def edges(self, name: str, bins: int) -> list[float]:  # noqa: ARG002
        return []
