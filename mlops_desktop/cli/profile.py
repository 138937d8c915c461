"""`data profile`: what each column of a version holds, and which columns go together."""

from __future__ import annotations

from itertools import pairwise

import click

from mlops_desktop.actions import datasets, profile, units
from mlops_desktop.cli.datasets import data, warning_lines
from mlops_desktop.cli.moments import columns_json, moment
from mlops_desktop.cli.session import Session, TerminalContext, answer, json_option, table
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.figures import percent
from mlops_desktop.core.profile import ColumnProfile, Gaps, Profile, TargetSplit

_PAIRS = 10
_CLASSES = 8
_BAR = 24


@data.command("profile")
@click.argument("ref")
@click.option("--column", multiple=True, help="Look closely at this one; several may be given.")
@click.option("--by", default="", metavar="TARGET", help="Split the histograms by this column.")
@json_option
@click.pass_obj
def profile_(session: Session, ref: str, column: tuple[str, ...], by: str, as_json: bool) -> None:
    """Show what the columns of REF (NAME or NAME@VERSION) hold, and what is odd about them."""
    version = datasets.get_version(session.store, ref)
    found = datasets.profile(session.workspace, version)
    chosen = [profile.column_profile(found, name) for name in dict.fromkeys(column)]
    looked_at = [c.name for c in chosen] or None
    split = {}
    if by:
        split = profile.profile_by_target(
            session.workspace, version, by, looked_at, TerminalContext()
        )
    lines = [f"{version.ref}: {found.rows:,} rows, {found.duplicate_rows:,} equal an earlier row"]
    measured = units.units(session.store, version.dataset)
    lines.append(_overview(chosen or list(found.columns), measured))
    shown = chosen or [c for c in found.columns if c.name in split]
    lines += [_closely(c, split.get(c.name)) for c in shown]
    if not chosen:
        lines += [*_together(found), *([] if found.gaps is None else _gaps(found.gaps))]
        lines += ["", *warning_lines(version.warnings)]
    value: dict[str, object] = {
        "dataset": version.dataset,
        "version": version.version,
        "rows": found.rows,
        "duplicate_rows": found.duplicate_rows,
        "columns": columns_json(chosen or found.columns),
        "units": measured,
        "by_target": split,
    }
    if not chosen:
        value |= {
            "correlations": found.correlations,
            "gaps": found.gaps,
            "warnings": version.warnings,
        }
    answer(as_json, value, "\n".join(lines))


def _overview(columns: list[ColumnProfile], measured: dict[str, str]) -> str:
    """One line a column; times and numbers by their quantiles, others by their top value."""
    rows: list[tuple[object, ...]] = []
    for column in columns:
        places: list[str] = [""] * 5
        if column.numbers is not None and column.type is not ColumnType.BOOLEAN:
            quantiles = column.numbers.quantiles
            places = [_value(column, quantiles[place]) for place in (0, 2, 3, 4, 6)]
        top = f"{_short(column.top[0].value)} ({column.top[0].count:,})" if column.top else ""
        unit = measured.get(column.name, "")
        distinct = f"{'' if column.distinct_exact else 'about '}{column.distinct:,}"
        rows.append((column.name, column.type.value, unit, column.missing, distinct, *places, top))
    titles = ("column", "type", "unit", "missing", "distinct", "least", "25%", "median", "75%")
    return table((*titles, "greatest", "most frequent"), rows)


def _closely(column: ColumnProfile, split: TargetSplit | None) -> str:
    """The bars of one column, beside them how the target is spread in each."""
    lines = ["", f"{column.name} ({column.type.value}), {column.missing:,} missing"]
    numbers = column.numbers
    if numbers is not None and column.type is not ColumnType.BOOLEAN:
        if column.type is not ColumnType.DATETIME:
            lines[-1] += f", mean {numbers.mean:.6g}, standard deviation {numbers.std:.6g}"
        names = [_value(column, edge) for edge in numbers.edges]
        labels = [f"{low} .. {high}" for low, high in pairwise(names)]
        counts = list(numbers.counts)
    else:
        if column.longest is not None and column.mean_length is not None:
            lines[-1] += (
                f", {column.shortest} to {column.longest} characters, "
                f"{column.mean_length:.1f} on average"
            )
        labels = [_short(top.value) for top in column.top]
        counts = [top.count for top in column.top]
        rest = column.rows - column.missing - sum(counts)
        if rest > 0:
            labels.append("(all others)")
            counts.append(rest)
    most = max([*counts, 1])
    rows = [
        (label, count, "#" * round(_BAR * count / most), *_parts(split, place))
        for place, (label, count) in enumerate(zip(labels, counts, strict=True))
    ]
    return "\n".join([*lines, table(("value", "rows", "", *_titles(split)), rows)])


def _titles(split: TargetSplit | None) -> tuple[str, ...]:
    if split is None:
        return ()
    if not split.classes:
        return (f"mean of {split.target}",)
    return tuple(
        f"{split.target}={_short(name) or '(others)'}" for name in split.classes[:_CLASSES]
    )


def _parts(split: TargetSplit | None, place: int) -> tuple[str, ...]:
    if split is None:
        return ()
    if not split.classes:
        mean = split.means[place] if place < len(split.means) else None
        return ("" if mean is None else f"{mean:.6g}",)
    here = [counts[place] if place < len(counts) else 0 for counts in split.counts]
    total = sum(here)
    return tuple(percent(count / total, whole=True) if total else "" for count in here[:_CLASSES])


def _together(found: Profile) -> list[str]:
    """The strongest pairs, by rank between numbers."""
    seen = found.correlations
    if seen is None:
        return []
    matrix = seen.matrix()
    pairs = [
        (one, two, float(matrix[row, place]))
        for row, one in enumerate(seen.columns)
        for place, two in enumerate(seen.columns[:row])
        if matrix[row, place] == matrix[row, place]  # NaN where nothing can be told.
    ]
    pairs.sort(key=lambda pair: -abs(pair[2]))
    rows: list[tuple[object, ...]] = [(two, one, f"{r:.2f}") for one, two, r in pairs[:_PAIRS]]
    return ["", "go together most", table(("column", "and", "strength"), rows)] if rows else []


def _gaps(gaps: Gaps) -> list[str]:
    """Which columns lack values in the same rows."""
    rows: list[tuple[object, ...]] = [
        (f"{p.rows:,}", ", ".join(gaps.columns[i] for i in p.columns) or "(nothing)")
        for p in gaps.patterns[:_PAIRS]
    ]
    return ["", "missing together", table(("rows", "columns without a value"), rows)] * bool(
        gaps.columns
    )


def _value(column: ColumnProfile, number: float) -> str:
    if column.type is not ColumnType.DATETIME:
        return f"{number:.6g}"
    return moment(number)


def _short(text: str) -> str:
    return f"{text[:37]}..." if len(text) > 40 else text
