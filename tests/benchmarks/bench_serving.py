"""Latency and requests a second of the real server against the echo, in the same run."""

from __future__ import annotations

import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import psutil
from sklearn.ensemble import RandomForestClassifier

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.models import Field, Signature
from mlops_desktop.core.runs import Task
from mlops_desktop.ml.graph import round_thresholds, to_onnx
from mlops_desktop.paths import Workspace
from tests.served import Server, served, stored

ROUNDS, REQUESTS, WRK_S = 5, 2_000, 4
Line = tuple[str, str, str]


def main() -> list[Line]:
    lines: list[Line] = []
    for title, make, p50_target, rate_target in (
        ("forest, 100 trees x 30 numbers", forest, 1.6, 0.50),
        ("telco-like, 15 strings + 4 numbers", telco, 2.5, 0.30),
    ):
        with tempfile.TemporaryDirectory() as folder:
            model, row = make(Workspace(Path(folder)))
            with echo() as port, _timed(served(Path(folder), model)) as (server, ready):
                lines += _compared(title, server, port, row, p50_target, rate_target)
                memory = psutil.Process(server.process.pid).memory_info().rss / 1e6
                lines.append((f"{title}: memory after it", f"{memory:.0f} MB", "<= 150 MB"))
                lines.append((f"{title}: 10,000 rows", *_batch(server, row)))
                lines.append((f"{title}: start to ready", f"{ready:.2f} s", "<= 1 s"))
    return lines


@contextmanager
def _timed(starting: AbstractContextManager[Server]) -> Iterator[tuple[Server, float]]:
    began = time.perf_counter()
    with starting as server:
        yield server, time.perf_counter() - began


def forest(workspace: Workspace) -> tuple[dict[str, Any], dict[str, object]]:
    """A job's model, and one row for it."""
    random = np.random.default_rng(0)
    data = random.normal(size=(2_000, 30)).astype(np.float32)
    names = [f"feature_{i}" for i in range(30)]
    steps = [{"column": name, "kind": "number", "fill": 0.0} for name in names]
    fields = [Field(name, ColumnType.NUMBER, example=0.5) for name in names]
    row: dict[str, object] = {n: round(float(v), 4) for n, v in zip(names, data[0], strict=True)}
    return _trained(workspace, data, fields, steps), row


def telco(workspace: Workspace) -> tuple[dict[str, Any], dict[str, object]]:
    """As forest, with the columns of a telephone company's customers."""
    random = np.random.default_rng(0)
    texts = [f"service_{i}" for i in range(15)]
    numbers = ["tenure", "monthly", "total", "age"]
    known = ["No", "Yes", "No internet service", "Month-to-month"]
    data = np.hstack(
        [random.integers(0, 4, size=(2_000, 15)), random.normal(size=(2_000, 4)) * 100]
    ).astype(np.float32)
    steps: list[dict[str, Any]] = [
        {"column": name, "kind": "category_code", "categories": known, "unknown": -1}
        for name in texts
    ]
    steps += [{"column": name, "kind": "number", "fill": 0.0} for name in numbers]
    fields = [
        Field(name, ColumnType.TEXT, categories=tuple(known), example="No") for name in texts
    ] + [Field(name, ColumnType.NUMBER, example=1.5) for name in numbers]
    row: dict[str, object] = {name: known[i % 4] for i, name in enumerate(texts)}
    row |= {"tenure": 12, "monthly": 70.35, "total": 844.2, "age": 41}
    return _trained(workspace, data, fields, steps), row


def _trained(
    workspace: Workspace, data: Any, fields: list[Field], steps: list[dict[str, Any]]
) -> dict[str, Any]:
    target = data[:, 0] + data[:, 15] + data[:, -1] > np.median(data[:, 0] + data[:, 15])
    model = RandomForestClassifier(100, random_state=0, n_jobs=2).fit(data, target)
    round_thresholds(model)
    signature = Signature(tuple(fields), "churn", Task.BINARY, ("false", "true"), "true")
    return stored(workspace, signature, steps, to_onnx(model, data.shape[1], 2))


