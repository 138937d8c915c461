"""How a raw row becomes the numbers that a model reads: the serving half of the pipeline.

The fitted ColumnTransformer of `ml/pipeline.py` is written down as a list of steps (JSON), and
read back here with numpy alone, so that a server imports neither pandas nor scikit-learn. Both
give the same numbers: the tests compare them value by value.

A step makes one output, or one for each category (`category_onehot`):
  number          {column, kind, fill, mean, scale}         booleans count as 0 and 1
  date_part       {column, kind, part, fill, mean, scale}   month 1-12, day 1-31,
                                                            weekday 0 (Monday) - 6, hour 0-23
  missing_flag    {column, kind, part?, mean, scale}        1 where that number or part is missing
  category_code   {column, kind, categories, unknown}       the category's place, or `unknown`
  category_onehot {column, kind, categories}                1 at its place; none for an unknown one
Numbers are first rounded to float32; missing, infinite or too large for float32 is missing, and
becomes `fill` (null: stays NaN); then (value - mean) / scale. A missing text is the category
MISSING. A moment is ISO text, a datetime, or whole microseconds since 1970 (UTC).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from itertools import chain, groupby, starmap
from operator import getitem, itemgetter
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from mlops_desktop.ml.dateparts import PART_OF, as_moments, date_part, moment_of

MISSING = "(missing)"
Floats = npt.NDArray[np.float32]
_Step = dict[str, Any]
_NAN = math.nan
_BY_COLUMN = 16  # From this many rows on, reading whole columns is faster.


class Coded(NamedTuple):
    """A column whose values were told apart before: codes are places in (*known, *others).

    known is the same object in each batch, so that what becomes of its values is kept.
    """

    values: npt.NDArray[Any] | Sequence[Any]
    codes: npt.NDArray[Any]
    known: tuple[str, ...]
    others: tuple[Any, ...]


Column = npt.NDArray[Any] | Sequence[Any] | Coded
_Part = Callable[[Any], Iterable[Any]]


class RowEncoder:
    """Reads the named columns of raw rows and gives the matrix that the estimator takes."""

    def __init__(self, steps: Sequence[_Step]) -> None:
        self._steps = list(steps)
        self._starts: list[int] = []
        self.width = 0
        for step in self._steps:
            self._starts.append(self.width)
            self.width += len(step["categories"]) if step["kind"] == "category_onehot" else 1
        self._fill = np.full(self.width, np.nan)
        self._mean = np.zeros(self.width)
        self._scale = np.ones(self.width)
        numbers: dict[tuple[str, str | None], int] = {}
        flags: list[tuple[int, tuple[str, str | None]]] = []
        for start, step in zip(self._starts, self._steps, strict=True):
            key = (step["column"], step.get("part"))
            if step["kind"] in ("number", "date_part"):
                numbers[key] = start
                self._fill[start] = np.nan if step.get("fill") is None else step["fill"]
            elif step["kind"] == "missing_flag":
                flags.append((start, key))
            self._mean[start] = step.get("mean", 0.0)
            self._scale[start] = step.get("scale", 1.0)
        self._flag_at = np.array([at for at, _ in flags], dtype=np.intp)
        self._flag_of = np.array([numbers[key] for _, key in flags], dtype=np.intp)
        self._fills = bool(np.isfinite(self._fill).any())
        self._scales = bool((self._mean != 0).any() or (self._scale != 1).any())
        self._only_numbers = {step["kind"] for step in self._steps} == {"number"}
        self._pack_row = struct.Struct(f"<{self.width}f").pack
        self._parts: dict[tuple[str, ...], list[_Part]] = {}
        self._places = [_codes(s) if s["kind"].startswith("category") else None for s in steps]
        self._kept: dict[int, tuple[tuple[str, ...], npt.NDArray[Any]]] = {}

    @classmethod
    def from_json(cls, spec: Mapping[str, Any]) -> RowEncoder:
        """The encoder that `model.json` describes under "encoder"."""
        return cls(spec["steps"])

    def to_json(self) -> dict[str, Any]:
        return {"steps": self._steps}

    @property
    def columns(self) -> list[str]:
        """The columns that are read, each once, in the order of their first use."""
        return list(dict.fromkeys(step["column"] for step in self._steps))

    def encode_rows(self, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> Floats:
        """Rows of Python values in the order of `columns` as float32 [rows, width].

        Raises KeyError for a column that is not there, ValueError for a value that is no number
        or no date.
        """
        key = tuple(columns)
        parts = self._parts.get(key)
        if parts is None:
            if len(self._parts) > 16:
                self._parts.clear()
            parts = self._parts[key] = self._compile(key)
        if len(rows) >= _BY_COLUMN:
            numbers = self._packed(parts[0], rows) if self._only_numbers else None
            if numbers is None:
                return self.encode_table(dict(zip(key, zip(*rows, strict=True), strict=True)))
            return self._scaled(numbers) if self._scales else numbers
        values: list[Any] = []
        for row in rows:
            for part in parts:
                values += part(row)
        packed = b""
        try:
            one = len(rows) == 1
            packed = self._pack_row(*values) if one else struct.pack(f"<{len(values)}f", *values)
            whole = math.isfinite(sum(values))
        except (struct.error, OverflowError):
            whole = False  # Something is missing, or larger than float32.
        if not whole:
            return self._finish(_floats(values).reshape(len(rows), self.width))
        encoded = np.frombuffer(packed, dtype=np.float32).reshape(len(rows), self.width)
        return self._scaled(encoded) if self._scales else encoded

    def encode_table(self, table: Mapping[str, Column]) -> Floats:
        """Whole columns as float32 [rows, width].

        A column is an array (numbers, booleans, datetime64, objects), values in a row, or Coded.
        """
        rows = next((len(_values(column)) for column in table.values()), 0)
        raw = np.zeros((rows, self.width))
        moments: dict[str, npt.NDArray[Any]] = {}
        for place, (start, step) in enumerate(zip(self._starts, self._steps, strict=True)):
            name = step["column"]
            match step["kind"]:
                case "number":
                    raw[:, start] = _floats(table[name])
                case "date_part":
                    if name not in moments:
                        moments[name] = as_moments(_values(table[name]))
                    raw[:, start] = date_part(moments[name], step["part"])
                case "category_code":
                    raw[:, start] = self._codes_of(place, table[name])
                case "category_onehot":
                    codes = self._codes_of(place, table[name])
                    known = np.flatnonzero(codes >= 0)
                    raw[known, codes[known].astype(np.intp) + start] = 1.0
        return self._finish(raw)

    def _codes_of(self, place: int, column: Column) -> npt.NDArray[Any]:
        """What each value becomes by the category step at that place."""
        places = self._places[place]
        assert places is not None
        if not isinstance(column, Coded):
            return _looked_up(places, column)
        kept = self._kept.get(place)
        if kept is None or kept[0] is not column.known:
            kept = column.known, np.array([places[value] for value in column.known], dtype=np.intp)
            self._kept[place] = kept
        table = kept[1]
        if column.others:
            table = np.append(table, [places[value] for value in column.others])
        return np.asarray(table[column.codes])

    def _compile(self, columns: tuple[str, ...]) -> list[_Part]:
        """How rows in this order are read: one part for each run of steps of the same kind."""
        place_of = {name: place for place, name in enumerate(columns)}
        parts: list[_Part] = []
        for kind, run in groupby(self._steps, itemgetter("kind")):
            steps = list(run)
            pick = _pick([place_of[step["column"]] for step in steps])
            match kind:
                case "number":
                    parts.append(pick)
                case "category_code":
                    parts.append(_looking_up([_codes(step) for step in steps], pick))
                case "category_onehot":
                    parts.append(_spreading([_flags(step) for step in steps], pick))
                case "missing_flag":
                    parts.append(_zeros(len(steps)))  # _finish knows better where it matters.
                case "date_part":
                    for column, of_column in groupby(steps, itemgetter("column")):
                        wanted = [PART_OF[step["part"]] for step in of_column]
                        parts.append(_reading_moment(place_of[column], wanted))
        return parts

    def _packed(self, pick: _Part, rows: Sequence[Sequence[object]]) -> Floats | None:
        """The rows of numbers as float32; None where one is missing or too large."""
        try:
            packed = b"".join(starmap(self._pack_row, map(pick, rows)))
        except (struct.error, OverflowError):
            return None
        encoded = np.frombuffer(packed, dtype=np.float32).reshape(len(rows), self.width)
        return encoded if np.isfinite(encoded).all() else None

    def _finish(self, raw: npt.NDArray[np.float64]) -> Floats:
        with np.errstate(over="ignore"):
            rounded = raw.astype(np.float32)
        missing = ~np.isfinite(rounded)
        if not missing.any():
            return self._scaled(rounded) if self._scales else rounded
        values = rounded.astype(np.float64)
        values[missing] = np.nan
        if self._fills:
            values = np.where(missing, self._fill, values)
        if len(self._flag_at):
            values[:, self._flag_at] = missing[:, self._flag_of]
        return self._scaled(values) if self._scales else values.astype(np.float32)

    def _scaled(self, values: npt.NDArray[Any]) -> Floats:
        scaled = (values.astype(np.float64, copy=False) - self._mean) / self._scale
        return scaled.astype(np.float32)


class _Places(dict[Any, Any]):
    """What each category becomes; other: what any other becomes.

    None is not among the keys: a dictionary of texts alone is eight times as fast.
    """

    def __init__(self, known: Mapping[str, Any], other: Any) -> None:
        super().__init__(known)
        self._missing = known.get(MISSING, other)
        self._other = other

    def __missing__(self, value: Any) -> Any:
        return self._missing if value is None or value != value else self._other


def _codes(step: _Step) -> _Places:
    known = {name: place for place, name in enumerate(step["categories"])}
    return _Places(known, step.get("unknown", -1))


def _flags(step: _Step) -> _Places:
    count = len(step["categories"])
    known = {
        name: tuple(float(other == place) for other in range(count))
        for place, name in enumerate(step["categories"])
    }
    return _Places(known, (0.0,) * count)


def _pick(places: list[int]) -> _Part:
    first = places[0]
    if places == list(range(first, first + len(places))):
        return itemgetter(slice(first, first + len(places)))
    return itemgetter(*places)


def _looking_up(tables: list[_Places], pick: _Part) -> _Part:
    return lambda row: map(getitem, tables, pick(row))


def _spreading(tables: list[_Places], pick: _Part) -> _Part:
    return lambda row: chain.from_iterable(map(getitem, tables, pick(row)))


def _zeros(count: int) -> _Part:
    zeros = (0.0,) * count
    return lambda row: zeros  # noqa: ARG005  Every part takes the row.


def _reading_moment(place: int, wanted: list[Callable[[datetime], int]]) -> _Part:
    missing = (_NAN,) * len(wanted)

    def read(row: Sequence[Any]) -> Iterable[Any]:
        moment = moment_of(row[place])
        return missing if moment is None else [part(moment) for part in wanted]

    return read


def _values(column: Column) -> npt.NDArray[Any] | Sequence[Any]:
    return column.values if isinstance(column, Coded) else column


def _floats(column: Column) -> npt.NDArray[np.float64]:
    return np.asarray(_values(column), dtype=np.float64)  # None becomes NaN.


def _looked_up(places: _Places, column: npt.NDArray[Any] | Sequence[Any]) -> npt.NDArray[Any]:
    values = column.tolist() if isinstance(column, np.ndarray) else column
    found = itemgetter(*values)(places) if len(values) > 1 else [places[v] for v in values]
    try:
        return np.frombuffer(bytes(found), dtype=np.uint8)  # Twice as fast as np.array.
    except ValueError:  # The unknown code, or more categories.
        return np.array(found, dtype=np.intp)
