"""A second version beside the first: a part of the requests, or all of them in the shadow."""

from __future__ import annotations

import itertools
import json
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from http.client import HTTPException

import pytest

from mlops_desktop.actions import datasets, deployments, models, privacy, rollout, runs, serving
from mlops_desktop.actions.children import wait_for
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.blobs.segments import last_records, read_header, read_records, segment_files
from mlops_desktop.core.datasets import Source
from mlops_desktop.core.deployments import RESTARTS, Deployment, Role, may_restart
from mlops_desktop.core.errors import CheckFailed, UserError
from mlops_desktop.core.runs import Algorithm, TrainSpec
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.actions.test_recipe_loop import customers

REQUESTS = 2_000


@pytest.fixture(scope="module")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DirectLane]:
    """leaving: 1 and 2 approved, 3 not, 4 approved but with other columns."""
    store = Store.open(Workspace(tmp_path_factory.mktemp("rollout") / "w"))
    lane = DirectLane(store)
    datasets.add_table(lane, "people", customers(600, 0), Source("file", "people.csv"))
    algorithms = (Algorithm.LINEAR, Algorithm.RANDOM_FOREST, Algorithm.GRADIENT_BOOSTING)
    spec = TrainSpec(
        "people",
        1,
        "leaves",
        positive="Yes",
        exclude=("charges",),
        algorithms=algorithms,
        budget_s=30,
    )
    for run in runs.train(lane, spec, workers=2)[1:]:
        models.register(store, run.id, "leaving")
    wider = replace(spec, exclude=(), keep=("charges",), algorithms=(Algorithm.LINEAR,))
    models.register(store, runs.train(lane, wider, workers=2)[-1].id, "leaving")
    for number in (1, 2, 4):
        models.approve(store, f"leaving@{number}", "Better than guessing.")
    yield lane
    store.close()


@pytest.fixture
def running(lane: DirectLane) -> Iterator[Deployment]:
    yield deployments.start(lane, "leaving@1", keep=True)
    deployments.stop(lane, "leaving")
    rollout.end(lane, "leaving")


def ask(lane: DirectLane, deployment: Deployment, count: int) -> None:
    """Each request is one row."""
    workspace = lane(lambda store: store.workspace)
    body = json.dumps({"dataframe_records": [{"months": 12}]}).encode()
    with serving.client(workspace, deployment) as server:
        for _ in range(count):
            code, answer = server.ask("/invocations", body)
            assert code == 200, answer


def versions(lane: DirectLane, deployment: Deployment, count: int) -> list[int]:
    """Which versions answered last, the newest first."""
    folder = lane(lambda store: store.workspace).segments(deployment.id)
    return [header.version for header, _ in last_records(folder, count)]


def test_that_a_canary_answers_its_part(lane: DirectLane, running: Deployment) -> None:
    found = rollout.canary(lane, "leaving", "leaving@2", 10)
    assert found.second is not None
    assert (found.second.version, found.second.role) == (2, Role.CANARY)
    ask(lane, running, REQUESTS)
    folder = lane(lambda store: store.workspace).segments(running.id)
    lines = {path: path.read_bytes().count(b'\n{"id"') for path in folder.glob("*.jsonl")}
    by_version = {}
    for path, count in lines.items():
        version = json.loads(path.read_bytes().splitlines()[0])["version"]
        by_version[version] = by_version.get(version, 0) + count
    assert by_version[2] / REQUESTS == pytest.approx(0.1, abs=0.015)


class Load:
    """Eight clients that ask one request after the other, each with an id that names the phase."""

    def __init__(self, workspace: Workspace, deployment: Deployment) -> None:
        self.phase = "first"
        self.answered = Counter[str]()
        self.failed: list[object] = []
        self._counting = threading.Lock()
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._ask, args=(workspace, deployment, number))
            for number in range(8)
        ]

    def _ask(self, workspace: Workspace, deployment: Deployment, client: int) -> None:
        body = json.dumps({"dataframe_records": [{"months": 12}]}).encode()
        with serving.client(workspace, deployment) as server:
            for number in itertools.count():
                if self._stop.is_set():
                    return
                phase = self.phase
                name = f"{phase}-{client}-{number}"
                try:
                    code, answer = server.ask("/invocations", body, X_Request_Id=name)
                except (OSError, HTTPException) as error:
                    self.failed.append(error)
                    return
                if code != 200:
                    self.failed.append((code, answer))
                with self._counting:
                    self.answered[phase] += 1

    def wait_for(self, phase: str, count: int) -> None:
        """Ask under the name of that phase until there are so many answers."""
        self.phase = phase
        assert wait_for(lambda: bool(self.failed) or self.answered[phase] >= count, 120)
        assert not self.failed

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()


