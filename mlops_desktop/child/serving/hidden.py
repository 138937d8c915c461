"""Values that are not recorded, or only as a keyed hash: taken out before a record is written."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

import orjson

_HASH_BYTES = 16


class Hidden:
    """What is recorded of rows in the order of `columns`. Safe to use from several threads.

    recorded: the columns that are in the record, hashed ones too, in its order.
    """

    def __init__(
        self, columns: Sequence[str], drop: Sequence[str], hashed: Sequence[str], key: bytes
    ) -> None:
        """key: secret, at most 64 bytes: who has it can try values out."""
        self.dropped = tuple(name for name in columns if name in drop)
        self.hashed = tuple(name for name in columns if name in hashed)
        self.recorded = tuple(name for name in columns if name not in drop)
        self._kept = [
            (place, name.encode() + b"\n" if name in hashed else b"")
            for place, name in enumerate(columns)
            if name not in drop
        ]
        self._key = key

    def rows(self, rows: Sequence[Sequence[object]]) -> list[list[object]]:
        """Copies of checked rows as they are recorded. Missing values stay missing."""
        return [
            [self._hash(name, row[place]) if name else row[place] for place, name in self._kept]
            for row in rows
        ]

    def reasons(self, reasons: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Explanations without the hidden columns: what one added tells of its value."""
        hidden = {*self.dropped, *self.hashed}
        return [
            one
            | {
                "contributions": {
                    name: part for name, part in one["contributions"].items() if name not in hidden
                }
            }
            for one in reasons
        ]

    def _hash(self, name: bytes, value: object) -> str | None:
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool):
            value = float(value)  # 3 and 3.0 are the same value.
        data = name + orjson.dumps(value)
        return hashlib.blake2b(data, digest_size=_HASH_BYTES, key=self._key).hexdigest()
