"""Starting a child process, following its events, and ending it: gently, then surely."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from mlops_desktop.actions import early
from mlops_desktop.actions.lane import Context
from mlops_desktop.blobs import objects
from mlops_desktop.core.child_command import command, environment
from mlops_desktop.core.errors import Cancelled, DiskFull, UserError
from mlops_desktop.core.events import DISK_FULL, Ended, Event, Measured, Progress, from_line
from mlops_desktop.paths import Workspace

_POLL_S = 0.05
_SOON_POLL_S = 0.01  # In the first seconds: who waits for something short notices each poll.
_SOON_S = 5.0
_CLEAN_UP = "cleanup"
_WORK = {  # By the names of scratch folders.
    "import": "An import",
    "table": "An import",
    "pasted": "An import",
    "preview": "The preview of a file",
    "check": "A check of rules",
    "score": "A scoring",
    "seal": "The sealing of predictions",
    "train": "A training",
    _CLEAN_UP: "Another clean-up",
}
_CLEAN_UP_S = 120.0  # A clean-up that takes longer than this is not waited for.
_CLOCK_S = 600.0  # The wall clock may have been set between.
_GRACE_S = 1.0  # Asked to stop, a child has this long before it is killed.


@contextmanager
def scratch(workspace: Workspace, name: str) -> Iterator[Path]:
    """A folder in tmp/ that is gone afterwards, whatever happens.

    Who writes blobs does it within one: the folder tells a clean-up of any process that work is
    going on, and nothing is freed as long as it is there. Waits for a clean-up that has begun.
    """
    with _folder(workspace, name) as folder:
        if not wait_for(lambda: not _living(workspace, clean_ups=True), _CLEAN_UP_S):
            raise UserError(
                "A clean-up of the workspace takes long.", hint="Try again when it has ended."
            )
        yield folder


@contextmanager
def cleaning(workspace: Workspace) -> Iterator[Path]:
    """As scratch, for a clean-up: while it is open, no process writes blobs or begins to.

    Raises UserError where work is going on. Both sides first show their own folder and then look
    for the other's, so at least one of them sees the other.
    """
    with _folder(workspace, _CLEAN_UP) as folder:
        others = _living(workspace, clean_ups=False) + [
            other for other in _living(workspace, clean_ups=True) if other != folder
        ]
        if others:
            name, pid, _ = others[0].name.rsplit("-", 2)
            raise UserError(
                f"{_WORK.get(name, name.capitalize())} is going on, so nothing was freed.",
                why=f"Process {pid} is at work in this workspace.",
                hint="Clean up when it has ended.",
            )
        yield folder


@contextmanager
def _folder(workspace: Workspace, name: str) -> Iterator[Path]:
    folder = workspace.tmp / f"{name}-{os.getpid()}-{secrets.token_hex(4)}"
    with objects.disk_errors("the work"):
        folder.mkdir(mode=0o700, parents=True)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _living(workspace: Workspace, *, clean_ups: bool) -> list[Path]:
    """Scratch folders whose process is alive: those of clean-ups, or all others."""
    return [
        folder
        for folder in workspace.tmp.glob("*-*-*")
        if folder.name.startswith(f"{_CLEAN_UP}-") is clean_ups and is_owned(folder)
    ]


def is_owned(folder: Path) -> bool:
    """Whether the process that made a scratch folder (`<name>-<pid>-<random>`) is alive.

    A process that began long after the folder was last changed only has the old one's number.
    """
    import psutil  # noqa: PLC0415  Only needed where a folder was found.

    parts = folder.name.rsplit("-", 2)
    if len(parts) != 3 or not parts[1].isdigit():
        return False
    try:
        began = psutil.Process(int(parts[1])).create_time()
        return bool(began < folder.stat().st_mtime + _CLOCK_S)
    except (psutil.NoSuchProcess, FileNotFoundError):
        return False


def run_child(
    program: str,
    job: dict[str, object],
    folder: Path,
    context: Context,
    on_event: Callable[[Event], None] = lambda _event: None,
    on_start: Callable[[int], None] = lambda _pid: None,
) -> dict[str, object]:
    """Run one child to its end and give back its result.

    The child reads folder/job.json, appends to folder/events.jsonl, and watches its standard
    input: end-of-file there means that we are gone. Raises Cancelled, the child's UserError, or
    RuntimeError with its traceback or the signal that ended it. on_start is told the child's pid.
    """
    job_file = folder / "job.json"
    with objects.disk_errors("the work"):
        job_file.write_text(json.dumps(job), encoding="utf-8")
    events = folder / "events.jsonl"
    process = early.take(program, job_file) or _start(program, job_file, folder)
    try:
        on_start(process.pid)
        ended = _follow(process, events, context, on_event)
    finally:
        stop(process)
    return _result(ended, process.returncode, folder / "output.log")


def _start(program: str, job_file: Path, folder: Path) -> subprocess.Popen[bytes]:
    with (folder / "output.log").open("ab") as log:
        return subprocess.Popen(
            command(program, job_file),
            env=environment(program),
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=folder,
            start_new_session=True,
        )


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a child: close its pipe, terminate, then kill. Returns when it is gone."""
    if process.stdin is not None:
        process.stdin.close()
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            process.kill()
    process.wait()


def _follow(
    process: subprocess.Popen[bytes],
    events: Path,
    context: Context,
    on_event: Callable[[Event], None],
) -> Ended | None:
    tail = _Tail(events)
    ended: Ended | None = None
    began = time.monotonic()
    while True:
        finished = process.poll() is not None
        for event in tail.read():
            match event:
                case Progress(fraction=fraction, text=text):
                    context.progress(fraction, text)
                case Ended():
                    ended = event
                case Measured():
                    pass
            on_event(event)
        if ended is not None and not finished:
            process.wait()
            return ended
        if finished:
            return ended
        soon = time.monotonic() - began < _SOON_S
        if context.cancelled.wait(_SOON_POLL_S if soon else _POLL_S):
            raise Cancelled


def _result(ended: Ended | None, returncode: int, log: Path) -> dict[str, object]:
    if ended is None:
        if returncode == DISK_FULL:
            raise DiskFull(
                "The disk is full: the work was not saved.",
                hint="Free some space and try again. Nothing else was changed.",
            )
        text = log.read_text(encoding="utf-8", errors="replace")[-4000:]
        if returncode == -9 or "MemoryError" in text or "std::bad_alloc" in text:
            raise UserError(
                "Out of memory, or ended from outside.",
                why="The process was killed before it could finish.",
                hint="Close other programs or use fewer rows, then try again.",
            )
        raise RuntimeError(f"The child process ended with code {returncode}.\n{text}")
    match ended.outcome:
        case "value":
            return ended.result
        case "cancelled":
            raise Cancelled
        case "user_error":
            error = ended.error
            raise UserError(error["what"], why=error["why"], hint=error["hint"])
        case _:
            raise RuntimeError(ended.error.get("traceback", "The child process crashed."))


class _Tail:
    """Reads whole lines that were appended to a file since the last look."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._offset = 0

    def read(self) -> list[Event]:
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return []
        whole = data.rfind(b"\n") + 1
        self._offset += whole
        events = (from_line(line) for line in data[:whole].splitlines())
        return [event for event in events if event is not None]


def wait_for(condition: Callable[[], bool], timeout_s: float, every_s: float = 0.02) -> bool:
    """Wait until a fact of another process is true; False where it did not come in time."""
    end = time.monotonic() + timeout_s
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(every_s)
    return True
