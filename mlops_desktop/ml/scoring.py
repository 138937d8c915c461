"""A stored model on whole tables: raw columns in, the same answers out as its server gives."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.jsonable import from_plain
from mlops_desktop.core.models import Signature
from mlops_desktop.ml import recipe
from mlops_desktop.ml.arrow_vectors import ARROW_TYPES
from mlops_desktop.ml.encode import Coded, RowEncoder
from mlops_desktop.ml.fitted import FittedStep

PREDICTION = "prediction"
_ENCODED = 2 << 20  # Values.
_FITS = {(ColumnType.INTEGER, ColumnType.NUMBER), (ColumnType.BOOLEAN, ColumnType.NUMBER)}


class Scorer:
    """Answers tables that have the model's raw columns. onnx: the estimator's graph."""

    def __init__(self, name: str, card: Mapping[str, Any], onnx: bytes, threads: int) -> None:
        """name: of the model version, for errors."""
        self._name = name
        self.signature = from_plain(Signature, card["signature"])
        self._steps = [FittedStep.from_json(step) for step in card.get("features", ())]
        self._encoder = RowEncoder.from_json(card["encoder"])
        self._run = _session(onnx, threads).run
        self._labels = _labels(self.signature.classes)

    def check(self, columns: Sequence[Column]) -> None:
        """Raises UserError where an input is not among the columns, or of another type."""
        types = {column.name: column.type for column in columns}
        for field in self.signature.inputs:
            if field.name not in types:
                near = difflib.get_close_matches(field.name, types, n=2)
                hint = f"Did you mean {' or '.join(near)}? " if near else ""
                raise UserError(
                    f"{self._name} needs the column {field.name!r}, which is not there.",
                    why="A model takes the raw columns that its training data began with.",
                    hint=f"{hint}Choose data that has it; it may be empty where it is not known.",
                )
            found = types[field.name]
            if found is not field.type and (found, field.type) not in _FITS:
                raise UserError(
                    f"{self._name} takes {field.name!r} as {field.type.value}; here it is "
                    f"{found.value}.",
                    hint="Import the data with that type, then try again.",
                )

    def output_columns(self, columns: Sequence[Column]) -> tuple[Column, ...]:
        """The columns of what answered() gives for a table with these columns."""
        added = [Column(PREDICTION, self._prediction_type())]
        added += [Column(name, ColumnType.NUMBER) for name in self._score_names()]
        names = {column.name for column in added}
        return (*(column for column in columns if column.name not in names), *added)

    def answered(self, batch: pa.RecordBatch, first_row: int) -> pa.RecordBatch:
        """The batch with prediction, and probability_<class> for classes; columns of those names
        are replaced. first_row: the number of its first row, for errors."""
        scores = self._scores(batch)
        bad = np.flatnonzero(~np.isfinite(scores).all(axis=1))
        if len(bad):
            raise UserError(
                f"Row {first_row + int(bad[0]) + 1:,}: the numbers are too large for this model.",
                hint="Correct that row, then try again.",
            )
        added: dict[str, Any] = {}
        if self.signature.classes:
            added[PREDICTION] = self._labels.take(pa.array(scores.argmax(axis=1)))
            for place, name in enumerate(self._score_names()):
                added[name] = pa.array(np.ascontiguousarray(scores[:, place], dtype=np.float64))
        else:
            added[PREDICTION] = pa.array(scores[:, 0].astype(np.float64))
        kept = {
            name: batch.column(place)
            for place, name in enumerate(batch.schema.names)
            if name not in added
        }
        return pa.RecordBatch.from_pydict({**kept, **added})

    def _scores(self, batch: pa.RecordBatch) -> npt.NDArray[np.float32]:
        fields = self.signature.inputs
        table = pa.Table.from_batches([batch]).select([field.name for field in fields])
        schema = pa.schema([(field.name, ARROW_TYPES[field.type]) for field in fields])
        table = recipe.features_on_table(table.cast(schema), self._steps)
        # Categories side by side are wide: a piece at a time, to bound the memory.
        step = max(1, _ENCODED // max(1, self._encoder.width))
        pieces = [self._answers(table.slice(at, step)) for at in range(0, table.num_rows, step)]
        return np.concatenate(pieces)

    def _answers(self, rows: pa.Table) -> npt.NDArray[np.float32]:
        columns = {name: _column(rows[name]) for name in self._encoder.columns}
        encoded = (
            self._encoder.encode_table(columns)
            if columns
            else np.zeros((rows.num_rows, self._encoder.width), dtype=np.float32)
        )
        found: npt.NDArray[np.float32] = self._run(["y"], {"x": encoded})[0]
        return found

    def _score_names(self) -> list[str]:
        return [f"probability_{name}" for name in self.signature.classes]

    def _prediction_type(self) -> ColumnType:
        if not self.signature.classes:
            return ColumnType.NUMBER
        if pa.types.is_boolean(self._labels.type):
            return ColumnType.BOOLEAN
        whole = pa.types.is_integer(self._labels.type)
        return ColumnType.INTEGER if whole else ColumnType.TEXT


def _column(column: pa.ChunkedArray[Any]) -> npt.NDArray[Any] | Coded:
    """As the encoder reads it: text by the different values, since most repeat."""
    if not pa.types.is_string(column.type):
        return np.asarray(column.to_numpy())
    coded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    codes = coded.indices.to_numpy()  # For the values, too: the encoder looks at none of a text.
    return Coded(codes, codes, (), tuple(coded.dictionary.to_pylist()))


def _labels(classes: Sequence[str]) -> Any:
    """The class labels in the type that the target had."""
    if classes and set(classes) <= {"true", "false"}:
        return pa.array([label == "true" for label in classes])
    try:
        whole = [int(label) for label in classes]
    except ValueError:
        return pa.array(list(classes), pa.string())
    same = [str(number) for number in whole] == list(classes)
    return pa.array(whole, pa.int64()) if same else pa.array(list(classes), pa.string())


def _session(onnx: bytes, threads: int) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
