"""How raw rows become what the estimator reads, by a model card: feature steps, then the encoder.

Free of pandas, scikit-learn and pyarrow, as servers are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import numpy as np

from mlops_desktop.ml.encode import Coded, Column, Floats, RowEncoder
from mlops_desktop.ml.fitted import FittedStep
from mlops_desktop.ml.row_features import RowFeatures


class Encoder(Protocol):
    """Raw rows or columns in, float32 [rows, width] out."""

    def encode_rows(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Floats: ...

    def encode_table(self, table: Mapping[str, Column]) -> Floats: ...


def encoder_of(card: Mapping[str, Any]) -> Encoder:
    """The encoder that a `model.json` describes."""
    steps = [FittedStep.from_json(step) for step in card.get("features", ())]
    return after_steps(steps, RowEncoder.from_json(card["encoder"]))


def after_steps(steps: Sequence[FittedStep], encoder: RowEncoder) -> Encoder:
    """The encoder behind the steps; itself where there are none, so that they cost nothing."""
    return FeatureEncoder(steps, encoder) if steps else encoder


class FeatureEncoder:
    """The steps of a recipe before the encoder. Safe to use from several threads."""

    def __init__(self, steps: Sequence[FittedStep], encoder: RowEncoder) -> None:
        self._steps, self._encoder = tuple(steps), encoder
        self._outputs = encoder.columns
        self._compiled: dict[tuple[str, ...], RowFeatures] = {}

    def encode_rows(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Floats:
        """Rows of Python values in the order of `columns` as float32 [rows, width].

        Raises KeyError for a column that is not there, ValueError for a value that does not fit.
        """
        made = self._features(tuple(columns)).rows(rows)
        return self._encoder.encode_rows(self._outputs, made)

    def encode_table(self, table: Mapping[str, Column]) -> Floats:
        """Whole columns as float32 [rows, width]."""
        columns = tuple(table)
        values = [_plain(table[name]) for name in columns]
        made = self._features(columns).rows(zip(*values, strict=True))
        return self._encoder.encode_rows(self._outputs, made)

    def _features(self, columns: tuple[str, ...]) -> RowFeatures:
        found = self._compiled.get(columns)
        if found is None:
            if len(self._compiled) > 16:
                self._compiled.clear()
            found = RowFeatures(self._steps, columns, self._outputs)
            self._compiled[columns] = found
        return found


def _plain(column: Column) -> Sequence[Any]:
    """Python values, None for NaT; moments as microseconds since 1970."""
    if isinstance(column, Coded):
        return _plain(column.values)
    if not isinstance(column, np.ndarray):
        return column
    if column.dtype.kind != "M":
        return list(column.tolist())
    moments = column.astype("datetime64[us]")
    whole = moments.astype(np.int64).tolist()
    there = (~np.isnat(moments)).tolist()
    return [value if known else None for value, known in zip(whole, there, strict=True)]
