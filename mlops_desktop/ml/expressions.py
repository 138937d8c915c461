"""Expressions with types: a parsed tree checked against columns, ready for a table and for a row.

An `Expr` is what a fitted step keeps and what a model card stores (as JSON). It is evaluated for
whole columns by `ml/vectors.py` and for single rows by `ml/operations.py`, with the same answers:
- a number is finite or missing: NaN and infinities count as missing, and so does a result that is
  none (1 / 0, log(0), a sum that is too large for its type);
- a missing argument makes the result missing, but for coalesce, if, is missing;
- a comparison with a missing value is false, and so is a missing condition.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mlops_desktop.core import expressions as syntax
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.expression_nodes import Call, Literal, Name, Node
from mlops_desktop.core.expressions import quoted

INTEGER, NUMBER = ColumnType.INTEGER, ColumnType.NUMBER
BOOLEAN, TEXT, DATETIME = ColumnType.BOOLEAN, ColumnType.TEXT, ColumnType.DATETIME
SPOKEN = {
    INTEGER: "a whole number",
    NUMBER: "a number",
    BOOLEAN: "true or false",
    TEXT: "text",
    DATETIME: "a date",
}
_COMPARED = {"=": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"}
_ARITHMETIC = {"+": "add", "-": "subtract", "*": "multiply", "%": "modulo"}
_TEXT_TESTS = ("contains", "starts_with", "ends_with")
_PARTS = ("year", "quarter", "month", "day", "weekday", "hour", "minute")
_REAL = ("sqrt", "log", "log1p", "exp", "sin", "cos")
_TEXT_TO = {"lower": TEXT, "upper": TEXT, "trim": TEXT, "length": INTEGER}


@dataclass(frozen=True, slots=True)
class Expr:
    """An operation of `ml/operations.py`, its type, its arguments and what else it needs.

    op "column": value is its name. op "constant": value is a number, a text, true or false, or
    whole microseconds since 1970 (DATETIME).
    """

    op: str
    type: ColumnType
    of: tuple[Expr, ...] = ()
    value: Any = None

    def to_json(self) -> list[Any]:
        """[op, type, arguments, value]"""
        return [self.op, self.type.value, [part.to_json() for part in self.of], self.value]

    @classmethod
    def from_json(cls, plain: Sequence[Any]) -> Expr:
        op, kind, of, value = plain
        return cls(op, ColumnType(kind), tuple(map(cls.from_json, of)), value)

    @property
    def columns(self) -> tuple[tuple[str, ColumnType], ...]:
        """The columns that are read, each once."""
        if self.op == "column":
            return ((self.value, self.type),)
        return tuple(dict.fromkeys(found for part in self.of for found in part.columns))


def column(name: str, kind: ColumnType) -> Expr:
    return Expr("column", kind, (), name)


def constant(value: bool | int | float | str, kind: ColumnType | None = None) -> Expr:
    """kind: of the value itself where None; DATETIME takes ISO text or microseconds."""
    kind = kind or _literal_type(value)
    if kind is DATETIME and isinstance(value, str):
        value = _microseconds(value)
    if kind is NUMBER:
        value = float(value)
    return Expr("constant", kind, (), value)


def as_number(expr: Expr) -> Expr:
    """The expression as floats; booleans count as 0 and 1."""
    if expr.type is NUMBER:
        return expr
    if expr.op == "constant":
        return constant(float(expr.value), NUMBER)
    return Expr("number", NUMBER, (expr,))


def compiled(text: str, columns: Mapping[str, ColumnType]) -> Expr:
    """Parse a formula and check it against the columns. Raises UserError that says where."""
    return typed(syntax.parse(text), columns)


def condition(text: str, columns: Mapping[str, ColumnType]) -> Expr:
    """As compiled(), for what must be true or false."""
    found = compiled(text, columns)
    if found.type is not BOOLEAN:
        raise UserError(
            f"The condition {text!r} gives {SPOKEN[found.type]}, not true or false.",
            hint="Compare it with something, such as price > 0.",
        )
    return found


def typed(node: Node, columns: Mapping[str, ColumnType]) -> Expr:
    """The tree with the type of each part. Raises UserError for an unknown column or a type that
    an operation does not take."""
    match node:
        case Literal(value=value):
            return constant(value)
        case Name(name=name, at=at):
            if name not in columns:
                raise unknown_column(name, columns, f" (at character {at + 1})")
            return column(name, columns[name])
        case Call():
            return _Call(node, tuple(typed(part, columns) for part in node.arguments)).typed()


def unknown_column(name: str, columns: Mapping[str, object], where: str = "") -> UserError:
    """An error with the names that are near."""
    near = difflib.get_close_matches(name, columns, n=3)
    near = near or [known for known in columns if known.lower() == name.lower()]
    if near:
        hint = f"Did you mean {' or '.join(map(quoted, near))}?"
    elif len(columns) <= 12:
        hint = f"There are {', '.join(columns)}." if columns else "There are no columns left."
    else:
        hint = "Look at the columns of the table."
    return UserError(f"There is no column {name!r}{where}.", hint=hint)


def _literal_type(value: object) -> ColumnType:
    if isinstance(value, bool):
        return BOOLEAN
    if isinstance(value, int):
        return INTEGER
    return NUMBER if isinstance(value, float) else TEXT


def _microseconds(text: str) -> int:
    try:
        moment = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise UserError(
            f"{text!r} is not a date.", hint="Write it as '2024-12-31' or '2024-12-31 18:00'."
        ) from error
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    apart = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (apart.days * 86_400 + apart.seconds) * 1_000_000 + apart.microseconds


class _Call:
    """One call that is given its types."""

    def __init__(self, node: Call, parts: tuple[Expr, ...]) -> None:
        self._name = node.function
        self._at = node.at
        self._parts = parts

    def typed(self) -> Expr:
        name, parts = self._name, self._parts
        if name in _COMPARED:
            return Expr(_COMPARED[name], BOOLEAN, self._alike(parts))
        if name in ("and", "or", "not"):
            return Expr(name, BOOLEAN, tuple(map(self._truth, parts)))
        if name in ("missing", "present"):
            return Expr(name, BOOLEAN, parts)
        if name in ("in", "not in"):
            return self._among()
        if name == "-" and parts[0].type is parts[1].type is DATETIME:
            return Expr("days", NUMBER, parts)
        if name in _ARITHMETIC:
            kind, parts = self._numbers()
            return Expr(_ARITHMETIC[name], kind, parts)
        if name in ("negate", "abs"):
            kind, parts = self._numbers()
            return Expr(name, kind, parts)
        if name in ("/", "^"):
            op = "divide" if name == "/" else "power"
            return Expr(op, NUMBER, tuple(map(self._real, parts)))
        if name in _REAL:
            return Expr(name, NUMBER, (self._real(parts[0]),))
        if name in ("floor", "ceil", "round"):
            return self._rounded()
        if name in ("min", "max"):
            alike = self._alike(parts)
            if alike[0].type is TEXT:
                raise self._wrong(parts[0], "numbers or dates")
            if alike[0].type is BOOLEAN:
                alike = tuple(map(_as_integer, alike))
            return Expr(name, alike[0].type, alike)
        if name in ("coalesce", "if"):
            tested = (self._truth(parts[0]),) if name == "if" else ()
            alike = self._alike(parts[len(tested) :])
            return Expr(name, alike[0].type, tested + alike)
        if name in _TEXT_TO:
            return Expr(name, _TEXT_TO[name], (self._of(TEXT, parts[0]),))
        if name in _TEXT_TESTS:
            searched = self._of(TEXT, parts[1])
            if searched.op != "constant":
                raise self._wrong(searched, "a text in quotes as the second argument")
            return Expr(name, BOOLEAN, (self._of(TEXT, parts[0]),), searched.value)
        assert name in _PARTS, name
        return Expr(name, INTEGER, (self._of(DATETIME, parts[0]),))

    def _among(self) -> Expr:
        looked, *values = self._alike(self._parts)
        plain = sorted({value.value for value in values})
        return Expr(self._name.replace(" ", "_"), BOOLEAN, (looked,), plain)

    def _rounded(self) -> Expr:
        number, *digits = self._parts
        if not digits:
            kind, (number,) = self._numbers()
            return number if kind is INTEGER else Expr(self._name, INTEGER, (number,))
        [places] = digits
        if places.op != "constant" or places.type is not INTEGER or not -15 <= places.value <= 15:
            raise self._wrong(places, "a whole number of digits from -15 to 15")
        return Expr("round_to", NUMBER, (self._real(number),), places.value)

    def _numbers(self) -> tuple[ColumnType, tuple[Expr, ...]]:
        """The parts as whole numbers where all are, else as floats."""
        for part in self._parts:
            if part.type in (TEXT, DATETIME):
                raise self._wrong(part, "numbers")
        if any(part.type is NUMBER for part in self._parts):
            return NUMBER, tuple(map(as_number, self._parts))
        return INTEGER, tuple(map(_as_integer, self._parts))

    def _real(self, part: Expr) -> Expr:
        if part.type in (TEXT, DATETIME):
            raise self._wrong(part, "numbers")
        return as_number(part)

    def _truth(self, part: Expr) -> Expr:
        return self._of(BOOLEAN, part)

    def _of(self, kind: ColumnType, part: Expr) -> Expr:
        if part.type is not kind:
            raise self._wrong(part, SPOKEN[kind])
        return part

    def _alike(self, parts: tuple[Expr, ...]) -> tuple[Expr, ...]:
        """The parts as one type: whole numbers as numbers, quoted texts as dates where needed."""
        kinds = {part.type for part in parts}
        if len(kinds) == 1:
            return parts
        if kinds <= {INTEGER, NUMBER, BOOLEAN}:
            return tuple(map(as_number if NUMBER in kinds else _as_integer, parts))
        if kinds == {TEXT, DATETIME}:
            texts = [part for part in parts if part.type is TEXT]
            if all(part.op == "constant" for part in texts):
                return tuple(
                    constant(part.value, DATETIME) if part.type is TEXT else part for part in parts
                )
        first = parts[0]
        other = next(part for part in parts if part.type is not first.type)
        raise UserError(
            f"{self._shown} at character {self._at + 1} is given {SPOKEN[first.type]} and "
            f"{SPOKEN[other.type]}.",
            why=f"{_described(first)} is {SPOKEN[first.type]}, "
            f"{_described(other)} is {SPOKEN[other.type]}.",
            hint="Texts stand in 'quotes', numbers do not; the step Change the type turns one "
            "into the other.",
        )

    def _wrong(self, part: Expr, wanted: str) -> UserError:
        return UserError(
            f"{self._shown} at character {self._at + 1} takes {wanted}.",
            why=f"{_described(part)} is {SPOKEN[part.type]}.",
            hint="Choose another column, or change its type in a step before.",
        )

    @property
    def _shown(self) -> str:
        return {"negate": "-", "missing": "is missing"}.get(self._name, self._name)


def _as_integer(expr: Expr) -> Expr:
    if expr.type is INTEGER:
        return expr
    if expr.op == "constant":
        return constant(int(expr.value), INTEGER)
    return Expr("integer", INTEGER, (expr,))


def _described(part: Expr) -> str:
    if part.op == "column":
        return f"`{part.value}`"
    return repr(part.value) if part.op == "constant" else "A part of the formula"
