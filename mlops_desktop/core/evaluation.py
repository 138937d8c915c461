"""What a run showed on the rows that it was not trained on."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Interval:
    """A metric on the held-out rows; low and high: its 95 % bootstrap interval, where computed."""

    value: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """How rows were held out. kind: 'time', 'group' or 'shuffled'.

    cutoff: with 'time', the first moment (ISO text) or number of the held-out part.
    dropped: training rows left out because the held-out part has the same features.
    """

    kind: str
    train_rows: int
    heldout_rows: int
    cutoff: str | None = None
    dropped: int = 0


@dataclass(frozen=True, slots=True)
class Parity:
    """How far the served form's answers are from the trained pipeline's, over all held-out rows.

    On probabilities, or on numbers (then tolerance is 1e-4 of the target's spread).
    """

    max_abs: float
    tolerance: float
    rows: int

    @property
    def passed(self) -> bool:
        return self.max_abs <= self.tolerance


@dataclass(frozen=True, slots=True)
class Curve:
    """Points of a line, by name of its axes in order."""

    x: tuple[float, ...]
    y: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class CalibrationBin:
    """Rows with a similar predicted probability: what was said, what was true, how many."""

    predicted: float
    actual: float
    rows: int


@dataclass(frozen=True, slots=True)
class Residual:
    """One held-out row. row: its index in the dataset version."""

    row: int
    actual: float
    predicted: float


@dataclass(frozen=True, slots=True)
class Importance:
    """How much worse the goal metric gets when a column's values are shuffled (0 or less: not)."""

    column: str
    mean: float
    std: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that is shown of a finished run.

    metrics: every metric of the task. baseline: the same metrics of always giving the same
    answer, on the same rows. folds: the goal metric in each cross-validation fold that was run.
    confusion[i][j]: rows of class i that were predicted as class j, in the order of classes.
    roc: false against true alarm rate. precision_recall: recall against precision.
    latency_us: p50 and p99 of one row through the serving path, without the network.
    """

    metric: str
    metrics: dict[str, Interval]
    baseline: dict[str, float]
    verdict: str
    split: Split
    parity: Parity
    latency_us: dict[str, float]
    folds: tuple[float, ...] = ()
    classes: tuple[str, ...] = ()
    positive: str | None = None
    confusion: tuple[tuple[int, ...], ...] = ()
    roc: Curve | None = None
    precision_recall: Curve | None = None
    calibration: tuple[CalibrationBin, ...] = ()
    residuals: tuple[Residual, ...] = ()
    importance: tuple[Importance, ...] = ()
