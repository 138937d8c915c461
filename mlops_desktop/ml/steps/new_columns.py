"""Steps that make columns out of others, rename them or leave them out."""

from __future__ import annotations

import math
from functools import reduce

from mlops_desktop.core.errors import UserError
from mlops_desktop.ml.expressions import (
    DATETIME,
    INTEGER,
    NUMBER,
    Expr,
    as_number,
    compiled,
    constant,
)
from mlops_desktop.ml.fitted import FittedStep
from mlops_desktop.ml.steps.context import NUMBERS, Planned, made


def rename(step: Planned) -> FittedStep:
    part = step.one(step.settings["column"])
    name = step.new(step.settings["into"])
    return step.done(made(name, part, instead_of=part.value))


def drop_columns(step: Planned) -> FittedStep:
    parts = step.chosen()
    if len(parts) == len(step.columns):
        raise UserError("It drops all columns.", hint="Keep one at least.")
    return step.done(drops=tuple(part.value for part in parts))


def bin_(step: Planned) -> FittedStep:
    part = step.one(step.settings["column"], *NUMBERS)
    edges, count = step.settings["edges"], step.settings["count"]
    if (edges is None) == (count is None):
        raise UserError("It needs either edges or a count of bins.", hint="Set one of them.")
    name = step.new(step.settings["into"], part.value)
    if edges is not None:
        return step.done(made(name, _binned(part, list(map(float, edges)))))
    if not 2 <= count <= 1000:
        raise UserError(f"The count of bins is {count}.", hint="Use 2 to 1000.")
    learnt = step.learn.edges(part.value, count)
    return step.done(made(name, _binned(part, learnt)), learnt={name: learnt})


def _binned(part: Expr, edges: list[float]) -> Expr:
    return Expr("bin", INTEGER, (as_number(part),), edges)


def log(step: Planned) -> FittedStep:
    parts = step.chosen(INTEGER, NUMBER)
    return step.done(*(made(p.value, Expr("log1p", NUMBER, (as_number(p),))) for p in parts))


def ratio(step: Planned) -> FittedStep:
    parts = [step.one(step.settings[key], *NUMBERS) for key in ("column", "by")]
    name = step.new(step.settings["into"], *(part.value for part in parts))
    return step.done(made(name, Expr("divide", NUMBER, tuple(map(as_number, parts)))))


def sum_(step: Planned) -> FittedStep:
    parts = step.chosen(*NUMBERS)
    name = step.new(step.settings["into"], *(part.value for part in parts))
    whole = all(part.type is not NUMBER for part in parts)
    kind = INTEGER if whole else NUMBER
    alike = [_whole(part) if whole else as_number(part) for part in parts]
    return step.done(made(name, reduce(lambda a, b: Expr("add", kind, (a, b)), alike)))


def difference(step: Planned) -> FittedStep:
    one, two = (step.one(step.settings[key], *NUMBERS, DATETIME) for key in ("column", "less"))
    name = step.new(step.settings["into"], one.value, two.value)
    if DATETIME in (one.type, two.type):
        if one.type is not two.type:
            raise UserError(
                "One of the columns holds dates, the other does not.", hint="Choose two of a kind."
            )
        return step.done(made(name, Expr("days", NUMBER, (one, two))))
    if NUMBER in (one.type, two.type):
        return step.done(made(name, Expr("subtract", NUMBER, (as_number(one), as_number(two)))))
    return step.done(made(name, Expr("subtract", INTEGER, (_whole(one), _whole(two)))))


def _whole(part: Expr) -> Expr:
    return part if part.type is INTEGER else Expr("integer", INTEGER, (part,))


def date_parts(step: Planned) -> FittedStep:
    part = step.one(step.settings["column"], DATETIME)
    return step.done(
        *(
            made(step.new(f"{part.value}_{name}"), Expr(name, INTEGER, (part,)))
            for name in step.settings["parts"]
        )
    )


def cyclic(step: Planned) -> FittedStep:
    part = step.one(step.settings["column"], INTEGER, NUMBER)
    period = step.settings["period"]
    if period <= 0:
        raise UserError(f"The period is {period}.", hint="24 for hours, 7 for weekdays.")
    turn = constant(2 * math.pi / period, NUMBER)
    angle = Expr("multiply", NUMBER, (as_number(part), turn))
    return step.done(
        *(
            made(step.new(f"{part.value}_{name}"), Expr(name, NUMBER, (angle,)))
            for name in ("sin", "cos")
        )
    )


def formula(step: Planned) -> FittedStep:
    found = compiled(step.settings["formula"], step.columns)
    name = step.new(step.settings["into"], *(read for read, _ in found.columns))
    return step.done(made(name, found))
