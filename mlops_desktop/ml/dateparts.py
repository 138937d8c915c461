"""Moments as the encoder reads them: from ISO text, datetimes or microseconds to their parts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

DATE_PARTS = ("month", "day", "weekday", "hour")
PART_OF: dict[str, Callable[[datetime], int]] = {
    "month": lambda moment: moment.month,
    "day": lambda moment: moment.day,
    "weekday": lambda moment: moment.weekday(),
    "hour": lambda moment: moment.hour,
}


def moment_of(value: Any) -> datetime | None:
    """A moment without a zone, in UTC; None where it is missing."""
    if value is None or value != value:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    elif not isinstance(value, datetime):
        value = datetime.fromtimestamp(value / 1_000_000, UTC)
    moment: datetime = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return moment


def as_moments(values: npt.NDArray[Any] | Sequence[Any]) -> npt.NDArray[Any]:
    """A column of datetime64, microseconds, objects or ISO text as datetime64[us]."""
    if isinstance(values, np.ndarray):
        if values.dtype.kind in "Miu":
            return values.astype("datetime64[us]")
        values = values.tolist()
    return np.array([moment_of(value) for value in values], dtype="datetime64[us]")


def date_part(moments: npt.NDArray[Any], part: str) -> npt.NDArray[np.float64]:
    """One of DATE_PARTS of each of datetime64[us]; NaN: missing."""
    days = moments.astype("datetime64[D]")
    match part:
        case "month":
            found = moments.astype("datetime64[M]").astype(np.int64) % 12 + 1
        case "day":
            found = (days - moments.astype("datetime64[M]").astype("datetime64[D]")).astype(int) + 1
        case "weekday":
            found = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday.
        case _:
            found = (moments - days).astype("timedelta64[h]").astype(np.int64)
    return np.where(np.isnat(moments), np.nan, found.astype(np.float64))
