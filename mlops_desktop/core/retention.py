"""How long, and how much of, a deployment's predictions are kept."""

from __future__ import annotations

import re
from dataclasses import dataclass

from mlops_desktop.core.errors import UserError

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Retention:
    """days: since the last prediction of a segment. max_bytes: of all segments together. None: no
    limit."""

    days: int | None = None
    max_bytes: int | None = None

    @property
    def limits(self) -> bool:
        return self.days is not None or self.max_bytes is not None


def checked_retention(days: int | None, max_bytes: int | None) -> Retention:
    """Raises UserError for limits that would keep nothing."""
    if days is not None and days < 1:
        raise UserError(f"{days} days keep nothing.", hint="One day is the least.")
    if max_bytes is not None and max_bytes < 10**6:
        raise UserError(f"{max_bytes:,} bytes keep nothing.", hint="1 MB is the least.")
    return Retention(days, max_bytes)


def parsed_size(text: str) -> int:
    """Bytes from a text such as `10GB` or `500 MB`; units of a thousand."""
    match = _SIZE.fullmatch(text)
    unit = match[2].upper() if match else ""
    if match is None or unit not in _UNITS:
        raise UserError(f"{text!r} is not a size.", hint="Write it as 500MB or 10GB.")
    return int(float(match[1]) * _UNITS[unit])