@contextmanager
def echo() -> Iterator[int]:
    """The echo server's port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    process = subprocess.Popen([sys.executable, "-m", "tests.benchmarks.echo", str(port)])
    try:
        while True:
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.02)
        yield port
    finally:
        process.terminate()
        process.wait()


def _compared(
    title: str,
    server: Server,
    echo_port: int,
    row: dict[str, object],
    p50_target: float,
    rate_target: float,
) -> list[Line]:
    body = _body(row, 1)
    # In turns, so that what else the machine does hits both alike.
    times: dict[int, list[float]] = {server.port: [], echo_port: []}
    for _ in range(ROUNDS):
        for port, taken in times.items():
            taken.extend(latencies(port, server.token, body, REQUESTS))
    rates: dict[int, list[float]] = {server.port: [], echo_port: []}
    tail_ms = 0.0
    for _ in range(3):
        for port, speeds in rates.items():
            rate, p99_ms = load(port, server.token, body, WRK_S)
            speeds.append(rate)
            tail_ms = p99_ms if port == server.port else tail_ms
    ours, bare = (statistics.median(times[port]) * 1e6 for port in times)
    our_rate, bare_rate = (statistics.median(rates[port]) for port in rates)
    return [
        (f"{title}: p50, one connection", f"{ours:.0f} us", ""),
        ("  the echo's p50", f"{bare:.0f} us", ""),
        ("  ratio", f"{ours / bare:.2f}", f"<= {p50_target}"),
        (f"{title}: 8 connections", f"{our_rate:,.0f}/s", ""),
        ("  the echo's", f"{bare_rate:,.0f}/s", ""),
        ("  share", f"{our_rate / bare_rate:.0%}", f">= {rate_target:.0%}"),
        ("  p99", f"{tail_ms:.2f} ms", "<= 5 ms"),
    ]


def _body(row: dict[str, object], rows: int) -> bytes:
    split = {"columns": list(row), "data": [list(row.values())] * rows}
    return orjson.dumps({"dataframe_split": split})


def _head(port: int, token: str, length: int) -> bytes:
    return (
        f"POST /invocations HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
        f"Authorization: Bearer {token}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}\r\n\r\n"
    ).encode()


def latencies(port: int, token: str, body: bytes, count: int) -> list[float]:
    """Seconds of each of `count` requests over one kept connection, after a short warm-up."""
    request, found = _head(port, token, len(body)) + body, []
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for number in range(count + 200):
            began = time.perf_counter()
            connection.sendall(request)
            answer = connection.recv(65536)
            while not _is_whole(answer):
                answer += connection.recv(65536)
            if number >= 200:
                found.append(time.perf_counter() - began)
            if not answer.startswith(b"HTTP/1.1 200"):
                raise RuntimeError(answer[:500])
    return found


def _is_whole(answer: bytes) -> bool:
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return False
    length = int(answer.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
    return len(answer) >= end + 4 + length


def load(port: int, token: str, body: bytes, seconds: float) -> tuple[float, float]:
    """Requests a second over eight connections, and the p99 in ms: by wrk where it is there."""
    if shutil.which("wrk") is None:
        return _load_by_threads(port, token, body, seconds)
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as script:
        script.write(
            f'wrk.method = "POST"\nwrk.body = [==[{body.decode()}]==]\n'
            f'wrk.headers["Authorization"] = "Bearer {token}"\n'
            'wrk.headers["Content-Type"] = "application/json"\n'
        )
        script.flush()
        text = subprocess.run(
            ["wrk", "-t1", "-c8", f"-d{seconds:.0f}s", "--latency", "-s", script.name,
             f"http://127.0.0.1:{port}/invocations"],
            check=True, capture_output=True, text=True,
        ).stdout  # fmt: skip
    if "Non-2xx" in text:
        raise RuntimeError(text)
    value, unit = re.findall(r"99%\s+([\d.]+)(us|ms|s)", text)[0]
    scale = {"us": 1e-3, "ms": 1.0, "s": 1e3}[unit]
    return float(re.findall(r"Requests/sec:\s+([\d.]+)", text)[0]), float(value) * scale


def _load_by_threads(port: int, token: str, body: bytes, seconds: float) -> tuple[float, float]:
    found: list[float] = []
    end = time.monotonic() + seconds

    def one() -> None:
        while time.monotonic() < end:
            found.extend(latencies(port, token, body, 200))

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(found) / seconds, float(np.percentile(found, 99)) * 1e3


def _batch(server: Server, row: dict[str, object]) -> tuple[str, str]:
    """The time of a large request against parsing it and the bare session."""
    body = _body(row, 10_000)
    files = server_files(server)
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(files, options)
    width = session.get_inputs()[0].shape[1]
    matrix = np.zeros((10_000, width), dtype=np.float32)
    bare = _best(lambda: (orjson.loads(body), session.run(["y"], {"x": matrix})))
    ours = _best(lambda: latencies_once(server, body))
    return f"{ours * 1e3:.0f} ms, {ours / bare:.2f} x bare", "<= 1.3 x parsing + session"


def server_files(server: Server) -> bytes:
    job = orjson.loads((server.folder / "job.json").read_bytes())
    return server.workspace.blob(job["model"]["files"]["model.onnx"]).read_bytes()


def latencies_once(server: Server, body: bytes) -> None:
    status, answer, _ = server.ask("/invocations", raw=body)
    if status != 200:
        raise RuntimeError(answer)


def _best(work: Callable[[], object]) -> float:
    found = []
    for _ in range(5):
        began = time.perf_counter()
        work()
        found.append(time.perf_counter() - began)
    return min(found)
