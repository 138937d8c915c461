"""Large bodies in pieces, each read by itself: while one is answered, the next is read.

Only bodies without anything odd are read so. Any other raises Irregular, and is read as a whole
and checked row by row, which answers alike and says what is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

import orjson

from mlops_desktop.child.serving import inference, invocations, rowtext
from mlops_desktop.child.serving.checks import RowChecker, Rows
from mlops_desktop.child.serving.guard import ROWS_LIMIT
from mlops_desktop.child.serving.refused import Refused

_ROWS = 500  # Of a piece of columns.
_COLUMNS = re.compile(rb'\s*\{\s*"inputs"\s*:\s*\{')
_Pick = Callable[[Any], tuple[Any, ...]]


class Irregular(Exception):
    """Something is odd in a body; nothing is said of what."""


class Read(NamedTuple):
    """Rows in the model's order, not checked: each of one value a column, or as columns.

    text: the rows as JSON without the brackets around them, None where it must be written.
    """

    rows: Sequence[Sequence[object]] | None
    columns: Sequence[Sequence[object]] | None
    text: bytes | None


class Piece(Protocol):
    """Some rows of a body, not yet read."""

    def read(self) -> Read:
        """Raises Irregular."""


class Batch(NamedTuple):
    """A body's pieces in their order, and what else it asks for."""

    pieces: Sequence[Piece]
    options: dict[str, Any]


def of_json(body: bytes, checker: RowChecker) -> Batch:
    """MLflow's forms. Raises Irregular."""
    found = rowtext.find(body)
    if found is not None:
        return Batch(_text_pieces(found, checker), found.params)
    if not _COLUMNS.match(body):
        raise Irregular
    try:
        _, data, params = invocations.opened(body)
        return Batch(_column_pieces(invocations.columns_of(data, checker)), params)
    except Refused as refused:
        raise Irregular from refused


def of_csv(body: bytes, checker: RowChecker) -> Batch:
    """CSV. Raises Irregular."""
    try:
        return Batch(_column_pieces(invocations.csv_columns(body, checker)), {})
    except (Refused, ValueError) as error:
        raise Irregular from error


def of_infer(body: bytes, checker: RowChecker) -> Batch:
    """The Open Inference Protocol. Raises Irregular."""
    try:
        columns, request = inference.columns_of(body, checker)
    except Refused as refused:
        raise Irregular from refused
    return Batch(_column_pieces(columns), request)


def _text_pieces(found: rowtext.RowsText, checker: RowChecker) -> Sequence[Piece]:
    keyed = found.form == "dataframe_records" or (
        found.form == "instances" and found.text.lstrip(b" \t\n\r").startswith(b"{")
    )
    if found.text.count(b"{" if keyed else b"[") > ROWS_LIMIT:
        raise Irregular  # Most probably too many rows; then they are not worth the reading.
    pick: _Pick | None = None
    width = len(checker.columns)
    if keyed:
        pick = _picking(checker.columns)
    elif found.columns is not None and found.columns != checker.columns:
        width = len(found.columns)
        try:
            pick = _picking(checker.order(found.columns))
        except Refused as refused:
            raise Irregular from refused
    return [_TextPiece(text, keyed, width, pick, checker) for text in found.pieces()]


def _column_pieces(columns: Sequence[Sequence[object]]) -> Sequence[Piece]:
    rows = len(columns[0]) if columns else 0
    if not 0 < rows <= ROWS_LIMIT:
        raise Irregular
    return [
        _ColumnPiece([column[start : start + _ROWS] for column in columns])
        for start in range(0, rows, _ROWS)
    ]


def _picking(keys: Sequence[Any]) -> _Pick:
    if len(keys) == 1:  # An itemgetter of one gives no tuple.
        [key] = keys
        return lambda row: (row[key],)
    return itemgetter(*keys)


@dataclass(frozen=True, slots=True)
class _TextPiece:
    """Rows as JSON text: objects where keyed, else lists of `width` values.

    pick: takes the model's columns of one in their order; None where they are in it.
    """

    text: bytes
    keyed: bool
    width: int
    pick: _Pick | None
    checker: RowChecker

    def read(self) -> Read:
        text: bytes | None = self.text
        try:
            rows = orjson.loads(b"[%b]" % self.text)
        except orjson.JSONDecodeError:
            rows, text = self._without_nan(), None
        if set(map(type, rows)) != {dict if self.keyed else list}:
            raise Irregular
        widths = set(map(len, rows))
        if not self.keyed and widths != {self.width}:
            raise Irregular
        if self.pick is not None:
            return Read(self._picked(rows, widths), None, None)
        return Read(rows, None, None if b"\n" in self.text else text)  # A record is one line.

    def _without_nan(self) -> Any:
        if b"NaN" not in self.text:
            raise Irregular
        try:
            return invocations.loads(b"[%b]" % self.text)
        except Refused as refused:
            raise Irregular from refused

    def _picked(self, rows: Rows, widths: Iterable[int]) -> list[tuple[object, ...]]:
        assert self.pick is not None
        if max(widths) > len(self.checker.columns):  # What is ignored may be nested too deep.
            opening, other = (b"{", b"[") if self.keyed else (b"[", b"{")
            if self.text.count(opening) != len(rows) or other in self.text:
                raise Irregular
        try:
            return list(map(self.pick, rows))
        except KeyError as error:
            raise Irregular from error


@dataclass(frozen=True, slots=True)
class _ColumnPiece:
    columns: Sequence[Sequence[object]]

    def read(self) -> Read:
        return Read(None, self.columns, None)
