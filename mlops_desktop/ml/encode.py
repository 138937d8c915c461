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
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import numpy as np
import numpy.typing as npt

MISSING = "(missing)"
DATE_PARTS = ("month", "day", "weekday", "hour")
Floats = npt.NDArray[np.float32]
_Step = dict[str, Any]
_PART_OF: dict[str, Callable[[datetime], int]] = {
    "month": lambda moment: moment.month,
    "day": lambda moment: moment.day,
    "weekday": lambda moment: moment.weekday(),
    "hour": lambda moment: moment.hour,
}
_NAN = math.nan
_LARGE = 3.4e38  # Just below where float32 ends.


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
        self._readers: dict[tuple[str, ...], list[_Reader]] = {}

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

        Made for few rows at a time: plain Python up to the last step. Raises KeyError for a
        column that is not there, ValueError for a value that is no number or no date.
        """
        key = tuple(columns)
        readers = self._readers.get(key)
        if readers is None:
            if len(self._readers) > 16:
                self._readers.clear()
            readers = self._readers[key] = self._compile(key)
        raw = []
        whole = not (self._scales or len(self._flag_at))
        for row in rows:
            out = [0.0] * self.width
            for place, read in readers:
                read(row[place], out)
            whole = whole and math.isfinite(sum(out)) and min(out) > -_LARGE and max(out) < _LARGE
            raw.append(out)
        if whole and raw:
            # Nothing missing, nothing to scale: what is left of _finish is one rounding.
            return np.array(raw, dtype=np.float32)
        return self._finish(np.array(raw, dtype=np.float64).reshape(len(raw), self.width))

    def encode_table(self, table: Mapping[str, npt.NDArray[Any]]) -> Floats:
        """Whole columns (numbers, booleans, datetime64 or objects) as float32 [rows, width]."""
        rows = len(next(iter(table.values()))) if table else 0
        raw = np.zeros((rows, self.width))
        for start, step in zip(self._starts, self._steps, strict=True):
            match step["kind"]:
                case "number":
                    raw[:, start] = _floats(table[step["column"]])
                case "date_part":
                    raw[:, start] = date_part(table[step["column"]], step["part"])
                case "category_code" | "category_onehot":
                    places = {name: i for i, name in enumerate(step["categories"])}
                    codes = _codes(table[step["column"]], places)
                    if step["kind"] == "category_code":
                        raw[:, start] = np.where(codes < 0, step["unknown"], codes)
                    else:
                        known = np.flatnonzero(codes >= 0)
                        raw[known, start + codes[known]] = 1.0
        return self._finish(raw)

    def _compile(self, columns: tuple[str, ...]) -> list[_Reader]:
        place_of = {name: place for place, name in enumerate(columns)}
        readers: list[_Reader] = []
        parts: dict[str, list[tuple[int, Callable[[datetime], int]]]] = {}
        for start, step in zip(self._starts, self._steps, strict=True):
            match step["kind"]:
                case "number":
                    readers.append((place_of[step["column"]], _number_reader(start)))
                case "date_part":
                    parts.setdefault(step["column"], []).append((start, _PART_OF[step["part"]]))
                case "category_code":
                    code_of = {name: float(i) for i, name in enumerate(step["categories"])}
                    read = _code_reader(start, code_of, float(step["unknown"]))
                    readers.append((place_of[step["column"]], read))
                case "category_onehot":
                    at = {name: start + i for i, name in enumerate(step["categories"])}
                    readers.append((place_of[step["column"]], _onehot_reader(at)))
        for column, wanted in parts.items():
            readers.append((place_of[column], _moment_reader(wanted)))
        return readers

    def _finish(self, raw: npt.NDArray[np.float64]) -> Floats:
        with np.errstate(over="ignore"):
            rounded = raw.astype(np.float32)
        missing = ~np.isfinite(rounded)
        values = rounded.astype(np.float64)
        if missing.any():
            values[missing] = np.nan
            if self._fills:
                values = np.where(missing, self._fill, values)
        if len(self._flag_at):
            values[:, self._flag_at] = missing[:, self._flag_of]
        if self._scales:
            values = (values - self._mean) / self._scale
        return values.astype(np.float32)


_Reader = tuple[int, Callable[[Any, list[float]], None]]


def _number_reader(at: int) -> Callable[[Any, list[float]], None]:
    def read(value: Any, out: list[float]) -> None:
        out[at] = _NAN if value is None else float(value)

    return read


def _code_reader(
    at: int, code_of: dict[str, float], unknown: float
) -> Callable[[Any, list[float]], None]:
    def read(value: Any, out: list[float]) -> None:
        out[at] = code_of.get(_category(value), unknown)

    return read


def _onehot_reader(at: dict[str, int]) -> Callable[[Any, list[float]], None]:
    def read(value: Any, out: list[float]) -> None:
        place = at.get(_category(value))
        if place is not None:
            out[place] = 1.0

    return read


def _moment_reader(
    wanted: list[tuple[int, Callable[[datetime], int]]],
) -> Callable[[Any, list[float]], None]:
    def read(value: Any, out: list[float]) -> None:
        moment = _moment(value)
        for at, part in wanted:
            out[at] = _NAN if moment is None else part(moment)

    return read


def _category(value: Any) -> Any:
    return MISSING if value is None or value != value else value


def _moment(value: Any) -> datetime | None:
    """A moment without a zone, in UTC; None where it is missing."""
    if value is None or value != value:
        return None
    if isinstance(value, str):
        value = datetime.fromisoformat(value)
    elif not isinstance(value, datetime):
        value = datetime.fromtimestamp(value / 1_000_000, UTC)
    moment: datetime = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
    return moment


def _floats(column: npt.NDArray[Any]) -> npt.NDArray[np.float64]:
    if column.dtype == object:
        return np.array([_NAN if v is None else float(v) for v in column.tolist()], dtype=float)
    return column.astype(np.float64)


def _codes(column: npt.NDArray[Any], places: dict[str, int]) -> npt.NDArray[np.intp]:
    missing = places.get(MISSING, -1)
    known: dict[Any, int] = {**places, None: missing}
    values = column.tolist()
    found = [known.get(value, -1) for value in values]
    if missing >= 0 and -1 in found:  # NaN equals nothing, so no look-up finds it.
        pairs = zip(found, values, strict=True)
        found = [missing if value != value else code for code, value in pairs]
    return np.array(found, dtype=np.intp)


def date_part(column: npt.NDArray[Any], part: str) -> npt.NDArray[np.float64]:
    """One of DATE_PARTS of each moment (datetime64, microseconds or objects); NaN: missing."""
    if column.dtype.kind in "Miu":
        moments = column.astype("datetime64[us]")
    else:
        moments = np.array([_moment(value) for value in column.tolist()], dtype="datetime64[us]")
    days = moments.astype("datetime64[D]")
    match part:
        case "month":
            found = moments.astype("datetime64[M]").astype(np.int64) % 12 + 1
        case "day":
            found = (days - moments.astype("datetime64[M]").astype("datetime64[D]")).astype(int) + 1
        case "weekday":
            found = (days.astype(np.int64) + 3) % 7  # 1970-01-01 was a Thursday.
        case _:
            found = (moments - days).astype("timedelta64[h]").astype(np.int64)
    return np.where(np.isnat(moments), np.nan, found.astype(np.float64))
