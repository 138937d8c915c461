"""The Details tab of a run: every number, and all that is needed to get them again."""

from __future__ import annotations

from typing import NamedTuple

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from mlops_desktop.actions.run_details import RunDetails
from mlops_desktop.core.datasets import DataWarning, WarningKind
from mlops_desktop.core.evaluation import Evaluation
from mlops_desktop.core.figures import small
from mlops_desktop.core.runs import Run
from mlops_desktop.panels.runs.words import figure, listed, metric_title
from mlops_desktop.widgets.buttons import link
from mlops_desktop.widgets.cards import Card, Chip, KeyValues, label
from mlops_desktop.widgets.marked import marked
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.widgets.row_model import Column
from mlops_desktop.widgets.row_table import RowTable
from mlops_desktop.widgets.times import local_time


class _Metric(NamedTuple):
    name: str
    value: float
    interval: str
    baseline: float | None


class Details(QWidget):
    """data_wanted carries the version that the run was trained on."""

    data_wanted = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        self.metrics: RowTable[_Metric] = RowTable(
            (
                Column(self.tr("On held-out rows"), lambda m: metric_title(m.name), stretch=True),
                Column(self.tr("Value"), lambda m: m.value, align="right", format=figure),
                Column(self.tr("95 %"), lambda m: m.interval, align="right", width=136),
                Column(self.tr("Baseline"), lambda m: m.baseline, align="right", format=figure),
            ),
            self.tr("Metrics"),
            key=lambda m: m.name,
        )
        self.metrics.setObjectName("metrics-table")
        self._numbers = Card()
        self._numbers.body.setContentsMargins(1, 1, 1, 1)
        self._numbers.add(self.metrics)
        self._warnings = Card(self.tr("Warnings"))
        self._warnings.setObjectName("run-warnings")
        self._asked, self._judged = KeyValues(), KeyValues()
        self._environment, self._files = KeyValues(), KeyValues()
        column.addWidget(self._numbers)
        column.addWidget(self._warnings)
        self._cards: dict[KeyValues, Card] = {}
        for title, pairs in (
            (self.tr("What was asked for"), self._asked),
            (self.tr("How it was judged"), self._judged),
            (self.tr("Environment"), self._environment),
            (self.tr("Files (SHA-256)"), self._files),
        ):
            card = Card(title)
            card.add(pairs)
            self._cards[pairs] = card
            column.addWidget(card)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(inside))

    def show_details(self, details: RunDetails) -> None:
        run, found = details.run, details.evaluation
        self._numbers.setVisible(found is not None)
        self._cards[self._judged].setVisible(found is not None)
        if found is not None:
            self._show_metrics(found)
            self._judged.set_pairs(self._judged_pairs(found))
        self._show_warnings(run)
        self._asked.set_pairs(self._asked_pairs(details))
        for shown, pairs in (
            (self._environment, list(run.environment.items())),
            (self._files, [(name, sha[:16] + "\u2026") for name, sha in run.files.items()]),
        ):
            self._cards[shown].setVisible(bool(pairs))
            shown.set_pairs(pairs)

    def _show_metrics(self, found: Evaluation) -> None:
        rows = [
            _Metric(
                name,
                item.value,
                ""
                if item.low is None or item.high is None
                else self.tr("{0} to {1}").format(figure(item.low), figure(item.high)),
                found.baseline.get(name),
            )
            for name, item in found.metrics.items()
        ]
        self.metrics.set_rows(rows)
        self.metrics.setFixedHeight(34 + 28 * len(rows) + 2)

    def _show_warnings(self, run: Run) -> None:
        while self._warnings.body.count() > 1:
            item = self._warnings.body.takeAt(1)
            if item is not None and (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._warnings.setVisible(bool(run.warnings))
        for warning in run.warnings:
            self._warnings.add(_warning_row(warning))

    def _asked_pairs(self, details: RunDetails) -> list[tuple[str, str | QWidget]]:
        run, spec, data = details.run, details.run.spec, details.data
        open_data = link(data.ref, lambda: self.data_wanted.emit(data.ref), inline=True)
        pairs: list[tuple[str, str | QWidget]] = [
            (self.tr("Data"), open_data),
            (self.tr("Content hash"), f"{data.content_hash[:16]}\u2026"),
            (self.tr("Target"), spec.target),
            (self.tr("Goal"), metric_title(run.metric or spec.metric)),
            (self.tr("Left out"), listed(spec.exclude)),
            (self.tr("Time limit"), self.tr("{0:g} s for all its runs").format(spec.budget_s)),
            (self.tr("Seed"), str(spec.seed)),
            (self.tr("Started"), local_time(run.started_at) or "\u2013"),
        ]
        for name, value in (
            (self.tr("Time column"), spec.time_column),
            (self.tr("Group column"), spec.group_column),
            (self.tr("Class to find"), spec.positive),
            (self.tr("Kept in spite of a warning"), ", ".join(spec.keep)),
            (self.tr("Parameters"), ", ".join(f"{k} = {v}" for k, v in spec.parameters.items())),
        ):
            if value:
                pairs.insert(4, (name, value))
        return pairs

    def _judged_pairs(self, found: Evaluation) -> list[tuple[str, str | QWidget]]:
        split, parity = found.split, found.parity
        how = {"time": self.tr("the newest rows"), "group": self.tr("whole groups")}
        held = self.tr("{0} rows: {1}").format(
            f"{split.heldout_rows:,}", how.get(split.kind, self.tr("picked at random"))
        )
        if split.cutoff:
            first = split.cutoff.removesuffix("T00:00:00").replace("T", " ")
            held += self.tr(", from {0} on").format(first)
        same = self.tr("yes") if parity.passed else self.tr("no")
        latency = found.latency_us
        return [
            (self.tr("Held out"), held),
            (self.tr("Trained on"), self.tr("{0} rows").format(f"{split.train_rows:,}")),
            (
                self.tr("Serving agrees"),
                self.tr("{0}: on {2} rows the largest difference is {1}; {3} is allowed").format(
                    same, small(parity.max_abs), f"{parity.rows:,}", small(parity.tolerance)
                ),
            ),
            (
                self.tr("One answer takes"),
                self.tr("{0:.2g} ms, 1 in 100 takes {1:.2g} ms").format(
                    latency.get("p50", 0) / 1000, latency.get("p99", 0) / 1000
                ),
            ),
        ]


def _warning_row(warning: DataWarning) -> QWidget:
    row = QWidget()
    column = QVBoxLayout(row)
    column.setContentsMargins(0, 0, 0, 4)
    column.setSpacing(2)
    leak = warning.kind is WarningKind.LEAK and not warning.answered
    column.addWidget(Chip(warning.kind.value, "error" if leak else "neutral"))
    column.addWidget(marked(warning.what))
    column.addWidget(label(warning.why, muted=True, wrap=True))
    return row
