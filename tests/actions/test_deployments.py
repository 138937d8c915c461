"""Deployments end to end: real servers on models that the store knows."""

from __future__ import annotations

import json
import os
import signal
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pandas as pd
import psutil
import pyarrow as pa
import pytest

from mlops_desktop.actions import deployments, predictions, servers
from mlops_desktop.actions.lane import Context, DirectLane
from mlops_desktop.blobs.segments import read_records, segment_files
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.deployments import Deployment, DeploymentState
from mlops_desktop.core.errors import Cancelled, CheckFailed, NotFound, UserError
from mlops_desktop.core.jsonable import to_plain
from mlops_desktop.core.models import Signature
from mlops_desktop.core.runs import Algorithm, Task, TrainSpec
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.served import COLUMNS, FIELDS, ROW, small_model

AT = "2026-01-01T00:00:00.000000Z"


class Place:
    """A workspace with versions 1 and 2 of `bike` (approved) and 3 (not)."""

    def __init__(self, root: Path, classes: tuple[str, ...] = ()) -> None:
        self.store = Store.open(Workspace(root))
        self.workspace = self.store.workspace
        self.lane = DirectLane(self.store)
        self.held = servers.Servers()
        with self.store.write("models"):
            self._add_models(classes)

    def start(self, ref: str = "bike@1", **more: object) -> Deployment:
        return deployments.start(self.lane, ref, servers_held=self.held, **more)  # type: ignore[arg-type]

    def close(self) -> None:
        deployments.shut_down_unkept(self.lane)
        self.held.close()
        for deployment in deployments.list_deployments(self.store):
            deployments.stop(self.lane, deployment.name)
        self.store.close()

    def actions(self) -> list[str]:
        return [row["action"] for row in self.store.query("SELECT action FROM audit ORDER BY seq")]

    def _add_models(self, classes: tuple[str, ...]) -> None:
        insert = self.store.insert
        task = Task.BINARY if classes else Task.REGRESSION
        signature = Signature(FIELDS, "cnt", task, classes, time_column="at")
        insert("datasets", {"id": 1, "name": "rides", "created_at": AT})
        columns = json.dumps([{"name": "hr", "type": ColumnType.INTEGER.value}])
        insert(
            "dataset_versions",
            {
                "id": 1, "dataset_id": 1, "version": 1, "rows": 1, "columns": columns,
                "manifest": "0" * 64, "profile": "0" * 64, "content_hash": "0" * 64,
                "stored_bytes": 0, "source": '{"kind":"file"}', "message": "", "warnings": "[]",
                "created_at": AT,
            },
        )  # fmt: skip
        spec = json.dumps(to_plain(TrainSpec("rides", 1, "cnt")))
        insert("experiments", {"id": 1, "dataset_version_id": 1, "spec": spec, "created_at": AT})
        insert("models", {"id": 1, "name": "bike", "created_at": AT})
        for number in (1, 2, 3):
            job = small_model(self.workspace, number, classes)
            insert(
                "runs",
                {
                    "id": number, "experiment_id": 1, "algorithm": Algorithm.LINEAR.value,
                    "state": "done", "task": task.value, "metric": "rmse", "value": 1.0,
                    "low": 0.9, "high": 1.1, "owner_pid": 1, "owner_started": 0.0,
                    "files": json.dumps(job["files"]), "created_at": AT,
                },
            )  # fmt: skip
            insert(
                "model_versions",
                {
                    "id": number, "model_id": 1, "version": number, "run_id": number,
                    "signature": json.dumps(to_plain(signature)), "gates": "[]",
                    "files": json.dumps(job["files"]), "created_at": AT,
                },
            )  # fmt: skip
            if number < 3:
                insert(
                    "approvals",
                    {"model_version_id": number, "note": "ok", "actor": "me", "at": AT},
                )
        insert("aliases", {"model_id": 1, "alias": "champion", "model_version_id": 1})


@pytest.fixture
def place(workspace_dir: Path) -> Iterator[Place]:
    found = Place(workspace_dir)
    yield found
    found.close()


@pytest.fixture
def classes_place(workspace_dir: Path) -> Iterator[Place]:
    found = Place(workspace_dir, ("no", "yes"))
    yield found
    found.close()


def rows(count: int) -> pa.Table:
    return pa.table({name: [value] * count for name, value in zip(COLUMNS, ROW, strict=True)})


