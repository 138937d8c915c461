"""A loaded model version: from checked rows to predictions."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import orjson

from mlops_desktop.blobs import modelfiles, objects
from mlops_desktop.blobs.segments import SegmentHeader
from mlops_desktop.child.serving.batches import Irregular, Piece
from mlops_desktop.child.serving.checks import Checked, RowChecker, Rows, merged
from mlops_desktop.child.serving.columns import ColumnChecker
from mlops_desktop.child.serving.hidden import Hidden
from mlops_desktop.child.serving.refused import Refused
from mlops_desktop.core.jsonable import from_plain
from mlops_desktop.core.models import Signature
from mlops_desktop.ml.encode import Floats
from mlops_desktop.ml.served_features import encoder_of
from mlops_desktop.paths import Workspace

if TYPE_CHECKING:
    from mlops_desktop.child.serving.reasons import Reasons

_BY_COLUMN = 16  # From this many rows on, looking at whole columns is faster.
Scores = np.ndarray[Any, np.dtype[Any]]


class Prediction(NamedTuple):
    """y: numbers, or class labels as text. p: probabilities a row, None for numbers."""

    y: list[float | str]
    p: list[list[float]] | None
    checked: Checked


class LoadedModel:
    """Answers rows that are in the signature's order. Safe to use from several threads."""

    def __init__(self, workspace: Workspace, deployment: int, job: dict[str, Any]) -> None:
        """job: name, version, model_version (the row's id), files (artifact name -> SHA-256),
        privacy (optional: the columns to "drop" and to "hash" before they are recorded)."""
        files: dict[str, str] = job["files"]
        card = modelfiles.read_card(workspace, files)
        self.name: str = job["name"]
        self.version: int = job["version"]
        self.model_version: int = job["model_version"]
        self.signature = from_plain(Signature, card["signature"])
        self.classes = list(self.signature.classes)
        self.labels = label_values(self.classes)
        self.checker = RowChecker(self.signature)
        self._by_column = ColumnChecker(self.signature)
        self.header = SegmentHeader(
            deployment,
            self.name,
            self.version,
            self.model_version,
            tuple(self.checker.columns),
            ("prediction", *self.classes),
        )
        path = workspace.privacy_key(deployment)
        self.key = path.read_bytes().strip() if path.exists() else b""
        self.hidden: Hidden | None = None
        privacy = job.get("privacy", {"drop": [], "hash": []})
        if privacy["drop"] or privacy["hash"]:
            self.hidden = Hidden(self.checker.columns, privacy["drop"], privacy["hash"], self.key)
            self.header = replace(
                self.header,
                columns=self.hidden.recorded,
                dropped=self.hidden.dropped,
                hashed=self.hidden.hashed,
            )
        self.why_no_onnx = ""
        self.engine = "onnxruntime"
        self.encoder = encoder_of(card)
        self._pool = ThreadPoolExecutor(2, "many rows")
        self._workspace, self._files = workspace, files
        self._reasons: Reasons | None = None
        self._run: Callable[[Floats], Scores]
        self._run_pieces = True
        if modelfiles.ONNX in files:
            model = objects.get_bytes(workspace, files[modelfiles.ONNX])
            self._run = _onnx(model)
        else:
            self.engine = "scikit-learn"
            self.why_no_onnx = card.get("why_no_onnx") or "No ONNX file was stored."
            model = objects.get_bytes(workspace, files[modelfiles.SKOPS])
            self._run = _sklearn(model)
            self._run_pieces = False  # What a call costs here is worth hundreds of rows.

    @property
    def columns(self) -> list[str]:
        return self.checker.columns

    def predict(self, rows: Rows) -> Prediction:
        """Check the rows (which settles values in place) and answer them."""
        if not rows:
            return Prediction([], [] if self.classes else None, Checked({}, settled=False))
        checked, encoded = self._encoded(rows)
        return self._said(self._run(encoded), checked)

    def predict_pieces(self, pieces: Sequence[Piece]) -> tuple[Prediction, bytes]:
        """Answer the rows of a large body; and these as they are recorded, in JSON.

        Raises Irregular where a value may be against a rule. A session lets go of the interpreter,
        so the next piece is read meanwhile.
        """
        checks, scores, texts = zip(*self._pool.map(self._answered, pieces), strict=True)
        together = np.concatenate(scores)
        if not self._run_pieces:
            together = self._run(together)
        return self._said(together, merged(checks)), b"[%b]" % b",".join(texts)

    def close(self) -> None:
        """End the threads, once nothing is being answered."""
        self._pool.shutdown()

    def explain(self, rows: Rows, y: list[float | str]) -> list[dict[str, Any]]:
        """What each column added to the answers y to checked rows. Takes milliseconds a row."""
        if self._reasons is None:
            from mlops_desktop.child.serving.reasons import Reasons  # noqa: PLC0415  Few ask.

            self._reasons = Reasons(
                self._workspace, self._files, self.signature, self.encoder, self._run
            )
        return self._reasons.of(rows, y)

    def typed(self, y: list[float | str]) -> list[object]:
        """The predictions as clients get them: numbers, and labels in the target's own type."""
        if not self.classes:
            return list(y)
        return [self.labels[label] for label in y]

    def warm_up(self) -> None:
        """Answer the signature's example, so that the first client does not wait longer."""
        with suppress(Refused):  # An example may be missing where a value must not be.
            self.predict([[field.example for field in self.signature.inputs]])

    def _encoded(self, rows: Rows) -> tuple[Checked, Floats]:
        width = len(self.columns)
        if len(rows) >= _BY_COLUMN and all(len(row) == width for row in rows):
            looked = self._by_column.look(list(zip(*rows, strict=True)))
            if looked is not None and not looked.settled:
                table = dict(zip(self.columns, looked.read, strict=True))
                return Checked(looked.unseen, settled=False), self.encoder.encode_table(table)
        checked = self.checker.check(rows)
        return checked, self.encoder.encode_rows(self.columns, rows)

    def _answered(self, piece: Piece) -> tuple[Checked, Scores, bytes]:
        """What a piece holds, from the checks to the scores and the record."""
        rows, columns, text = piece.read()
        checked = Checked({}, settled=False)
        if rows is not None and text is not None and self._by_column.are_numbers(rows, text):
            encoded = self.encoder.encode_rows(self.columns, rows)
        else:
            looked = self._by_column.look(list(zip(*rows, strict=True)) if rows else columns or ())
            if looked is None:
                raise Irregular
            checked = Checked(looked.unseen, looked.settled)
            if looked.settled:
                rows, columns, text = None, looked.columns, None
            encoded = self.encoder.encode_table(dict(zip(self.columns, looked.read, strict=True)))
        if text is None or self.hidden is not None:
            rows = rows or list(zip(*columns or (), strict=True))
            text = orjson.dumps(rows if self.hidden is None else self.hidden.rows(rows))[1:-1]
        return checked, self._run(encoded) if self._run_pieces else encoded, text

    def _said(self, scores: Scores, checked: Checked) -> Prediction:
        found: list[list[float]] = scores.tolist()
        if len(found) == 1:
            [row] = found
            if not math.isfinite(sum(row)):
                raise _not_finite(0)
            if not self.classes:
                return Prediction(list(row), None, checked)
            return Prediction([self.classes[row.index(max(row))]], found, checked)
        if not math.isfinite(scores.sum()):
            raise _not_finite(int(np.flatnonzero(~np.isfinite(scores).all(axis=1))[0]))
        if not self.classes:
            return Prediction([row[0] for row in found], None, checked)
        best = scores.argmax(axis=1).tolist()
        return Prediction([self.classes[index] for index in best], found, checked)


def _not_finite(row: int) -> Refused:
    # float32 ends at 3e38, and a linear model adds up what it is given.
    return Refused(400, f"Row {row}: the numbers are too large for this model.")


def _onnx(model: bytes) -> Callable[[Floats], Scores]:
    import onnxruntime  # noqa: PLC0415  Only where the model has this form.

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    run, outputs = session.run, ["y"]

    def scores(encoded: Floats) -> Scores:
        found: Scores = run(outputs, {"x": encoded})[0]
        return found

    return scores


def _sklearn(model: bytes) -> Callable[[Floats], Scores]:
    from mlops_desktop.ml import modelio  # noqa: PLC0415  Imports scikit-learn.

    estimator = modelio.load(model)["model"]
    return lambda encoded: modelio.estimator_scores(estimator, encoded)


def label_values(classes: list[str]) -> dict[str | float, object]:
    """Class labels in the type that the target had: true, 3 or "yes"."""
    if classes and set(classes) <= {"true", "false"}:
        return {label: label == "true" for label in classes}
    if all(label.removeprefix("-").isdecimal() and str(int(label)) == label for label in classes):
        return {label: int(label) for label in classes}
    return {label: label for label in classes}
