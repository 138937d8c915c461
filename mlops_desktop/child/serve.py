"""The child program that serves one deployment on 127.0.0.1 until it is told to stop."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import uvicorn

from mlops_desktop.blobs.objects import write_whole
from mlops_desktop.blobs.segments import segment_files, size_on_disk
from mlops_desktop.child.serving.active import Active, Canary
from mlops_desktop.child.serving.answers import Answers
from mlops_desktop.child.serving.app import App
from mlops_desktop.child.serving.guard import Guard
from mlops_desktop.child.serving.model import LoadedModel
from mlops_desktop.child.serving.recorder import Ids, Journal
from mlops_desktop.child.serving.stats import Stats
from mlops_desktop.child.serving.transport import Transport
from mlops_desktop.core import clock
from mlops_desktop.core.child_command import command
from mlops_desktop.core.errors import UserError
from mlops_desktop.paths import Workspace

log = logging.getLogger(__name__)
GRACE_S = 5
KEEP_ALIVE_S = 75


def main(job_file: Path) -> int:
    """Serve what job.json says. Beside it: server.json once ready, error.json on failure."""
    logging.basicConfig(
        level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s", stream=sys.stderr
    )
    job = json.loads(job_file.read_text(encoding="utf-8"))
    if not job.get("keep"):
        threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()
    try:
        serving = Serving(job, job_file.parent)
    except UserError as error:
        fields = {"what": error.what, "why": error.why, "hint": error.hint}
        write_whole(job_file.with_name("error.json"), json.dumps(fields).encode())
        log.error("%s", error)
        return error.exit_code
    gc.collect()
    gc.freeze()  # What is here now stays: no later collection looks at it.
    sys.setswitchinterval(0.0005)  # A batch that is read lets small requests pass.
    gc.set_threshold(100_000, 20, 100)  # A batch of 10,000 rows is many lists, but no cycles.
    serving.run()
    return 0


class Serving:
    """One server process: its socket, its model, its records."""

    def __init__(self, job: dict[str, Any], folder: Path) -> None:
        self._job = job
        self._folder = folder
        self._workspace = Workspace(Path(job["workspace"]))
        self._segments = self._workspace.segments(job["deployment"])
        self._socket = _listen(job["port"])
        self._port: int = self._socket.getsockname()[1]
        self._process = psutil.Process()
        self._stats = Stats()
        ids = Ids()
        ids.load(self._segments)
        self._answers = Answers(self._load(job["model"]), ids, self._stats)
        self._shadow: subprocess.Popen[bytes] | None = None
        second = job.get("second", {"role": None})
        if second["role"] == "canary":
            self._answers.try_beside(Canary(self._load(second["model"]), second["share"]))
        elif second["role"] == "shadow":
            self._run_shadow(second["model"])
        self._guard = Guard(
            self._port, self._secret("token_file"), self._secret("metrics_token_file")
        )

    def _secret(self, file: str) -> str:
        """What a file that the job names holds; nothing where it names none."""
        path = self._job.get(file)
        return (self._workspace.root / path).read_text(encoding="ascii").strip() if path else ""

    def run(self) -> None:
        """Returns after SIGTERM or SIGINT, when everything is answered and on the disk."""
        app = App(
            self._answers, self._guard, self._stats, self._load, self._try_shadow, self._describe
        )
        config = uvicorn.Config(app, **SETTINGS, http=Transport)
        server = _Server(config, self._announce)
        try:
            with asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
                runner.run(self._serve(server))
        finally:
            self._run_shadow(None)
            self._answers.close()
        log.info("stopped")

    async def _serve(self, server: uvicorn.Server) -> None:
        ticking = asyncio.create_task(self._every_second(server))
        await server.serve(sockets=[self._socket])
        ticking.cancel()

    async def _every_second(self, server: uvicorn.Server) -> None:
        while True:
            await asyncio.sleep(1)
            self._stats.tick()
            now = time.monotonic()
            for connection in list(server.server_state.connections):
                if isinstance(connection, Transport):
                    connection.sweep(now)
            await asyncio.to_thread(self._answers.sync)

    def _load(self, model: dict[str, Any]) -> Active:
        loaded = LoadedModel(self._workspace, self._job["deployment"], model)
        loaded.warm_up()
        return Active(loaded, Journal(self._segments, loaded.header))

    def _try_shadow(self, model: dict[str, Any] | None) -> None:
        """As _run_shadow, but nothing changes where that model cannot answer."""
        if model is not None:
            loaded = LoadedModel(self._workspace, self._job["deployment"], model)
            loaded.warm_up()
            loaded.close()
        self._run_shadow(model)

    def _run_shadow(self, model: dict[str, Any] | None) -> None:
        """Start the process of a shadow in place of any other; it ends with us."""
        if self._shadow is not None:
            assert self._shadow.stdin is not None
            self._shadow.stdin.close()
            self._shadow.terminate()
            self._shadow.wait()
            self._shadow = None
        if model is None:
            return
        job = {"workspace": self._job["workspace"], "deployment": self._job["deployment"]}
        job_file = self._folder / "shadow-job.json"
        write_whole(job_file, json.dumps({**job, "model": model}).encode())
        self._shadow = subprocess.Popen(
            command("shadow", job_file), stdin=subprocess.PIPE, cwd=self._folder
        )

    def _announce(self) -> None:
        model = self._answers.active.model
        about = {
            "pid": os.getpid(),
            "process_started": self._process.create_time(),
            "port": self._port,
            "version": model.version,
            "engine": model.engine,
            "started_at": clock.now(),
        }
        write_whole(self._folder / "server.json", json.dumps(about).encode())
        log.info("serving %s version %s at port %s", model.name, model.version, self._port)

    def _describe(self) -> dict[str, Any]:
        model = self._answers.active.model
        return {
            "model": model.name,
            "version": model.version,
            "engine": model.engine,
            "why_no_onnx": model.why_no_onnx,
            "log_bytes": sum(map(size_on_disk, segment_files(self._segments))),
            "memory_bytes": self._process.memory_info().rss,
            "cpu_seconds": sum(self._process.cpu_times()[:2]),
        }


class _Server(uvicorn.Server):
    """uvicorn's server, which tells when it listens."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._announce()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        # uvicorn's own raises the signal again afterwards, which would end us before the last
        # records are on the disk.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.handle_exit)
        yield


# The committed echo of the benchmarks runs with the same settings.
SETTINGS: dict[str, Any] = {
    "log_level": "error",
    "access_log": False,
    "lifespan": "off",
    "ws": "none",
    "server_header": False,
    "date_header": False,
    "proxy_headers": False,
    "timeout_keep_alive": KEEP_ALIVE_S,
    "timeout_graceful_shutdown": GRACE_S,
}


def _listen(port: int) -> socket.socket:
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if os.name != "nt":  # There it would let a second program take the port.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
        listener.listen(512)
    except OSError as error:
        listener.close()
        raise UserError(
            f"Port {port} cannot be used.",
            why=f"{error.strerror or error}.",
            hint="Stop the program that has it, or choose another port.",
        ) from error
    return listener


def _end_with_parent() -> None:
    """End when the pipe closes, unless a word on it has said to go on alone."""
    if os.read(0, 4096):
        return
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_S + 1)
    os._exit(70)
