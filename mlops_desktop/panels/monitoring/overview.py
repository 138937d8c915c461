"""The whole view of one deployment: error, alerts, drift, traffic, and one change seen closely."""

from __future__ import annotations

import math
from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from mlops_desktop.actions.monitoring import Distribution
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.monitoring import PREDICTION, Alert, AlertState, MonitorSummary, Window
from mlops_desktop.panels.monitoring import words
from mlops_desktop.panels.monitoring.alerts import AlertsCard
from mlops_desktop.panels.monitoring.change import ChangeCard
from mlops_desktop.panels.monitoring.drift import DriftMap
from mlops_desktop.panels.monitoring.traffic import Traffic
from mlops_desktop.widgets.buttons import link
from mlops_desktop.widgets.cards import heading, label
from mlops_desktop.widgets.error_chart import ErrorChart, end_s, start_s

_ERROR_HEIGHT = 164  # It is the first thing to look at, so it is never a mere strip.
_TOP_SHARE = 0.38


class Overview(QWidget):
    """Requests: detail_wanted(window, feature), answered by show_change; retrain_wanted();
    files_wanted(), the label files;
    out_of_range() where the windows of an alert are older than those on show.
    """

    detail_wanted = Signal(object, str)
    out_of_range = Signal()
    files_wanted = Signal()
    retrain_wanted = Signal()

    def __init__(self, controls: QWidget, files: QWidget) -> None:
        """controls: of the charts; they stand beside the verdict. files: the label files, which
        open above the charts and push them down.
        """
        super().__init__()
        self._windows: tuple[Window, ...] = ()
        self._range = (0.0, 0.0)
        self._story = ""
        self._build(controls, files)

    def _build(self, controls: QWidget, files: QWidget) -> None:
        self.verdict = heading(level=2)
        self.verdict.setObjectName("monitor-verdict")
        self.verdict.setWordWrap(True)
        self.facts = label(muted=True, wrap=True)
        self.facts.setObjectName("monitor-facts")
        self.error = ErrorChart()
        self.error.setMinimumHeight(_ERROR_HEIGHT)
        self.alerts = AlertsCard()
        self.alerts.change_wanted.connect(self.see_change)
        self.alerts.retrain_wanted.connect(self.retrain_wanted)
        self.drift = DriftMap()
        self.drift.opened.connect(self._open_cell)
        self.traffic = Traffic()
        for plot in (self.traffic.counts, self.traffic.latency):
            plot.link_x(self.error)
        self.change = ChangeCard()
        self.change.closed.connect(self.close_change)
        self._corner = QStackedWidget()
        self._corner.addWidget(self.traffic)
        self._corner.addWidget(self.change)
        for name, chart in (
            ("error-chart", self.error),
            ("drift-map", self.drift),
            ("traffic-chart", self.traffic.counts),
            ("latency-chart", self.traffic.latency),
            ("live-rate-chart", self.traffic.rate),
            ("live-latency-chart", self.traffic.live_latency),
        ):
            chart.setObjectName(name)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addLayout(self._build_words(controls))
        column.addWidget(self._build_charts(files), 1)

    def _build_words(self, controls: QWidget) -> QHBoxLayout:
        said = QVBoxLayout()
        said.setSpacing(4)
        said.addWidget(self.verdict)
        files = link(self.tr("Label files"), self.files_wanted.emit, inline=True)
        files.setObjectName("show-label-files")
        beside = QHBoxLayout()
        beside.setSpacing(12)
        beside.addWidget(self.facts, 1)
        beside.addWidget(files, 0, Qt.AlignmentFlag.AlignTop)
        said.addLayout(beside)
        across = QHBoxLayout()
        across.setSpacing(16)
        across.addLayout(said, 1)
        across.addWidget(controls, 0, Qt.AlignmentFlag.AlignTop)
        controls.show()
        return across

    def _build_charts(self, files: QWidget) -> QScrollArea:
        inside = _Charts()
        grid = QGridLayout(inside)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setSpacing(12)
        grid.addWidget(self.error, 0, 0)
        grid.addWidget(self.alerts, 0, 1)
        grid.addWidget(self.drift, 1, 0)
        grid.addWidget(self._corner, 1, 1)
        for number, share in enumerate((8, 5)):
            grid.setColumnStretch(number, share)
            grid.setColumnMinimumWidth(number, 320)
        grid.setRowStretch(1, 1)
        self._area = _Area(files, inside, (self.error, self.alerts))
        return self._area

    def scroll_to_top(self) -> None:
        self._area.verticalScrollBar().setValue(0)

    def start_over(self) -> None:
        """Another deployment comes: its times are others, and no change is looked at yet."""
        self.close_change()
        self.traffic.clear_live()
        self._range = (0.0, 0.0)

    def show_summary(self, summary: MonitorSummary, windows: Sequence[Window]) -> None:
        """windows: those of the chosen range of time."""
        if windows:
            self._show_range(start_s(windows[0]), end_s(windows[-1]))
        self._windows = tuple(windows)
        self.verdict.setText(words.verdict(summary))
        self.facts.setText(words.facts(summary))
        self.error.show_windows(windows, summary.metric)
        resolved = [one for one in summary.alerts if one.state is not AlertState.ACTIVE]
        self.alerts.show_alerts(words.active(summary), resolved)
        self.drift.show_windows(windows)
        self.traffic.show_windows(windows)

    def _show_range(self, start: float, end: float) -> None:
        """All charts of windows from start to end, in seconds; as zoomed while these stay."""
        if (start, end) != self._range:
            self._range = (start, end)
            for plot in (self.error, self.traffic.counts, self.traffic.latency):
                plot.set_x_range(start, end)

    def see_change(self, alert: Alert) -> None:
        """The newest window that an alert is about, beside the training rows."""
        about = [window for window in self._windows if words.concerns(alert, window)]
        if not about:
            self.out_of_range.emit()
            return
        self.error.show_cross(start_s(about[0]))
        if words.is_error(alert):
            self._story = words.error_story(alert, about)
            self.detail_wanted.emit(about[-1], PREDICTION)
        else:
            self._story = ""
            self.detail_wanted.emit(about[-1], alert.subject)

    def show_change(self, window: Window, feature: str, change: Distribution) -> None:
        self.change.show_change(feature, window, change, self._story)
        self._corner.setCurrentWidget(self.change)

    def show_change_error(self, error: UserError) -> None:
        self.change.show_error(error)
        self._corner.setCurrentWidget(self.change)

    def close_change(self) -> None:
        self.error.show_cross(math.nan)
        self._corner.setCurrentWidget(self.traffic)

    def _open_cell(self, window: Window, feature: str) -> None:
        self._story = ""
        self.detail_wanted.emit(window, feature)


class _Area(QScrollArea):
    """The charts fill what is seen of them, also where something stands above: then it scrolls.

    top: the charts of the upper row, which a drift map of many columns does not stretch.
    """

    def __init__(self, above: QWidget, charts: QWidget, top: Sequence[QWidget]) -> None:
        super().__init__()
        self._charts, self._top = charts, top
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(12)
        column.addWidget(above)
        column.addWidget(charts, 1)
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setWidget(inside)
        for part in (self.viewport(), inside, charts):
            part.setAutoFillBackground(False)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        seen = self.viewport().height()
        for chart in self._top:
            chart.setFixedHeight(max(_ERROR_HEIGHT, round(seen * _TOP_SHARE)))
        least = self._charts.minimumSizeHint().height()
        self._charts.setMinimumHeight(max(least, seen))


class _Charts(QWidget):
    """As low as its charts can still be read; below that, the view around it scrolls."""

    def heightForWidth(self, _: int) -> int:  # noqa: N802 - Qt's name
        return self.minimumSizeHint().height()
