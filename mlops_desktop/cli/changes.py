"""`data diff`: what changed between two versions of data."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import click

from mlops_desktop.actions import changed_rows, changes, datasets
from mlops_desktop.cli.datasets import data
from mlops_desktop.cli.session import Session, TerminalContext, answer, json_option, table
from mlops_desktop.core.changes import ChangedRow, Changes, counted, fields
from mlops_desktop.core.datasets import Column, DatasetVersion
from mlops_desktop.core.errors import UserError

_SHIFTS = 10  # Told in the text; the JSON has them all.
_WIDE = 40  # Characters of a value before it is cut.


@data.command()
@click.argument("before")
@click.argument("after", required=False)
@click.option("--key", multiple=True, help="A column that names a row; several together do, too.")
@click.option("--by-content", is_flag=True, help="Guess no key: rows are what they hold.")
@click.option("--rows", default=10, type=click.IntRange(0, 10_000), help="Changed rows to show.")
@json_option
@click.pass_obj
def diff(
    session: Session,
    before: str,
    after: str | None,
    key: tuple[str, ...],
    by_content: bool,
    rows: int,
    as_json: bool,
) -> None:
    """Show what changed from version BEFORE to version AFTER (NAME or NAME@VERSION).

    With one name: from the version before it. Columns added, removed, renamed, retyped; rows
    added, removed, changed; and whether values are spread differently.
    """
    if key and by_content:
        raise click.UsageError("--key and --by-content exclude each other.")
    old, new = (before, after) if after else _last_two(session, before)
    wanted = () if by_content else (key or None)
    found = changes.changes(session.lane, old, new, wanted, TerminalContext())
    pages = changed_rows.ChangedRows(session.workspace, found)
    sample = {
        "changed": pages.changed(0, rows),
        "added": pages.added(0, rows),
        "removed": pages.removed(0, rows),
    }
    answer(as_json, _plain(found, sample), "\n".join(_lines(found, sample)))


def _last_two(session: Session, name: str) -> tuple[str, str]:
    """A version and the one before it of the same dataset."""
    version = datasets.get_version(session.store, name)
    earlier = [
        other
        for other in datasets.list_versions(session.store, version.dataset)
        if other.version < version.version
    ]
    if not earlier:
        raise UserError(
            f"{version.ref} is the first version of {version.dataset!r}.",
            why="There is no version before it to compare with.",
            hint=f"Name another one: data diff OTHER {version.ref}.",
        )
    return earlier[0].ref, version.ref


def _lines(found: Changes, sample: dict[str, list[ChangedRow]]) -> list[str]:
    """For people: first the whole in words, at last rows as a diff shows them."""
    lines = [f"{found.before.ref} -> {found.after.ref}: {found}"]
    if found.nothing:
        return lines
    lines += [f"{_rows(found.before)}, now {_rows(found.after)}; {found.matched_words()}"]
    if found.columns:
        lines += ["", *(str(change) for change in found.columns)]
    if found.cells:
        cells = sorted(found.cells.items(), key=lambda item: -item[1])
        lines += ["", table(("column", "changed cells"), list(cells))]
    if found.shifts:
        sure = [shift for shift in found.shifts if shift.sure]
        lines += ["", *(f"{s.words} ({s.size}: {s.tested})" for s in sure[:_SHIFTS])]
        if len(sure) > _SHIFTS:
            lines.append(f"... and {counted(len(sure) - _SHIFTS, 'more column')}")
        if unsure := len(found.shifts) - len(sure):
            others = "other column" if sure else "column"
            lines.append(f"No clear shift of the values in {counted(unsure, others)}.")
    totals = {"changed": found.changed, "added": found.added, "removed": found.removed}
    for name, some in sample.items():
        if some:
            shown = f"the first {len(some):,} of {totals[name]:,}"
            what = f"{name} rows" if len(some) == totals[name] else f"{name} rows, {shown}"
            lines += ["", f"{what}:"]
            lines += [line for row in some for line in _diff(found, row)]
    return lines


def _rows(version: DatasetVersion) -> str:
    return f"{counted(version.rows, 'row')} of {counted(len(version.columns), 'column')}"


def _diff(found: Changes, row: ChangedRow) -> list[str]:
    names = fields(found)
    if row.before_row is not None and row.after_row is not None:
        keys = [number for number, (_, now) in enumerate(names) if now and now.name in found.key]
        said = _named(names, row.after, keys, 1)
        moved = f" (was {row.before_row + 1:,})" if row.before_row != row.after_row else ""
        chosen = [number for number, differs in enumerate(row.differs) if differs]
        return [
            f"  row {row.after_row + 1:,}{moved}{': ' if said else ''}{said}",
            f"  - {_named(names, row.before, chosen, 0)}",
            f"  + {_named(names, row.after, chosen, 1)}",
        ]
    gone = row.before_row is not None
    sign, number, values = (
        ("-", row.before_row, row.before) if gone else ("+", row.after_row, row.after)
    )
    side = 0 if gone else 1
    chosen = [place for place, both in enumerate(names) if both[side] is not None]
    return [f"  {sign} row {(number or 0) + 1:,}: {_named(names, values, chosen, side)}"]


def _named(
    names: Sequence[tuple[Column | None, Column | None]],
    values: Sequence[Any],
    chosen: Sequence[int],
    side: int,
) -> str:
    parts = []
    for number in chosen:
        column = names[number][side]
        parts.append(f"{column.name if column else ''}={_text(values[number])}")
    return "  ".join(parts)


def _text(value: object) -> str:
    if value is None:
        return "(missing)"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= _WIDE else f"{text[: _WIDE - 1]}\u2026"


def _plain(found: Changes, sample: dict[str, list[ChangedRow]]) -> dict[str, object]:
    return {
        "before": found.before.ref,
        "after": found.after.ref,
        "summary": str(found),
        "columns": found.columns,
        "rows": {
            "same": found.same_rows,
            "added": found.added,
            "removed": found.removed,
            "changed": found.changed,
            "reordered": found.reordered,
        },
        "key": found.key,
        "key_guessed": found.key_guessed,
        "keys": found.keys,
        "cells": found.cells,
        "shifts": found.shifts,
        "sample": {name: [_plain_row(found, row) for row in some] for name, some in sample.items()},
    }


def _plain_row(found: Changes, row: ChangedRow) -> dict[str, object]:
    """Rows count from 1, as everywhere people see them."""
    plain: dict[str, object] = {}
    for side, name, number, values in (
        (0, "before", row.before_row, row.before),
        (1, "after", row.after_row, row.after),
    ):
        if number is not None:
            plain[f"{name}_row"] = number + 1
            plain[name] = {
                both[side].name: _json(value)  # type: ignore[union-attr]
                for both, value in zip(fields(found), values, strict=True)
                if both[side] is not None
            }
    plain["changed"] = [
        now.name
        for (_, now), differs in zip(fields(found), row.differs, strict=True)
        if differs and now is not None
    ]
    return plain


def _json(value: object) -> object:
    """JSON knows neither times nor infinities: they go as text."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value if isinstance(value, bool | int | float | str | None) else str(value)
