"""MLflow's and MLServer's own clients: what they send is answered, and what comes is understood.

They would replace packages that the app needs, so they live in an environment of their own: the
long test makes it (and needs a network), the other one sends what they built there.
"""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.served import Server, served

_HERE = Path(__file__).parent
_BODIES: dict[str, str] = json.loads((_HERE / "foreign_bodies.json").read_text())
_PACKAGES = ("mlflow-skinny==3.17.2", "mlserver==1.7.1", "pandas<3", "scipy")


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with served(tmp_path_factory.mktemp("workspace")) as found:
        yield found


@pytest.mark.parametrize("name", _BODIES)
def test_that_what_foreign_clients_build_is_answered(server: Server, name: str) -> None:
    path = "/invocations" if name.startswith("mlflow") else "/v2/models/bike/infer"
    status, answer, _ = server.ask(path, raw=_BODIES[name].encode())
    assert status == 200
    if path == "/invocations":
        assert answer["predictions"][0] == 109.0
    else:
        assert answer["outputs"][0]["data"][0] == 109.0


@pytest.mark.long
def test_that_foreign_clients_themselves_are_served(server: Server, tmp_path: Path) -> None:
    venv.create(tmp_path / "clients", with_pip=True)
    folder = "Scripts" if sys.platform == "win32" else "bin"
    python = tmp_path / "clients" / folder / "python"
    words = [python, "-m", "pip", "install", "-q", *_PACKAGES]
    made = subprocess.run(words, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        pytest.skip(f"the clients could not be installed: {made.stderr[-300:]}")
    done = subprocess.run(
        [python, _HERE / "foreign_clients.py", str(server.port), server.token],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout) == _BODIES
