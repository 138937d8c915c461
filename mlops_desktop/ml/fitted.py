"""Fitted steps: what a feature step has learnt, as the columns that it makes. Free of pyarrow.

A fitted step is the whole of a feature step: training, batch scoring and serving read the same
ones, from the model card. Each column that it makes is one expression over the columns before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.steps import StepKind
from mlops_desktop.ml.expressions import Expr


@dataclass(frozen=True, slots=True)
class Made:
    """A column that a step makes, or makes anew. instead_of: the column whose place it takes."""

    column: Column
    expression: Expr
    instead_of: str = ""


@dataclass(frozen=True, slots=True)
class FittedStep:
    """makes: all from the columns before the step. drops: the columns that end with it.

    learnt: what the training rows taught, by column, for people to read (a median, the values
    that are not rare); the expressions hold it already.
    """

    kind: StepKind
    makes: tuple[Made, ...] = ()
    drops: tuple[str, ...] = ()
    learnt: dict[str, Any] = field(default_factory=dict)

    @property
    def reads(self) -> tuple[str, ...]:
        """The columns that it needs."""
        return tuple(dict.fromkeys(n for made in self.makes for n, _ in made.expression.columns))

    def to_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind.value,
            "makes": [
                {
                    "name": made.column.name,
                    "type": made.column.type.value,
                    "from": made.expression.to_json(),
                    **({"instead_of": made.instead_of} if made.instead_of else {}),
                }
                for made in self.makes
            ],
            "drops": list(self.drops),
            "learnt": self.learnt,
        }

    @classmethod
    def from_json(cls, plain: dict[str, Any]) -> FittedStep:
        makes = tuple(
            Made(
                Column(item["name"], ColumnType(item["type"])),
                Expr.from_json(item["from"]),
                item.get("instead_of", ""),
            )
            for item in plain["makes"]
        )
        return cls(StepKind(plain["kind"]), makes, tuple(plain["drops"]), dict(plain["learnt"]))

    def after(self, columns: Iterable[Column]) -> tuple[Column, ...]:
        """The columns after the step, in their order: new ones come last."""
        anew = {made.column.name: made.column for made in self.makes if not made.instead_of}
        renamed = {made.instead_of: made.column for made in self.makes if made.instead_of}
        found = []
        for column in columns:
            if column.name in renamed:
                found.append(renamed[column.name])
            elif column.name not in self.drops:
                found.append(anew.pop(column.name, column))
        return (*found, *anew.values())


def sources_of(fitted: Sequence[FittedStep]) -> dict[str, frozenset[str]]:
    """For each column that the steps have made, all columns on the way to it."""
    found: dict[str, frozenset[str]] = {}
    for step in fitted:
        made = {}
        for one in step.makes:
            reads = [name for name, _ in one.expression.columns]
            made[one.column.name] = frozenset(reads).union(*(found.get(n, ()) for n in reads))
        found = {name: value for name, value in found.items() if name not in step.drops} | made
    return found


def needed(
    fitted: Sequence[FittedStep], outputs: Sequence[str]
) -> tuple[tuple[str, ...], tuple[FittedStep, ...]]:
    """The raw columns and the steps that are needed to make the named columns.

    Steps that make several columns are cut down to those that matter; steps that only drop
    columns matter never.
    """
    wanted = dict.fromkeys(outputs)
    steps: list[FittedStep] = []
    for step in reversed(fitted):
        makes = tuple(made for made in step.makes if made.column.name in wanted)
        if not makes:
            continue
        names = {made.column.name for made in makes}
        cut = replace(
            step,
            makes=makes,
            drops=(),
            learnt={name: value for name, value in step.learnt.items() if name in names},
        )
        steps.append(cut)
        wanted = dict.fromkeys(n for n in wanted if n not in names) | dict.fromkeys(cut.reads)
    return tuple(wanted), tuple(reversed(steps))
