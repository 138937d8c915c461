"""What a shadow adds to the latency of the server that it follows.

One shadow of the same forest runs all the time, and is stopped and let go on in turns, so that
both rounds ask the very same server. What it missed while it was stopped it makes up for in its
rounds, which so have more of it than its own share.
"""

from __future__ import annotations

import signal
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import orjson
import psutil

from mlops_desktop.paths import Workspace
from tests.benchmarks.bench_serving import apart, forest
from tests.benchmarks.clients import latencies
from tests.served import served

ROUNDS, REQUESTS = 15, 2_000
Line = tuple[str, str, str]


def main() -> list[Line]:
    """Lines of (what, measured, target)."""
    with tempfile.TemporaryDirectory() as folder:
        model, row = forest(Workspace(Path(folder)))
        split = {"columns": list(row), "data": [list(row.values())]}
        body = orjson.dumps({"dataframe_split": split})
        with served(Path(folder), model) as server:
            second = {"role": "shadow", "model": {**model, "version": 2, "model_version": 2}}
            assert server.ask("/admin/second", second)[0] == 200
            told = server.workspace.shadow(1, 2) / "shadow.json"
            while not told.exists():
                time.sleep(0.05)
            [shadow] = psutil.Process(server.process.pid).children()
            found: dict[bool, list[float]] = {True: [], False: []}
            with apart(server.process.pid):
                for number in range(2 * ROUNDS):
                    with_it = number % 2 == 0
                    shadow.send_signal(signal.SIGCONT if with_it else signal.SIGSTOP)
                    taken = latencies(server.port, server.token, body, REQUESTS)
                    found[with_it].append(float(np.percentile(taken, 95)) * 1e6)
            shadow.send_signal(signal.SIGCONT)
            rows = orjson.loads(told.read_bytes())["rows"]
    times = statistics.median(a / b for a, b in zip(found[True], found[False], strict=True))
    alone = statistics.median(found[False])
    return [
        ("forest: p95 without a shadow", f"{alone:.0f} us", ""),
        ("  a shadow adds", f"{100 * (times - 1):+.1f} %", "<= 5 %"),
        ("  answered by it meanwhile", f"{rows:,} of {2 * ROUNDS * (REQUESTS + 200):,}", ""),
    ]
