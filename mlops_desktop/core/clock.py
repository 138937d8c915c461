"""Time as the store keeps it: UTC, as ISO text that sorts, or as microseconds since 1970."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def now() -> str:
    """The time now as `2026-11-24T10:15:00.123456Z`."""
    return to_iso(time.time_ns() // 1000)


def to_iso(microseconds: int) -> str:
    """Microseconds since 1970 (UTC) as ISO text with six decimals and a Z."""
    seconds, rest = divmod(microseconds, 1_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{rest:06d}Z"


def from_iso(text: str) -> int:
    """ISO text as microseconds since 1970; a time without a zone is read as UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1_000_000)
