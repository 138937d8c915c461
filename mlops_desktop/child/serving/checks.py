"""Are these rows what the model's signature asks for? Each kind of fault has one answer.

| what came                         | answer                                             |
| --------------------------------- | -------------------------------------------------- |
| a column is missing               | 400, named                                         |
| a column that the model lacks     | ignored, not recorded                              |
| columns in another order          | put in order by name                               |
| null                              | a missing value; 400 where training had none       |
| NaN                               | as null: MLflow's own clients write it             |
| n/a, blanks in a cell of CSV      | as null, but in text: as an import takes it        |
| Infinity                          | 400: JSON has none                                 |
| text for a number, 1.5 for integer| 400 with column, row, value and expectation        |
| 1e30 for an integer               | 400 with the range of 64 bits                      |
| 3 for a number, 3.0 for an integer| taken                                              |
| a category not seen in training   | answered and counted                               |
| a number outside training's range | answered (monitoring tells of it)                  |
| a time that is not ISO 8601       | 400                                                |
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from operator import contains
from typing import NamedTuple

from mlops_desktop.child.serving.refused import Refused
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.models import Field, Signature

Rows = list[list[object]]
DEPTH_LIMIT = 32
_SHOWN = 60
_FITTING_LIMIT = 256

TYPES: dict[ColumnType, frozenset[type]] = {
    ColumnType.NUMBER: frozenset({int, float}),
    ColumnType.INTEGER: frozenset({int}),
    ColumnType.BOOLEAN: frozenset({bool}),
    ColumnType.TEXT: frozenset({str}),
    ColumnType.DATETIME: frozenset({str}),
}
EXPECTED = {
    ColumnType.NUMBER: "a number",
    ColumnType.INTEGER: "a whole number",
    ColumnType.BOOLEAN: "true or false",
    ColumnType.TEXT: "text",
    ColumnType.DATETIME: 'a time as ISO 8601 text, such as "2026-11-24T10:00:00"',
}


class Checked(NamedTuple):
    """unseen: categories not seen in training, by column. settled: whether a value was changed."""

    unseen: dict[str, int]
    settled: bool


def merged(parts: Iterable[Checked]) -> Checked:
    """What was found in several parts of a request."""
    unseen: Counter[str] = Counter()
    settled = False
    for part in parts:
        unseen.update(part.unseen)
        settled = settled or part.settled
    return Checked(dict(unseen), settled)


class RowChecker:
    """Puts rows in the signature's order and checks every value."""

    def __init__(self, signature: Signature) -> None:
        self.fields = signature.inputs
        self.columns = [field.name for field in signature.inputs]
        self._allowed = [
            TYPES[field.type] | {type(None)} if field.nullable else TYPES[field.type]
            for field in self.fields
        ]
        self._times = [i for i, f in enumerate(self.fields) if f.type is ColumnType.DATETIME]
        self._known = {
            index: frozenset(field.categories) | {None}
            for index, field in enumerate(self.fields)
            if field.categories is not None and field.type is ColumnType.TEXT
        }
        self._known_sets = list(self._known.values())
        self._fitting: set[tuple[type, ...]] = set()
        self._orders: dict[tuple[str, ...], list[int]] = {}

    def arrange(self, columns: list[str], rows: Rows) -> Rows:
        """The rows with exactly the model's columns, in its order."""
        if columns == self.columns:
            return rows
        order = self.order(columns)
        width = len(columns)
        for number, row in enumerate(rows):
            if len(row) != width:
                raise Refused(400, f"Row {number} has {len(row)} values for {width} columns.")
        if width > len(order):
            used = set(order)
            ignored = [index for index in range(width) if index not in used]
            for row in rows:
                for index in ignored:
                    check_depth(row[index])
        return [[row[index] for index in order] for row in rows]

    def check(self, rows: Rows) -> Checked:
        """Refuse rows that break a rule, by the first that does.

        Values that mean the same are settled in place (3.0 becomes 3 in an integer column).
        """
        settled = False
        for number, row in enumerate(rows):
            settled = self._check_row(number, row) or settled
        unseen: dict[str, int] = {}
        for row in rows:
            if all(map(contains, self._known_sets, map(row.__getitem__, self._known))):
                continue
            for index, known in self._known.items():
                if row[index] not in known:
                    name = self.columns[index]
                    unseen[name] = unseen.get(name, 0) + 1
        return Checked(unseen, settled)

    def order(self, columns: list[str]) -> list[int]:
        """The places of the model's columns among those that came."""
        key = tuple(columns)
        found = self._orders.get(key)
        if found is not None:
            return found
        if len(set(columns)) != len(columns):
            twice = next(name for name in columns if columns.count(name) > 1)
            raise Refused(400, f"Column {shown(twice)} is given twice.")
        place = {name: index for index, name in enumerate(columns)}
        missing = [name for name in self.columns if name not in place]
        if missing:
            raise Refused(400, missing_text(missing))
        order = [place[name] for name in self.columns]
        if len(self._orders) < 64 and len(columns) < 1000:
            self._orders[key] = order
        return order

    def _check_row(self, number: int, row: list[object]) -> bool:
        """True where a value was settled."""
        types = tuple(map(type, row))
        settled = False
        if types not in self._fitting:
            if len(row) != len(self._allowed):
                raise Refused(
                    400, f"Row {number} has {len(row)} values for {len(self._allowed)} columns."
                )
            for index, field in enumerate(self.fields):
                if types[index] not in self._allowed[index]:
                    row[index] = _settled(field, row[index], number)
                    settled = True
            if not settled and len(self._fitting) < _FITTING_LIMIT:
                self._fitting.add(types)
        for index in self._times:
            if row[index] is not None and not is_time(row[index]):
                raise _unfit(self.fields[index], row[index], number)
        return settled


