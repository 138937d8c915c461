"""What may be wrong with a table, ranked by harm: found without knowing what will be predicted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import pyarrow as pa

from mlops_desktop.core.datasets import ColumnType, DataWarning, WarningKind
from mlops_desktop.core.figures import percent
from mlops_desktop.core.profile import ColumnProfile, Profile
from mlops_desktop.ml import outliers, relations, suggestions, suspicions
from mlops_desktop.ml.bills import bills
from mlops_desktop.ml.relations import Load

_HARM = (
    WarningKind.LEAK,
    WarningKind.TYPE,
    WarningKind.DATES,
    WarningKind.PERSONAL,
    WarningKind.IDENTIFIER,
    WarningKind.DUPLICATES,
    WarningKind.MISSING,
    WarningKind.OUTLIERS,
    WarningKind.HTML,
    WarningKind.CONSTANT,
    WarningKind.CATEGORIES,
    WarningKind.IMBALANCE,
)
_HIGH_MISSING = 0.3
_MANY_CATEGORIES = 50
_NEAR_UNIQUE = 0.1
_RARE_SHARE = 0.01
_LEAST_ROWS = 20
_FEW_ZEROS = 0.02
_FEW_OUT = 0.01
_IMBALANCED = 0.01
_IMBALANCED_ROWS = 200


def ranked(warnings: Iterable[DataWarning]) -> list[DataWarning]:
    """The most harmful first; those of one kind keep their order."""
    return sorted(warnings, key=lambda warning: _HARM.index(warning.kind))


def merged(
    profile: Profile, read: Iterable[DataWarning], found: Iterable[DataWarning]
) -> list[DataWarning]:
    """What reading the file told and what the table did, ranked, with a fix for each if any.

    Of two that say how a column's dates are written, the table's is kept: it names every way.
    """
    found = list(found)
    told = {(w.kind, w.columns) for w in found if w.kind is WarningKind.DATES}
    kept = [suggestions.for_reading(w, profile) for w in read if (w.kind, w.columns) not in told]
    return ranked([*kept, *found])


def data_warnings(
    profile: Profile, some_rows: pa.Table, load: Load, first_duplicate: int | None
) -> list[DataWarning]:
    """some_rows: random rows of the table, some thousand; load gives whole columns by name.

    first_duplicate: the first row (from 1) that equals an earlier one.
    """
    found = [*_sums(profile, some_rows, load), *_repeats(profile, some_rows, load)]
    exact = {warning.columns[-1] for warning in found}
    found += [w for w in _bills(profile, some_rows) if w.columns[-1] not in exact]
    texts = list(suspicions.of_texts(profile, some_rows, load))
    dated = {w.columns[0] for w in texts if w.kind is WarningKind.DATES}
    for column in profile.columns:
        told = _of_column(column, load)
        # Dates are many by nature: read as such, they are no categories.
        found += [
            w for w in told if w.kind is not WarningKind.CATEGORIES or column.name not in dated
        ]
    found += texts
    if profile.duplicate_rows:
        found.append(_duplicates(profile, first_duplicate))
    return ranked(found)


def _sums(profile: Profile, some_rows: pa.Table, load: Load) -> Iterator[DataWarning]:
    for found in relations.sums(profile, some_rows, load):
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


def _bills(profile: Profile, some_rows: pa.Table) -> Iterator[DataWarning]:
    for found in bills(profile, some_rows):
        parts = [f"`{name}`" for name in found.parts]
        usual = ", ".join(f"{amount:.6g}" for amount in found.amounts[:2])
        yield DataWarning(
            WarningKind.LEAK,
            (*found.parts, found.total),
            f"{' + '.join(parts)} = `{found.total}` but for a few fixed amounts ({usual} and "
            f"others), in about {percent(found.share)} of the rows.",
            f"If you predict one of them, `{found.total}` and the others hold the answer nearly.",
            f"Exclude `{found.total}` when you predict one of its parts, and the parts when you "
            f"predict `{found.total}`.",
        )


def _repeats(profile: Profile, some_rows: pa.Table, load: Load) -> Iterator[DataWarning]:
    for found in relations.repeats(profile, some_rows, load):
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
            suggestion=suggestions.drop(name),
        )
    elif column.missing >= _HIGH_MISSING * column.rows:
        yield DataWarning(
            WarningKind.MISSING,
            (name,),
            f"`{name}`: {column.missing:,} of {column.rows:,} values "
            f"({percent(column.missing / column.rows, whole=True)}) are missing.",
            "What is filled in for them may count more than what was measured.",
            "Keep it if missing means something; exclude it otherwise.",
            suggestion=suggestions.drop(name),
        )
    if column.rows >= _LEAST_ROWS:
        yield from _identifier(column, load)
        yield from _zeros(column, load)
        yield from _far_out(column, load)
        yield from _imbalance(column)


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
            suggestion=suggestions.group_or_drop(column, _RARE_SHARE),
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
            "Make them missing if 0 cannot be true.",
            suggestion=suggestions.zero_to_missing(column.name),
        )


def _far_out(column: ColumnProfile, load: Load) -> Iterator[DataWarning]:
    for side in outliers.far_out(column):
        values: Any = relations.as_floats(load([column.name]).column(0))
        nearest = side.values[-1]
        with np.errstate(invalid="ignore"):
            hits = values >= nearest if side.above else values <= nearest
        count = int(hits.sum())
        if not 0 < count <= max(1, _FEW_OUT * column.rows):
            continue
        shown = ", ".join(f"{value:.6g}" for value in side.values[:3])
        more = " and others" if len(side.values) > 3 else ""
        yield DataWarning(
            WarningKind.OUTLIERS,
            (column.name,),
            f"`{column.name}`: {count:,} of {column.rows:,} values "
            f"{'lies' if count == 1 else 'lie'} far from all others "
            f"({shown}{more}; first: row {int(hits.argmax()) + 1:,}), the next is "
            f"{side.next:.6g}.",
            "If they are slips of the keyboard, they bend what a model learns.",
            "Correct them in the file, or move them to the last value that is not far out.",
            suggestion=suggestions.clip(column.name, side),
        )


def _imbalance(column: ColumnProfile) -> Iterator[DataWarning]:
    """Of two classes one is so rare that a model which ignores it is nearly always right."""
    number = column.type is ColumnType.NUMBER or column.type is ColumnType.DATETIME
    if number or column.distinct != 2 or len(column.top) != 2 or not column.distinct_exact:
        return
    often, rarely = column.top
    present = often.count + rarely.count
    if present < _IMBALANCED_ROWS or rarely.count >= _IMBALANCED * present:
        return
    yield DataWarning(
        WarningKind.IMBALANCE,
        (column.name,),
        f"`{column.name}` is {rarely.value!r} in {rarely.count:,} of {present:,} rows "
        f"({percent(rarely.count / present)}), else {often.value!r}.",
        "If you predict it, always saying the frequent one is right nearly every time, and finds "
        "nothing.",
        "Judge a model by what it finds, not by how often it is right; collect more rare cases.",
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
        suggestion=suggestions.DROP_DUPLICATES,
    )
