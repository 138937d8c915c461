"""The Card tab: what a model version predicts, from what, how well, and what it was trained on."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from mlops_desktop.actions.models import About
from mlops_desktop.core import clock
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.evaluation import Split
from mlops_desktop.core.models import Field, ModelVersion, Signature
from mlops_desktop.core.runs import Task
from mlops_desktop.panels.models.words import figure, metric_title, tr
from mlops_desktop.widgets.buttons import link
from mlops_desktop.widgets.cards import Card, KeyValues
from mlops_desktop.widgets.page import scrolled
from mlops_desktop.widgets.profile_face import type_word
from mlops_desktop.widgets.row_model import Column
from mlops_desktop.widgets.row_table import RowTable
from mlops_desktop.widgets.times import local_time

_Metric = tuple[str, float, float | None, float | None, float | None]
_ROW_PX, _HEADER_PX = 28, 36


class CardTab(QWidget):
    """opened(panel, argument): the dataset version or the run behind the model is asked for."""

    opened = Signal(str, object)

    def __init__(self) -> None:
        super().__init__()
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        upper = QHBoxLayout()
        upper.setSpacing(12)
        self._about = KeyValues()
        what = Card(self.tr("What it is"))
        what.add(self._about)
        what.body.addStretch(1)
        good = Card(self.tr("How good it is, on rows it has not seen"))
        self._metrics = self._build_metrics()
        good.add(self._metrics)
        good.body.addStretch(1)
        upper.addWidget(what, 3)
        upper.addWidget(good, 5)
        self._inputs_card = Card(self.tr("What it needs to know"))
        self._inputs = self._build_inputs()
        self._inputs_card.add(self._inputs)
        column.addLayout(upper)
        column.addWidget(self._inputs_card)
        column.addStretch(1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.addWidget(scrolled(content))

    def _build_metrics(self) -> RowTable[_Metric]:
        table: RowTable[_Metric] = RowTable(
            (
                Column(self.tr("Metric"), lambda row: metric_title(row[0]), width=88),
                Column(self.tr("Value"), lambda row: row[1], format=figure, width=72),
                Column(self.tr("95 % interval"), _interval, align="right", width=150),
                Column(self.tr("Baseline"), lambda row: row[4], format=figure, stretch=True),
            ),
            self.tr("Metrics"),
        )
        table.setObjectName("model-metrics")
        return table

    def _build_inputs(self) -> RowTable[Field]:
        table: RowTable[Field] = RowTable(
            (
                Column(self.tr("Input"), lambda field: field.name),
                Column(self.tr("Type"), lambda field: type_word(field.type)),
                Column(self.tr("Seen in training"), _seen, stretch=True),
                Column(self.tr("For example"), _example),
                Column(
                    self.tr("May be missing"),
                    lambda field: self.tr("yes") if field.nullable else self.tr("no"),
                ),
            ),
            self.tr("Inputs"),
            key=lambda field: field.name,
        )
        table.setObjectName("model-inputs")
        return table

    def show_about(self, about: About) -> None:
        version, evaluation = about.version, about.evaluation
        data = link(
            f"{version.dataset} v{version.dataset_version}",
            lambda: self.opened.emit("data", f"{version.dataset}@{version.dataset_version}"),
            inline=True,
        )
        run = link(
            f"run {version.run}", lambda: self.opened.emit("train", version.run), inline=True
        )
        self._about.set_pairs(
            (
                (self.tr("Predicts"), _predicts(version.signature)),
                (self.tr("Algorithm"), version.algorithm.title),
                (self.tr("Trained on"), data),
                (self.tr("By"), run),
                (self.tr("Rows"), _rows(evaluation.split)),
                (self.tr("Registered"), local_time(version.created_at)),
            )
        )
        self._metrics.set_rows(_metrics(about, version))
        self._inputs.set_rows(version.signature.inputs)
        self._inputs_card.set_title(
            self.tr("What it needs to know: {0} inputs").format(len(version.signature.inputs))
        )
        for table, most in ((self._metrics, 8), (self._inputs, 30)):
            rows = min(most, table.model().rowCount())
            table.setFixedHeight(_HEADER_PX + _ROW_PX * rows)


def _metrics(about: About, version: ModelVersion) -> list[_Metric]:
    """The goal first."""
    found = about.evaluation.metrics
    names = [version.metric, *(name for name in found if name != version.metric)]
    return [
        (n, found[n].value, found[n].low, found[n].high, about.evaluation.baseline.get(n))
        for n in names
        if n in found
    ]


def _interval(row: _Metric) -> str | None:
    low, high = row[2], row[3]
    return None if low is None else tr("{0} to {1}").format(figure(low), figure(high))


def _predicts(signature: Signature) -> str:
    if signature.task is Task.REGRESSION:
        return tr("{0}, a number").format(signature.target)
    classes = tr(", ").join(signature.classes[:6]) + (", …" if len(signature.classes) > 6 else "")
    if signature.positive is not None:
        return tr("{0}, one of {1} (positive: {2})").format(
            signature.target, classes, signature.positive
        )
    return tr("{0}, one of {1}").format(signature.target, classes)


def _rows(split: Split) -> str:
    text = tr("{0} to train, {1} held out").format(
        f"{split.train_rows:,}", f"{split.heldout_rows:,}"
    )
    return {
        "time": tr("{0} (the latest, from {1})").format(text, split.cutoff or ""),
        "group": tr("{0} (whole groups)").format(text),
    }.get(split.kind, text)


def _seen(field: Field) -> str | None:
    if field.categories is not None:
        more = len(field.categories) - 8
        names = tr(", ").join(field.categories[:8])
        return f"{names}, … ({more} more)" if more > 0 else names
    if field.low is None or field.high is None:
        return None
    if field.type is ColumnType.DATETIME:
        ends = [_time(clock.to_iso(int(end))[:19]) for end in (field.low, field.high)]
    else:
        ends = [f"{end:.6g}" for end in (field.low, field.high)]
    return tr("{0} to {1}").format(*ends)


def _example(field: Field) -> str | None:
    if field.example is None:
        return None
    text = str(field.example)
    return _time(text) if field.type is ColumnType.DATETIME else text


def _time(iso: str) -> str:
    """A time of the data, which has no zone; the day alone where all else is zero."""
    return iso.removesuffix("T00:00:00").replace("T", " ")
