"""The frame around every child: reads its job, reports events, ends when its parent is gone."""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
import traceback
from collections.abc import Callable
from pathlib import Path

from mlops_desktop.blobs.objects import disk_errors
from mlops_desktop.core.child_command import UNTOLD
from mlops_desktop.core.errors import Cancelled, UserError
from mlops_desktop.core.events import DISK_FULL, Ended, Event, Measured, Progress, to_line

Job = dict[str, object]
_ORPHANED = 70  # The exit code of a child whose parent is gone.
_NICENESS = 5  # Imports and training give way to the window and to servers that answer.


class Reporter:
    """Appends events to the child's own file. One write a line, so a reader sees whole lines."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def progress(self, fraction: float | None, text: str) -> None:
        self._write(Progress(fraction, text))

    def measured(self, name: str, step: int, value: float) -> None:
        self._write(Measured(name, step, value))

    def ended(self, event: Ended) -> None:
        self._write(event)
        os.fsync(self._descriptor)

    def _write(self, event: Event) -> None:
        line, before = to_line(event), os.fstat(self._descriptor).st_size
        if os.write(self._descriptor, line) < len(line):
            os.ftruncate(self._descriptor, before)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def die_with_parent() -> None:
    """End this process when the parent's end of our standard input closes."""

    def watch() -> None:
        while os.read(0, 4096):
            pass
        os._exit(_ORPHANED)

    threading.Thread(target=watch, name="parent watch", daemon=True).start()


def told(job_file: Path) -> Path:
    """The path of the job, waited for where we were started before there was one."""
    if job_file != UNTOLD:
        return job_file
    line = b""
    while not line.endswith(b"\n"):
        byte = os.read(0, 1)
        if not byte:
            os._exit(_ORPHANED)
        line += byte
    job_file = Path(os.fsdecode(line[:-1]))
    os.chdir(job_file.parent)
    log = os.open("output.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)
    return job_file


def run(work: Callable[[Job, Path, Reporter], Job], job_file: Path) -> int:
    """Run a child program: work(job, folder, reporter) gives the result that is reported."""
    try:
        return _run(work, job_file)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            return DISK_FULL
        raise


def _run(work: Callable[[Job, Path, Reporter], Job], job_file: Path) -> int:
    folder = job_file.parent
    if hasattr(os, "nice"):
        os.nice(_NICENESS)
    reporter = Reporter(folder / "events.jsonl")
    die_with_parent()
    try:
        job = json.loads(job_file.read_text(encoding="utf-8"))
        with disk_errors("the work"):
            reporter.ended(Ended("value", result=work(job, folder, reporter)))
    except UserError as error:
        reporter.ended(
            Ended("user_error", error={"what": error.what, "why": error.why, "hint": error.hint})
        )
    except Cancelled:
        reporter.ended(Ended("cancelled"))
    except MemoryError:
        reporter.ended(
            Ended(
                "user_error",
                error={
                    "what": "Out of memory.",
                    "why": "The work needs more memory than there is.",
                    "hint": "Close other programs or use fewer rows, then try again.",
                },
            )
        )
    except Exception:  # noqa: BLE001  Whatever it is, the parent is told of it.
        text = traceback.format_exc()
        sys.stderr.write(text)
        reporter.ended(Ended("crash", error={"traceback": text}))
        return 3
    return 0
