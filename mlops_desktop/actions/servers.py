"""The processes behind deployments: started, found again, and ended."""

from __future__ import annotations

import json
import os
import secrets
import stat
import subprocess
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from mlops_desktop.actions import processes, serving
from mlops_desktop.actions.lane import Context
from mlops_desktop.core.child_command import command
from mlops_desktop.core.deployments import Deployment, Role
from mlops_desktop.core.errors import Cancelled, UserError
from mlops_desktop.core.models import ModelVersion
from mlops_desktop.paths import Workspace

_GRACE_S = 7.0  # The server's own graceful stop takes 5 at most.
READY_S = 60.0
_POLL_S = 0.02
KEEP = b"keep"  # On a server's standard input: go on without the one who started it.


class Servers:
    """Servers that live as long as their owner: the app holds one, for the whole session.

    Each watches the pipe that is kept here; when this object's owner is gone, the pipe closes and
    the server ends. Servers that are kept running need none of it.
    """

    def __init__(self) -> None:
        self._processes: list[subprocess.Popen[bytes]] = []

    def hold(self, process: subprocess.Popen[bytes]) -> None:
        for ended in [held for held in self._processes if held.poll() is not None]:
            _close_pipe(ended)
            self._processes.remove(ended)
        self._processes.append(process)

    def release(self, pid: int) -> None:
        """Let one of them outlive us: told so, it no longer watches the pipe."""
        for process in self._processes:
            if process.pid == pid and process.stdin is not None:
                process.stdin.write(KEEP)
                process.stdin.close()
                let_go(process)
        self._processes = [held for held in self._processes if held.pid != pid]

    def close(self) -> None:
        """End them all; returns when they are gone."""
        for process in self._processes:
            _close_pipe(process)
        for process in self._processes:
            try:
                process.wait(_GRACE_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes = []


def _close_pipe(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()


def launch(
    workspace: Workspace,
    deployment: Deployment,
    version: ModelVersion,
    second: ModelVersion | None,
) -> subprocess.Popen[bytes]:
    """Start a server child; it is not ready yet. second: of the deployment, where it has one."""
    folder = workspace.deployment(deployment.id)
    for file in (deployment.token_file, deployment.metrics_token_file):
        make_token(workspace.root / file)
    for name in ("server.json", "error.json"):
        (folder / name).unlink(missing_ok=True)
    job = {
        "deployment": deployment.id,
        "name": deployment.name,
        "workspace": str(workspace.root.resolve()),
        "host": "127.0.0.1",
        "port": deployment.port or 0,
        "token_file": deployment.token_file,
        "metrics_token_file": deployment.metrics_token_file,
        "model": model_job(version, deployment),
        "second": second_job(deployment, second),
        "keep": deployment.keep,
    }
    job_file = folder / "job.json"
    job_file.write_text(json.dumps(job), encoding="utf-8")
    with (folder / "server.log").open("ab") as log:
        return subprocess.Popen(
            command("serve", job_file),
            stdin=subprocess.DEVNULL if deployment.keep else subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,
        )


def model_job(version: ModelVersion, deployment: Deployment) -> dict[str, Any]:
    """A model version as the server child is told of it."""
    return {
        "name": version.model,
        "version": version.version,
        "model_version": version.id,
        "files": version.files,
        "privacy": {"drop": deployment.privacy.drop, "hash": deployment.privacy.hash},
    }


def second_job(deployment: Deployment, version: ModelVersion | None) -> dict[str, Any]:
    """A second version and its role as the server child is told of them."""
    second = deployment.second
    if second is None or version is None:
        return {"role": None}
    share = second.percent / 100 if second.role is Role.CANARY else 0.0
    return {"role": second.role.value, "share": share, "model": model_job(version, deployment)}


def wait_ready(
    workspace: Workspace,
    deployment: Deployment,
    process: subprocess.Popen[bytes],
    context: Context,
) -> dict[str, Any]:
    """What the server announced, once it answers. Raises UserError with the reason, Cancelled."""
    folder = workspace.deployment(deployment.id)
    end = time.monotonic() + READY_S
    while time.monotonic() < end:
        about = announced(folder)
        if about is not None and serving.answers(
            workspace, replace(deployment, port=about["port"])
        ):
            return about
        if process.poll() is not None:
            raise failure(folder)
        if context.cancelled.wait(_POLL_S):
            raise Cancelled
    raise UserError(
        f"{deployment.name} was not ready after {READY_S:.0f} s.",
        why=serving.tail(folder / "server.log", 600).strip(),
        hint="Close other programs and try again.",
    )


def announced(folder: Path) -> dict[str, Any] | None:
    """What a server says in server.json when it is ready; None before."""
    try:
        found: dict[str, Any] = json.loads((folder / "server.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return found


def failure(folder: Path) -> UserError:
    """Why a server ended: what it wrote itself, or the end of its log."""
    try:
        error = json.loads((folder / "error.json").read_text(encoding="utf-8"))
        return UserError(error["what"], why=error["why"], hint=error["hint"])
    except FileNotFoundError:
        return UserError(
            "The server's process ended or was killed.",
            why=_last_said(folder),
        )


def _last_said(folder: Path) -> str:
    """The last line of its log; the rest stands in the log."""
    lines = serving.tail(folder / "server.log", 600).strip().splitlines()
    return f"Its log ends with: {lines[-1]}" if lines else ""


def let_go(process: subprocess.Popen[bytes]) -> None:
    """Forget a kept server: it outlives us, which Popen would warn of."""
    process.returncode = 0


def process_of(deployment: Deployment) -> psutil.Process | None:
    """The deployment's living process; its start time tells it from another with the same pid."""
    if deployment.pid is None:
        return None
    if not processes.is_alive(deployment.pid, deployment.process_started or 0.0):
        return None
    try:
        process = psutil.Process(deployment.pid)
        if process.status() == psutil.STATUS_ZOMBIE:
            process.wait(0)  # If it was our child, it has been waiting for this.
            return None
    except (psutil.NoSuchProcess, psutil.TimeoutExpired):
        return None
    return process


def end(process: psutil.Process) -> None:
    """Ask a server to stop, then kill it. Returns when it is gone."""
    try:
        process.terminate()
        try:
            process.wait(_GRACE_S)
        except psutil.TimeoutExpired:
            process.kill()
            process.wait(_GRACE_S)
    except psutil.NoSuchProcess:
        return


def make_token(path: Path) -> str:
    """The token in that file, made if there is none yet (256 bit, for the owner only).

    A file that others could read has told its secret: it is made anew.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.exists():
        if os.name == "nt" or not stat.S_IMODE(path.stat().st_mode) & 0o077:
            return path.read_text(encoding="ascii")
        path.unlink()
    token = secrets.token_urlsafe(32)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(token)
    return token