def test_that_a_started_deployment_answers_records_and_is_audited(place: Place) -> None:
    found = place.start("bike")
    assert (found.state, found.version, found.name) == (DeploymentState.RUNNING, 1, "bike")
    assert found.pid is not None
    assert (place.workspace.root / found.token_file).stat().st_mode & 0o777 == 0o600
    answered = deployments.predict(place.workspace, found, rows(3))
    assert answered.column_names == [*COLUMNS, "prediction_id", "prediction"]
    assert answered["prediction"].to_pylist() == [109.0] * 3
    [path] = segment_files(place.workspace.segments(found.id))
    [(record, _)] = read_records(path)
    assert [f"{record.id}:{row}" for row in range(3)] == answered["prediction_id"].to_pylist()
    stats = deployments.live(place.workspace, found)
    assert stats is not None
    assert (stats.predictions, stats.engine, stats.errors) == (3, "onnxruntime", 0)
    assert stats.memory_bytes < 150e6
    [recent] = deployments.recent_requests(place.workspace, found, 10)
    assert (recent.rows, recent.prediction, recent.inputs["hr"]) == (3, 109.0, 8)
    assert place.actions()[-1] == "deployment.started"
    assert "serving bike version 1" in deployments.log_tail(place.workspace, found)


def test_that_an_unapproved_version_is_refused(place: Place) -> None:
    with pytest.raises(CheckFailed, match="bike@3 is not approved"):
        place.start("bike@3")
    assert deployments.list_deployments(place.store) == []


def test_that_port_and_token_stay_over_a_restart(place: Place) -> None:
    first = place.start()
    secret = deployments.token(place.workspace, first)
    reading = deployments.token(place.workspace, first, metrics=True)
    assert reading not in ("", secret)
    assert (place.workspace.root / first.metrics_token_file).stat().st_mode & 0o077 == 0
    again = deployments.restart(place.lane, "bike", servers_held=place.held)
    assert (again.port, again.state) == (first.port, DeploymentState.RUNNING)
    assert again.pid != first.pid
    assert deployments.token(place.workspace, again) == secret
    assert deployments.token(place.workspace, again, metrics=True) == reading
    stopped = deployments.stop(place.lane, "bike")
    assert (stopped.state, stopped.pid) == (DeploymentState.STOPPED, None)
    assert deployments.live(place.workspace, stopped) is None
    assert deployments.stop(place.lane, "bike") == stopped


def test_that_starting_a_running_name_swaps_its_version(place: Place) -> None:
    first = place.start()
    swapped = place.start("bike@2")
    assert (swapped.version, swapped.previous_version, swapped.pid) == (2, 1, first.pid)
    assert deployments.predict(place.workspace, swapped, rows(1))["prediction"][0].as_py() == 209.0
    back = deployments.swap(place.lane, "bike", "bike@1")
    assert (back.version, back.previous_version) == (1, 2)
    with pytest.raises(CheckFailed):
        deployments.swap(place.lane, "bike", "bike@3")
    assert place.actions()[-2:] == ["deployment.swapped"] * 2


def test_that_a_taken_port_is_said_and_the_deployment_failed(place: Place) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(UserError, match=f"Port {port} cannot be used"):
            place.start(port=port)
    found = deployments.get_deployment(place.store, "bike")
    assert found.state is DeploymentState.FAILED
    assert str(port) in found.error
    assert place.start().port == port


def test_that_a_killed_server_is_found_dead_and_can_start_again(place: Place) -> None:
    first = place.start()
    assert first.pid is not None
    os.kill(first.pid, signal.SIGKILL)
    psutil.wait_procs([psutil.Process(first.pid)], timeout=5)
    [found] = deployments.status(place.lane)
    assert found.state is DeploymentState.FAILED
    assert found.error
    assert place.actions()[-1] == "deployment.failed"
    assert place.start().state is DeploymentState.RUNNING


def test_that_a_hung_server_is_said_to_be_silent(place: Place) -> None:
    first = place.start()
    assert first.pid is not None
    os.kill(first.pid, signal.SIGSTOP)
    try:
        [found] = deployments.status(place.lane)
        assert "does not answer" in found.error
        assert deployments.live(place.workspace, first) is None
    finally:
        os.kill(first.pid, signal.SIGCONT)
    assert deployments.status(place.lane)[0].error == ""


