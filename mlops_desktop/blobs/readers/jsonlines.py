"""Reading JSON: one object a line, objects one after the other, or one array of objects."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

import orjson

from mlops_desktop.blobs.readers.cellfile import Block, CellReading
from mlops_desktop.blobs.readers.naming import check_wanted
from mlops_desktop.blobs.readers.reading import Progress
from mlops_desktop.core.datasets import ImportOptions
from mlops_desktop.core.errors import UserError

_BLOCK = 4 << 20
_SAMPLE_ROWS = 1000
_SAMPLE_BYTES = 1 << 20
_MOST_COLUMNS = 20_000
_LARGEST = 64 << 20  # Characters of one object.
_LONG = re.compile(rb"[0-9]{16}")  # orjson rounds whole numbers beyond 64 bits.
_SPACE = re.compile(r"[\s,]*")
_Row = dict[str, object]


class JsonReading(CellReading):
    """Columns are the keys, in the order in which they first come; a row without one misses it.

    Of a key that an object has twice, the last value counts. Lists and objects in a cell become
    JSON text. Whole numbers beyond 64 bits make a column text.
    """

    def __init__(
        self, path: Path, options: ImportOptions, progress: Progress, most: int | None = None
    ) -> None:
        """Raises UserError for what is not JSON, with its line or row."""
        super().__init__(path, options, most)
        self._size = path.stat().st_size
        self._one_a_line = self._has_lines()
        self.look(progress)
        check_wanted(path.name, [column.name for column in self.columns], options.types)

    def blocks(self) -> Iterator[tuple[Block, int, float]]:
        found = self._lines() if self._one_a_line else self._stream()
        names: dict[str, None] = {}
        for rows, done in found:
            names.update(dict.fromkeys(chain.from_iterable(rows)))
            if len(names) > _MOST_COLUMNS:
                raise UserError(
                    f"The objects of {self.path.name} have more than {_MOST_COLUMNS:,} keys.",
                    hint="Keys should be the names of columns, the same in each object.",
                )
            yield {name: [row.get(name) for row in rows] for name in names}, len(rows), done

    def _has_lines(self) -> bool:
        """Whether the first line is an object of its own."""
        with self.path.open("rb") as file:
            for line in file:
                text = line.removeprefix(codecs.BOM_UTF8).strip()
                if text:
                    try:
                        return isinstance(_loads(text), dict)
                    except ValueError:
                        return False
        raise UserError(f"{self.path.name} is empty.", hint="Choose a file that holds a table.")

    def _lines(self) -> Iterator[tuple[list[_Row], float]]:
        number = 0
        with self.path.open("rb") as file:
            while lines := file.readlines(_SAMPLE_BYTES if self.most is not None else _BLOCK):
                rows: list[_Row] = []
                if not number:
                    lines[0] = lines[0].removeprefix(codecs.BOM_UTF8)
                for line in lines:
                    number += 1
                    if not line.isspace():
                        rows.append(self._object(line, number))
                if rows:
                    yield rows, file.tell() / self._size
                if self.most is not None:
                    self.sampled = file.tell() < self._size
                    return

    def _object(self, line: bytes, number: int) -> _Row:
        try:
            found = _loads(line)
        except ValueError as error:
            raise UserError(
                f"Line {number:,} of {self.path.name} is not JSON.",
                why=str(error)[:200],
                hint="Correct that line.",
            ) from error
        if not isinstance(found, dict):
            raise self._no_object(f"Line {number:,}")
        return found

    def _no_object(self, what: str) -> UserError:
        return UserError(
            f"{what} of {self.path.name} is no JSON object.",
            hint='Each row must be written as {"column": value, ...}.',
        )

    def _stream(self) -> Iterator[tuple[list[_Row], float]]:
        """Objects of an array, or one after the other, of any layout."""
        rows: list[_Row] = []
        size = total = 0
        for row, length, done in self._objects():
            rows.append(row)
            size, total = size + length, total + 1
            if size > _BLOCK:
                yield rows, done
                rows, size = [], 0
            if self.most is not None and (total == _SAMPLE_ROWS or size > _SAMPLE_BYTES):
                self.sampled = True
                break
        if rows:
            yield rows, 1.0

    def _objects(self) -> Iterator[tuple[_Row, int, float]]:
        decoder, number, at, read, text = json.JSONDecoder(), 0, 0, 0, ""
        with self.path.open(encoding="utf-8-sig") as file:

            def more() -> bool:
                nonlocal text, at, read
                try:
                    data = file.read(_BLOCK)
                except UnicodeError as error:
                    raise UserError(
                        f"{self.path.name} is not written in utf-8.", why=str(error)[:200]
                    ) from error
                text, at, read = text[at:] + data, 0, read + len(data)
                return bool(data)

            more()
            start = _SPACE.match(text)
            at = start.end() if start else 0
            in_array = text[at : at + 1] == "["
            at += in_array
            while True:
                space = _SPACE.match(text, at)
                at = space.end() if space else at
                if at == len(text):
                    if more():
                        continue
                    if in_array:
                        raise UserError(
                            f"The list in {self.path.name} is never closed (after row {number:,}).",
                            hint="The file may have been cut off: write it again.",
                        )
                    return
                if in_array and text[at] == "]":
                    return
                if text[at] != "{":
                    raise self._no_object(f"Row {number + 1:,}")
                try:
                    row, end = decoder.raw_decode(text, at)
                except ValueError as error:
                    if len(text) - at < _LARGEST and more():
                        continue
                    raise UserError(
                        f"Row {number + 1:,} of {self.path.name} is not JSON.",
                        why=str(error)[:200],
                        hint="Correct it.",
                    ) from error
                number += 1
                yield row, end - at, min(1.0, read / self._size)
                at = end


def _loads(text: bytes) -> Any:
    if _LONG.search(text):
        return json.loads(text)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return json.loads(text)  # It knows NaN and Infinity, which pandas writes.
