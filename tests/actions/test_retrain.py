"""Retraining: old rows and all labelled predictions, each once, the same question, no approval."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlops_desktop.actions import datasets, models, monitoring, runs, sealing
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.actions.retrain import hidden_columns
from mlops_desktop.blobs.segments import SegmentHeader
from mlops_desktop.core.datasets import Source
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.core.models import ModelVersion
from mlops_desktop.core.runs import Algorithm, TrainSpec
from mlops_desktop.paths import Workspace
from mlops_desktop.store import deployments as deployment_rows
from mlops_desktop.store.store import Store
from tests.monitored import COLUMNS, START, Watched, rows_of, serve_version


def _table(rows: list[list[Any]], truth: Any) -> pa.Table:
    at, x, town = zip(*rows, strict=True)
    times = pa.array([value[:19] for value in at]).cast(pa.timestamp("us"))
    number = pa.array(range(len(rows)), pa.int64())
    return pa.table({"number": number, "at": times, "x": x, "town": town, "y": truth})


def _deployed(store: Store) -> Watched:
    """A model of y, trained for real, and a deployment of it that has no server."""
    lane = DirectLane(store)
    table = _table(*rows_of(START, 600, 0))
    datasets.add_table(lane, "data", table, Source("file", "data.csv"))
    spec = TrainSpec("data", 1, "y", time_column="at", algorithms=(Algorithm.BASELINE,))
    trained = runs.train(lane, spec)
    version = models.register(store, trained[-1].id, "m")
    with store.write("deployments"):
        number = deployment_rows.add(store, "d", version.id)
    header = SegmentHeader(number, "m", 1, version.id, COLUMNS, ("prediction",))
    folder = store.workspace.segments(number)
    return Watched(store, lane, version.id, header, (), folder)


def _column(store: Store, version: ModelVersion, name: str) -> list[Any]:
    data = datasets.get_version(store, Ref(version.dataset, version=version.dataset_version))
    found: list[Any] = datasets.load(store.workspace, data, [name])[name].to_pylist()
    return found


def test_that_labelled_predictions_join_the_old_rows_once(workspace_dir: Path) -> None:
    store = Store.open(Workspace(workspace_dir))
    try:
        one = _deployed(store)
        with pytest.raises(UserError, match="Add labels first"):
            monitoring.retrain(one.lane, "d")
        rows, truth = rows_of(START + timedelta(hours=600), 200, 1)
        rows[3][1] = None
        ids = one.record(rows, [0.0] * 200)
        monitoring.add_labels_table(one.lane, "d", ids[:100], truth[:100].tolist(), "test")

        second = monitoring.retrain(one.lane, "d")

        assert (second.ref, second.approval) == ("m@2", None)
        assert {gate.name for gate in second.gates} == {
            gate.name for gate in models.get_version(store, "m@1").gates
        }
        assert second.algorithm is Algorithm.BASELINE
        assert [f.name for f in second.signature.inputs] == list(COLUMNS)
        data = datasets.get_version(store, "data@2")
        assert (data.rows, data.parent, data.source.kind) == (700, 1, "retrain")
        assert data.source.detail["deployment"] == "d"
        assert np.allclose(_column(store, second, "y")[600:], truth[:100])
        assert _column(store, second, "x")[600:] == [row[1] for row in rows[:100]]
        assert _column(store, second, "number")[600:] == [None] * 100
        assert _column(store, second, "at")[600].isoformat() == rows[0][0][:19]

        serve_version(one, second.id)
        with pytest.raises(UserError, match="no new labels"):
            monitoring.retrain(one.lane, "d")
        corrected = [*ids[99:], ids[99]]
        values = [*truth[99:].tolist(), 77.0]
        monitoring.add_labels_table(one.lane, "d", corrected, values, "test")

        third = monitoring.retrain(one.lane, "d")

        answers = _column(store, third, "y")
        assert len(answers) == 800
        assert answers[699] == 77.0
        assert datasets.get_version(store, "data@3").parent == 1
    finally:
        store.close()


def test_that_retraining_says_which_columns_were_not_recorded(workspace_dir: Path) -> None:
    store = Store.open(Workspace(workspace_dir))
    try:
        one = _deployed(store)
        one.header = replace(one.header, columns=("at", "x"), dropped=("town",), hashed=("x",))
        rows, truth = rows_of(START + timedelta(hours=600), 50, 1)
        ids = one.record([[row[0], "5f" * 16] for row in rows], [0.0] * 50)
        monitoring.add_labels_table(one.lane, "d", ids, truth.tolist(), "test")
        version = monitoring.retrain(one.lane, "d")
        assert _column(store, version, "town")[-50:] == [None] * 50
        assert _column(store, version, "x")[-50:] == [None] * 50
        data = datasets.get_version(store, Ref("data", version=version.dataset_version))
        assert hidden_columns(store, version) == ("x", "town")
        assert "x, town missing in them: not recorded, for privacy" in data.message
    finally:
        store.close()


def test_that_sealed_predictions_are_trained_on(
    workspace_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "LEAST", 0)
    store = Store.open(Workspace(workspace_dir))
    try:
        one = _deployed(store)
        rows, truth = rows_of(START + timedelta(hours=600), 50, 1)
        name = f"0001-{2**22 + 1}.jsonl"  # No process has such a number.
        ids = [i for row in rows for i in one.record([row], [0.0], file=name)]
        monitoring.add_labels_table(one.lane, "d", ids[::2], truth[::2].tolist(), "test")
        os.utime(one.segments / name, (1, 1))
        assert sealing.seal(one.lane, "d").files == 1
        version = monitoring.retrain(one.lane, "d")
        assert np.allclose(_column(store, version, "y")[600:], truth[::2])
        assert _column(store, version, "x")[600:] == [row[1] for row in rows[::2]]
        assert _column(store, version, "at")[600].isoformat() == rows[0][0][:19]
    finally:
        store.close()
