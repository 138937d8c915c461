"""Servers that die are started again, up to a limit; those that are wanted start with the app."""

from __future__ import annotations

from collections.abc import Iterator

import psutil
import pytest

from mlops_desktop.actions import deployments, reviving
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.actions.servers import Servers
from mlops_desktop.core.deployments import RESTARTS, Deployment, DeploymentState
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests import registered


@pytest.fixture(scope="module")
def lane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DirectLane]:
    root = tmp_path_factory.mktemp("reviving") / "w"
    registered.build(root)
    store = Store.open(Workspace(root))
    yield DirectLane(store)
    store.close()


@pytest.fixture
def held() -> Iterator[Servers]:
    servers = Servers()
    yield servers
    servers.close()


def crash(deployment: Deployment) -> None:
    assert deployment.pid is not None
    process = psutil.Process(deployment.pid)
    process.kill()
    process.wait(5)


def test_that_a_server_that_dies_is_started_again_up_to_a_limit(
    lane: DirectLane, held: Servers
) -> None:
    running = deployments.start(lane, "leaving@1", servers_held=held)
    for _ in range(RESTARTS):
        crash(running)
        [again] = reviving.look(lane, held)
        assert (again.state, again.port) == (DeploymentState.RUNNING, running.port)
        assert again.pid != running.pid
        running = again
    crash(running)
    [failed] = reviving.look(lane, held)
    assert failed.state is DeploymentState.FAILED
    assert failed.error.startswith("It died 4 times within five minutes.")
    [left] = reviving.look(lane, held)
    assert left.state is DeploymentState.FAILED


def test_that_a_server_that_was_stopped_stays_so(lane: DirectLane, held: Servers) -> None:
    deployments.start(lane, "leaving@1", servers_held=held)
    deployments.stop(lane, "leaving")
    [found] = reviving.look(lane, held)
    assert found.state is DeploymentState.STOPPED


def test_that_wanted_servers_start_with_the_app(lane: DirectLane, held: Servers) -> None:
    assert reviving.start_wanted(lane, held) == []
    lane(lambda store: reviving.set_autostart(store, "leaving", on=True))
    [found] = reviving.start_wanted(lane, held)
    assert (found.state, found.autostart) == (DeploymentState.RUNNING, True)
    deployments.stop(lane, "leaving")
