"""Trained pipelines as skops bytes and back, without running anything that a file brings along."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_desktop.core.errors import UserError
from mlops_desktop.ml.served_features import Encoder

# The types of our own pipelines that skops does not trust by itself. Explicit, shipped, and never
# read from the file: what a file says of itself proves nothing. Never add functools.partial.
TRUSTED = (
    "numpy.dtype",
    "sklearn._loss.link.IdentityLink",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn._loss.loss.HalfSquaredError",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)


def dump(pipeline: Any) -> bytes:
    """The pipeline as a compressed skops file."""
    from skops import io

    return bytes(io.dumps(pipeline, compression=zipfile.ZIP_DEFLATED, compresslevel=6))


def load(data: bytes) -> Any:
    """The pipeline of a skops file that holds nothing but trusted types; else UserError."""
    from skops import io
    from skops.io.exceptions import UntrustedTypesFoundException

    try:
        return io.loads(data, trusted=list(TRUSTED))
    except UntrustedTypesFoundException as error:
        raise UserError(
            "The model file was not opened: it holds types that are not trusted.",
            why=str(error),
            hint="Only models that this app made, of scikit-learn's own types, are loaded.",
        ) from error
    except Exception as error:
        raise UserError(
            "The model file is not supported.",
            why=f"It is no skops file that can be read ({type(error).__name__}).",
            hint="Pickle and joblib files run code when opened, so they are never loaded.",
        ) from error


def scores(
    pipeline: Any, encoder: Encoder, columns: Sequence[str], rows: Sequence[Sequence[object]]
) -> npt.NDArray[np.float64]:
    """Raw rows answered by scikit-learn: numbers [rows, 1] or probabilities [rows, classes].

    The encoder stands in for the pipeline's own transformer, so that no frame is needed.
    """
    return estimator_scores(pipeline["model"], encoder.encode_rows(columns, rows))


def estimator_scores(estimator: Any, X: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    """As `scores`, of an encoded matrix."""
    if hasattr(estimator, "predict_proba"):
        return np.asarray(estimator.predict_proba(X), dtype=np.float64)
    return np.asarray(estimator.predict(X), dtype=np.float64).reshape(-1, 1)
