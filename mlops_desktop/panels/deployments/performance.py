"""The Performance tab: latency and rate of a running server as they are, and what it uses."""

from __future__ import annotations

import time
from collections import deque

import numpy as np
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QVBoxLayout, QWidget

from mlops_desktop.core.deployments import LiveStats
from mlops_desktop.panels.deployments.strip import HIDDEN
from mlops_desktop.widgets.buttons import CopyButton
from mlops_desktop.widgets.cards import Card, label, numeral
from mlops_desktop.widgets.line_plot import LinePlot, Series

Sample = tuple[float, LiveStats]
_MIB = 1024 * 1024
_NOTHING = "\N{EN DASH}"
_WIDEST = dict.fromkeys(("p50", "p95", "p99"), "0.000 ms") | {"rate": "10,000.0"}


class PerformanceTab(QWidget):
    """show_samples() with what the panel has gathered; plots draw only while visible."""

    def __init__(self) -> None:
        super().__init__()
        self._facts: dict[str, QLabel] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(self._build_facts())
        column.addWidget(self._build_metrics())
        # One slow request must not press all others to the ground.
        self.latency = LinePlot(
            self.tr("Latency inside the server"), "", "ms", dates=True, log_y=True
        )
        self.latency.setObjectName("latency-plot")
        self.rate = LinePlot(self.tr("Requests a second"), "", "1/s", dates=True, from_zero=True)
        self.rate.setObjectName("rate-plot")
        self.latency.link_x(self.rate)
        row = QHBoxLayout()
        row.setSpacing(12)
        row.addWidget(self.latency, 1)
        row.addWidget(self.rate, 1)
        column.addLayout(row, 1)

    def _build_facts(self) -> Card:
        card = Card()
        row = QHBoxLayout()
        row.setSpacing(24)
        for key, title in (
            ("p50", self.tr("half within")),
            ("p95", self.tr("95 % within")),
            ("p99", self.tr("99 % within")),
            ("rate", self.tr("requests a second")),
            ("predictions", self.tr("rows answered")),
            ("errors", self.tr("errors")),
            ("memory", self.tr("memory")),
            ("engine", self.tr("engine")),
        ):
            pair = QVBoxLayout()
            pair.setSpacing(0)
            figure = numeral(_NOTHING, 13)
            figure.setObjectName(f"live-{key}")
            # As wide as it will be, so that the others stand still while it changes.
            figure.setMinimumWidth(figure.fontMetrics().horizontalAdvance(_WIDEST.get(key, "")))
            self._facts[key] = figure
            pair.addWidget(figure)
            pair.addWidget(label(title, muted=True))
            row.addLayout(pair)
        row.addStretch(1)
        card.body.addLayout(row)
        self._says = label(muted=True, wrap=True)
        self._says.hide()
        card.add(self._says)
        return card

    def _build_metrics(self) -> QWidget:
        """Where other programs read the same, and with what."""
        self._url = label()
        self._url.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._token = ""
        copy_url = CopyButton(self._url.text, self.tr("Copy the address of the metrics"))
        copy_url.setObjectName("copy-metrics-url")
        copy_token = CopyButton(
            lambda: self._token, self.tr("Copy a token that reads the metrics and nothing else")
        )
        copy_token.setObjectName("copy-metrics-token")
        self.metrics = QWidget()
        self.metrics.hide()
        row = QHBoxLayout(self.metrics)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(label(self.tr("Metrics for Prometheus"), muted=True))
        row.addWidget(self._url)
        row.addWidget(copy_url)
        row.addSpacing(12)
        row.addWidget(label(self.tr("read-only token {0}").format(HIDDEN), muted=True))
        row.addWidget(copy_token)
        row.addStretch(1)
        return self.metrics

    def show_metrics(self, url: str, token: str) -> None:
        """url: the server's; token: the one that only reads. Nothing is shown without both."""
        self._url.setText(f"{url}/metrics")
        self._token = token
        self.metrics.setVisible(bool(url and token))

    def show_samples(self, samples: deque[Sample], running: bool) -> None:
        newest = samples[-1][1] if samples and running else None
        self._show_facts(newest)
        if not running:
            self._say(self.tr("It does not run, so there is nothing to measure."))
        at = np.array([when for when, _ in samples])
        waiting = self.tr("Figures come once a second while it runs.")
        for plot in (self.latency, self.rate):
            plot.say_empty("" if len(at) else waiting)
        self.latency.set_series(
            [
                Series(name, at, _ms([getattr(stats, key) for _, stats in samples]))
                for name, key in (
                    (self.tr("half within"), "p50_us"),
                    (self.tr("95 % within"), "p95_us"),
                    (self.tr("99 % within"), "p99_us"),
                )
            ]
        )
        rates = np.array([stats.rate for _, stats in samples], dtype=np.float64)
        self.rate.set_series([Series(self.tr("requests a second"), at, rates)])
        if len(at):
            now = max(float(at[-1]), time.time() - 1)
            self.rate.follow(min(float(at[0]), now - 60), now)

    def _show_facts(self, stats: LiveStats | None) -> None:
        texts = dict.fromkeys(self._facts, _NOTHING)
        if stats is not None:
            texts |= {
                "p50": _latency(stats.p50_us),
                "p95": _latency(stats.p95_us),
                "p99": _latency(stats.p99_us),
                "rate": f"{stats.rate:,.1f}",
                "predictions": f"{stats.predictions:,}",
                "errors": f"{stats.errors:,}",
                "memory": f"{stats.memory_bytes / _MIB:,.0f} MB",
                "engine": stats.engine,
            }
            self._say(self._worries(stats))
        for key, figure in self._facts.items():
            figure.setText(texts[key])

    def _worries(self, stats: LiveStats) -> str:
        said = []
        if stats.why_no_onnx:
            said.append(self.tr("It serves the slower form: {0}").format(stats.why_no_onnx))
        if stats.unrecorded:
            said.append(
                self.tr("{0} requests were refused, since they could not be recorded.").format(
                    stats.unrecorded
                )
            )
        if stats.unseen:
            names = ", ".join(f"{name} ({count})" for name, count in stats.unseen.items())
            said.append(self.tr("Values that training had not seen: {0}.").format(names))
        return " ".join(said)

    def _say(self, text: str) -> None:
        self._says.setText(text)
        self._says.setVisible(bool(text))


def _ms(values: list[float | None]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Microseconds as milliseconds; a gap where nothing was asked."""
    return np.array([np.nan if v is None else v / 1000 for v in values], dtype=np.float64)


def _latency(us: float | None) -> str:
    return _NOTHING if us is None else f"{us / 1000:.2g} ms"
