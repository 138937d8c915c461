"""Makes the reference that monitoring compares with, once, in training.

Limits come from the reference itself: the same statistic over windows of the same size inside it,
so that a season or a small sample raises no alarm. The fallback of 0.1 is Evidently's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.models import Signature
from mlops_desktop.core.monitoring import (
    MIN_WINDOW_ROWS,
    PREDICTION,
)
from mlops_desktop.core.runs import METRICS, Task
from mlops_desktop.ml import evaluate
from mlops_desktop.ml.reference import FeatureReference, Reference
from mlops_desktop.ml.sketch import (
    Bins,
    Sketch,
    as_text,
    category_bins,
    jensen_shannon,
    normed_wasserstein,
    numeric_bins,
    sketch,
)

if TYPE_CHECKING:
    import pyarrow as pa

_FALLBACK = 0.1
_MISSING_FALLBACK = 0.05
_MARGIN = 1.25  # Of the worst window of the reference: the next year's worst may be a bit worse.
_HOUR_US = 3_600_000_000
SPANS_US = tuple(_HOUR_US * hours for hours in (1, 6, 24, 168, 336, 672, 2184))
_GOOD_ROWS = 250  # A window should hold so many; below MIN_WINDOW_ROWS it is not judged.
_RANDOM_WINDOWS = 200
ARRIVAL_ROWS = 500  # Without a time column a window holds at least so many rows,
ARRIVAL_US = 60_000_000  # and lasts a minute at least, so that a burst is one window.
Floats = npt.NDArray[np.float64]
Times = npt.NDArray[np.int64]


def make_reference(
    inputs: pa.Table,
    predictions: npt.NDArray[Any],
    heldout_actual: npt.NDArray[Any],
    heldout_scores: Floats,
    heldout_inputs: pa.Table,
    signature: Signature,
    metric: str,
) -> dict[str, Any]:
    """The reference as JSON.

    inputs: the signature's columns of training and held-out rows, in time order where there is a
    time column; predictions: the answers on the same rows (numbers, or labels as text).
    heldout_scores: [rows, 1] of numbers or [rows, classes] of probabilities.
    """
    rng = np.random.default_rng(0)
    times = _times(inputs, signature)
    span = None if times is None else _span(times)
    windows = _windows(times, span, inputs.num_rows, rng)
    features = []
    for item in signature.inputs:
        if item.name == signature.time_column or item.type is ColumnType.DATETIME:
            continue
        made = _feature(item.name, item.type, inputs[item.name], windows)
        if made is not None:
            features.append(made)
    numeric = signature.task is Task.REGRESSION
    prediction = _watch(PREDICTION, numeric, predictions.tolist(), windows)
    heldout_times = _times(heldout_inputs, signature)
    answers = answers_of(signature, heldout_actual.tolist(), heldout_scores)
    error, limit = _error_limit(answers, metric, heldout_times, span, rng)
    return Reference(metric, span, tuple(features), prediction, error, limit).to_json()


def answers_of(signature: Signature, actual: list[Any], scores: Floats) -> evaluate.Answers:
    """True values (numbers or labels) and scores as the metrics take them."""
    if signature.task is Task.REGRESSION:
        return evaluate.Answers(np.asarray(actual, dtype=np.float64), scores, signature.task)
    code = {name: number for number, name in enumerate(signature.classes)}
    positive = code.get(signature.positive or "", 1)
    codes = np.array([code[str(label)] for label in actual], dtype=np.int64)
    return evaluate.Answers(codes, scores, signature.task, positive)


def _feature(
    name: str, kind: ColumnType, column: Any, windows: list[npt.NDArray[np.intp]]
) -> FeatureReference | None:
    """None for a column that was constant: no answer can have depended on it."""
    if kind.is_numeric:
        values: Any = column.cast("float64").to_numpy(zero_copy_only=False)
        finite = values[np.isfinite(values)]
        if not len(finite) or finite.min() == finite.max():
            return None
        return _watch(name, True, values, windows)
    texts = column.to_pylist()
    if len({text for text in texts if text is not None}) < 2:
        return None
    return _watch(name, False, texts, windows)


def _watch(
    name: str, numeric: bool, values: Any, windows: list[npt.NDArray[np.intp]]
) -> FeatureReference:
    if numeric:
        values = np.asarray(values, dtype=np.float64)
        bins = numeric_bins(values)
        std = float(np.nanstd(values)) or 1.0
    else:
        bins, std = category_bins(values), 1.0
        code = {category: number for number, category in enumerate(bins.categories)}
        place = [_slot(bins, code, value) for value in values]
        values = np.asarray(place)
    whole = sketch(bins, values) if numeric else _from_slots(bins, values)
    reached, missing = [], []
    for rows in windows:
        one = sketch(bins, values[rows]) if numeric else _from_slots(bins, values[rows])
        reached.append(
            normed_wasserstein(bins, whole, one, std) if numeric else jensen_shannon(whole, one)
        )
        missing.append(one.missing_share - whole.missing_share)
    return FeatureReference(
        name=name,
        bins=bins,
        counts=whole,
        std=std,
        limit=max(_FALLBACK, _MARGIN * max(reached, default=0.0)),
        missing_limit=max(_MISSING_FALLBACK, _MARGIN * max(missing, default=0.0)),
    )


def _slot(bins: Bins, code: dict[str, int], value: object) -> int:
    return bins.slots - 1 if value is None else code.get(as_text(value), bins.slots - 2)


def _from_slots(bins: Bins, slots: npt.NDArray[np.int64]) -> Sketch:
    return Sketch(np.bincount(slots, minlength=bins.slots).astype(np.int64))


def _times(table: pa.Table, signature: Signature) -> Times | None:
    """Microseconds since 1970 of the time column, if it holds dates; a missing one is 0."""
    import pyarrow as pa

    item = next((f for f in signature.inputs if f.name == signature.time_column), None)
    if item is None or item.type is not ColumnType.DATETIME:
        return None
    column = table[item.name].cast(pa.timestamp("us")).cast(pa.int64())
    # Missing ones make it floats, which are exact for microseconds until the year 2255.
    times: Times = np.nan_to_num(column.to_numpy(zero_copy_only=False)).astype(np.int64)
    return times


def _span(times: Times) -> int:
    """The shortest span whose windows typically hold enough rows to judge."""
    for span in SPANS_US:
        _, counts = np.unique(times // span, return_counts=True)
        if np.median(counts) >= _GOOD_ROWS:
            return span
    return SPANS_US[-1]


def _windows(
    times: Times | None, span: int | None, rows: int, rng: np.random.Generator
) -> list[npt.NDArray[np.intp]]:
    """Windows of the reference as row numbers: rolling ones in time, else random rows.

    Without a time nothing says in which order rows will come, so chance is what is measured.
    """
    if times is None or span is None:
        size = min(MIN_WINDOW_ROWS, rows)  # The smallest that is judged strays most.
        return [rng.integers(0, rows, size) for _ in range(_RANDOM_WINDOWS)]
    found = []
    for start in range(int(times.min()), int(times.max()) - span + 1, max(1, span // 14)):
        first, last = np.searchsorted(times, [start, start + span])
        if last - first >= MIN_WINDOW_ROWS:
            found.append(np.arange(first, last))
    return found


def _error_limit(
    answers: evaluate.Answers,
    metric: str,
    times: Times | None,
    span: int | None,
    rng: np.random.Generator,
) -> tuple[float, float]:
    """The metric on all held-out rows, and mean plus three deviations of it over their windows
    (NannyML's rule), at least the worst of them; minus where higher is better."""
    order = None if times is None else np.argsort(times, kind="stable")
    rows = len(answers.actual)
    windows = _windows(None if order is None else times[order], span, rows, rng)  # type: ignore[index]
    if len(windows) < 3:
        windows = _windows(None, None, rows, rng)
        order = None
    if order is not None:
        windows = [order[window] for window in windows]
    values = np.array([evaluate.value(metric, answers.take(window)) for window in windows])
    values = values[np.isfinite(values)]
    whole = evaluate.value(metric, answers)
    if not len(values):
        return whole, whole
    if METRICS[metric].higher_is_better:
        return whole, float(min(values.mean() - 3 * values.std(), values.min()))
    return whole, float(max(values.mean() + 3 * values.std(), values.max()))
