"""The answer of a deployment, large, with the chance of each class and the reasons as bars."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QSizePolicy

from mlops_desktop.actions.trying import Tried
from mlops_desktop.core.figures import percent
from mlops_desktop.panels.deployments.reasons import ReasonsView
from mlops_desktop.widgets.bar_plot import Bar, BarPlot
from mlops_desktop.widgets.cards import Card, label, numeral
from mlops_desktop.widgets.theme import app_theme

_NOTHING = "\N{EN DASH}"


class AnswerCard(Card):
    def __init__(self) -> None:
        super().__init__(self.tr("Answer"))
        self._target, self._ready = "", True
        self.value = numeral("", 24)
        self.value.setObjectName("answer-value")
        self.value.setFont(app_theme().font(24, QFont.Weight.DemiBold))
        self.value.setWordWrap(True)
        self.value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.took = label(muted=True, wrap=True)
        self.took.setObjectName("answer-took")
        self._bars = BarPlot(
            self.tr("How likely each class is"), self.tr("probability"), self.tr("class")
        )
        self._bars.setProperty("card", False)
        self._bars.body.setContentsMargins(0, 4, 0, 0)
        self.add(self.value)
        self.add(self.took)
        self.reasons = ReasonsView()
        self.add(self._bars)
        self.add(self.reasons)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.clear()

    def set_target(self, target: str) -> None:
        self._target = target
        self.clear()

    def set_ready(self, ready: bool) -> None:
        """Whether there is a server to ask; an answer stays where there was one."""
        self._ready = ready
        if self.value.text() == _NOTHING:
            self.clear()

    def clear(self) -> None:
        self.value.setText(_NOTHING)
        ask = self.tr("Fill in the form and press Predict, or Enter in a field.")
        self.took.setText(ask if self._ready else self.tr("Start the deployment to ask it."))
        self._bars.hide()
        self.reasons.show_reasons(None, "")

    def show_answer(self, tried: Tried) -> None:
        """'397 cnt' or 'Churn: Yes', and how long the server took."""
        if isinstance(tried.prediction, str):
            self.value.setText(f"{self._target}: {tried.prediction}")
        else:
            self.value.setText(f"{_short(tried.prediction)} {self._target}")
            self.value.setToolTip(repr(tried.prediction))
        self.value.setAccessibleName(self.value.text())
        parts = []
        if tried.latency_us is not None:
            parts.append(self.tr("Answered in {0} ms").format(f"{tried.latency_us / 1000:.2g}"))
        if tried.version is not None:
            parts.append(self.tr("by v{0}").format(tried.version))
        self.took.setText(f"{' '.join(parts)}." if parts else self.tr("Answered."))
        self.took.setToolTip(self.tr("Prediction {0}").format(tried.prediction_id))
        self._bars.setVisible(bool(tried.probabilities))
        self._bars.set_bars(
            [Bar(name, chance, percent(chance)) for name, chance in tried.probabilities[:12]]
        )
        self.reasons.show_reasons(tried.reasons, self._target)


def _short(value: float) -> str:
    """Four digits that count, and all before the point."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
