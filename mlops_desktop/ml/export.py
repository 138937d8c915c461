"""A fitted pipeline as the files that serve it, and the proof that they answer as it does."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt

from mlops_desktop.core.evaluation import Parity
from mlops_desktop.core.jsonable import to_plain
from mlops_desktop.core.runs import Algorithm, Task
from mlops_desktop.ml import graph, modelio, whole_graph
from mlops_desktop.ml.attribution import BACKGROUND_ROWS
from mlops_desktop.ml.encode import RowEncoder
from mlops_desktop.ml.graph_nodes import Inexpressible
from mlops_desktop.ml.pipeline import encoder_steps
from mlops_desktop.ml.problem import Problem
from mlops_desktop.ml.served_features import Encoder, after_steps
from mlops_desktop.ml.train import scores_of

CARD_FORMAT = 1
ONE_BY_ONE = 300  # Held-out rows that are also asked one at a time, as servers are.
_PROBABILITY = 1e-5
_OF_SPREAD = 1e-4
Rows = npt.NDArray[np.intp]
Scores = npt.NDArray[np.float64]
Run = Callable[[npt.NDArray[np.float32]], Scores]


@dataclass(frozen=True, slots=True)
class Exported:
    """onnx is None where it could not be made or answers differently: why_no_onnx says it. whole
    (from raw columns on, for other programs) likewise.

    served: what the serving path says of each held-out row.
    """

    skops: bytes
    onnx: bytes | None
    why_no_onnx: str
    encoder: RowEncoder
    served: Scores
    parity: Parity
    latency_us: dict[str, float]
    whole: bytes | None = None
    why_no_whole: str = ""


def export(problem: Problem, fitted: Any) -> Exported:
    """Write the pipeline as skops and ONNX, and compare on every held-out row.

    The trained pipeline reads the prepared frame; the serving path reads raw rows through the
    recipe's feature steps and the encoder, all at once and some one by one.
    """
    heldout = problem.parts.heldout
    encoder = RowEncoder(encoder_steps(fitted, problem.features))
    reading = after_steps(problem.steps, encoder)
    skops = modelio.dump(fitted)
    X = fitted["encode"].transform(problem.frame.iloc[heldout])
    trained = scores_of(problem, fitted["model"], X)
    tolerance = _tolerance(problem)

    def compared(run: Run) -> tuple[Scores, dict[str, float], Parity]:
        served, latency = _serve(problem, reading, run, heldout)
        return served, latency, Parity(_apart(served, trained), tolerance, len(heldout))

    onnx, why = _onnx(problem, fitted["model"], encoder.width)
    if onnx is not None:
        runtime = session(onnx)
        served, latency, parity = compared(lambda encoded: runtime.run(["y"], {"x": encoded})[0])
        if parity.passed:
            whole, why = _whole(problem, encoder, onnx, served, tolerance)
            return Exported(skops, onnx, "", encoder, served, parity, latency, whole, why)
        why = f"The ONNX form differs by up to {parity.max_abs:.2g}; {tolerance:.2g} is allowed."
    served, latency, parity = compared(lambda encoded: scores_of(problem, fitted["model"], encoded))
    return Exported(skops, None, why, encoder, served, parity, latency, None, why)


def card(problem: Problem, algorithm: Algorithm, exported: Exported) -> dict[str, Any]:
    """The model.json of a run.

    outputs: "y" of the ONNX graph is float32 [rows, 1] of numbers (kind "number"), or [rows,
    classes] of probabilities in the order of classes (kind "probabilities"); the prediction is
    then the class of the largest one, the first of equals.
    """
    classes = problem.signature.classes
    return {
        "format": CARD_FORMAT,
        "algorithm": algorithm.value,
        "signature": to_plain(problem.signature),
        "features": [step.to_json() for step in problem.steps],
        "encoder": exported.encoder.to_json(),
        "width": exported.encoder.width,
        "outputs": {
            "onnx": "y",
            "kind": "probabilities" if classes else "number",
            "classes": list(classes),
        },
        "why_no_onnx": exported.why_no_onnx,
        "why_no_whole": exported.why_no_whole,
    }


def heldout_table(problem: Problem, exported: Exported) -> Any:
    """Held-out rows: row (in the dataset version), actual, predicted, probability of each class."""
    import pyarrow as pa

    heldout, classes = problem.parts.heldout, problem.signature.classes
    columns: dict[str, Any] = {
        "row": problem.rows[heldout],
        "actual": problem.labels[heldout],
        "predicted": predictions(problem, exported.served),
    }
    for place, name in enumerate(classes):
        columns[f"probability {name}"] = exported.served[:, place]
    return pa.table({name: pa.array(values) for name, values in columns.items()})


def background(problem: Problem) -> list[list[Any]]:
    """Training rows as clients send them, which explanations compare with (`ml/attribution.py`)."""
    train = problem.parts.train
    some = np.random.default_rng(0).choice(train, min(BACKGROUND_ROWS, len(train)), replace=False)
    table = problem.table.take(np.sort(some))
    return [[_sent(value) for value in row.values()] for row in table.to_pylist()]


def _sent(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    return None if isinstance(value, float) and not np.isfinite(value) else value


def reference(problem: Problem, fitted: Any, exported: Exported) -> dict[str, Any]:
    """What monitoring compares with: training and held-out rows, oldest first where time is known.

    Answers on training rows are the trained pipeline's, on held-out rows the served ones.
    """
    from mlops_desktop.ml.drift import make_reference

    parts = problem.parts
    X = fitted["encode"].transform(problem.frame.iloc[parts.train])
    said = np.concatenate([scores_of(problem, fitted["model"], X), exported.served])
    rows = np.concatenate([parts.train, parts.heldout])
    order = (
        np.arange(len(rows))
        if problem.time is None
        else np.argsort(problem.time[rows], kind="stable")
    )
    made: dict[str, Any] = make_reference(
        inputs=problem.table.take(rows[order]),
        predictions=predictions(problem, said[order]),
        heldout_actual=problem.labels[parts.heldout],
        heldout_scores=exported.served,
        heldout_inputs=problem.table.take(parts.heldout),
        signature=problem.signature,
        metric=problem.metric,
    )
    return made


def predictions(problem: Problem, scores: Scores) -> npt.NDArray[Any]:
    """Scores as answers: numbers, or class labels as text."""
    if not problem.signature.classes:
        return np.asarray(scores[:, 0])
    return np.asarray(np.array(problem.signature.classes)[scores.argmax(axis=1)])


def _onnx(problem: Problem, estimator: Any, width: int) -> tuple[bytes | None, str]:
    """The ONNX form, or why there is none."""
    classes = problem.signature.classes
    if len(getattr(estimator, "classes_", ())) != len(classes):
        return None, "The training rows do not hold every class."
    try:
        return graph.to_onnx(estimator, width, len(classes)), ""
    except Exception as error:  # noqa: BLE001  scikit-learn serves then: slower, but as well.
        return None, f"The ONNX form could not be made: {error}"


def _whole(
    problem: Problem, encoder: RowEncoder, onnx: bytes, served: Scores, tolerance: float
) -> tuple[bytes | None, str]:
    """The graph from raw columns on, or why there is none."""
    try:
        made = whole_graph.whole(problem.signature, problem.steps, encoder.to_json(), onnx)
    except Inexpressible as error:
        return None, str(error)
    table = problem.table.take(problem.parts.heldout)
    found = session(made).run(None, whole_graph.feeds(problem.signature, table))[0]
    apart = _apart(np.asarray(found, dtype=np.float64), served)
    if apart <= tolerance:
        return made, ""
    return None, f"The graph from raw columns differs by {apart:.2g}; {tolerance:.2g} is allowed."


def _serve(
    problem: Problem, encoder: Encoder, run: Run, rows: Rows
) -> tuple[Scores, dict[str, float]]:
    """What the serving path answers, the one-row answers in place of the batch's; its latency."""
    columns = problem.table.column_names
    table = problem.table.take(rows)
    served = np.array(run(encoder.encode_table(arrays(table))), dtype=np.float64)
    some = np.linspace(0, len(rows) - 1, min(ONE_BY_ONE, len(rows))).astype(int)
    took = []
    for place, record in zip(some, table.take(some).to_pylist(), strict=True):
        row = [record[name] for name in columns]
        begun = time.perf_counter_ns()
        answer = run(encoder.encode_rows(columns, [row]))
        took.append((time.perf_counter_ns() - begun) / 1000)
        served[place] = np.asarray(answer)[0]
    p50, p99 = np.quantile(took, [0.5, 0.99])
    return served, {"p50": float(p50), "p99": float(p99)}


def arrays(table: Any) -> dict[str, npt.NDArray[Any]]:
    """The columns of an Arrow table as `RowEncoder.encode_table` reads them."""
    return {name: table[name].to_numpy() for name in table.column_names}


def _apart(a: Scores, b: Scores) -> float:
    """The largest difference; the largest number there is where one is no number."""
    apart = float(np.abs(a - b).max())
    return apart if np.isfinite(apart) else float(np.finfo(np.float64).max)


def _tolerance(problem: Problem) -> float:
    if problem.task is not Task.REGRESSION:
        return _PROBABILITY
    spread = float(np.std(problem.target))
    return _OF_SPREAD * spread if spread > 0 else _OF_SPREAD


def session(onnx: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
