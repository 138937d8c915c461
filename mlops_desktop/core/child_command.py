"""The command line that starts a child program of ours, and the environment it starts in."""

from __future__ import annotations

import os
import sys
from pathlib import Path

UNTOLD = Path("-")  # Instead of a job file: its path will be the first line of standard input.
_STREAMING = ("ingest", "prepare")
# Tables stream through these, of any size. What they reserve beyond what they use would count
# where a limit is on addresses (`ulimit -v`).
_FRUGAL = {
    "OPENBLAS_NUM_THREADS": "1",  # Its threads also spin where others want to work.
    "MALLOC_ARENA_MAX": "2",  # The C library's: 64 MB for each thread.
    "MIMALLOC_ARENA_RESERVE": "65536",  # KiB; Arrow's allocator would begin with 1 GB.
}


def command(program: str, job: Path) -> list[str]:
    """For subprocess; a frozen build has no `python -m`."""
    start = (
        [sys.executable]
        if getattr(sys, "frozen", False)
        else [sys.executable, "-m", "mlops_desktop"]
    )
    return [*start, "--child", program, str(job)]


def environment(program: str) -> dict[str, str] | None:
    """For subprocess; None where it is ours. What the user has set stays."""
    return {**_FRUGAL, **os.environ} if program in _STREAMING else None
