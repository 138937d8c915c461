"""Latency and requests a second of the real server against the echo, in the same run."""

from __future__ import annotations

import os
import socket
import statistics
import subprocess
import sys
import tempfile
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
from tests.benchmarks import bench_batches, rivals
from tests.benchmarks.clients import latencies, load
from tests.served import Server, served, stored

ROUNDS, REQUESTS, WRK_S = 9, 1_000, 3
P50_OF_MLFLOW, RATE_OF_MLFLOW = 40, 100
Line = tuple[str, str, str]
Speed = tuple[float, float]  # p50 in us over one connection, requests a second over eight.


def main() -> list[Line]:
    lines: list[Line] = []
    for title, make, p50_target, rate_target in (
        ("forest, 100 trees x 30 numbers", forest, 1.6, 0.50),
        ("telco-like, 15 strings + 4 numbers", telco, 2.5, 0.30),
    ):
        with tempfile.TemporaryDirectory() as folder:
            model, row = make(Workspace(Path(folder)))
            with echo() as port, _timed(served(Path(folder), model)) as (server, ready):
                found, speed = _compared(title, server, port, row, p50_target, rate_target)
                lines += found
                if make is forest:
                    for rival in (rivals.mlflow, rivals.mlserver):
                        lines += _against(rival, row, speed)
                said = bench_batches.compared(server, row, 10_000, bench_batches.FORMS[0])
                lines.append((f"{title}: 10,000 rows", said, bench_batches.MUST))
                memory = psutil.Process(server.process.pid).memory_info().rss / 1e6
                lines.append((f"{title}: memory after it", f"{memory:.0f} MB", "<= 150 MB"))
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
) -> tuple[list[Line], Speed]:
    """In turns, so that what else the machine does hits both alike; the middle of the ratios."""
    body = _body(row, 1)
    ours, bare, rates, bare_rates, tails = [], [], [], [], []
    with apart(server.process.pid, _listening(echo_port)):
        for _ in range(ROUNDS):
            for port, found in ((server.port, ours), (echo_port, bare)):
                taken = latencies(port, server.token, body, REQUESTS)
                found.append(statistics.median(taken) * 1e6)
    for _ in range(3):
        rate, tail_ms = load(server.port, server.token, body, WRK_S)
        rates.append(rate)
        tails.append(tail_ms)
        bare_rates.append(load(echo_port, server.token, body, WRK_S)[0])
    p50, bare_p50 = statistics.median(ours), statistics.median(bare)
    rate, bare_rate = statistics.median(rates), statistics.median(bare_rates)
    times = statistics.median(a / b for a, b in zip(ours, bare, strict=True))
    share = statistics.median(a / b for a, b in zip(rates, bare_rates, strict=True))
    lines = [
        (f"{title}: p50, one connection", f"{p50:.0f} us", ""),
        ("  the echo's p50", f"{bare_p50:.0f} us", ""),
        ("  ratio", f"{times:.2f}", f"<= {p50_target}"),
        (f"{title}: 8 connections", f"{rate:,.0f}/s", ""),
        ("  the echo's", f"{bare_rate:,.0f}/s", ""),
        ("  share", f"{share:.0%}", f">= {rate_target:.0%}"),
        ("  p99", f"{statistics.median(tails):.2f} ms", "<= 5 ms"),
    ]
    return lines, (p50, rate)


@contextmanager
def apart(*pids: int) -> Iterator[None]:
    """The servers on one core and we on another.

    Otherwise Linux places each by luck, and one that shares the client's core answers in half the
    time: no processor has to be woken.
    """
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(cores) < 2:
        yield
        return
    threads = [thread.id for pid in pids for thread in psutil.Process(pid).threads()]
    try:
        for thread in threads:
            os.sched_setaffinity(thread, cores[1:2])
        os.sched_setaffinity(0, cores[:1])
        yield
    finally:
        for thread in (*threads, 0):
            os.sched_setaffinity(thread, cores)


def _listening(port: int) -> int:
    """The child of ours that listens at a port."""
    return next(
        child.pid
        for child in psutil.Process().children()
        if any(c.laddr.port == port for c in child.net_connections("tcp") if c.status == "LISTEN")
    )


def _against(
    served_by: Callable[[dict[str, object]], AbstractContextManager[rivals.Rival | None]],
    row: dict[str, object],
    ours: Speed,
) -> list[Line]:
    """The same forest served by another program, and how many times faster ours is."""
    with served_by(row) as rival:
        if rival is None:
            return [(served_by.__name__, f"not in {rivals.folder()}", "")]
        took = latencies(rival.port, "", rival.body, 200, rival.path, warm_up=20)
        rate = load(rival.port, "", rival.body, WRK_S, rival.path)[0]
    p50 = statistics.median(took) * 1e6
    must = (f">= {P50_OF_MLFLOW} x", f">= {RATE_OF_MLFLOW} x")
    targets = must if rival.name == "mlflow" else ("", "")
    return [
        (f"{rival.name}: p50, one connection", f"{p50:,.0f} us", ""),
        ("  ours is faster", f"{p50 / ours[0]:.0f} x", targets[0]),
        (f"{rival.name}: 8 connections", f"{rate:,.0f}/s", ""),
        ("  ours answers more", f"{ours[1] / rate:.0f} x", targets[1]),
    ]


def _body(row: dict[str, object], rows: int) -> bytes:
    split = {"columns": list(row), "data": [list(row.values())] * rows}
    return orjson.dumps({"dataframe_split": split})
