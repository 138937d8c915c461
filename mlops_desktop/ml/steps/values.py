"""Steps that mend values where they are: read, fill, clip, change the type, replace, group."""

from __future__ import annotations

from typing import Any

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.expressions import quoted
from mlops_desktop.ml import moments
from mlops_desktop.ml.casts import CASTS
from mlops_desktop.ml.expressions import (
    BOOLEAN,
    DATETIME,
    INTEGER,
    NUMBER,
    SPOKEN,
    TEXT,
    Expr,
    as_number,
    constant,
)
from mlops_desktop.ml.fitted import FittedStep
from mlops_desktop.ml.steps.context import Planned, made

_FILLED = {"median": (INTEGER, NUMBER, DATETIME), "mean": (INTEGER, NUMBER)}


def parse_number(step: Planned) -> FittedStep:
    decimal = step.settings["decimal"]
    makes = []
    for part in step.chosen(TEXT, INTEGER, NUMBER):
        read = Expr("parse_number", NUMBER, (part,), decimal) if part.type is TEXT else part
        makes.append(made(part.value, as_number(read)))
    return step.done(*makes)


def parse_date(step: Planned) -> FittedStep:
    form = step.settings["format"] or ""
    moments.reader(form)  # Raises where nothing can be read by it.
    makes = []
    for part in step.chosen(TEXT, INTEGER, DATETIME):
        text = Expr("cast", TEXT, (part,)) if part.type is INTEGER else part
        read = part if part.type is DATETIME else Expr("parse_date", DATETIME, (text,), form)
        makes.append(made(part.value, read))
    return step.done(*makes)


def fill(step: Planned) -> FittedStep:
    how, learnt, makes = step.settings["with"], dict[str, Any](), []
    for column in step.chosen(*_FILLED.get(how, ())):
        name, part = column.value, as_number(column) if how == "mean" else column
        value = _filling(step, how, name, part.type)
        if how != "value":
            learnt[name] = _shown(value, part.type)
        if value is not None:  # A column without any value stays empty.
            part = Expr("coalesce", part.type, (part, constant(value, part.type)))
        makes.append(made(name, part))
    return step.done(*makes, learnt=learnt)


def _filling(step: Planned, how: str, name: str, kind: ColumnType) -> Any:
    match how:
        case "median":
            return step.learn.median(name, kind)
        case "mean":
            return step.learn.mean(name)
        case "most_frequent":
            return step.learn.most_frequent(name, kind)
        case _:
            return _given(step, name, kind)


def _given(step: Planned, name: str, kind: ColumnType) -> Any:
    value = step.settings["value"]
    if value is None:
        raise UserError("Value is missing.", hint="Set value, or fill with median or another.")
    return fitting(value, name, kind)


def fitting(value: Any, name: str, kind: ColumnType) -> Any:
    """A value that someone wrote, as the column's type; microseconds for a date. Raises UserError
    where it is of another type."""
    if kind is DATETIME and isinstance(value, str):
        return constant(value, DATETIME).value
    fits = {
        INTEGER: type(value) is int and -(2**63) <= value < 2**63,
        NUMBER: type(value) in (int, float),
        BOOLEAN: type(value) is bool,
        TEXT: type(value) is str,
    }
    if not fits.get(kind, False):
        hint = {TEXT: f"Write it in quotes: '{value}'.", INTEGER: "Or change its type before."}
        raise UserError(
            f"{quoted(name)} holds {SPOKEN[kind]}, and {value!r} is none.",
            hint=hint.get(kind, "Write a value of its type."),
        )
    return float(value) if kind is NUMBER else value


def _shown(value: Any, kind: ColumnType) -> Any:
    """What was learnt, for people and JSON."""
    if kind is DATETIME and value is not None:
        found = moments.from_microseconds(value)
        return None if found is None else found.isoformat()
    return value


