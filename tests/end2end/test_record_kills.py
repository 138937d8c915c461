"""A million requests while the server is killed at random: every 200 is on record, once."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from mlops_desktop.blobs.segments import read_records, segment_files
from mlops_desktop.paths import Workspace
from tests.served import served, small_model

pytestmark = pytest.mark.long

# Fewer of them, or another seed, to try the test itself.
_REQUESTS = int(os.environ.get("MLOPS_TEST_REQUESTS", "1000000"))
_SEED = int(os.environ.get("MLOPS_TEST_SEED", "1"))
_AT_ONCE = (1, 1, 1, 16)  # One client a number: so many requests on the way at a time.
_LIVES_S = (0.1, 3.0)  # After so long a server is killed.


@pytest.mark.timeout(3600)
def test_that_every_answer_is_on_record_once_after_random_kills(tmp_path: Path) -> None:
    workspace, chance = Workspace(tmp_path / "workspace"), random.Random(_SEED)
    model, each = small_model(workspace), _REQUESTS // len(_AT_ONCE)
    files = [tmp_path / f"answers-{number}" for number in range(len(_AT_ONCE))]
    asking = [sys.executable, "-m", "tests.end2end.asking"]
    began, kills, port = time.monotonic(), 0, 0
    clients = [
        subprocess.Popen(
            [*asking, str(workspace.root), f"c{number}", "0", str(each), str(at_once), str(file)],
            stdout=subprocess.PIPE,
        )
        for number, (at_once, file) in enumerate(zip(_AT_ONCE, files, strict=True))
    ]
    try:
        while any(client.poll() is None for client in clients):
            with served(workspace.root, model, port=port) as server:
                port = server.port
                end = time.monotonic() + chance.uniform(*_LIVES_S)
                while time.monotonic() < end and any(c.poll() is None for c in clients):
                    time.sleep(0.01)
                if any(client.poll() is None for client in clients):
                    server.process.kill()
                    kills += 1
    finally:
        for client in clients:
            client.kill()
    took = time.monotonic() - began
    told = [json.loads(client.communicate()[0] or b"{}") for client in clients]
    assert all(client.returncode == 0 for client in clients), told

    on_record: Counter[str] = Counter()
    wrong = 0
    for path in segment_files(workspace.segments(1)):
        for record, _ in read_records(path):
            on_record[record.id] += 1
            wrong += record.y[0] != 101 + record.x[0][0]  # type: ignore[operator]
    answered = {}
    for file in files:
        for line in file.read_bytes().splitlines():
            name, _, value = line.decode().partition(" ")
            assert name not in answered
            answered[name] = float(value)
    missing = sum(name not in on_record for name in answered)
    twice = sum(count > 1 for count in on_record.values())
    statuses = sum((Counter(client["statuses"]) for client in told), Counter[str]())
    sys.stdout.write(
        f"{kills} kills in {took:.0f} s; {sum(c['sent'] for c in told):,} requests sent, "
        f"{len(answered):,} different ones answered 200; answers by status {dict(statuses)}; "
        f"on record once {len(on_record) - twice:,}, twice {twice}, missing {missing}\n"
    )
    assert len(answered) == each * len(_AT_ONCE)
    assert (missing, twice, wrong) == (0, 0, 0)
    assert len(on_record) == len(answered)  # All were asked again until they were answered.
    assert all(value == 101 + int(name.split("-")[1]) % 24 for name, value in answered.items())
    assert set(statuses) <= {"200", "503"}
    assert kills > took / 30
