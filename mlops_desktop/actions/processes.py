"""Processes of others by their number: one that began at another time only has the old number."""

from __future__ import annotations

_SAME_START_S = 2.0


def started_at(pid: int) -> float | None:
    """When a process began (seconds since 1970), None where it is gone."""
    import psutil  # noqa: PLC0415  Not needed by those who only list.

    try:
        return float(psutil.Process(pid).create_time())
    except psutil.NoSuchProcess:
        return None


def is_alive(pid: int, started: float) -> bool:
    """Whether the process that began then is there."""
    now = started_at(pid)
    return now is not None and abs(now - started) < _SAME_START_S
