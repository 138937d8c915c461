"""Which columns a deployment does not record, or records only as a keyed hash."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mlops_desktop.core.errors import UserError
from mlops_desktop.core.models import Signature


@dataclass(frozen=True, slots=True)
class Privacy:
    """drop: columns of which nothing is recorded. hash: of which a keyed hash is, so that equal
    values can be told, and nothing else."""

    drop: tuple[str, ...] = ()
    hash: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.drop, *self.hash)


def checked_privacy(signature: Signature, drop: Sequence[str], hashed: Sequence[str]) -> Privacy:
    """The settings, each column once. Raises UserError for columns that cannot be hidden."""
    known = [field.name for field in signature.inputs]
    for name in (*drop, *hashed):
        if name not in known:
            raise UserError(
                f"The model takes no column {name!r}.", hint=f"It takes {', '.join(known)}."
            )
        if name == signature.time_column:
            raise UserError(
                f"{name} has to be recorded.",
                why="It is the time by which monitoring cuts the predictions into windows.",
            )
    if both := sorted(set(drop) & set(hashed)):
        raise UserError(
            f"{both[0]} cannot be both left out and hashed.", hint="Name it in one place."
        )
    return Privacy(tuple(dict.fromkeys(drop)), tuple(dict.fromkeys(hashed)))
