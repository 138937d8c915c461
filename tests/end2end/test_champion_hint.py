"""The command line says how to make the served version the champion, and never does it itself."""

from __future__ import annotations

from pathlib import Path

from mlops_desktop.actions import deployments
from mlops_desktop.cli.deployments import champion_hint
from mlops_desktop.cli.session import Session
from mlops_desktop.paths import Workspace
from mlops_desktop.store import models
from tests.monitored import add_model_version, serve_version, watched


def test_that_a_version_that_is_not_the_champion_is_offered_to_be(workspace_dir: Path) -> None:
    with watched(workspace_dir) as one:
        second = add_model_version(one)
        with one.store.write("models"):
            models.set_alias(one.store, "m", "champion", one.model_version)
    session = Session(Workspace(workspace_dir))
    assert champion_hint(session, deployments.get_deployment(session.store, "d")) == ""
    session.close()
    with watched(workspace_dir) as one:
        serve_version(one, second)
    session = Session(Workspace(workspace_dir))
    said = champion_hint(session, deployments.get_deployment(session.store, "d"))
    assert said == (
        "\nThe champion is still m@1. To make this one it, too: models alias m champion 2"
    )
    assert [v.aliases for v in models.versions(session.store, "m")] == [(), ("champion",)]
    session.close()
