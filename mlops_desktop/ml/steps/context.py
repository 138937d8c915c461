"""What a feature step is planned from: its settings, the columns before it, what can be learnt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.expressions import quoted
from mlops_desktop.core.steps import StepKind
from mlops_desktop.ml.expressions import SPOKEN, Expr, column, unknown_column
from mlops_desktop.ml.fitted import FittedStep, Made

NUMBERS = (ColumnType.INTEGER, ColumnType.BOOLEAN, ColumnType.NUMBER)


class Learner(Protocol):
    """Answers what a step asks of the training rows; None where a column has no value.

    Whole numbers and dates (as microseconds) stay what they are: of two middle values, say, the
    lower one is the median.
    """

    def median(self, name: str, kind: ColumnType) -> Any: ...

    def mean(self, name: str) -> float | None: ...

    def most_frequent(self, name: str, kind: ColumnType) -> Any: ...

    def quantile(self, name: str, kind: ColumnType, share: float) -> Any: ...

    def common(self, name: str, share: float) -> list[str]:
        """The texts that make up at least that share of what is not missing, in order."""
        ...

    def edges(self, name: str, bins: int) -> list[float]:
        """The limits between so many bins of equally many values."""
        ...


@dataclass(frozen=True, slots=True)
class Planned:
    """One feature step while it is planned. columns: those before it, in their order."""

    kind: StepKind
    settings: dict[str, Any]
    columns: Mapping[str, ColumnType]
    learn: Learner

    def chosen(self, *kinds: ColumnType) -> list[Expr]:
        """The columns of the setting `columns`. kinds: that the step takes, any where none."""
        return [self.one(name, *kinds) for name in self.settings["columns"]]

    def one(self, name: str, *kinds: ColumnType) -> Expr:
        """A column by name. Raises UserError where it is not there or of another type."""
        if name not in self.columns:
            raise unknown_column(name, self.columns)
        found = self.columns[name]
        if kinds and found not in kinds:
            told = [kind for kind in kinds if kind not in NUMBERS or kind is NUMBERS[-1]]
            wanted = " or ".join(SPOKEN[kind] for kind in told or kinds)
            raise UserError(
                f"{quoted(name)} holds {SPOKEN[found]}, and the step takes {wanted}.",
                hint="Choose another column, or change its type in a step before.",
            )
        return column(name, found)

    def new(self, name: str, *replaceable: str) -> str:
        """A name for a new column. Raises UserError where another column than the replaceable
        ones has it."""
        if name in self.columns and name not in replaceable:
            raise UserError(
                f"There is a column {quoted(name)} already.", hint="Give the new one another name."
            )
        return name

    def done(
        self, *makes: Made, drops: tuple[str, ...] = (), learnt: dict[str, Any] | None = None
    ) -> FittedStep:
        """The step with what it makes. learnt: by column."""
        names = [made.column.name for made in makes]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise UserError(f"Two new columns would be called {quoted(twice)}.")
        return FittedStep(self.kind, makes, drops, learnt or {})


def made(name: str, expression: Expr, instead_of: str = "") -> Made:
    return Made(Column(name, expression.type), expression, instead_of)
