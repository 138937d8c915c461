"""Children that are started before their job is known: they load their libraries meanwhile."""

from __future__ import annotations

import subprocess
from contextlib import suppress
from pathlib import Path

from mlops_desktop.core.child_command import UNTOLD, command, environment

_waiting: dict[str, subprocess.Popen[bytes]] = {}


def begin(program: str) -> None:
    """Start a child that waits for its job, for a program that will soon have one: the next
    run_child of that name takes it. Without a job it ends when we do."""
    _waiting[program] = subprocess.Popen(
        command(program, UNTOLD),
        env=environment(program),
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def take(program: str, job_file: Path) -> subprocess.Popen[bytes] | None:
    """The child that waits, now at work on that job; None where there is none (any more)."""
    process = _waiting.pop(program, None)
    if process is None:
        return None
    assert process.stdin is not None
    try:
        process.stdin.write(f"{job_file.absolute()}\n".encode())
        process.stdin.flush()
    except OSError:  # It is gone.
        with suppress(OSError):
            process.stdin.close()
        process.kill()
        process.wait()
        return None
    return process
