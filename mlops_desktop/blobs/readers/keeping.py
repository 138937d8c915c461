"""Which of our types keeps a column of an Arrow type, and its values as those; see `Keeper`."""

from __future__ import annotations

import json
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute

from mlops_desktop.blobs.cells import FIRST_SECOND, LAST_SECOND, convert
from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.core.datasets import ColumnType, DataWarning, WarningKind
from mlops_desktop.core.errors import UserError

pc: Any = pyarrow.compute  # Its stubs know of no plain Python values.

_A_DAY = 86_400
_A_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
_MOST = 2**63 - 1


class Keeper:
    """Turns the arrays of one column into those that we store.

    Exact: booleans, integers, floats, texts, dates. Documented: decimals become the nearest float;
    times of day and unions of them ISO text; durations seconds; times with a zone UTC; what is
    finer than a microsecond is cut off; lists, structs and maps become JSON text (said as a
    warning); dictionaries, run ends and extension types are taken for what they hold. Raises
    UserError for the rest: bytes that are not text, months with days, unions, and values beyond
    64 bits or the years 1 to 9999, with their row.
    """

    def __init__(self, file: str, name: str, kind: pa.DataType, wanted: ColumnType | None) -> None:
        self._file, self._name = file, name
        self._plain = _plain_type(kind)
        natural = _kept_as(self._plain)
        if natural is None and pa.types.is_null(self._plain):
            natural = wanted or ColumnType.TEXT
        if natural is None and _is_bytes(self._plain) and wanted is ColumnType.TEXT:
            natural = ColumnType.TEXT
        if natural is None:
            raise UserError(
                f"Column {name!r} of {file} has the type {kind}, which cannot be stored.",
                hint=(
                    "If it holds text, import it with the type text."
                    if _is_bytes(self._plain)
                    else "Save the file without it, or as text."
                ),
            )
        self._natural = natural
        self.kind = wanted or natural
        self._rows = self._lost = self._first = 0
        self._example = ""

    @property
    def misfit(self) -> str:
        """The first value that was not of the type that was asked for."""
        return f"row {self._first:,}, {self._example!r}" if self._lost else ""

    @property
    def warnings(self) -> list[DataWarning]:
        """Complete when all arrays were taken."""
        found = []
        if _is_nested(self._plain):
            found.append(
                DataWarning(
                    WarningKind.TYPE,
                    (self._name,),
                    f"`{self._name}` holds lists or records; each is kept as JSON text.",
                    "A model sees each different text as a category of its own.",
                    "Write what matters of it into columns of their own.",
                )
            )
        if self._lost:
            found.append(
                DataWarning(
                    WarningKind.TYPE,
                    (self._name,),
                    f"`{self._name}`: {self._lost:,} of {self._rows:,} values are not of the type "
                    f"{self.kind.value} that was asked for (first: row {self._first:,}, "
                    f"{self._example!r}). Read as missing.",
                    "They are lost in this version.",
                    "Correct them in the file, or import the column as text.",
                    read_as=(ColumnType.TEXT,),
                )
            )
        return found

    def take(self, array: Any) -> Any:
        """The next rows of the column."""
        try:
            array = self._natural_values(_plain_array(array))
            if self.kind is not self._natural:
                array = self._retyped(array)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, TypeError) as error:
            raise UserError(
                f"Column {self._name!r} of {self._file} cannot be read "
                f"(rows {self._rows + 1:,} to {self._rows + len(array):,}).",
                why=str(error)[:300],
            ) from error
        self._rows += len(array)
        return array

    @cached_property
    def _bounds(self) -> tuple[int, int]:
        """The least and the largest value that we keep: of 64 bits, or of the years 1 to 9999."""
        types, kind = pa.types, self._plain
        if types.is_integer(kind):
            return -_MOST - 1, _MOST
        per_second = 1000 if types.is_date64(kind) else _A_SECOND.get(getattr(kind, "unit", ""), 1)
        if types.is_date32(kind):
            return FIRST_SECOND // _A_DAY, LAST_SECOND // _A_DAY
        low, high = FIRST_SECOND * per_second, (LAST_SECOND + 1) * per_second - 1
        return max(low, -_MOST), min(high, _MOST)

    def _natural_values(self, array: Any) -> Any:
        types, kind = pa.types, self._plain
        target = ARROW_TYPES[self._natural]
        if kind == target and not (types.is_string(kind) or types.is_timestamp(kind)):
            return array
        if _is_text(kind) or _is_bytes(kind):
            texts = array.cast(target)
            texts.validate(full=True)  # A file may hold bytes that are no UTF-8.
            return texts
        if types.is_uint64(kind) or types.is_timestamp(kind) or types.is_date(kind):
            self._check_bounds(array)
        if types.is_timestamp(kind):
            if kind.tz:
                array = array.cast(pa.timestamp(kind.unit, "UTC"))
            if kind.unit == "ns":
                array = _in_microseconds(array)
            return array.cast(target)
        if types.is_date64(kind):
            return array.view(pa.timestamp("ms")).cast(target)
        if types.is_decimal(kind):
            return array.cast(pa.string()).cast(target)  # Rounded once, to the nearest.
        if types.is_duration(kind):
            return pc.divide(array.view(pa.int64()).cast(target, safe=False), _A_SECOND[kind.unit])
        if _is_nested(kind):
            texts = [
                None if value is None else json.dumps(value, ensure_ascii=False, default=_json)
                for value in array.to_pylist()
            ]
            return pa.array(texts, target)
        return array.cast(target)

    def _check_bounds(self, array: Any) -> None:
        values = array
        if pa.types.is_timestamp(self._plain) or pa.types.is_date64(self._plain):
            values = array.view(pa.int64())
        elif pa.types.is_date32(self._plain):
            values = array.view(pa.int32()).cast(pa.int64())
        low, high = self._bounds
        wrong = pc.greater(values, pa.scalar(high, values.type))
        if not pa.types.is_unsigned_integer(values.type):
            wrong = pc.or_(wrong, pc.less(values, pa.scalar(low, values.type)))
        at = pc.index(wrong, True).as_py()
        if at >= 0:
            range_ = "in 64 bits"
            if self._natural is ColumnType.DATETIME:
                range_ = "between the years 1 and 9999"
            raise UserError(
                f"The value in row {self._rows + at + 1:,} of column {self._name!r} of "
                f"{self._file} does not fit {range_}.",
                why=f"Its type is {self._plain}.",
                hint="Correct the value, or save the column as text.",
            )

    def _retyped(self, array: Any) -> Any:
        """The values as what the user asked for; what is no such value becomes missing."""
        if self.kind is ColumnType.TEXT:
            return array.cast(pa.string())
        if self._natural is ColumnType.INTEGER and self.kind is ColumnType.NUMBER:
            return array.cast(pa.float64(), safe=False)
        if self._natural is ColumnType.BOOLEAN and self.kind.is_numeric:
            return array.cast(pa.int8()).cast(ARROW_TYPES[self.kind])
        if self._natural is ColumnType.NUMBER and self.kind is ColumnType.INTEGER:
            array = pc.if_else(pc.is_nan(array), None, array)  # It stands for missing.
            whole = pc.and_(pc.equal(pc.floor(array), array), pc.less(pc.abs(array), 2.0**63))
            found = pc.if_else(whole, array, None).cast(pa.int64())
        elif self._natural.is_numeric and self.kind is ColumnType.BOOLEAN:
            is_bit = pc.is_in(array, value_set=pa.array([0, 1], array.type))
            found = pc.equal(pc.if_else(is_bit, array, None), 1)
        else:
            found = convert(array.cast(pa.string()), self.kind)
        lost = pc.and_(pc.is_valid(array), pc.is_null(found))
        count: Any = pc.sum(lost)
        if count.as_py():
            if not self._lost:
                at = pc.index(lost, True).as_py()
                self._first, self._example = self._rows + at + 1, str(array[at].as_py())[:40]
            self._lost += count.as_py()
        return found


