"""Steps that choose rows: each gives the places of the rows that stay, in order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.errors import UserError
from mlops_desktop.ml import arrow_vectors
from mlops_desktop.ml.expressions import Expr, condition
from mlops_desktop.ml.raw_rows import Places, Prepared
from mlops_desktop.ml.steps.context import Planned


def filter_(step: Planned, rows: Prepared) -> Places:
    condition_ = where(step)
    names = [name for name, _ in condition_.columns]
    return _by_blocks(rows, names, lambda block: arrow_vectors.rows_where(condition_, block))


def _by_blocks(
    rows: Prepared, names: Sequence[str], choose: Callable[[pa.Table], Places]
) -> Places:
    """The places of the rows that are chosen by their own values in the named columns alone."""
    found, start = [np.zeros(0, np.int64)], 0
    for block in rows.blocks(names):
        found.append(choose(block) + start)
        start += block.num_rows
    return np.concatenate(found)


def where(step: Planned) -> Expr:
    """The condition of a filter. Raises UserError where it is none."""
    return condition(step.settings["where"], step.columns)


def drop_duplicates(step: Planned, rows: Prepared) -> Places:
    """Column by column: a row that is alone with its values so far is not looked at again."""
    stay = np.ones(rows.num_rows, bool)
    places = np.arange(rows.num_rows)
    groups = np.zeros(rows.num_rows, np.int64)
    for part in chosen(step):
        codes, most = _codes(rows[part.value].take(places))
        _, groups, counts = np.unique(
            groups * most + codes, return_inverse=True, return_counts=True
        )
        again = counts[groups] > 1
        places, groups = places[again], groups[again]
        if not len(places):
            break
    stay[places] = False
    if step.settings["keep"] == "last":
        places, groups = places[::-1], groups[::-1]
    _, first = np.unique(groups, return_index=True)
    stay[places[first]] = True
    return np.flatnonzero(stay)


def _codes(column: Any) -> tuple[Places, int]:
    """Equal numbers for equal values, and one more than the largest of them."""
    # -0.0 and 0.0 differ, NaN equals NaN: as the stored bytes do.
    if pa.types.is_floating(column.type):
        column = pc.if_else(pc.is_nan(column), float("nan"), column)
        column = pa.chunked_array([part.view(pa.int64()) for part in column.chunks], pa.int64())
    coded: Any = column.dictionary_encode().combine_chunks()
    return coded.indices.fill_null(len(coded.dictionary)).to_numpy(), len(coded.dictionary) + 1


def drop_missing(step: Planned, rows: Prepared) -> Places:
    names = [part.value for part in chosen(step)]
    together = np.logical_or if step.settings["how"] == "any" else np.logical_and

    def there(block: pa.Table) -> Places:
        return np.flatnonzero(~together.reduce([_missing(block[name]) for name in names]))

    return _by_blocks(rows, names, there)


def _missing(column: Any) -> npt.NDArray[np.bool_]:
    if pa.types.is_floating(column.type):
        found = arrow_vectors.vector(column).missing
        return np.zeros(len(column), bool) if found is None else found
    missing: npt.NDArray[np.bool_] = np.asarray(column.is_null())
    return missing


def drop_outliers(step: Planned, rows: Prepared) -> Places:
    stay = np.ones(rows.num_rows, bool)
    for part in chosen(step):
        found = arrow_vectors.vector(rows[part.value])
        values = found.values.astype(np.float64)
        there = np.ones(len(values), bool) if found.missing is None else ~found.missing
        if there.any():
            low, high = _limits(values[there], step.settings["method"], step.settings["factor"])
            stay &= ~there | ((values >= low) & (values <= high))
    return np.flatnonzero(stay)


def _limits(values: npt.NDArray[np.float64], method: str, factor: float) -> tuple[float, float]:
    """Tukey's fences (Exploratory Data Analysis, 1977), or so many deviations from the mean."""
    if method == "iqr":
        first, third = np.quantile(values, [0.25, 0.75])
        return first - factor * (third - first), third + factor * (third - first)
    mean, away = values.mean(), factor * values.std()
    return mean - away, mean + away


def sample(step: Planned, rows: Prepared) -> Places:
    count = _wanted(step, rows.num_rows)
    random = np.random.default_rng(step.settings["seed"])
    return np.sort(random.choice(rows.num_rows, count, replace=False)).astype(np.int64)


def _wanted(step: Planned, rows: int) -> int:
    wanted, share = step.settings["rows"], step.settings["share"]
    return min(rows, int(wanted if wanted is not None else round(share * rows)))


def chosen(step: Planned) -> list[Expr]:
    """The columns of the step, all where none were chosen."""
    names = step.settings["columns"] or list(step.columns)
    return [step.one(name) for name in names]


def check(step: Planned) -> None:
    """Raise UserError for settings that do not fit the columns."""
    settings = step.settings
    match step.kind.value:
        case "filter":
            where(step)
        case "drop_duplicates" | "drop_missing":
            chosen(step)
        case "drop_outliers":
            step.chosen(ColumnType.INTEGER, ColumnType.NUMBER)
            if settings["factor"] <= 0:
                raise UserError(f"The factor is {settings['factor']}.", hint="3 is usual.")
        case "sample":
            _check_sample(settings)


def _check_sample(settings: dict[str, Any]) -> None:
    rows, share = settings["rows"], settings["share"]
    if (rows is None) == (share is None):
        raise UserError("It needs either rows or a share.", hint="Set one of them.")
    if rows is not None and rows < 1:
        raise UserError(f"The sample has {rows} rows.", hint="Take 1 at least.")
    if share is not None and not 0 < share <= 1:
        raise UserError(f"The share is {share}.", hint="A share is above 0 and at most 1.")
    if settings["seed"] < 0:
        raise UserError(f"The seed is {settings['seed']}.", hint="Use 0 or more.")
