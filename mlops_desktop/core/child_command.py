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
    # Arrow's own allocator begins with 1 GB, and takes more of the system's time here.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    # Arrow's threads, 8 MB each: more than these find nothing to do beside our own.
    "OMP_NUM_THREADS": str(min(4, os.cpu_count() or 1)),
    "ARROW_IO_THREADS": "4",
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
