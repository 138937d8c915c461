"""Counters of one server: plain numbers while it serves, rendered when somebody asks."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

# Upper bounds in seconds: 20 µs to 65 s, each 30 % above the one before.
BOUNDS = [20e-6 * 1.3**step for step in range(58)]
_RECENT_S = 10
_APP = "mlops_desktop"
_NO_PREDICTION = ("other", "/admin/swap", "/admin/second")
Version = tuple[str, int]  # A model's name and the number of the version.


class Timed:
    """Requests of one kind. buckets: by seconds."""

    __slots__ = ("buckets", "count", "seconds")

    def __init__(self) -> None:
        self.count = 0
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.seconds = 0.0

    def add(self, seconds: float) -> None:
        self.count += 1
        self.buckets[bisect_left(BOUNDS, seconds)] += 1
        self.seconds += seconds


class Served(Timed):
    """What one model version answered, from a request's arrival to its answer."""

    __slots__ = ("failed",)

    def __init__(self) -> None:
        super().__init__()
        self.failed = 0


class Stats:
    """Counts requests by endpoint and status, rows, latency, categories not seen in training."""

    def __init__(self) -> None:
        self.started = time.time()
        self.serving: Version = ("", 0)  # The one that answers now.
        self.requests: dict[tuple[str, str, int], Timed] = {}
        self.predictions = 0
        self.replayed = 0
        self.versions: dict[Version, Served] = {}
        self.unseen: dict[str, int] = {}
        self.in_progress = Counter[str]()  # By method.
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
        timed = self.requests.get(key)
        if timed is None:
            timed = self.requests[key] = Timed()
        timed.add(seconds)
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
        for (_, _, status), timed in self.requests.items():
            found[str(status)] = found.get(str(status), 0) + timed.count
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
            SummaryMetricFamily,
        )

        stats = self._stats
        labels = ["model", "version"]  # MLServer's words; KServe's are other ones.
        success = CounterMetricFamily(
            "model_infer_request_success", "Answered requests", labels=labels
        )
        failure = CounterMetricFamily(
            "model_infer_request_failure", "Refused or failed requests", labels=labels
        )
        duration = SummaryMetricFamily(
            "model_infer_request_duration", "Seconds of the answered requests", labels=labels
        )
        predict = HistogramMetricFamily(
            "request_predict_seconds",
            "Seconds from the arrival of a prediction request to its record",
            labels=["model_name", "model_version"],
        )
        for (model, version), served in stats.versions.items():
            names = [model, str(version)]
            success.add_metric(names, served.count)
            duration.add_metric(names, served.count, served.seconds)
            failure.add_metric(names, served.failed)
            predict.add_metric(names, _cumulated(served.buckets), served.seconds)
        yield from (success, failure, duration, predict)
        labels = ["method", "path", "status_code", "app_name"]
        rest = CounterMetricFamily("rest_server_requests", "HTTP requests", labels=labels)
        took = HistogramMetricFamily(
            "rest_server_request_duration_seconds",
            "Seconds from the head of a request to its answer",
            labels=labels,
        )
        for (method, path, status), timed in stats.requests.items():
            values = [method, path, str(status), _APP]
            rest.add_metric(values, timed.count)
            took.add_metric(values, _cumulated(timed.buckets), timed.seconds)
        yield from (rest, took)
        now = GaugeMetricFamily(
            "rest_server_requests_in_progress", "HTTP requests now", labels=["method", "app_name"]
        )
        for method, count in stats.in_progress.items():
            now.add_metric([method, _APP], count)
        yield now
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
        "requests": sum(timed.count for timed in stats.requests.values()),
        "statuses": stats.statuses(),
        "predictions": stats.predictions,
        "replayed": stats.replayed,
        "unrecorded": stats.unrecorded,
        "in_progress": stats.in_progress.total(),
        "unseen": stats.unseen,
        **stats.recent(),
    }
