"""MLflow's and MLServer's own servers on the same forest, where they are installed.

Each in an environment of its own below RIVALS, a variable (default: `rivals` in the folder for
temporary files): `python3 -m venv rivals/mlflow && rivals/mlflow/bin/pip install mlflow`, and
`rivals/mlserver` likewise with mlserver, mlserver-sklearn and uvloop<0.22.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.benchmarks.clients import latencies

_START_S = 90
_FOREST = """
import numpy as np
from sklearn.ensemble import RandomForestClassifier
data = np.random.default_rng(0).normal(size=(2_000, 30)).astype(np.float32)
target = data[:, 0] + data[:, 15] + data[:, -1] > np.median(data[:, 0] + data[:, 15])
model = RandomForestClassifier(100, random_state=0).fit(data, target)
"""
_SAVE_MLFLOW = """
import mlflow.sklearn
mlflow.sklearn.save_model(model, 'forest', skops_trusted_types=["sklearn.tree._tree.Tree"])
"""
_SAVE_MLSERVER = """
import joblib, json
joblib.dump(model, 'forest.joblib')
settings = {"name": "forest", "implementation": "mlserver_sklearn.SKLearnModel",
            "parameters": {"uri": "./forest.joblib", "version": "1"}}
json.dump(settings, open("model-settings.json", "w"))
"""


@dataclass(frozen=True, slots=True)
class Rival:
    """A server that is up, and how it is asked about one row."""

    name: str
    port: int
    path: str
    body: bytes


def folder() -> Path:
    return Path(os.environ.get("RIVALS") or Path(tempfile.gettempdir()) / "rivals")


@contextmanager
def mlflow(row: dict[str, object]) -> Iterator[Rival | None]:
    """None where it is not installed."""
    split = {"columns": list(row), "data": [list(row.values())]}
    body = orjson.dumps({"dataframe_split": split})
    with _served("mlflow", _SAVE_MLFLOW, "/invocations", body) as found:
        yield found


@contextmanager
def mlserver(row: dict[str, object]) -> Iterator[Rival | None]:
    """None where it is not installed."""
    tensor = {"name": "x", "shape": [1, len(row)], "datatype": "FP32", "data": list(row.values())}
    body = orjson.dumps({"inputs": [tensor]})
    with _served("mlserver", _SAVE_MLSERVER, "/v2/models/forest/infer", body) as found:
        yield found


@contextmanager
def _served(name: str, save: str, path: str, body: bytes) -> Iterator[Rival | None]:
    programs = folder() / name / "bin"
    if not (programs / name).exists():
        yield None
        return
    with tempfile.TemporaryDirectory() as place, socket.socket() as probe:
        subprocess.run([programs / "python", "-c", _FOREST + save], cwd=place, check=True)
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        command = ["start", "."]
        if name == "mlflow":
            command = ["models", "serve", "-m", "forest", "--env-manager", "local", "-p", str(port)]
        environment = os.environ | {
            "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
            "MLSERVER_HTTP_PORT": str(port),
            "MLSERVER_HOST": "127.0.0.1",
        }
        process = subprocess.Popen(
            [programs / name, *command],
            cwd=place,
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            found = Rival(name, port, path, body)
            _wait(found, process)
            yield found
        finally:
            os.killpg(process.pid, signal.SIGKILL)  # Gently, MLServer waits for its workers.
            process.wait()


def _wait(rival: Rival, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _START_S
    while True:
        try:
            latencies(rival.port, "", rival.body, 1, rival.path, warm_up=0)
            return
        except (OSError, RuntimeError, IndexError):
            if process.poll() is not None or time.monotonic() > end:
                raise
            time.sleep(0.2)
