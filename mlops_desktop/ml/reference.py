"""What monitoring compares with, and how it judges one window by it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mlops_desktop.core.monitoring import JENSEN_SHANNON, MISSING_SHARE, WASSERSTEIN, FeatureDrift
from mlops_desktop.core.runs import METRICS
from mlops_desktop.ml.sketch import Bins, Sketch, jensen_shannon, normed_wasserstein

FORMAT = 1


@dataclass(frozen=True, slots=True)
class FeatureReference:
    """One watched column. std: of the reference, the unit of the Wasserstein distance.

    limit and missing_limit: what the reference's own windows reach, with a margin.
    """

    name: str
    bins: Bins
    counts: Sketch
    std: float
    limit: float
    missing_limit: float

    def judge(self, current: Sketch) -> FeatureDrift:
        """The worse of two tests: the values moved, or more of them are missing."""
        if self.bins.is_numeric:
            moved = normed_wasserstein(self.bins, self.counts, current, self.std)
            values = FeatureDrift(self.name, WASSERSTEIN, moved, self.limit)
        else:
            moved = jensen_shannon(self.counts, current)
            values = FeatureDrift(self.name, JENSEN_SHANNON, moved, self.limit)
        more = current.missing_share - self.counts.missing_share
        if more / self.missing_limit > max(1.0, moved / self.limit):
            return FeatureDrift(self.name, MISSING_SHARE, more, self.missing_limit)
        return values

    def to_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "edges": self.bins.edges,
            "categories": self.bins.categories,
            "counts": self.counts.to_json(),
            "std": self.std,
            "limit": self.limit,
            "missing_limit": self.missing_limit,
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> FeatureReference:
        return cls(
            name=fields["name"],
            bins=Bins(tuple(fields["edges"]), tuple(fields["categories"])),
            counts=Sketch.from_json(fields["counts"]),
            std=fields["std"],
            limit=fields["limit"],
            missing_limit=fields["missing_limit"],
        )


@dataclass(frozen=True, slots=True)
class Reference:
    """What a model version's windows are compared with.

    span_us: the length of a window of the time column; None: windows are cut by arrival.
    error and error_limit: the goal metric on held-out rows, and the value that raises an alert.
    """

    metric: str
    span_us: int | None
    features: tuple[FeatureReference, ...]
    prediction: FeatureReference
    error: float
    error_limit: float

    @property
    def watched(self) -> tuple[FeatureReference, ...]:
        return (*self.features, self.prediction)

    @property
    def higher_is_better(self) -> bool:
        return METRICS[self.metric].higher_is_better

    def to_json(self) -> dict[str, Any]:
        return {
            "format": FORMAT,
            "metric": self.metric,
            "span_us": self.span_us,
            "features": [feature.to_json() for feature in self.features],
            "prediction": self.prediction.to_json(),
            "error": self.error,
            "error_limit": self.error_limit,
        }

    @classmethod
    def from_json(cls, fields: Mapping[str, Any]) -> Reference:
        return cls(
            metric=fields["metric"],
            span_us=fields["span_us"],
            features=tuple(FeatureReference.from_json(f) for f in fields["features"]),
            prediction=FeatureReference.from_json(fields["prediction"]),
            error=fields["error"],
            error_limit=fields["error_limit"],
        )
