"""What texts give away: personal data, HTML, and dates that are written in several ways."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from mlops_desktop.core.datasets import ColumnType, DataWarning, WarningKind
from mlops_desktop.core.profile import ColumnProfile, Profile
from mlops_desktop.ml import suggestions, texts
from mlops_desktop.ml.personal import EMAIL_PATTERN, Personal, personal
from mlops_desktop.ml.relations import Load

_VALUES = 400  # So many of a column are looked at to tell personal data.
_SHORTEST_TAG = 3
_SHORTEST_EMAIL = 6
_SHORTEST_DATE = 6
_LONGEST_DATE = 40


def of_texts(profile: Profile, some_rows: pa.Table, load: Load) -> Iterator[DataWarning]:
    """some_rows: random rows of the table; load gives whole columns by name."""

    def values_of(name: str) -> Sequence[str]:
        values: Any = some_rows.column(name).drop_null().slice(0, _VALUES)
        return [str(value) for value in values.to_pylist()]

    told = set()
    for found in personal(profile.columns, values_of):
        told.add(found.column)
        yield _personal(found)
    for column in profile.columns:
        if column.type is not ColumnType.TEXT or not column.distinct:
            continue
        sample = some_rows.column(column.name)
        yield from _html(column, sample, load)
        yield from _dates(column, sample, load)
        if column.name not in told:
            yield from _addresses(column, sample, load)


def _personal(found: Personal) -> DataWarning:
    how = "by its name" if found.by_name else "by its values"
    return DataWarning(
        WarningKind.PERSONAL,
        (found.column,),
        f"`{found.column}` likely holds {found.what} ({how}).",
        "Personal data falls under laws such as the GDPR, and a model rarely needs it.",
        "Drop the column if nobody must be found by it.",
        suggestion=suggestions.drop(found.column),
    )


def _addresses(column: ColumnProfile, sample: Any, load: Load) -> Iterator[DataWarning]:
    if (column.longest or 0) < _SHORTEST_EMAIL or not texts.often_has(sample, EMAIL_PATTERN):
        return
    count, first = texts.rows_with(load([column.name]).column(0), EMAIL_PATTERN)
    yield DataWarning(
        WarningKind.PERSONAL,
        (column.name,),
        f"`{column.name}`: there are e-mail addresses in {count:,} of {column.rows:,} texts "
        f"(first: row {first:,}).",
        "Personal data falls under laws such as the GDPR, and a model rarely needs it.",
        "Drop the column if nobody must be found by it.",
        suggestion=suggestions.drop(column.name),
    )


def _html(column: ColumnProfile, sample: Any, load: Load) -> Iterator[DataWarning]:
    if (column.longest or 0) < _SHORTEST_TAG or not texts.often_has(sample, texts.TAGS):
        return
    count, first = texts.rows_with(load([column.name]).column(0), texts.TAGS)
    yield DataWarning(
        WarningKind.HTML,
        (column.name,),
        f"`{column.name}`: {count:,} of {column.rows:,} texts hold HTML (first: row {first:,}).",
        "Its tags make equal texts differ, and say more of the page than of the row.",
        "Take the tags out where the file is made, or drop the column.",
        suggestion=suggestions.drop(column.name),
    )


def _dates(column: ColumnProfile, sample: Any, load: Load) -> Iterator[DataWarning]:
    short = (column.shortest or 0) >= _SHORTEST_DATE and (column.longest or 0) <= _LONGEST_DATE
    if not short or not texts.look_like_dates(sample):
        return
    found = texts.dates(load([column.name]).column(0))
    if len(found.forms) > 1:
        yield _mixed(column, found)
    elif found.unclear and found.forms:
        form = found.forms[0]
        yield DataWarning(
            WarningKind.DATES,
            (column.name,),
            f"`{column.name}` may be read with the day or with the month first: none of its "
            f"{form.rows:,} dates has a number above 12 (first: row {form.first:,}).",
            "Read in the wrong way, March becomes a day.",
            "Read it with the day first, as most of the world writes, or look at where it is from.",
            suggestion=suggestions.parse_dates(column.name, form.format, "Read with the day first"),
        )


def _mixed(column: ColumnProfile, found: texts.Dates) -> DataWarning:
    ways = [
        f"like {form.example} in {form.rows:,} rows (first: row {form.first:,})"
        for form in found.forms[:3]
    ]
    unclear = (
        f" In {found.unclear:,} others day and month may be taken for each other."
        if found.unclear
        else ""
    )
    return DataWarning(
        WarningKind.DATES,
        (column.name,),
        f"`{column.name}` mixes ways to write a date: {', '.join(ways)}.{unclear}",
        "As text, nothing can be learned from the order or the season.",
        "Read each in its way; what fits none becomes missing.",
        suggestion=suggestions.parse_dates(
            column.name, "|".join(form.format for form in found.forms)
        ),
    )
