"""Views of a version: the rows that fit the filters of its columns, in an order, page by page."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from mlops_desktop.actions.datasets import read_rows
from mlops_desktop.actions.lane import Context
from mlops_desktop.blobs import manifests, packs
from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.core.datasets import Column, DatasetVersion
from mlops_desktop.core.errors import NotFound
from mlops_desktop.core.filter_syntax import parse
from mlops_desktop.core.table_filters import CellFilter
from mlops_desktop.ml.table_views import Rows, fitting, ordered, sort_key
from mlops_desktop.paths import Workspace

if TYPE_CHECKING:
    import pyarrow as pa

_CACHED_BYTES = 256 << 20  # Of decoded chunks that a view keeps: rows in an order lie anywhere.


class _Decoded:
    """The chunks that were read last, within a limit of bytes. Safe in any thread."""

    def __init__(self) -> None:
        self._arrays: OrderedDict[str, Any] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, name: str) -> Any:
        with self._lock:
            found = self._arrays.get(name)
            if found is not None:
                self._arrays.move_to_end(name)
            return found

    def put(self, name: str, array: Any) -> None:
        with self._lock:
            if name not in self._arrays:
                self._arrays[name] = array
                self._bytes += array.nbytes
            while self._bytes > _CACHED_BYTES:
                _, old = self._arrays.popitem(last=False)
                self._bytes -= old.nbytes


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """Rows of a version. numbers: theirs, from 0, in the order of the view; None: all, as stored.

    filters: what they fit. sort: (column, descending), the first one first.
    """

    count: int
    numbers: Rows | None = None
    filters: tuple[CellFilter, ...] = ()
    sort: tuple[tuple[str, bool], ...] = ()
    _decoded: _Decoded = field(default_factory=_Decoded, repr=False)

    def number(self, place: int) -> int:
        """The number in the version, from 0, of the row at a place of the view."""
        return place if self.numbers is None else int(self.numbers[place])

    def place(self, number: int) -> int | None:
        """Where the row of that number stands in the view; None where it is not in it."""
        if self.numbers is None:
            return number if 0 <= number < self.count else None
        found = np.flatnonzero(self.numbers == number)
        return int(found[0]) if len(found) else None


def parse_filters(version: DatasetVersion, filters: Mapping[str, str]) -> tuple[CellFilter, ...]:
    """The filters of the columns as typed. Raises FilterError, NotFound."""
    read = (parse(_column(version, name), text) for name, text in filters.items())
    return tuple(found for found in read if found is not None)


def view(
    workspace: Workspace,
    version: DatasetVersion,
    filters: Mapping[str, str] | None = None,
    sort: Sequence[tuple[str, bool]] = (),
    context: Context | None = None,
) -> View:
    """The rows that fit every filter, sorted. Safe in any thread.

    filters: column -> what was typed. sort: (column, descending), the first one first; equal rows
    keep their order, missing values come last. Raises FilterError, NotFound, Damaged, Cancelled.
    """
    wanted = parse_filters(version, filters or {})
    keys = [(_column(version, name), descending) for name, descending in sort]
    if not wanted and not keys:
        return View(version.rows)
    context = context or Context()
    manifest = manifests.read(workspace, version.manifest)
    steps = len(manifest.chunks) * (len(wanted) + len(keys))
    reader = _Reader(workspace, manifest, context, max(1, steps))
    rows = reader.fitting(wanted)
    for column, descending in reversed(keys) if len(rows) else ():
        key, missing = sort_key(reader.parts(column))
        context.checkpoint()
        rows = ordered(rows, key, missing, descending=descending)
    context.checkpoint()
    return View(len(rows), rows, wanted, tuple(sort))


def rows(
    workspace: Workspace,
    version: DatasetVersion,
    seen: View,
    start: int,
    count: int,
    columns: Sequence[str] | None = None,
) -> pa.Table:
    """Rows [start, start + count) of a view, cut short at the end; only their chunks of those
    columns are read. Safe in any thread."""
    import pyarrow as pa  # noqa: PLC0415  Not needed by those who only list.

    if seen.numbers is None:
        return read_rows(workspace, version, start, count, columns)
    if start >= seen.count or count <= 0:
        return read_rows(workspace, version, 0, 0, columns)
    manifest = manifests.read(workspace, version.manifest)
    numbers = seen.numbers[max(0, start) : max(0, start) + count].astype(np.int64)
    ends = np.array(list(accumulate(chunk.rows for chunk in manifest.chunks)), np.int64)
    chunks = np.searchsorted(ends, numbers, side="right")
    # Grouped by chunk, the rows come out in this order; `back` undoes it.
    grouped = np.argsort(chunks, kind="stable")
    back: Any = pa.array(np.argsort(grouped, kind="stable"))
    needed, firsts = np.unique(chunks[grouped], return_index=True)
    inside = np.split(numbers[grouped], firsts[1:])
    names = [c.name for c in version.columns] if columns is None else list(columns)
    found = {}
    for name in names:
        column = _column(version, name)
        at = version.columns.index(column)
        parts: list[Any] = []
        for number, wanted in zip(needed.tolist(), inside, strict=True):
            chunk = manifest.chunks[number]
            part = chunk.columns[at]
            values = seen._decoded.get(part)
            if values is None:
                values = packs.read_chunk(workspace, manifest.places, part, column.type)
                seen._decoded.put(part, values)
            parts.append(values.take(pa.array(wanted - (ends[number] - chunk.rows))))
        kind: Any = ARROW_TYPES[column.type]
        found[name] = pa.chunked_array(parts, kind).combine_chunks().take(back)
    return pa.table(found)


class _Reader:
    """Reads columns chunk by chunk, and says how far it is."""

    def __init__(
        self, workspace: Workspace, manifest: manifests.Manifest, context: Context, steps: int
    ) -> None:
        self._workspace, self._manifest = workspace, manifest
        self._context, self._steps, self._done = context, steps, 0

    def fitting(self, wanted: Sequence[CellFilter]) -> Rows:
        """The numbers of the rows that fit, in the order of the version."""
        kind = np.uint32 if self._manifest.rows < 1 << 32 else np.uint64
        if not wanted:
            return np.arange(self._manifest.rows, dtype=kind)
        found, start = [], 0
        for number, chunk in enumerate(self._manifest.chunks):
            fits = np.ones(chunk.rows, bool)
            for one in wanted:
                # A later column of rows that are all out already need not be read.
                self._tell()
                if fits.any():
                    fits &= fitting(one, self._part(number, self._place(one.column)))
            found.append((np.flatnonzero(fits) + start).astype(kind))
            start += chunk.rows
        return np.concatenate(found) if found else np.zeros(0, kind)

    def parts(self, column: Column) -> list[Any]:
        place, parts = self._place(column), []
        for number in range(len(self._manifest.chunks)):
            self._tell()
            parts.append(self._part(number, place))
        return parts

    def _place(self, column: Column) -> int:
        return self._manifest.columns.index(column)

    def _part(self, number: int, place: int) -> Any:
        name = self._manifest.chunks[number].columns[place]
        kind = self._manifest.columns[place].type
        return packs.read_chunk(self._workspace, self._manifest.places, name, kind)

    def _tell(self) -> None:
        self._context.checkpoint()
        self._context.progress(self._done / self._steps, "Looking through the rows")
        self._done += 1


def _column(version: DatasetVersion, name: str) -> Column:
    column = version.column(name)
    if column is None:
        names = ", ".join(column.name for column in version.columns[:20])
        raise NotFound(f"{version.ref} has no column {name!r}.", hint=f"There are: {names}.")
    return column