def _settled(field: Field, value: object, number: int) -> object:
    if value is None:
        raise Refused(
            400,
            f"Column {shown(field.name)}, row {number}: null, but this model was trained without "
            f"missing values here; expected {EXPECTED[field.type]}.",
        )
    if field.type is ColumnType.INTEGER and isinstance(value, float):
        if is_whole(value):
            return int(value)
        if value.is_integer():
            raise Refused(
                400,
                f"Column {shown(field.name)}, row {number}: {shown(value)} is too "
                f"{'large' if value > 0 else 'small'}; whole numbers here go from {-(2**63)} "
                f"to {2**63 - 1}.",
            )
    raise _unfit(field, value, number)


def is_whole(value: float) -> bool:
    """True where it stands for an integer: more is none in any table, nor in the record."""
    return value.is_integer() and abs(value) < 2**63


def _unfit(field: Field, value: object, number: int) -> Refused:
    return Refused(
        400,
        f"Column {shown(field.name)}, row {number}: {shown(value)} is not {EXPECTED[field.type]}.",
    )


def is_time(text: object) -> bool:
    """True for ISO 8601 text that stands for a moment."""
    try:
        moment = datetime.fromisoformat(str(text))
        if moment.tzinfo is not None:
            moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return False
    return True


def missing_text(missing: Sequence[str]) -> str:
    names = ", ".join(shown(name) for name in missing[:10])
    more = f" and {len(missing) - 10} more" if len(missing) > 10 else ""
    return (
        f"Missing column{'s' if len(missing) > 1 else ''} {names}{more}. "
        "Send every input of the model; null where a value is not known."
    )


def shown(value: object) -> str:
    """A value as an error shows it: quoted, and short."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, list):
        return "a list"
    if isinstance(value, dict):
        return "an object"
    text = value if isinstance(value, str) else str(value)
    text = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return f'"{text}"' if isinstance(value, str) else text


def check_depth(value: object, left: int = DEPTH_LIMIT) -> None:
    """Refuse what is nested deeper than the limit, in parts that no other rule looks at."""
    if not isinstance(value, (dict, list)):
        return
    if left == 0:
        raise Refused(400, f"The body is nested deeper than {DEPTH_LIMIT} levels.")
    for item in value.values() if isinstance(value, dict) else value:
        check_depth(item, left - 1)
