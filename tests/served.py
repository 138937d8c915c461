"""Small models and real servers for the tests and benchmarks of serving."""

from __future__ import annotations

import http.client
import json
import secrets
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mlops_desktop.actions.children import command
from mlops_desktop.blobs import objects
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.jsonable import to_plain
from mlops_desktop.core.models import Field, Signature
from mlops_desktop.core.runs import Task
from mlops_desktop.ml.encode import RowEncoder
from mlops_desktop.paths import Workspace

COLUMNS = ["hr", "temp", "season", "holiday", "at"]
ROW: list[object] = [8, 0.5, "winter", False, "2011-01-03T08:00:00"]
FIELDS = (
    Field("hr", ColumnType.INTEGER, low=0, high=23, nullable=False, example=8),
    Field("temp", ColumnType.NUMBER, low=0, high=1, example=0.5),
    Field("season", ColumnType.TEXT, categories=("winter", "summer"), example="winter"),
    Field("holiday", ColumnType.BOOLEAN, example=False),
    Field("at", ColumnType.DATETIME, example="2011-01-03T08:00:00"),
)
BACKGROUND: list[list[object]] = [
    [hour, hour / 30, "summer" if hour % 3 else "winter", hour % 2 == 0, f"2011-0{1 + hour % 9}-03"]
    for hour in range(24)
]
STEPS: list[dict[str, Any]] = [
    {"column": "hr", "kind": "number", "fill": 12.0},
    {"column": "temp", "kind": "number", "fill": 0.25},
    {"column": "season", "kind": "category_onehot", "categories": ["winter", "summer"]},
    {"column": "holiday", "kind": "number", "fill": 0.0},
    {"column": "at", "kind": "date_part", "part": "month", "fill": 1.0},
]


def small_model(
    workspace: Workspace, version: int = 1, classes: tuple[str, ...] = (), name: str = "bike"
) -> dict[str, Any]:
    """A linear model as a serve job names it: y = hr + 2 temp + 10 summer + 100 version."""
    weights = np.array([[1.0], [2.0], [0.0], [10.0], [0.0], [0.0]], dtype=np.float32)
    bias = np.array([100.0 * version], dtype=np.float32)
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["product"]),
        helper.make_node("Add", ["product", "b"], ["raw"]),
    ]
    constants = [numpy_helper.from_array(weights, "w"), numpy_helper.from_array(bias, "b")]
    if classes:
        bias[:] = -10.0
        constants[1] = numpy_helper.from_array(bias, "b")
        constants.append(numpy_helper.from_array(np.array([1], dtype=np.float32), "unit"))
        nodes += [
            helper.make_node("Sigmoid", ["raw"], ["yes"]),
            helper.make_node("Sub", ["unit", "yes"], ["no"]),
            helper.make_node("Concat", ["no", "yes"], ["y"], axis=1),
        ]
    else:
        nodes.append(helper.make_node("Identity", ["raw"], ["y"]))
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 6])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 2 if classes else 1])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8)
    onnx.checker.check_model(model)
    task = Task.BINARY if classes else Task.REGRESSION
    signature = Signature(FIELDS, "cnt", task, classes, time_column="at")
    return stored(
        workspace, signature, STEPS, model.SerializeToString(), version, name, background=BACKGROUND
    )


def stored(
    workspace: Workspace,
    signature: Signature,
    steps: list[dict[str, Any]],
    model: bytes,
    version: int = 1,
    name: str = "bike",
    artifact: str = "model.onnx",
    background: list[list[object]] | None = None,
) -> dict[str, Any]:
    """Put a model's files into the workspace; the answer is the job's "model"."""
    card = {
        "format": 1,
        "signature": to_plain(signature),
        "encoder": RowEncoder(steps).to_json(),
        "outputs": {},
        "algorithm": "linear",
        "why_no_onnx": "" if artifact == "model.onnx" else "a test",
    }
    files = {
        "model.json": objects.put_bytes(workspace, json.dumps(card).encode()),
        artifact: objects.put_bytes(workspace, model),
    }
    if background is not None:
        files["background.json"] = objects.put_bytes(workspace, json.dumps(background).encode())
    return {"name": name, "version": version, "model_version": version, "files": files}


@dataclass
class Server:
    """A running server child and how to ask it."""

    workspace: Workspace
    folder: Path
    process: subprocess.Popen[bytes]
    port: int
    token: str
    metrics_token: str

    def ask(
        self,
        path: str,
        body: object = None,
        *,
        method: str | None = None,
        headers: dict[str, str] | None = None,
        raw: bytes | None = None,
    ) -> tuple[int, Any, http.client.HTTPMessage]:
        """Status, body (parsed where it is JSON) and headers of one request."""
        data = raw if raw is not None else None if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        sent |= headers or {}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(
                method or ("GET" if data is None else "POST"),
                path,
                data,
                {name: value for name, value in sent.items() if value},
            )
            response = connection.getresponse()
            text = response.read()
        finally:
            connection.close()
        kind = response.headers.get("content-type", "")
        return (
            response.status,
            json.loads(text) if text and "json" in kind else text,
            response.headers,
        )

    def predict(self, *rows: list[object], **headers: str) -> tuple[int, Any]:
        body = {"dataframe_split": {"columns": COLUMNS, "data": list(rows)}}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        status, answer, _ = self.ask("/invocations", body, headers=named)
        return status, answer


@contextmanager
def served(
    root: Path, model: dict[str, Any] | None = None, deployment: int = 1, port: int = 0
) -> Iterator[Server]:
    """A server on a workspace folder, ended afterwards."""
    workspace = Workspace(root)
    folder = workspace.deployment(deployment)
    folder.mkdir(parents=True, exist_ok=True)
    token, metrics_token = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
    (folder / "token").write_text(token)
    (folder / "metrics-token").write_text(metrics_token)
    job = {
        "deployment": deployment,
        "name": "bike",
        "workspace": str(root),
        "port": port,
        "token_file": str((folder / "token").relative_to(root)),
        "metrics_token_file": str((folder / "metrics-token").relative_to(root)),
        "host": "127.0.0.1",
        "model": model or small_model(workspace),
        "keep": False,
    }
    (folder / "job.json").write_text(json.dumps(job))
    ready = folder / "server.json"
    ready.unlink(missing_ok=True)
    with (folder / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command("serve", folder / "job.json"), stdin=subprocess.PIPE, stdout=log, stderr=log
        )
    try:
        end = time.monotonic() + 60  # On a busy machine.
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > end:
                raise AssertionError((folder / "server.log").read_text()[-3000:])
            time.sleep(0.01)
        about = json.loads(ready.read_text())
        yield Server(workspace, folder, process, about["port"], token, metrics_token)
    finally:
        if process.stdin is not None:
            process.stdin.close()
        process.terminate()
        try:
            process.wait(8)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
