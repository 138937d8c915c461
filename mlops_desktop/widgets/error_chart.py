"""How wrong a deployed model is over time, beside its limit. Slow to load: import it late."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mlops_desktop.core.monitoring import Window
from mlops_desktop.core.runs import METRICS
from mlops_desktop.widgets.line_plot import LinePlot, Series
from mlops_desktop.widgets.times import parsed


def start_s(window: Window) -> float:
    """When a window begins, in seconds since 1970, as the date axes want it."""
    return _seconds(window.start)


def end_s(window: Window) -> float:
    return _seconds(window.end)


def version_starts(windows: Sequence[Window]) -> list[tuple[float, str]]:
    """When each version answered first, for the markers of a plot; none where there is only one."""
    first: dict[int, float] = {}
    for window in windows:
        first.setdefault(window.version, start_s(window))
    return [(x, f"v{version}") for version, x in first.items()] if len(first) > 1 else []


class ErrorChart(LinePlot):
    """One line a model version over the windows whose answers have labels."""

    def __init__(self) -> None:
        super().__init__("", dates=True)
        self.set_title(self.tr("Error of the answers with labels"))

    def show_windows(self, windows: Sequence[Window], metric: str) -> None:
        """windows: oldest first. metric: the name of the goal, which is the unit."""
        known = METRICS.get(metric)
        unit = known.title if known else metric
        if known and known.higher_is_better:
            self.set_title(self.tr("Quality of the answers with labels"))
        self.set_y_label(unit)
        versions = list(dict.fromkeys(window.version for window in windows))
        lines, limits = [], []
        for version in versions:
            own = [window for window in windows if window.version == version]
            of = "" if len(versions) == 1 else f" v{version}"
            x = np.array([start_s(window) for window in own])
            y = np.array([np.nan if w.error is None else w.error for w in own])
            if not np.isfinite(y).any():
                continue
            lines.append(Series(unit + of, x, y, markers=True))
            limit = own[-1].error_threshold
            if limit is not None:
                x = np.append(x, end_s(own[-1]))
                color = "text" if version == versions[-1] else "muted"
                limits.append(
                    Series(
                        self.tr("limit") + of, x, np.full(len(x), limit), dashed=True, color=color
                    )
                )
        self.say_empty(
            "" if lines else self.tr("Nothing to show yet: it needs 50 labels in a window.")
        )
        self.set_series([*lines, *limits])
        self.set_markers(version_starts(windows))


def _seconds(time: str) -> float:
    moment = parsed(time)
    assert moment is not None
    return moment.timestamp()
