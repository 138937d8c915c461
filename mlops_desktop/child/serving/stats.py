"""Counters of one server: plain numbers while it serves, rendered when somebody asks."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

# Upper bounds in seconds: 20 µs to 65 s, each 30 % above the one before.
BOUNDS = [20e-6 * 1.3**step for step in range(58)]
_RECENT_S = 10
_NO_PREDICTION = ("other", "/admin/swap", "/admin/second")
Version = tuple[str, int]  # A model's name and the number of the version.


class Served:
    """What one model version answered. buckets: seconds from a request's arrival to its answer."""

    __slots__ = ("buckets", "failed", "seconds", "succeeded")

    def __init__(self) -> None:
        self.succeeded = self.failed = 0
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    def answered(self, microseconds: int) -> None:
        self.succeeded += 1
        seconds = microseconds / 1e6
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


class Stats:
    """Counts requests by endpoint and status, rows, latency, categories not seen in training."""

    def __init__(self) -> None:
        self.started = time.time()
        self.serving: Version = ("", 0)  # The one that answers now.
        self.requests: dict[tuple[str, str, int], int] = {}
        self.predictions = 0
        self.replayed = 0
        self.versions: dict[Version, Served] = {}
        self.unseen: dict[str, int] = {}
        self.in_progress = 0
        self.unrecorded = 0
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0
        self._seconds_ago: deque[tuple[float, int, list[int]]] = deque(maxlen=_RECENT_S + 1)
        self.tick()

    def of(self, version: Version) -> Served:
        """The counters of one model version."""
        found = self.versions.get(version)
        if found is None:
            found = self.versions[version] = Served()
        return found

    def finished(
        self,
        endpoint: tuple[str, str],
        status: int,
        seconds: float,
        version: Version | None = None,
    ) -> None:
        """version: that was to answer what failed, where it was settled."""
        key = (*endpoint, status)
        self.requests[key] = self.requests.get(key, 0) + 1
        if endpoint[0] == "POST" and endpoint[1] not in _NO_PREDICTION:
            self.buckets[bisect_left(BOUNDS, seconds)] += 1
            self.seconds += seconds
            if status != 200:
                self.of(version or self.serving).failed += 1

    def tick(self) -> None:
        """Once a second: remember the counters, so that what is recent can be told."""
        self._seconds_ago.append((time.monotonic(), self.predictions, self.buckets.copy()))

    def recent(self) -> dict[str, float | None]:
        """Requests and rows a second, and latency percentiles, over the last ten seconds."""
        then, rows, before = self._seconds_ago[0]
        counts = [now - old for now, old in zip(self.buckets, before, strict=True)]
        span = max(time.monotonic() - then, 1e-3)
        return {
            "rate": sum(counts) / span,
            "rows_per_s": (self.predictions - rows) / span,
            "p50_us": percentile_us(counts, 0.50),
            "p95_us": percentile_us(counts, 0.95),
            "p99_us": percentile_us(counts, 0.99),
        }

    def statuses(self) -> dict[str, int]:
        """Answers by status code."""
        found: dict[str, int] = {}
        for (_, _, status), count in self.requests.items():
            found[str(status)] = found.get(str(status), 0) + count
        return found

    def prometheus(self) -> bytes:
        """The counters in Prometheus' text format, under MLServer's and KServe's names."""
        from prometheus_client import CollectorRegistry, generate_latest  # noqa: PLC0415

        registry = CollectorRegistry(auto_describe=False)
        registry.register(_Collector(self))
        return generate_latest(registry)


class _Collector:
    def __init__(self, stats: Stats) -> None:
        self._stats = stats

    def collect(self) -> Iterator[Metric]:
        from prometheus_client.core import (  # noqa: PLC0415  Not needed to serve.
            CounterMetricFamily,
            GaugeMetricFamily,
            HistogramMetricFamily,
        )

        stats = self._stats
        labels = ["model_name", "model_version"]
        success = CounterMetricFamily(
            "model_infer_request_success", "Answered requests", labels=labels
        )
        failure = CounterMetricFamily(
            "model_infer_request_failure", "Refused or failed requests", labels=labels
        )
        predict = HistogramMetricFamily(
            "request_predict_seconds",
            "Seconds from the arrival of a prediction request to its record",
            labels=labels,
        )
        for (model, version), served in stats.versions.items():
            names = [model, str(version)]
            success.add_metric(names, served.succeeded)
            failure.add_metric(names, served.failed)
            predict.add_metric(names, _cumulated(served.buckets), served.seconds)
        yield from (success, failure, predict)
        rest = CounterMetricFamily(
            "rest_server_requests", "HTTP requests", labels=["method", "path", "status_code"]
        )
        for (method, path, status), count in stats.requests.items():
            rest.add_metric([method, path, str(status)], count)
        yield rest
        yield GaugeMetricFamily(
            "rest_server_requests_in_progress", "HTTP requests now", value=stats.in_progress
        )
        yield HistogramMetricFamily(
            "rest_server_requests_duration_seconds",
            "Seconds from the head of a prediction request to its answer",
            buckets=_cumulated(stats.buckets),
            sum_value=stats.seconds,
        )
        unseen = CounterMetricFamily(
            "unseen_categories", "Values that training had not seen", labels=["column"]
        )
        for column, count in stats.unseen.items():
            unseen.add_metric([column], count)
        yield unseen
        yield CounterMetricFamily("predictions", "Rows answered", value=stats.predictions)


def _cumulated(buckets: list[int]) -> list[tuple[str, float]]:
    total, found = 0, []
    for bound, count in zip([*map(repr, BOUNDS), "+Inf"], buckets, strict=True):
        total += count
        found.append((bound, float(total)))
    return found


def percentile_us(counts: list[int], share: float) -> float | None:
    """The latency in microseconds below which that share lies, to within a bucket."""
    total = sum(counts)
    if total == 0:
        return None
    wanted, passed = share * total, 0
    for index, count in enumerate(counts):
        if passed + count >= wanted and count:
            low = BOUNDS[index - 1] if index else 0.0
            high = BOUNDS[min(index, len(BOUNDS) - 1)]
            return (low + (high - low) * (wanted - passed) / count) * 1e6
        passed += count
    return BOUNDS[-1] * 1e6


def plain(stats: Stats) -> dict[str, Any]:
    """The part of `/admin/stats` that the counters give."""
    return {
        "started": stats.started,
        "requests": sum(stats.requests.values()),
        "statuses": stats.statuses(),
        "predictions": stats.predictions,
        "replayed": stats.replayed,
        "unrecorded": stats.unrecorded,
        "in_progress": stats.in_progress,
        "unseen": stats.unseen,
        **stats.recent(),
    }
