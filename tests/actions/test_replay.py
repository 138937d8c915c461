"""The sample project: 2011 as data, its stories in time order, and no replay elsewhere."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any, cast

import pytest

from mlops_desktop.actions import datasets, replay
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.actions.replay import Story
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.runs import Run
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.monitored import watched

_NO_RUN = cast(Run, None)  # Only the stories of 2011 ask the run, for its cut.


def test_that_the_sample_is_the_year_2011_and_is_opened_once(workspace_dir: Path) -> None:
    store = Store.open(Workspace(workspace_dir))
    try:
        lane = DirectLane(store)
        version = replay.open_sample(lane)
        assert (version.ref, version.rows) == ("bike@1", 8645)
        days = datasets.load(store.workspace, version, ["dteday"])["dteday"].to_pylist()
        assert (min(days), max(days)) == (datetime(2011, 1, 1), datetime(2011, 12, 31))  # noqa: DTZ001
        assert replay.open_sample(lane) == version
        assert any("casual" in warning.what for warning in version.warnings)
    finally:
        store.close()


def test_that_growth_is_2012_hour_by_hour(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        whole = _hours(one.lane)
        assert len(whole) == 8734
        assert whole == sorted(whole)
        until = _hours(one.lane, until="2012-12-01")
        since = _hours(one.lane, since="2012-12-01")
        assert until + since == whole


def test_that_a_model_of_other_data_is_refused(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        assert not replay.is_sample(one.store, "d")
        assert not replay.is_sample(one.store, "nobody")
        with pytest.raises(UserError, match="not trained on the sample"):
            replay.replay(one.lane, "d", Story.GROWTH)


def _hours(lane: DirectLane, **limits: Any) -> list[tuple[datetime, int]]:
    table = replay.story_table(lane, _NO_RUN, Story.GROWTH, **limits)
    return list(zip(table["dteday"].to_pylist(), table["hr"].to_pylist(), strict=True))
