"""Kills, swaps under load, a disk that is full: nothing answered is lost, nothing asked fails."""

from __future__ import annotations

import resource
import signal
import threading
from pathlib import Path

import pytest

from mlops_desktop.blobs.segments import read_header, read_records, segment_files
from mlops_desktop.paths import Workspace
from tests.served import ROW, Server, served, small_model


class Clients:
    """Threads that ask one after another, with ids of their own, and keep what they got."""

    def __init__(self, server: Server, count: int = 4) -> None:
        self._server = server
        self._stop = threading.Event()
        self.answered: list[tuple[str, float]] = []
        self.refused: list[tuple[int, object]] = []
        self.broken = 0
        self._threads = [
            threading.Thread(target=self._ask, args=(number,)) for number in range(count)
        ]

    def _ask(self, client: int) -> None:
        number = 0
        while not self._stop.is_set():
            name = f"{client}-{number}"
            number += 1
            try:
                status, answer = self._server.predict(list(ROW), X_Request_Id=name)
            except (OSError, ValueError):
                self.broken += 1
                return
            if status == 200:
                self.answered.append((name, answer["predictions"][0]))
            else:
                self.refused.append((status, answer))

    def __enter__(self) -> Clients:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, count: int) -> None:
        for _ in range(3000):
            if len(self.answered) >= count:
                return
            threading.Event().wait(0.01)
        raise AssertionError(f"only {len(self.answered)} answers; {self.refused[:3]}")


def recorded(workspace: Workspace) -> list[tuple[str, float | str, int]]:
    found = []
    for path in segment_files(workspace.segments(1)):
        header = read_header(path)
        assert header is not None
        for record, _ in read_records(path):
            found.append((record.id, record.y[0], header.version))
    return found


def test_that_every_answer_is_on_record_once_after_a_kill(tmp_path: Path) -> None:
    with served(tmp_path) as server, Clients(server) as clients:
        clients.wait_for(300)
        server.process.send_signal(signal.SIGKILL)
        server.process.wait()
    assert not clients.refused
    on_record = [name for name, _, _ in recorded(Workspace(tmp_path))]
    assert len(set(on_record)) == len(on_record)
    assert {name for name, _ in clients.answered} <= set(on_record)
    # What was on the way: recorded, not answered; at most one for each client.
    assert len(on_record) - len(clients.answered) <= 4


def test_that_swapping_under_load_fails_no_request(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with served(tmp_path) as server, Clients(server) as clients:
        for version in (2, 3, 4):
            clients.wait_for(len(clients.answered) + 100)
            status, answer, _ = server.ask(
                "/admin/swap", {"model": small_model(workspace, version)}
            )
            assert (status, answer) == (200, {"model": "bike", "version": version})
        clients.wait_for(len(clients.answered) + 100)
        assert server.ask("/v2/models/bike/versions/4/ready")[0] == 200
        assert server.ask("/v2/models/bike/versions/1/ready")[0] == 404
    assert not clients.refused
    assert clients.broken == 0
    assert {value for _, value in clients.answered} == {109.0, 209.0, 309.0, 409.0}
    on_record = recorded(workspace)
    assert sorted((name, value) for name, value, _ in on_record) == sorted(clients.answered)
    assert all(value == 100 * version + 9 for _, value, version in on_record)


def test_that_a_model_that_cannot_be_loaded_is_not_swapped_in(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with served(tmp_path) as server:
        damaged = small_model(workspace, 2)
        path = workspace.blob(damaged["files"]["model.onnx"])
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[:-1] + b"x")
        elsewhere = small_model(workspace, 3)
        elsewhere["files"]["model.onnx"] = "../../../etc/passwd"
        for model in (damaged, elsewhere, {}, {"files": 3}):
            assert server.ask("/admin/swap", {"model": model})[0] == 422
        assert server.predict(ROW)[1]["predictions"] == [109.0]


def test_that_a_log_that_cannot_be_written_answers_503_until_it_can(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        assert server.predict(ROW, X_Request_Id="before")[0] == 200
        limit = server.workspace.segments(1)
        [path] = segment_files(limit)
        size = path.stat().st_size
        # A file size limit is a disk that is full for this process alone.
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (size + 40, -1))
        for _ in range(2):
            status, answer, headers = server.ask(
                "/invocations", {"instances": [ROW]}, headers={"X-Request-Id": "during"}
            )
            assert (status, headers["retry-after"]) == (503, "1")
            assert "record" in answer["error"]
        assert path.stat().st_size == size
        resource.prlimit(server.process.pid, resource.RLIMIT_FSIZE, (-1, -1))
        assert server.predict(ROW, X_Request_Id="during")[0] == 200
        assert server.ask("/admin/stats")[1]["unrecorded"] == 2
    assert [name for name, _, _ in recorded(server.workspace)] == ["before", "during"]


def test_that_the_server_ends_with_its_parent_and_gently_on_request(tmp_path: Path) -> None:
    for way in ("pipe", "signal"):
        with served(tmp_path) as server:
            assert server.predict(ROW)[0] == 200
            if way == "pipe":
                assert server.process.stdin is not None
                server.process.stdin.close()
            else:
                server.process.send_signal(signal.SIGTERM)
            assert server.process.wait(5) == 0
            assert "stopped" in (server.folder / "server.log").read_text()


def test_that_a_taken_port_is_said_in_error_json(tmp_path: Path) -> None:
    with (
        served(tmp_path / "a") as server,
        pytest.raises(AssertionError, match=f"Port {server.port} cannot be used"),
        served(tmp_path / "b", port=server.port),
    ):
        pass
    text = (Workspace(tmp_path / "b").deployment(1) / "error.json").read_text()
    assert str(server.port) in text


def test_that_neither_pandas_nor_scikit_learn_is_imported_to_serve_onnx(tmp_path: Path) -> None:
    with served(tmp_path) as server:
        server.predict(ROW)
        maps = Path(f"/proc/{server.process.pid}/maps").read_text()
        assert "onnxruntime" in maps
        assert "pandas" not in maps
        assert "sklearn" not in maps
        assert "sqlite3" not in maps
        assert f"0100007F:{server.port:04X}" in Path("/proc/net/tcp").read_text()
    [path] = segment_files(server.workspace.segments(1))
    assert path.stat().st_mode & 0o077 == 0


def test_that_a_model_without_onnx_is_served_by_scikit_learn_and_says_so(tmp_path: Path) -> None:
    import numpy as np
    from sklearn.linear_model import Ridge
    from sklearn.pipeline import Pipeline

    from mlops_desktop.core.models import Signature
    from mlops_desktop.core.runs import Task
    from mlops_desktop.ml import modelio
    from tests.served import FIELDS, STEPS, stored

    data = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    model = Ridge().fit(data, data @ np.array([1, 2, 0, 10, 0, 0]))
    pipeline = Pipeline([("model", model)])
    signature = Signature(FIELDS, "cnt", Task.REGRESSION)
    job = stored(
        Workspace(tmp_path), signature, STEPS, modelio.dump(pipeline), artifact="model.skops"
    )
    with served(tmp_path, job) as server:
        status, answer = server.predict(ROW, [None, *ROW[1:]])
        assert status == 400, answer
        status, answer = server.predict(ROW)
        assert status == 200
        assert answer["predictions"] == pytest.approx([9], abs=0.5)
        stats = server.ask("/admin/stats")[1]
        assert (stats["engine"], stats["why_no_onnx"]) == ("scikit-learn", "a test")
