"""The files that a trained run leaves, by name; each is a blob whose SHA-256 the run keeps."""

from __future__ import annotations

import json
from typing import Any

from mlops_desktop.blobs import objects
from mlops_desktop.core.errors import UserError
from mlops_desktop.paths import Workspace

SKOPS = "model.skops"  # The whole scikit-learn pipeline; never a pickle.
ONNX = "model.onnx"  # Its estimator, where both give the same answers.
WHOLE = "whole.onnx"  # From raw columns on, for other programs, where ONNX can express it.
CARD = "model.json"  # What goes in, how a row becomes numbers, what comes out.
EVALUATION = "evaluation.json"
HELDOUT = "heldout.parquet"
REFERENCE = "reference.json"  # What monitoring compares with.
BACKGROUND = "background.json"  # Training rows that an explanation compares with.

ALL = (SKOPS, ONNX, WHOLE, CARD, EVALUATION, HELDOUT, REFERENCE, BACKGROUND)
CARD_FORMAT = 1


def read_card(workspace: Workspace, files: dict[str, str]) -> dict[str, Any]:
    """The model.json of a run or model version. Raises Damaged, or UserError for a newer one."""
    card: dict[str, Any] = json.loads(objects.get_bytes(workspace, files[CARD]))
    if card["format"] != CARD_FORMAT:
        raise UserError(
            "This model was stored by a newer version of the app.",
            hint="Install the newer version.",
        )
    return card