def test_that_ten_thousand_requests_in_flight_see_no_failure_as_versions_change(
    lane: DirectLane, running: Deployment
) -> None:
    workspace = lane(lambda store: store.workspace)
    with Load(workspace, running) as load:
        load.wait_for("first", 500)
        load.phase = "between"
        rollout.canary(lane, "leaving", "leaving@2", 10)
        load.wait_for("canary", 10_000)
        load.phase = "between"
        rollout.promote(lane, "leaving")
        load.wait_for("promoted", 500)
        load.phase = "back"
        begun = time.monotonic()
        assert rollout.roll_back(lane, "leaving").version == 1
        took = time.monotonic() - begun
        load.wait_for("after", 500)
    assert not load.failed
    given: dict[str, Counter[int]] = {}
    for path in segment_files(workspace.segments(running.id)):
        header = read_header(path)
        assert header is not None
        for record, _ in read_records(path):
            given.setdefault(record.id.split("-")[0], Counter())[header.version] += 1
    answers = sum(sum(counts.values()) for phase, counts in given.items() if phase in load.answered)
    assert answers == load.answered.total()
    share = given["canary"][2] / given["canary"].total()
    assert share == pytest.approx(0.1, abs=0.015)
    assert set(given["first"]) == {1}
    assert set(given["promoted"]) == {2}
    assert set(given["after"]) == {1}
    assert took < 1.0
    sys.stdout.write(f"{answers:,} answers, {share:.2%} by the canary, back in {took:.3f} s\n")


def test_that_a_promoted_canary_answers_everything(lane: DirectLane, running: Deployment) -> None:
    rollout.canary(lane, "leaving", "leaving@2", 50)
    found = rollout.promote(lane, "leaving")
    assert (found.version, found.previous_version, found.second) == (2, 1, None)
    ask(lane, running, 5)
    folder = lane(lambda store: store.workspace).segments(running.id)
    newest = max(folder.glob("*.jsonl"), key=lambda path: path.stat().st_mtime_ns)
    assert json.loads(newest.read_bytes().splitlines()[0])["version"] == 2
    assert rollout.roll_back(lane, "leaving").version == 1


def test_that_a_shadow_answers_behind_the_server(lane: DirectLane, running: Deployment) -> None:
    workspace = lane(lambda store: store.workspace)
    found = rollout.shadow(lane, "leaving", "leaving@2")

    def begun() -> bool:
        return rollout.agreement(workspace, found) is not None

    assert wait_for(begun, 30)
    ask(lane, running, 40)

    def caught_up() -> bool:
        seen = rollout.agreement(workspace, found)
        return seen is not None and seen.rows == 40

    assert wait_for(caught_up, 30)
    seen = rollout.agreement(workspace, found)
    assert seen is not None
    assert (seen.behind, seen.classes) == (0, True)
    assert seen.share in (0.0, 1.0)  # All rows are the same one.
    assert found.second is not None
    shadowed = last_records(workspace.shadow(found.id, found.second.model_version), 100)
    given = last_records(workspace.segments(found.id), 40)
    assert {record.id for _, record in shadowed} == {record.id for _, record in given}
    assert {header.version for header, _ in given} == {1}


def test_that_a_restarted_server_goes_on_with_its_canary(
    lane: DirectLane, running: Deployment
) -> None:
    rollout.canary(lane, "leaving", "leaving@2", 50)
    again = deployments.restart(lane, "leaving")
    assert again.second is not None
    ask(lane, again, 10)
    folder = lane(lambda store: store.workspace).segments(running.id)
    newest = sorted(folder.glob("*.jsonl"), key=lambda path: path.name)[-2:]
    served = {json.loads(path.read_bytes().splitlines()[0])["version"] for path in newest}
    assert served == {1, 2}


def test_that_a_version_that_is_not_approved_is_not_tried(
    lane: DirectLane, running: Deployment
) -> None:
    with pytest.raises(CheckFailed, match="leaving@3 is not approved"):
        rollout.canary(lane, "leaving", "leaving@3", 10)


def test_that_a_version_with_other_columns_is_not_tried(
    lane: DirectLane, running: Deployment
) -> None:
    with pytest.raises(UserError, match="leaving@4 takes other columns") as caught:
        rollout.shadow(lane, "leaving", "leaving@4")
    assert "charges" in caught.value.why


@pytest.mark.parametrize("percent", [0, 100, -5])
def test_that_a_canary_has_a_part(lane: DirectLane, running: Deployment, percent: float) -> None:
    with pytest.raises(UserError, match="percent is no part"):
        rollout.canary(lane, "leaving", "leaving@2", percent)


def test_that_a_server_is_started_again_three_times_within_five_minutes() -> None:
    restarts: tuple[float, ...] = ()
    for second in range(RESTARTS):
        again = may_restart(restarts, 1000.0 + second)
        assert again is not None
        restarts = again
    assert may_restart(restarts, 1010.0) is None
    assert may_restart(restarts, 1301.5) == (1002.0, 1301.5)


def test_that_columns_are_hidden_while_it_runs(lane: DirectLane, running: Deployment) -> None:
    found = privacy.set_privacy(lane, "leaving", ["months"], [])
    try:
        ask(lane, running, 3)
        folder = lane(lambda store: store.workspace).segments(running.id)
        assert all("months" not in header.columns for header, _ in last_records(folder, 3))
        with pytest.raises(UserError, match="does not record months"):
            rollout.shadow(lane, "leaving", "leaving@2")
        rollout.canary(lane, "leaving", "leaving@2", 50)
        ask(lane, running, 4)
        assert {header.dropped for header, _ in last_records(folder, 4)} == {("months",)}
        with pytest.raises(UserError, match="tries a second version"):
            privacy.set_privacy(lane, "leaving", [], [])
        rollout.end(lane, "leaving")
        deployments.restart(lane, "leaving")
        ask(lane, found, 1)
        assert last_records(folder, 1)[0][0].dropped == ("months",)
    finally:
        rollout.end(lane, "leaving")
        privacy.set_privacy(lane, "leaving", [], [])
