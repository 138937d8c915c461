"""Windows over recorded predictions, the rules that judge them, and alerts."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

MIN_WINDOW_ROWS = 200  # Below this, chance alone exceeds the usual limits.
PREDICTION = "prediction"  # The name under which a window keeps the drift of the answers.
# The tests, as they are named wherever they are shown.
WASSERSTEIN = "Wasserstein distance (normed)"
JENSEN_SHANNON = "Jensen-Shannon distance"
MISSING_SHARE = "missing share"


class WindowVerdict(StrEnum):
    TOO_FEW = "too few"
    STABLE = "stable"
    DRIFTED = "drifted"


@dataclass(frozen=True, slots=True)
class FeatureDrift:
    """How far one feature of one window lies from the training reference.

    test: the statistic's name; value and threshold in the statistic's own unit.
    """

    name: str
    test: str
    value: float
    threshold: float

    @property
    def drifted(self) -> bool:
        return self.value > self.threshold


@dataclass(frozen=True, slots=True)
class Window:
    """A summary of the predictions of one span of time [start, end), times as ISO text.

    version: of the model that answered. error: the goal metric over the labelled rows, None
    where there are too few labels. latency_p50_us and p95 in microseconds.
    weight: how many windows it counts as, since a burst that arrives at once is not cut up.
    """

    deployment: int
    version: int
    start: str
    end: str
    rows: int
    labelled: int
    verdict: WindowVerdict
    features: tuple[FeatureDrift, ...] = ()
    mean_prediction: float | None = None
    error: float | None = None
    error_threshold: float | None = None
    latency_p50_us: float | None = None
    latency_p95_us: float | None = None
    complete: bool = False
    weight: int = 1

    @property
    def drifted(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features if feature.drifted)


@dataclass(frozen=True, slots=True)
class LabelFile:
    """A batch of labels that was added at once. used: how many of its labels count now; others
    were overwritten by a newer file, or the file was undone at undone_at."""

    id: int
    source: str
    rows: int
    matched: int
    used: int
    by: str
    at: str
    undone_at: str | None = None


class AlertKind(StrEnum):
    ERROR = "error"
    DRIFT = "drift"


class AlertState(StrEnum):
    ACTIVE = "active"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True)
class Rule:
    """An alert is raised when a limit is passed in `windows` windows in a row, and resolved when
    it is kept in as many. A window counts by its weight."""

    kind: AlertKind
    windows: int = 2


@dataclass(frozen=True, slots=True)
class Alert:
    """subject: the metric (error) or the feature (drift). since: start of the first window over
    the limit; until: of the first that was fine again."""

    id: int
    deployment: int
    kind: AlertKind
    subject: str
    state: AlertState
    version: int
    since: str
    value: float
    threshold: float
    message: str
    created_at: str = ""
    until: str | None = None
    resolved_at: str | None = None


@dataclass(frozen=True, slots=True)
class MonitorSummary:
    """What `monitor show` and the panel show of one deployment."""

    deployment: str
    predictions: int
    labelled: int
    windows: tuple[Window, ...]
    features: tuple[FeatureDrift, ...]
    alerts: tuple[Alert, ...]
    metric: str = ""
    drifted: tuple[str, ...] = field(default_factory=tuple)
