"""Pages of the rows that two versions of data do not share, with their values on both sides."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_desktop.actions import table_views
from mlops_desktop.actions.lane import Context
from mlops_desktop.actions.table_views import View
from mlops_desktop.blobs import manifests
from mlops_desktop.core.changes import ChangedRow, Changes, RowNumbers, RowNumbersOf, fields
from mlops_desktop.core.datasets import DatasetVersion
from mlops_desktop.paths import Workspace

if TYPE_CHECKING:
    import pyarrow as pa


def where_changed(workspace: Workspace, found: Changes, column: str, context: Context) -> Changes:
    """The same changes, of the changed rows only those whose value differs in a column (as
    `after` calls it); none added, none removed. Safe in any thread. Raises Cancelled, Damaged."""
    from mlops_desktop.blobs.sides import Reader, Side  # noqa: PLC0415  Loads pyarrow.

    pair = next(pair for pair in found.pairs if pair.name == column)
    reader = Reader(workspace, context.checkpoint)
    old, new = found.rows.changed_before, found.rows.changed_after
    hashes = [
        Side(
            reader, manifests.read(workspace, version.manifest), [pair], first=first
        ).column_hashes(rows, 0)
        for version, rows, first in ((found.before, old, True), (found.after, new, False))
    ]
    differs = hashes[0] != hashes[1]
    return replace(found, rows=RowNumbersOf(old[differs], new[differs]))


class ChangedRows:
    """Reads pages; what it has read is kept for the next page. Safe in any thread.

    Each answers rows [start, start + count), cut short at the end: changed and added ones in the
    order of `after`, removed ones in that of `before`. Raises Damaged.
    """

    def __init__(self, workspace: Workspace, found: Changes) -> None:
        self._workspace, self._found = workspace, found
        self._fields = fields(found)
        rows = found.rows
        self._views = {
            name: View(len(numbers), numbers.astype(np.uint64))
            for name, numbers in (
                ("before", rows.changed_before),
                ("after", rows.changed_after),
                ("added", rows.added),
                ("removed", rows.removed),
            )
        }

    def changed(self, start: int, count: int) -> list[ChangedRow]:
        numbers = self._found.rows
        old = self._table("before", self._found.before, start, count)
        new = self._table("after", self._found.after, start, count)
        differs = self._differs(old, new)
        befores, afters = self._values(old, 0), self._values(new, 1)
        return [
            ChangedRow(
                int(numbers.changed_before[start + n]),
                int(numbers.changed_after[start + n]),
                befores[n],
                afters[n],
                tuple(differs[n].tolist()),
            )
            for n in range(old.num_rows)
        ]

    def added(self, start: int, count: int) -> list[ChangedRow]:
        values = self._values(self._table("added", self._found.after, start, count), 1)
        numbers = _page(self._found.rows.added, start, count)
        same = (False,) * len(self._fields)
        return [ChangedRow(None, n, (), row, same) for n, row in zip(numbers, values, strict=True)]

    def removed(self, start: int, count: int) -> list[ChangedRow]:
        values = self._values(self._table("removed", self._found.before, start, count), 0)
        numbers = _page(self._found.rows.removed, start, count)
        same = (False,) * len(self._fields)
        return [ChangedRow(n, None, row, (), same) for n, row in zip(numbers, values, strict=True)]

    def _table(self, view: str, version: DatasetVersion, start: int, count: int) -> pa.Table:
        return table_views.rows(self._workspace, version, self._views[view], start, count)

    def _values(self, table: pa.Table, side: int) -> list[tuple[Any, ...]]:
        """The rows in the order of the fields, None for a column that the side lacks."""
        lacking = [None] * table.num_rows
        parts = [
            lacking if column is None else table[column.name].to_pylist()
            for column in (both[side] for both in self._fields)
        ]
        return list(zip(*parts, strict=True))

    def _differs(self, old: pa.Table, new: pa.Table) -> np.ndarray[Any, np.dtype[np.bool_]]:
        """[rows, fields]: by hashes, as the rows were compared."""
        from mlops_desktop.blobs.sides import common_type, hashes  # noqa: PLC0415  Loads pyarrow.

        found = np.zeros((old.num_rows, len(self._fields)), bool)
        for number, (before, after) in enumerate(self._fields):
            if before is not None and after is not None:
                kind = common_type(before.type, after.type)
                mine, theirs = (
                    hashes(table[column.name].combine_chunks(), kind)
                    for table, column in ((old, before), (new, after))
                )
                found[:, number] = mine != theirs
        return found


def _page(numbers: RowNumbers, start: int, count: int) -> list[int]:
    found: list[int] = numbers[start : start + count].tolist()
    return found
