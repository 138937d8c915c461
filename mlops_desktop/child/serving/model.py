"""A loaded model version: from checked rows to predictions."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from mlops_desktop.blobs import modelfiles, objects
from mlops_desktop.blobs.segments import SegmentHeader
from mlops_desktop.child.serving.checks import Checked, RowChecker, Rows, merged
from mlops_desktop.child.serving.hidden import Hidden
from mlops_desktop.child.serving.refused import Refused
from mlops_desktop.core.jsonable import from_plain
from mlops_desktop.core.models import Signature
from mlops_desktop.ml.encode import Floats
from mlops_desktop.ml.served_features import encoder_of
from mlops_desktop.paths import Workspace

if TYPE_CHECKING:
    from mlops_desktop.child.serving.reasons import Reasons

_CHUNK = 500  # Rows that are checked, encoded and answered at a time.
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
        self._chunk = _CHUNK
        if modelfiles.ONNX in files:
            model = objects.get_bytes(workspace, files[modelfiles.ONNX])
            self._run = _onnx(model)
        else:
            self.engine = "scikit-learn"
            self.why_no_onnx = card.get("why_no_onnx") or "No ONNX file was stored."
            model = objects.get_bytes(workspace, files[modelfiles.SKOPS])
            self._run = _sklearn(model)
            self._chunk = sys.maxsize  # What a call costs here is worth hundreds of rows.

    @property
    def columns(self) -> list[str]:
        return self.checker.columns

    def predict(self, rows: Rows, text: bytes | None = None) -> Prediction:
        """Check the rows (which settles values in place) and answer them.

        text: the rows as `rowtext` found them in the body.
        """
        if not rows:
            return Prediction([], [] if self.classes else None, Checked({}, settled=False))
        checked, scores = self._score(rows, self.checker.are_numbers(text))
        found: list[list[float]] = scores.tolist()
        if len(rows) == 1:
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

    def _score(self, rows: Rows, are_numbers: bool) -> tuple[Checked, Scores]:
        if len(rows) <= self._chunk:
            return self._score_some(rows, 0, are_numbers)
        # A session lets go of the interpreter, so the next rows are read meanwhile. And what the
        # checks have looked at is still near the processor when it is encoded.
        parts = self._pool.map(
            lambda start: self._score_some(rows[start : start + self._chunk], start, are_numbers),
            range(0, len(rows), self._chunk),
        )
        checks, scores = zip(*parts, strict=True)
        return merged(checks), np.concatenate(scores)

    def _score_some(self, rows: Rows, first: int, are_numbers: bool) -> tuple[Checked, Scores]:
        """Rows, of which the first has that number, from the checks to the scores."""
        columns = None if are_numbers else self.checker.columns_of(rows)
        checked = self.checker.check(rows, columns, first=first, are_numbers=are_numbers)
        if columns is None or checked.settled:
            encoded = self.encoder.encode_rows(self.columns, rows)
        else:
            encoded = self.encoder.encode_table(dict(zip(self.columns, columns, strict=True)))
        return checked, self._run(encoded)


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