def test_that_a_kept_server_outlives_its_starter_and_others_do_not(place: Place) -> None:
    kept = place.start(name="kept", keep=True)
    place.start(name="short")
    place.held.close()
    states = {found.name: found.state for found in deployments.status(place.lane)}
    assert states == {"kept": DeploymentState.RUNNING, "short": DeploymentState.FAILED}
    assert deployments.predict(place.workspace, kept, rows(1)).num_rows == 1
    deployments.shut_down_unkept(place.lane)
    assert deployments.status(place.lane)[0].state is DeploymentState.RUNNING


def test_that_a_pid_of_another_process_is_not_taken_for_the_server(place: Place) -> None:
    first = place.start()
    with place.store.write("deployments"):
        place.store.execute("UPDATE deployments SET pid = ?", [os.getpid()])
    [found] = deployments.status(place.lane)
    assert found.state is DeploymentState.FAILED
    assert first.pid is not None
    os.kill(first.pid, signal.SIGTERM)


def test_that_cancelling_a_start_leaves_nothing_running(place: Place) -> None:
    context = Context()
    context.cancelled.set()
    with pytest.raises(Cancelled):
        place.start(context=context)
    assert deployments.get_deployment(place.store, "bike").state is DeploymentState.STOPPED


def test_that_unknown_names_are_refused_with_a_hint(place: Place) -> None:
    place.start()
    with pytest.raises(NotFound, match="bike"):
        deployments.stop(place.lane, "bikes")
    with pytest.raises(NotFound):
        place.start("tram")


def test_that_a_large_table_is_answered_in_batches_with_progress(classes_place: Place) -> None:
    place = classes_place
    found = place.start()
    table = rows(12_000).append_column("prediction", pa.array(["old"] * 12_000))
    told: list[int] = []
    answered = deployments.predict(place.workspace, found, table, told.append)
    assert told == [5_000, 10_000, 12_000]
    assert answered.column_names == [
        *COLUMNS, "prediction_id", "prediction", "probability_no", "probability_yes"
    ]  # fmt: skip
    assert set(answered["prediction"].to_pylist()) == {"no"}
    assert len(set(answered["prediction_id"].to_pylist())) == 12_000
    with pytest.raises(UserError, match="lacks temp"):
        deployments.predict(place.workspace, found, table.drop_columns(["temp"]))
    bad = table.set_column(0, "hr", pa.array(["x"] * 12_000))
    with pytest.raises(UserError, match='Column "hr"'):
        deployments.predict(place.workspace, found, bad)


def test_that_a_predicted_csv_keeps_its_rows_as_they_are_written(
    place: Place, tmp_path: Path
) -> None:
    place.start("bike")
    file, output = tmp_path / "rows.csv", tmp_path / "answers.csv"
    text = (
        "at,note,hr,temp,season,holiday\n2011-01-03,NA,8,,winter,False\n2011-01-04,-,9,0.5,,True\n"
    )
    file.write_text(text, encoding="utf-8")
    assert predictions.predict_file(place.lane, "bike", file, output).rows == 2
    given, answered = pd.read_csv(file), pd.read_csv(output)
    pd.testing.assert_frame_equal(answered[list(given)], given)
    assert list(answered)[-2:] == ["prediction_id", "prediction"]
    # Once more, with the answers of the first time among its columns: they are replaced.
    predictions.predict_file(place.lane, "bike", output, output)
    again = pd.read_csv(output)
    assert list(again) == list(answered)
    assert not set(again["prediction_id"]) & set(answered["prediction_id"])


def test_that_a_token_that_was_never_made_is_told(place: Place) -> None:
    never = replace(place.start(), token_file="deployments/77/token")
    for metrics in (False, True):
        with pytest.raises(UserError, match="bike has no token yet"):
            deployments.token(place.workspace, never, metrics=metrics)


def test_that_a_token_that_others_could_read_is_made_anew(tmp_path: Path) -> None:
    path = tmp_path / "token"
    first = servers.make_token(path)
    assert servers.make_token(path) == first
    path.chmod(0o644)
    assert servers.make_token(path) != first
    assert len(first) >= 43


def test_that_a_server_can_be_told_to_outlive_its_owner(place: Place) -> None:
    running = place.start()
    deployments.keep(place.lane, [running.name], place.held)
    place.held.close()
    (found,) = deployments.status(place.lane)
    assert (found.state, found.pid, found.keep) == (DeploymentState.RUNNING, running.pid, True)
