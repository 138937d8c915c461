"""What a step does to some rows: the tables before and after it side by side, changes marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from mlops_desktop.core.recipes import Step
from mlops_desktop.ml import arrow_vectors, recipe, vectors
from mlops_desktop.ml.expressions import TEXT, Expr, column
from mlops_desktop.ml.fitted import FittedStep

Mask = npt.NDArray[np.bool_]
Places = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Preview:
    """Steps on a sample of a version's rows. All counts are of the sample.

    before, after: pages of the same rows, side by side; a row that is not in one of them (dropped,
    or added from another version) is empty there: was, kept say so. rows: the number of each row
    in the raw table (from 1; beyond its end those of concatenated versions).
    changed: for each column that has changes, where on the page; a value that only became another
    type ('12' to 12) is no change. changed_cells: how many in the sample, by column.
    renamed: new name to old one. learnt: what each of the steps learnt from the sample, by column.
    sampled of total rows were looked at.
    """

    before: pa.Table
    after: pa.Table
    was: Mask
    kept: Mask
    rows: Places
    changed: dict[str, Mask]
    changed_cells: dict[str, int]
    rows_before: int
    rows_after: int
    added: tuple[str, ...]
    removed: tuple[str, ...]
    renamed: dict[str, str]
    learnt: dict[str, Any]
    sampled: int
    total: int

    @property
    def is_whole(self) -> bool:
        """False where it shows a part of the rows only."""
        return self.sampled == self.total


def preview(
    table: pa.Table,
    steps: Sequence[Step],
    others: Mapping[str, pa.Table],
    total: int,
    *,
    start: int,
    rows: int,
    changes_only: bool,
) -> Preview:
    """What the steps from `start` on do to what those before have made of the table.

    total: rows of the whole version and of those that are concatenated. rows: of the page.
    changes_only: the page holds rows that change, go or come. Raises UserError as recipe.check().
    """
    first, second = (recipe.apply(table, some, others) for some in (steps[:start], steps))
    every = np.union1d(first.rows, second.rows)
    old, new = _places(first.rows, every), _places(second.rows, every)
    fitted = second.fitted[len(first.fitted) :]
    names, later = first.table.column_names, second.table.column_names
    changed = {
        name: _differ(first.table[name], second.table[name], old, new)
        for name in dict.fromkeys(made.column.name for step in fitted for made in step.makes)
        if name in names and name in later
    }
    page = np.arange(len(every))
    if changes_only:
        moved = (old < 0) | (new < 0)
        page = np.flatnonzero(np.logical_or.reduce([moved, *changed.values()]))
    page = page[:rows]
    renamed = _renamed(fitted, names, later)
    return Preview(
        before=_taken(first.table, old[page]),
        after=_taken(second.table, new[page]),
        was=old[page] >= 0,
        kept=new[page] >= 0,
        rows=every[page] + 1,
        changed={name: mask[page] for name, mask in changed.items() if mask.any()},
        changed_cells={n: int(mask.sum()) for n, mask in changed.items() if mask.any()},
        rows_before=len(first.rows),
        rows_after=len(second.rows),
        added=tuple(name for name in later if name not in names and name not in renamed),
        removed=tuple(n for n in names if n not in later and n not in renamed.values()),
        renamed=renamed,
        learnt={name: value for step in fitted for name, value in step.learnt.items()},
        sampled=table.num_rows + sum(other.num_rows for other in others.values()),
        total=total,
    )


def _places(rows: Places, every: Places) -> Places:
    """Where each of `every` is in `rows`, which grow; -1 where it is not."""
    if not len(rows):
        return np.full(len(every), -1)
    found = np.minimum(np.searchsorted(rows, every), len(rows) - 1)
    return np.where(rows[found] == every, found, -1)


def _taken(table: pa.Table, places: Places) -> pa.Table:
    return table.take(pa.array(places, pa.int64(), mask=places < 0))


def _differ(before: Any, after: Any, old: Places, new: Places) -> Mask:
    both = np.flatnonzero((old >= 0) & (new >= 0))
    if before.type == after.type:
        one, two = _values(before), _values(after)
    else:
        one, two = _texts(before), _texts(after)
    found = np.zeros(len(old), bool)
    pairs = zip(old[both].tolist(), new[both].tolist(), strict=True)
    found[both] = [one[a] != two[b] for a, b in pairs]
    return found


def _values(values: Any) -> list[Any]:
    return vectors.listed(arrow_vectors.vector(values))


def _texts(values: Any) -> list[Any]:
    vec = arrow_vectors.vector(values)
    if vec.type is TEXT:
        return vectors.listed(vec)
    cast = Expr("cast", TEXT, (column("it", vec.type),))
    return vectors.listed(vectors.evaluate(cast, lambda _name: vec).spread(len(values)))


def _renamed(
    fitted: Sequence[FittedStep], names: Sequence[str], later: Sequence[str]
) -> dict[str, str]:
    found: dict[str, str] = {}
    for made in (made for step in fitted for made in step.makes if made.instead_of):
        found[made.column.name] = found.pop(made.instead_of, made.instead_of)
    return {new: old for new, old in found.items() if new in later and old in names}