def clip(step: Planned) -> FittedStep:
    settings, learnt, makes = step.settings, dict[str, Any](), []
    ends = [(end, settings[end], settings[f"{end}_share"]) for end in ("low", "high")]
    if all(limit is None and share is None for _, limit, share in ends):
        raise UserError("It has no limit.", hint="Set low, high, low_share or high_share.")
    for end, limit, share in ends:
        if limit is not None and share is not None:
            raise UserError(f"Both {end} and {end}_share are set.", hint="Leave one of them out.")
        if share is not None and not 0 <= share <= 1:
            raise UserError(f"{end}_share is {share}.", hint="A share is between 0 and 1.")
    for low, high in ((settings["low"], settings["high"]), (ends[0][2], ends[1][2])):
        if low is not None and high is not None and low > high:
            raise UserError(
                f"The lowest, {low}, is above the highest, {high}.", hint="Exchange them."
            )
    for part in step.chosen(INTEGER, NUMBER):
        name, kind, found = part.value, part.type, part
        for end, limit, share in ends:
            if share is not None:
                limit = step.learn.quantile(name, kind, share)  # noqa: PLW2901
                learnt.setdefault(name, {})[end] = limit
            if limit is not None:
                found = _limited(found, "max" if end == "low" else "min", limit)
        makes.append(made(name, found))
    return step.done(*makes, learnt=learnt)


def _limited(part: Expr, op: str, limit: float) -> Expr:
    if part.type is INTEGER and float(limit).is_integer() and -(2**63) <= limit < 2**63:
        return Expr(op, INTEGER, (part, constant(int(limit), INTEGER)))
    return Expr(op, NUMBER, (as_number(part), constant(limit, NUMBER)))


def cast(step: Planned) -> FittedStep:
    to = ColumnType(step.settings["to"])
    makes = []
    for part in step.chosen():
        if part.type is not to and (part.type, to) not in CASTS:
            raise UserError(
                f"{quoted(part.value)} holds {SPOKEN[part.type]}, which cannot become "
                f"{SPOKEN[to]}.",
                hint="Use Parts of a date or Difference for dates."
                if DATETIME in (part.type, to)
                else "Choose another type.",
            )
        makes.append(made(part.value, part if part.type is to else Expr("cast", to, (part,))))
    return step.done(*makes)


def map_values(step: Planned) -> FittedStep:
    part = step.one(step.settings["column"], TEXT, INTEGER, NUMBER, BOOLEAN)
    name, kind, values = part.value, part.type, step.settings["values"]
    keep = step.settings["other"] == "keep"
    old = [_old(key, name, kind) for key in values]
    to = _common_type([new for new in values.values() if new is not None])
    if keep and to is NUMBER and kind is INTEGER:
        part = as_number(part)
    elif keep and to is not None and to is not kind and (to, kind) != (INTEGER, NUMBER):
        raise UserError(
            f"{quoted(name)} holds {SPOKEN[kind]}, and its new values are {SPOKEN[to]}.",
            why="All others are kept, and a column has one type.",
            hint="Set other to missing, or give new values of the same type.",
        )
    to = part.type if keep else to or kind
    pairs = [
        [float(key) if part.type is NUMBER else key, _as(to, new)]
        for key, new in zip(old, values.values(), strict=True)
    ]
    return step.done(made(name, Expr("lookup", to, (part,), [pairs, keep, None])))


def _as(kind: ColumnType, value: Any) -> Any:
    return float(value) if kind is NUMBER and value is not None else value


def _old(key: str, name: str, kind: ColumnType) -> Any:
    try:
        match kind:
            case ColumnType.INTEGER:
                return int(key)
            case ColumnType.NUMBER:
                return float(key)
            case ColumnType.BOOLEAN:
                return {"true": True, "false": False}[key.lower()]
            case _:
                return key
    except (KeyError, ValueError) as error:
        raise UserError(
            f"{quoted(name)} holds {SPOKEN[kind]}, and the old value {key!r} is none.",
            hint="Write the values as the table shows them.",
        ) from error


def _common_type(values: list[Any]) -> ColumnType | None:
    kinds = {constant(value).type for value in values}
    if kinds == {INTEGER, NUMBER}:
        return NUMBER
    if len(kinds) > 1:
        raise UserError(
            "The new values are of different types.",
            why=" and ".join(sorted(SPOKEN[kind] for kind in kinds)),
            hint="A column has one type: put texts in quotes.",
        )
    return next(iter(kinds), None)


def group_rare(step: Planned) -> FittedStep:
    part = step.one(step.settings["column"], TEXT)
    share, name = step.settings["share"], step.settings["name"]
    if not 0 < share < 1:
        raise UserError(f"Rarer than is {share}.", hint="A share is between 0 and 1: 0.01 is 1 %.")
    kept = step.learn.common(part.value, share)
    lookup = Expr("lookup", TEXT, (part,), [[[value, value] for value in kept], False, name])
    return step.done(made(part.value, lookup), learnt={part.value: kept})
