"""Moments as people write them: in a terminal, and in the JSON of profiles."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.jsonable import to_plain
from mlops_desktop.core.profile import ColumnProfile

_START = datetime(1970, 1, 1, tzinfo=UTC)
_VALUES = ("low", "high", "mean", "quantiles", "edges", "lowest", "highest")


def moment(microseconds: float) -> str:
    """Since 1970, as 2026-11-24 or 2026-11-24 18:10."""
    found = _START + timedelta(microseconds=microseconds)
    return found.strftime("%Y-%m-%d %H:%M").removesuffix(" 00:00")


def columns_json(columns: Sequence[ColumnProfile]) -> list[dict[str, Any]]:
    """Profiles whose times are ISO 8601 in UTC; their spread (std) stays in microseconds."""
    found = []
    for column in columns:
        value: dict[str, Any] = to_plain(column)
        if column.type is ColumnType.DATETIME and value["numbers"] is not None:
            value["numbers"] |= {name: _iso(value["numbers"][name]) for name in _VALUES}
        found.append(value)
    return found


def _iso(value: Any) -> Any:
    if isinstance(value, list):
        return [_iso(part) for part in value]
    return (_START + timedelta(microseconds=value)).isoformat().removesuffix("+00:00")
