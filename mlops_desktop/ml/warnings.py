"""What may be wrong with a table, ranked by harm: found without knowing what will be predicted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from mlops_desktop.core.datasets import ColumnType, DataWarning, WarningKind
from mlops_desktop.core.profile import ColumnProfile, Profile
from mlops_desktop.ml import relations
from mlops_desktop.ml.relations import Load

_HARM = (
    WarningKind.LEAK,
    WarningKind.TYPE,
    WarningKind.DATES,
    WarningKind.IDENTIFIER,
    WarningKind.DUPLICATES,
    WarningKind.MISSING,
    WarningKind.CONSTANT,
    WarningKind.CATEGORIES,
    WarningKind.IMBALANCE,
)
_HIGH_MISSING = 0.3
_MANY_CATEGORIES = 50
_NEAR_UNIQUE = 0.1
_LEAST_ROWS = 20
_FEW_ZEROS = 0.02


def ranked(warnings: Iterable[DataWarning]) -> list[DataWarning]:
    """The most harmful first; those of one kind keep their order."""
    return sorted(warnings, key=lambda warning: _HARM.index(warning.kind))


def data_warnings(
    profile: Profile, head: pa.Table, load: Load, first_duplicate: int | None
) -> list[DataWarning]:
    """head: the first rows of the table; load gives whole columns by name.

    first_duplicate: the first row (from 1) that equals an earlier one.
    """
    found = [*_sums(profile, head, load), *_repeats(profile, head, load)]
    for column in profile.columns:
        found += _of_column(column, load)
    if profile.duplicate_rows:
        found.append(_duplicates(profile, first_duplicate))
    return ranked(found)


def _sums(profile: Profile, head: pa.Table, load: Load) -> Iterator[DataWarning]:
    for found in relations.sums(profile, head, load):
        parts = [f"`{name}`" for name in found.parts]
        rows = _all_rows(found.rows, profile.rows)
        yield DataWarning(
            WarningKind.LEAK,
            (*found.parts, found.total),
            f"{' + '.join(parts)} = `{found.total}` in {rows}.",
            f"If you predict `{found.total}`, its parts already hold the answer: a model would "
            "only add them up, and fail where they are not known yet.",
            f"Exclude {' and '.join(parts)} when you predict `{found.total}`.",
        )


def _repeats(profile: Profile, head: pa.Table, load: Load) -> Iterator[DataWarning]:
    for found in relations.repeats(profile, head, load):
        how = "holds the same values as" if found.equal else "repeats, one to one, the values of"
        yield DataWarning(
            WarningKind.LEAK,
            (found.first, found.second),
            f"`{found.second}` {how} `{found.first}`, in all {profile.rows:,} rows.",
            "If you predict one of them, the other already holds the answer; otherwise one of "
            "them is only ballast.",
            "Exclude one of them.",
        )


def _all_rows(rows: int, of: int) -> str:
    return f"all {rows:,} rows" if rows == of else f"all {rows:,} rows where none is missing"


def _of_column(column: ColumnProfile, load: Load) -> Iterator[DataWarning]:
    name = column.name
    if column.distinct <= 1 and (not column.distinct or not column.missing):
        yield DataWarning(
            WarningKind.CONSTANT,
            (name,),
            f"`{name}` is {f'always {column.top[0].value!r}' if column.distinct else 'empty'}.",
            "A column that never changes cannot explain anything.",
            "Exclude it, or check whether the file was cut.",
        )
    elif column.missing >= _HIGH_MISSING * column.rows:
        yield DataWarning(
            WarningKind.MISSING,
            (name,),
            f"`{name}`: {column.missing:,} of {column.rows:,} values "
            f"({column.missing / column.rows:.0%}) are missing.",
            "What is filled in for them may count more than what was measured.",
            "Keep it if missing means something; exclude it otherwise.",
        )
    if column.rows >= _LEAST_ROWS:
        yield from _identifier(column, load)
        yield from _zeros(column, load)


def _identifier(column: ColumnProfile, load: Load) -> Iterator[DataWarning]:
    present = column.rows - column.missing
    unique = column.distinct == present and not column.missing and column.distinct_exact
    increasing = unique and column.type is ColumnType.INTEGER and _increasing(column, load)
    if increasing or (unique and column.type is ColumnType.TEXT):
        yield DataWarning(
            WarningKind.IDENTIFIER,
            (column.name,),
            f"`{column.name}` is different in each of the {column.rows:,} rows"
            f"{' and only grows' if increasing else ''}: it names a row.",
            "A model can learn it by heart, and knows none of the new ones.",
            "Leave it out of the features; training does so by itself.",
        )
    elif (
        column.type is ColumnType.TEXT
        and column.distinct > _MANY_CATEGORIES
        and column.distinct > _NEAR_UNIQUE * present
    ):
        yield DataWarning(
            WarningKind.CATEGORIES,
            (column.name,),
            f"`{column.name}` has {'' if column.distinct_exact else 'about '}"
            f"{column.distinct:,} different values in {present:,} rows.",
            "Most of them are too rare to learn from, and new data will bring others.",
            "Group the rare ones, or exclude the column.",
        )


def _increasing(column: ColumnProfile, load: Load) -> bool:
    values = load([column.name]).column(0).to_numpy()
    return bool(np.all(values[1:] > values[:-1]))


def _zeros(column: ColumnProfile, load: Load) -> Iterator[DataWarning]:
    """Zeros that stand apart from all other values are often a way to write missing."""
    numbers = column.numbers
    if column.type is not ColumnType.NUMBER or numbers is None or numbers.low != 0.0:
        return
    middle = numbers.quantiles[len(numbers.quantiles) // 2]
    if numbers.quantiles[1] < middle / 4:
        return  # More than 5 % lie near zero: nothing stands apart.
    values: Any = relations.as_floats(load([column.name]).column(0))
    zero = values == 0.0
    least = float(np.min(values, where=values > 0.0, initial=np.inf))
    count = int(zero.sum())
    if 0 < count <= _FEW_ZEROS * column.rows and middle / 4 < least < np.inf:
        yield DataWarning(
            WarningKind.MISSING,
            (column.name,),
            f"`{column.name}`: {count:,} of {column.rows:,} values are 0 "
            f"(first: row {int(zero.argmax()) + 1:,}), while all others are {least:.6g} or more.",
            "A zero that means 'not measured' misleads a model.",
            "Empty these cells in the file if 0 cannot be true.",
        )


def _duplicates(profile: Profile, first: int | None) -> DataWarning:
    where = f" (first: row {first:,})" if first else ""
    return DataWarning(
        WarningKind.DUPLICATES,
        (),
        f"{profile.duplicate_rows:,} of {profile.rows:,} rows equal an earlier row in every "
        f"column{where}.",
        "The same row in training and in the test makes a model look better than it is.",
        "Training keeps equal rows on one side. Remove them if they are mistakes.",
    )
