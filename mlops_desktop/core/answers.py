"""What the user decided about warnings of a dataset, and which columns a training leaves out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from mlops_desktop.core.datasets import Column, DataWarning, WarningKind


class Answer(StrEnum):
    LEAVE_OUT = "leave out"
    KEEP = "keep"


Answers = Mapping[str, Answer]  # By key_of(warning).
ASKED = frozenset({WarningKind.LEAK, WarningKind.IDENTIFIER})


@dataclass(frozen=True, slots=True)
class Decision:
    """One column that may be learnt from. kind and reason are those of the worst warning of it."""

    column: Column
    leave_out: bool = False
    kind: WarningKind | None = None
    reason: str = ""


def key_of(warning: DataWarning) -> str:
    """What names the same finding in every version of a dataset."""
    return ":".join([warning.kind.value, *warning.columns])


def decisions(
    columns: Sequence[Column], warnings: Sequence[DataWarning], target: str, answers: Answers
) -> list[Decision]:
    """What the warnings and their answers mean for predicting target: one entry a column.

    Leaks with the target and identifiers are left out unless the answer is to keep them. A
    constant stays an input: it is recorded, and retraining can learn from it once it varies.
    Those with a reason come first.
    """
    found: dict[str, Decision] = {}
    known = {column.name: column for column in columns}
    for warning in warnings:
        answer = answers.get(key_of(warning))
        concerned = list(warning.columns)
        leave_out = warning.kind in ASKED and answer is not Answer.KEEP
        if warning.kind is WarningKind.LEAK and target not in warning.columns:
            # The columns repeat each other, not the target: all but one are only ballast.
            concerned = concerned[:-1]
            leave_out = answer is Answer.LEAVE_OUT
        elif warning.kind is WarningKind.LEAK and target != concerned[-1]:
            # A part is predicted: without the sum, the other parts tell nothing of it.
            concerned = concerned[-1:]
        for name in concerned:
            if name == target or name not in known:
                continue
            before = found.get(name)
            if before is None or (leave_out and not before.leave_out):
                found[name] = Decision(known[name], leave_out, warning.kind, warning.what)
    rest = [Decision(c) for c in columns if c.name not in found and c.name != target]
    return [*found.values(), *rest]
