"""The command line that starts a child program of ours."""

from __future__ import annotations

import sys
from pathlib import Path


def command(program: str, job: Path) -> list[str]:
    """For subprocess; a frozen build has no `python -m`."""
    start = (
        [sys.executable]
        if getattr(sys, "frozen", False)
        else [sys.executable, "-m", "mlops_desktop"]
    )
    return [*start, "--child", program, str(job)]
