"""The version before, as who writes the next one sees it: its cuts, and which rows are the same."""

from __future__ import annotations

from typing import Any

from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.core.datasets import Column


class Parent:
    """The version before: where its rows were cut, and whether they are the same ones."""

    def __init__(self, manifest: Manifest, columns: tuple[Column, ...], least: int) -> None:
        """least: the rows of a chunk that is not small."""
        self._least = least
        self._chunks = manifest.chunks
        place = {column: position for position, column in enumerate(manifest.columns)}
        self._columns = [place.get(column) for column in columns]
        self._index = {
            name: number
            for number, chunk in reversed(list(enumerate(manifest.chunks)))
            for name in chunk.columns
        }

    def names(self, number: int) -> list[str | None]:
        """The parent's chunks for our columns, None for a column that it does not have."""
        chunk = self._chunks[number]
        return [None if place is None else chunk.columns[place] for place in self._columns]

    def rows(self, number: int, available: int, *, final: bool) -> int | None:
        """The rows of the chunk of that number, 0 where it cannot come next, None where that
        cannot be told before more rows are there.

        A last chunk was cut by the end of the table. A small one counts only at the end of this
        table too, so that appending row by row does not leave a thousand small chunks.
        """
        if number >= len(self._chunks):
            return 0
        rows = self._chunks[number].rows
        last = number == len(self._chunks) - 1 and rows < self._least
        if not final and (available < rows or (last and available == rows)):
            return None
        return 0 if available < rows or (last and available > rows) else rows

    def holds(self, number: int, rows: int, arrays: list[Any], names: list[str]) -> bool:
        """True where a column that varies is the same in the parent's chunk of that number."""
        return self._chunks[number].rows == rows and any(
            before == name and _varies(array)
            for before, array, name in zip(self.names(number), arrays, names, strict=True)
        )

    def find(self, rows: int, arrays: list[Any], names: list[str]) -> int | None:
        """The number of the parent's chunk that holds these rows."""
        numbers = {self._index[name] for name in names if name in self._index}
        return next((n for n in sorted(numbers) if self.holds(n, rows, arrays, names)), None)


def _varies(array: Any) -> bool:
    return len(array.slice(0, 1000).unique()) > 1 or len(array.unique()) > 1