def _in_microseconds(array: Any) -> Any:
    """Nanoseconds cut to microseconds, towards the past before 1970 as after it."""
    values = array.view(pa.int64()).fill_null(0).to_numpy() // 1000
    missing = array.is_null().to_numpy(False)
    return pa.array(values, mask=missing).view(pa.timestamp("us"))


def _plain_type(kind: pa.DataType) -> Any:
    """The type of the values, without how they are packed."""
    if isinstance(kind, pa.BaseExtensionType):
        return _plain_type(kind.storage_type)
    if pa.types.is_dictionary(kind) or pa.types.is_run_end_encoded(kind):
        return _plain_type(kind.value_type)
    return kind


def _plain_array(array: Any) -> Any:
    while True:
        if isinstance(array, pa.ExtensionArray):
            array = array.storage
        elif pa.types.is_dictionary(array.type):
            array = array.dictionary_decode()
        elif pa.types.is_run_end_encoded(array.type):
            array = pc.run_end_decode(array)
        else:
            return array


def _is_text(kind: Any) -> bool:
    tests = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(test(kind) for test in tests)


def _is_bytes(kind: Any) -> bool:
    types = pa.types
    tests = (types.is_binary, types.is_large_binary, types.is_binary_view)
    return any(test(kind) for test in tests) or types.is_fixed_size_binary(kind)


def _is_nested(kind: Any) -> bool:
    return pa.types.is_nested(kind) and not pa.types.is_union(kind)


def _kept_as(kind: Any) -> ColumnType | None:
    types = pa.types
    if types.is_boolean(kind):
        return ColumnType.BOOLEAN
    if types.is_integer(kind):
        return ColumnType.INTEGER
    if types.is_floating(kind) or types.is_decimal(kind) or types.is_duration(kind):
        return ColumnType.NUMBER
    if types.is_timestamp(kind) or types.is_date(kind):
        return ColumnType.DATETIME
    if _is_text(kind) or types.is_time(kind) or _is_nested(kind):
        return ColumnType.TEXT
    return None


def _json(value: object) -> object:
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} cannot be kept as text.")
