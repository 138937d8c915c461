"""The rules of `checks` on whole columns: what is regular is told in a moment, and coded for the
encoder by the way. What is not regular is for the row by row check, which names it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from mlops_desktop.child.serving.checks import TYPES, is_time, is_whole
from mlops_desktop.child.serving.rowtext import is_numbers
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.models import Field, Signature
from mlops_desktop.ml.encode import Coded, Column

Rows = Sequence[Sequence[object]]
Columns = Sequence[Sequence[object]]
_NUMBERS = {ColumnType.NUMBER, ColumnType.INTEGER}
_OTHER = 255


class Looked(NamedTuple):
    """columns: the values, settled. read: the same as the encoder reads them.

    unseen: categories not seen in training, by column. settled: whether a value was changed.
    """

    columns: list[Sequence[object]]
    read: list[Column]
    unseen: dict[str, int]
    settled: bool


class _Known(dict[object, int]):
    """The place of each category, _OTHER for anything else.

    Its keys are texts alone: such a dictionary is far faster, and nothing else equals a text.
    """

    def __missing__(self, value: object) -> int:
        return _OTHER


class ColumnChecker:
    """Checks columns that are in the signature's order and as long as each other."""

    def __init__(self, signature: Signature) -> None:
        self._fields = signature.inputs
        self._allowed = [
            TYPES[field.type] | {type(None)} if field.nullable else TYPES[field.type]
            for field in self._fields
        ]
        self._takes_numbers = {field.type for field in self._fields} <= _NUMBERS
        self._integers = [i for i, f in enumerate(self._fields) if f.type is ColumnType.INTEGER]
        self._categories = [_categories(field) for field in self._fields]
        self._known = [
            None
            if names is None or len(names) >= _OTHER
            else _Known({name: place for place, name in enumerate(names)})
            for names in self._categories
        ]

    def are_numbers(self, rows: Rows, text: bytes) -> bool:
        """True where all inputs are numbers, so is all of a text of rows, and none of these is a
        float where integers are asked for."""
        return (
            self._takes_numbers
            and is_numbers(text)
            and all({type(row[place]) for row in rows} == {int} for place in self._integers)
        )

    def look(self, columns: Columns) -> Looked | None:
        """What is to be known of columns that keep every rule; None where a value may not.

        Values that mean the same are settled (3.0 becomes 3 in an integer column).
        """
        unseen: dict[str, int] = {}
        found: list[Sequence[object]] = []
        read: list[Column] = []
        settled = False
        for place, values in enumerate(columns):
            fits: Sequence[object] | None = values
            column: Column | None
            try:
                if self._categories[place] is None:
                    column = fits = self._fits(place, values)
                else:
                    column, others = self._category(place, values)
                    if others:
                        unseen[self._fields[place].name] = others
            except TypeError:
                return None  # A list or an object.
            if fits is None or column is None:
                return None
            settled = settled or fits is not values
            found.append(fits)
            read.append(column)
        return Looked(found, read, unseen, settled)

    def _category(self, place: int, values: Sequence[object]) -> tuple[Column | None, int]:
        """The column for the encoder, None where a value breaks a rule; how many are unseen."""
        names, known = self._categories[place], self._known[place]
        assert names is not None
        if known is None:
            distinct = set(values)
            if not set(map(type, distinct)) <= self._allowed[place]:
                return None, 0
            other = distinct.difference(names, (None,))
            return values, sum(map(other.__contains__, values)) if other else 0
        many = len(values) > 1
        packed = bytes(itemgetter(*values)(known) if many else map(known.__getitem__, values))
        codes = np.frombuffer(packed, dtype=np.uint8)
        if _OTHER not in packed:
            return Coded(values, codes, names, ()), 0
        at = codes == _OTHER
        others = list(compress(values, at.tolist()))
        places = {value: len(names) + number for number, value in enumerate(dict.fromkeys(others))}
        if not set(map(type, places)) <= self._allowed[place]:
            return None, 0
        wide = codes.astype(np.intp)
        wide[at] = [places[value] for value in others]
        return Coded(values, wide, names, tuple(places)), len(others) - others.count(None)

    def _fits(self, place: int, values: Sequence[object]) -> Sequence[object] | None:
        """The values, settled; None where one breaks a rule."""
        field, allowed = self._fields[place], self._allowed[place]
        if field.type is ColumnType.DATETIME:
            distinct = set(values)
            fit = set(map(type, distinct)) <= allowed and all(
                value is None or is_time(value) for value in distinct
            )
            return values if fit else None
        types = set(map(type, values))
        if types <= allowed:
            return values
        if field.type is not ColumnType.INTEGER or not types <= allowed | {float}:
            return None
        if not all(is_whole(value) for value in values if isinstance(value, float)):
            return None
        return [int(value) if isinstance(value, float) else value for value in values]


def _categories(field: Field) -> tuple[str, ...] | None:
    return field.categories if field.type is ColumnType.TEXT else None
