"""What a child process reports: one JSON object a line in `events.jsonl`, told apart by kind."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field


@dataclass(frozen=True, slots=True)
class Progress:
    """fraction in 0..1, or None where it is not known; text as the user reads it."""

    fraction: float | None
    text: str
    kind: str = "progress"


@dataclass(frozen=True, slots=True)
class Measured:
    """A number worth a live curve: a fold's metric, a loss at a step."""

    name: str
    step: int
    value: float
    kind: str = "measured"


@dataclass(frozen=True, slots=True)
class Ended:
    """The last event. outcome: 'value' | 'user_error' | 'crash' | 'cancelled'.

    result is the child's answer; error holds what/why/hint or a traceback.
    """

    outcome: str
    result: dict[str, object] = field(default_factory=dict)
    error: dict[str, str] = field(default_factory=dict)
    kind: str = "ended"


Event = Progress | Measured | Ended
DISK_FULL = 28  # The exit code of a child that had no room even for its last event.
_KINDS: dict[str, type[Progress | Measured | Ended]] = {
    "progress": Progress,
    "measured": Measured,
    "ended": Ended,
}


def to_line(event: Event) -> bytes:
    """One line of UTF-8 JSON that ends in a newline."""
    return json.dumps(asdict(event), ensure_ascii=False, allow_nan=False).encode() + b"\n"


def from_line(line: bytes) -> Event | None:
    """The event of one whole line; None for a kind that this version does not know."""
    fields = json.loads(line)
    kind = _KINDS.get(fields.get("kind", ""))
    return kind(**fields) if kind else None
