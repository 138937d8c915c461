"""What changed between two versions of data: columns, rows, cells, and how values are spread."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_desktop.actions import datasets
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.blobs import columnmatch, manifests, objects
from mlops_desktop.blobs.changes import Alignment, align, key_repeats
from mlops_desktop.blobs.rowmatch import match
from mlops_desktop.blobs.sides import Reader, Side, common_type
from mlops_desktop.core.changes import (
    Changes,
    ColumnChange,
    ColumnChangeKind,
    ColumnPair,
    Shift,
)
from mlops_desktop.core.datasets import ColumnType, DatasetVersion, WarningKind
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.core.ids import Ref
from mlops_desktop.paths import Workspace
from mlops_desktop.store import datasets as stored

if TYPE_CHECKING:
    from mlops_desktop.store.store import Store

_ROWS_DONE = 0.7  # Of the progress.
_TESTED_ROWS = 10_000_000  # Above, the spread is that of every second, third, ... row.
_FEW_LOST = 0.01  # Of a text column's values: what is no number in it.
_OVERLAP = 0.5  # A guessed key is one where so many of the fewer rows are in both versions.
_ID_NAME = re.compile(r"(^|[^a-z])(id|ids|key|uuid|guid|code)$|[a-z]I[Dd]$", re.IGNORECASE)
_KEY_TYPES = (ColumnType.TEXT, ColumnType.INTEGER, ColumnType.DATETIME)


def changes(
    lane: Lane,
    before: str | Ref,
    after: str | Ref,
    key: Sequence[str] | None = None,
    context: Context | None = None,
) -> Changes:
    """What turns one version into another; they may be of different datasets.

    key: columns, as `after` calls them, whose values together name a row; () for none, None to
    guess. Raises NotFound, UserError for a key that names several rows, Damaged, Cancelled.
    """
    context = context or Context()
    old, new = (lane(partial(datasets.get_version, ref=ref)) for ref in (before, after))
    workspace = lane(lambda store: store.workspace)
    return _Comparison(workspace, old, new, context).changes(key)


def comparable(store: Store, version: DatasetVersion) -> list[DatasetVersion]:
    """The versions to compare one with, the likeliest first: the one that it was derived from or
    that came before it, the others of its dataset, the newest of each other dataset."""
    own = [one for one in stored.versions(store, version.dataset) if one.id != version.id]
    others = [dataset.latest for dataset in stored.datasets(store) if dataset.latest]
    found = [*own, *(one for one in others if one.dataset != version.dataset)]
    for wanted in (version.parent, version.derived_from):
        first = None if wanted is None else stored.by_id(store, wanted)
        if first is not None and first.deleted_at is None:
            found = [first, *(one for one in found if one.id != first.id)]
    return found


class _Comparison:
    """One look at two versions: columns, then rows, then how their values are spread."""

    def __init__(
        self,
        workspace: Workspace,
        before: DatasetVersion,
        after: DatasetVersion,
        context: Context,
    ) -> None:
        self._workspace, self._context = workspace, context
        self._versions = before, after
        self._manifests = tuple(manifests.read(workspace, v.manifest) for v in (before, after))
        self._reader = Reader(workspace, context.checkpoint)

    def changes(self, key: Sequence[str] | None) -> Changes:
        with self._reader.working():
            return self._changes(key)

    def _changes(self, wanted: Sequence[str] | None) -> Changes:
        self._say(0.0, "Comparing columns")
        before, after = self._manifests
        pairs = columnmatch.by_name(before, after)
        pairs += columnmatch.by_content(self._reader, before, after)
        keys = self._keys(pairs)
        key = self._guess(pairs, keys) if wanted is None else self._checked(pairs, wanted)
        found = self._align(pairs, key)
        more = columnmatch.by_rows(self._reader, before, after, pairs, found.in_both())
        if more:
            pairs += more
            found = self._align(pairs, key)
        if wanted is None and key and self._mostly_differs(found, len(pairs)):
            key = ()
            found = self._align(pairs, key)
        place = {column.name: number for number, column in enumerate(after.columns)}
        order = sorted(range(len(pairs)), key=lambda number: place[pairs[number].name])
        cells = {pairs[n].name: int(found.cells[n]) for n in order if found.cells[n]}
        ordered = tuple(pairs[n] for n in order)
        return Changes(
            before=self._versions[0],
            after=self._versions[1],
            pairs=ordered,
            columns=self._columns(ordered, found, cells),
            key=key,
            key_guessed=wanted is None and bool(key),
            keys=keys,
            same_rows=found.same_rows,
            reordered=found.reordered,
            cells=cells,
            shifts=self._shifts(ordered, found, cells),
            rows=found.rows,
        )

    def _say(self, fraction: float, text: str) -> None:
        self._context.checkpoint()
        self._context.progress(fraction, text)

    def _sides(self, pairs: Sequence[ColumnPair]) -> tuple[Side, Side]:
        before, after = self._manifests
        return (
            Side(self._reader, before, pairs, first=True),
            Side(self._reader, after, pairs, first=False),
        )

    def _align(self, pairs: Sequence[ColumnPair], key: tuple[str, ...]) -> Alignment:
        place = {pair.name: number for number, pair in enumerate(pairs)}
        return align(
            self._reader,
            *self._sides(pairs),
            tuple(place[name] for name in key),
            lambda done: self._say(_ROWS_DONE * done, "Comparing rows"),
        )

    def _keys(self, pairs: Sequence[ColumnPair]) -> tuple[str, ...]:
        """Columns that name a row in both, as their profiles say; those named like it first."""
        old, new = (_unique(self._workspace, version) for version in self._versions)
        found = [
            pair.name
            for pair in pairs
            if common_type(pair.before.type, pair.after.type) in _KEY_TYPES
            and pair.before.name in old
            and pair.name in new
        ]
        return tuple(sorted(found, key=lambda name: not self._names_rows(name)))

    def _names_rows(self, name: str) -> bool:
        flagged = any(
            warning.kind is WarningKind.IDENTIFIER and name in warning.columns
            for warning in self._versions[1].warnings
        )
        return flagged or bool(_ID_NAME.search(name))

    def _guess(self, pairs: Sequence[ColumnPair], keys: tuple[str, ...]) -> tuple[str, ...]:
        for name in keys:
            if self._names_rows(name):
                sides = self._sides([next(pair for pair in pairs if pair.name == name)])
                hashes = [side.row_hashes(np.arange(side.rows)) for side in sides]
                both = int(np.count_nonzero(match(hashes[0], hashes[1]) >= 0))
                fewer = min(side.rows for side in sides)
                if both >= _OVERLAP * fewer and not any(key_repeats(s, (0,)) for s in sides):
                    return (name,)
        return ()

    def _checked(self, pairs: Sequence[ColumnPair], wanted: Sequence[str]) -> tuple[str, ...]:
        pair_of = {pair.before.name: pair for pair in pairs} | {pair.name: pair for pair in pairs}
        for name in wanted:
            if name not in pair_of:
                near = difflib.get_close_matches(name, pair_of, n=3)
                raise NotFound(
                    f"The key {name!r} is no column of both versions.",
                    hint=f"Did you mean {' or '.join(near)}?" if near else "Name another column.",
                )
        names = tuple(dict.fromkeys(pair_of[name].name for name in wanted))
        for side, version in zip(
            self._sides([pair_of[name] for name in names]), self._versions, strict=True
        ):
            repeats = key_repeats(side, tuple(range(len(names)))) if names else 0
            if repeats:
                key = " and ".join(names)
                raise UserError(
                    f"{key} is no key: {repeats:,} of the {side.rows:,} rows of {version.ref} "
                    "repeat an earlier one's.",
                    hint="Add a column to the key, or compare by content.",
                )
        return names

    @staticmethod
    def _mostly_differs(found: Alignment, width: int) -> bool:
        """True where rows of one key have little in common: a row number that was given anew."""
        rows = len(found.rows.changed_after)
        return 2 * rows > found.same_rows and 2 * int(found.cells.sum()) > rows * (width - 1)

    def _columns(
        self, pairs: Sequence[ColumnPair], found: Alignment, cells: dict[str, int]
    ) -> tuple[ColumnChange, ...]:
        rows = found.same_rows + len(found.rows.changed_after)
        before, after = self._manifests
        changes: list[ColumnChange] = []
        for pair in pairs:
            same = 1 - cells.get(pair.name, 0) / rows if rows else None
            for kind, differs in (
                (ColumnChangeKind.RENAMED, pair.before.name != pair.name),
                (ColumnChangeKind.RETYPED, pair.retyped),
            ):
                if differs:
                    changes.append(ColumnChange(kind, pair.before, pair.after, same))
        names = {pair.before.name for pair in pairs}, {pair.name for pair in pairs}
        changes += [
            ColumnChange(ColumnChangeKind.ADDED, None, column)
            for column in after.columns
            if column.name not in names[1]
        ]
        changes += [
            ColumnChange(ColumnChangeKind.REMOVED, column, None)
            for column in before.columns
            if column.name not in names[0]
        ]
        kinds = list(ColumnChangeKind)
        return tuple(sorted(changes, key=lambda change: kinds.index(change.kind)))

    def _shifts(
        self, pairs: Sequence[ColumnPair], found: Alignment, cells: dict[str, int]
    ) -> tuple[Shift, ...]:
        """Of the columns whose values are not the same ones in both."""
        every_row = bool(len(found.rows.added) or len(found.rows.removed))
        touched = [pair for pair in pairs if every_row or pair.name in cells]
        shifts: list[Shift] = []
        for number, one in enumerate(self._reader.pool.map(self._shift, touched)):
            part = (number + 1) / len(touched)
            self._say(_ROWS_DONE + (1 - _ROWS_DONE) * part, "Comparing how values are spread")
            shifts += [one] if one is not None else []
        return tuple(sorted(shifts, key=lambda shift: (not shift.sure, -shift.effect)))

    def _shift(self, pair: ColumnPair) -> Shift | None:
        # Needed by few, and it loads what only comparisons need.
        from mlops_desktop.ml import changes as ml  # noqa: PLC0415

        sides = self._sides([pair])
        every = [math.ceil(side.rows / _TESTED_ROWS) or 1 for side in sides]
        columns = [_sampled(side, step) for side, step in zip(sides, every, strict=True)]
        kind = common_type(pair.before.type, pair.after.type)
        if pair.retyped and not _are_comparable(sides, columns):
            return None  # Words cannot be compared with numbers; that they became some is told.
        return ml.shift(pair, kind, columns[0], columns[1], sampled=max(every) > 1)


def _unique(workspace: Workspace, version: DatasetVersion) -> set[str]:
    """Columns of different values without a gap. Read from the profile's JSON as it is: the whole
    profile of thousands of columns takes seconds to build."""
    document = manifests.expand_json(objects.get_bytes(workspace, version.profile))
    return {
        column["name"]
        for column in document["columns"]
        if not column["missing"] and column["rows"] == column["distinct"] > 0
    }


def _are_comparable(sides: Sequence[Side], columns: Sequence[Any]) -> bool:
    """Whether as many values of either side are of the type in which both are compared: where words
    became numbers, the few numbers of before are another thing than all those of now.

    columns: the values as that type.
    """
    known: list[float] = [1 - column.null_count / max(1, len(column)) for column in columns]
    stored = [sum(s.values(chunk, 0).null_count for chunk in range(s.chunks)) for s in sides]
    there = [1 - nulls / max(1, side.rows) for nulls, side in zip(stored, sides, strict=True)]
    lost: float = max(was - is_now for was, is_now in zip(there, known, strict=True))
    return min(known) > 0 and (lost <= _FEW_LOST or abs(known[0] - known[1]) <= _FEW_LOST)


def _sampled(side: Side, every: int) -> Any:
    """Every so-manieth row of the side's first column."""
    import pyarrow as pa  # noqa: PLC0415  Not needed by those who only list.

    parts = []
    for chunk in range(side.chunks):
        array = side.comparable(chunk, 0)
        if every > 1:
            first = -int(side.starts[chunk]) % every
            array = array.take(pa.array(np.arange(first, len(array), every)))
        parts.append(array)
    return pa.chunked_array(parts) if parts else pa.array([])
