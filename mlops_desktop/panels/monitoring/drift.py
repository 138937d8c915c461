"""The map of drift: every watched column in every window, as a share of its own limit."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Signal

from mlops_desktop.core.monitoring import MIN_WINDOW_ROWS, PREDICTION, Window, WindowVerdict
from mlops_desktop.panels.monitoring.words import feature_name, span
from mlops_desktop.widgets.error_chart import start_s
from mlops_desktop.widgets.heat_map import HeatMap

_SPAN = (0.0, 2.0)  # Twice the limit is bad enough: a broken sensor must not hide the rest.


class DriftMap(HeatMap):
    """opened(window, feature) is emitted by a click on a cell, or Enter."""

    opened = Signal(object, str)

    def __init__(self) -> None:
        super().__init__("", "", span=_SPAN)
        self.set_title(self.tr("Drift: how near each input is to its limit"))
        self._windows: tuple[Window, ...] = ()
        self._names: tuple[str, ...] = ()
        self.cell_clicked.connect(
            lambda row, column: self.opened.emit(self._windows[column], self._names[row])
        )

    def show_windows(self, windows: Sequence[Window]) -> None:
        """windows: oldest first; those with too few rows stay empty columns."""
        self._windows = tuple(windows)
        names: dict[str, None] = {}
        for window in windows:
            names.update(dict.fromkeys(feature.name for feature in window.features))
        # The answers come last, also after a column that only a later version watches.
        self._names = tuple(sorted(names, key=lambda name: name == PREDICTION))
        place = {name: row for row, name in enumerate(self._names)}
        values = np.full((len(place), len(windows)), np.nan)
        for column, window in enumerate(windows):
            for feature in window.features:
                values[place[feature.name], column] = feature.value / feature.threshold
        empty = self.tr("Nothing to judge yet: a window needs {0} rows.").format(MIN_WINDOW_ROWS)
        self.say_empty("" if self._names else empty)
        self.set_readout(self.tr("dot: over the limit, grey: too few rows"))
        shown = [feature_name(name) for name in self._names]
        # A window that still fills holds half a week, say, so it is shown but not judged.
        limits = np.where([window.complete for window in windows], 1.0, np.inf)
        starts = [start_s(window) for window in windows]
        self.set_values(shown, starts, values, np.broadcast_to(limits, values.shape))

    def cell_text(self, feature: int, time: int) -> str:
        window, name = self._windows[time], self._names[feature]
        drift = next((f for f in window.features if f.name == name), None)
        said = self.tr("too few rows ({0})").format(window.rows)
        if drift is not None:
            said = self.tr("{0:.3g}, limit {1:.3g}").format(drift.value, drift.threshold)
            said += "" if window.complete else self.tr(" (still filling)")
        elif window.verdict is not WindowVerdict.TOO_FEW:
            said = self.tr("not watched by v{0}").format(window.version)
        return f"{feature_name(name)}, {span(window)}:  {said}"
