"""Is a column spread differently in two versions? Tests, effect sizes, and the answer in words.

Numbers and times: the Kolmogorov-Smirnov test and the normed Wasserstein distance. Text and
yes-or-no: the chi-square test and the Jensen-Shannon distance. Where the share of missing values
has changed more than the values have, that is what is tested. The tests take the versions for two
independent samples; as most rows are in both, their p-values are cautious.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from mlops_desktop.core.changes import (
    CHI_SQUARE,
    KOLMOGOROV_SMIRNOV,
    ColumnPair,
    Shift,
    Spread,
)
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.figures import percent
from mlops_desktop.core.monitoring import JENSEN_SHANNON, MISSING_SHARE, WASSERSTEIN
from mlops_desktop.ml.profile import as_floats, text_of
from mlops_desktop.ml.sketch import Sketch, jensen_shannon, normed_wasserstein, numeric_bins
from mlops_desktop.ml.twosample import chi_square, kolmogorov_smirnov

BARS = 24
_CATEGORIES = 100  # Tested apart, as monitoring does; the rest counts as other.
_BARS_OF_TEXT = 7  # Shown apart.
_UNCHANGED = 0.01  # Of a standard deviation: a mean that moved less has stayed.
_OTHERS = "(others)"
_UNITS = ((86_400e6, "days"), (3_600e6, "hours"), (60e6, "minutes"), (1e6, "seconds"))
Floats = npt.NDArray[np.float64]
Counts = npt.NDArray[np.int64]


def shift(
    pair: ColumnPair, kind: ColumnType, before: Any, after: Any, *, sampled: bool = False
) -> Shift | None:
    """before, after: Arrow columns of the type `kind`, in which both are compared.

    None where nothing can be tested: a version without rows, or texts that are nearly all
    different.
    """
    if not (len(before) and len(after)):
        return None
    if kind in (ColumnType.TEXT, ColumnType.BOOLEAN):
        found = _of_categories(pair, kind, before, after)
    else:
        found = _of_numbers(pair, kind, before, after)
    if found is None:
        return None
    values: dict[str, Any] = {"column": pair.name, "type": kind, "sampled": sampled, **found}
    old, new = values["before"], values["after"]
    lost = abs(new.missing / new.rows - old.missing / old.rows)
    if lost > values["effect"]:
        table = np.array([[s.rows - s.missing, s.missing] for s in (old, new)])
        statistic, p = chi_square(table)
        values |= {"test": CHI_SQUARE, "statistic": statistic, "p": p}
        values |= {"measure": MISSING_SHARE, "effect": lost}
    if new.missing != old.missing:
        shares = [percent(s.missing / s.rows) for s in (old, new)]
        if shares[0] != shares[1]:
            values["words"] += f"; missing went from {shares[0]} to {shares[1]}"
    return Shift(**values)


def _of_numbers(
    pair: ColumnPair, kind: ColumnType, before: Any, after: Any
) -> dict[str, Any] | None:
    samples = [_known(before), _known(after)]
    finite = [s[slice(*np.searchsorted(s, [-np.finfo(float).max, np.inf]))] for s in samples]
    edges = _edges(*finite)
    spreads = []
    for column, sample, known in zip((before, after), samples, finite, strict=True):
        with np.errstate(over="ignore", invalid="ignore"):  # Of values near 1.8e308.
            mean = _finite(known.mean()) if len(known) else None
            std = _finite(known.std()) if len(known) else None
        inner = np.searchsorted(known, () if edges is None else edges[1:-1])
        counts = np.diff(inner, prepend=0, append=len(known)) if edges is not None else inner
        missing = len(column) - len(sample)
        spreads.append(Spread(len(column), missing, tuple(counts.tolist()), mean, std))
    found: dict[str, Any] = {
        "test": KOLMOGOROV_SMIRNOV,
        "statistic": 0.0,
        "p": 1.0,
        "measure": WASSERSTEIN,
        "effect": 0.0,
        "before": spreads[0],
        "after": spreads[1],
        "edges": () if edges is None else tuple(edges.tolist()),
        "words": _moved(pair.name, kind, *spreads),
    }
    if len(samples[0]) and len(samples[1]):
        found["statistic"], found["p"] = kolmogorov_smirnov(*samples)
    if len(finite[0]) and len(finite[1]):
        # Of a column that was constant, any other value is far away.
        unit = spreads[0].std or spreads[1].std or 1.0
        with np.errstate(over="ignore", invalid="ignore"):
            bins = numeric_bins(finite[0])
            old, new = (_sketch(np.asarray(bins.edges), sample) for sample in finite)
            found["effect"] = _finite(normed_wasserstein(bins, old, new, unit))
    return found


def _finite(value: float) -> float:
    """JSON knows no infinity; only values near 1.8e308 get there."""
    return float(np.nan_to_num(value))


def _known(column: Any) -> Floats:
    """What is there, ascending; NaN counts as missing."""
    values = np.sort(as_floats(column))  # NaN comes last.
    return values[: np.searchsorted(values, np.nan)]


def _edges(before: Floats, after: Floats) -> Floats | None:
    """Bins for both; one for each whole number where there are few of them. The farthest 0.1 % on
    either side share the outermost bins, so that one stray value does not flatten the rest."""
    ends = [s for s in (before, after) if len(s)]
    if not ends:
        return None
    low, high = min(float(s[0]) for s in ends), max(float(s[-1]) for s in ends)
    if low == high:
        return np.array([low - 0.5, high + 0.5])
    if (
        high - low < BARS
        and all(_is_whole(s[:: max(1, len(s) // 1000)]) for s in ends)
        and (all(_is_whole(s) for s in ends))
    ):
        return np.arange(low, high + 2) - 0.5
    inner_low = min(float(s[len(s) // 1000]) for s in ends)
    inner_high = max(float(s[-1 - len(s) // 1000]) for s in ends)
    if not (inner_low < inner_high and math.isfinite(inner_high - inner_low)):
        inner_low, inner_high = low / 2, high / 2
    edges = np.linspace(inner_low, inner_high, BARS + 1)
    edges[0], edges[-1] = low, high
    return edges if np.all(np.diff(edges) > 0) else np.array([low, high])


def _is_whole(values: Floats) -> bool:
    return bool(np.all(values % 1 == 0))


def _sketch(edges: Floats, ordered: Floats) -> Sketch:
    """What ml/sketch.py: sketch() gives, from values that are ascending already."""
    places = np.searchsorted(ordered, edges[:-1], side="left")
    top = np.searchsorted(ordered, edges[-1], side="right")
    counts = np.diff(np.concatenate([[0], places, [top, len(ordered)]]), append=len(ordered))
    below = np.clip(ordered[: places[0]], -1e300, 1e300).sum()
    return Sketch(counts, float(below), float(np.clip(ordered[top:], -1e300, 1e300).sum()))


def _moved(name: str, kind: ColumnType, before: Spread, after: Spread) -> str:
    if before.mean is None or after.mean is None:
        return f"`{name}` has no values {'before' if before.mean is None else 'any more'}"
    moved = after.mean - before.mean
    unit = max(before.std or 0.0, after.std or 0.0)
    if not math.isfinite(moved) or abs(moved) <= _UNCHANGED * unit:
        return f"`{name}` is the same on average{_wider(before, after)}"
    if kind is ColumnType.DATETIME:
        size, word = next((u for u in _UNITS if abs(moved) >= u[0]), _UNITS[-1])
        direction = "later" if moved > 0 else "earlier"
        return f"`{name}` is {direction} by {abs(moved) / size:.3g} {word} on average"
    direction = "up" if moved > 0 else "down"
    means = f"from {before.mean:,.4g} to {after.mean:,.4g}"
    return f"`{name}` moved {direction} by {abs(moved):,.3g} on average ({means})"


def _wider(before: Spread, after: Spread) -> str:
    old, new = before.std or 0.0, after.std or 0.0
    if new > 1.05 * old:
        return ", but spread wider"
    return ", but spread less wide" if new < 0.95 * old else ""


def _of_categories(
    pair: ColumnPair, kind: ColumnType, before: Any, after: Any
) -> dict[str, Any] | None:
    columns = (before, after)
    counted = [_counted(kind, column) for column in columns]
    known = [len(column) - column.null_count for column in columns]
    totals = {
        name: counted[0].get(name, 0) + counted[1].get(name, 0)
        for name in {**counted[0], **counted[1]}
    }
    # Names, numbers and the like: each value is another one, and their spread says nothing.
    if len(totals) > _CATEGORIES and 2 * len(totals) > max(known):
        return None
    ranked = sorted(totals, key=lambda name: (-totals[name], name))
    tested = _table(counted, known, columns, ranked[:_CATEGORIES])
    statistic, p = chi_square(tested)
    shown = ranked[: _BARS_OF_TEXT + (len(ranked) == _BARS_OF_TEXT + 1)]
    bars = _table(counted, known, columns, shown)
    if len(shown) == len(ranked):
        bars = np.delete(bars, len(shown), axis=1)
    names = [name or "(empty)" for name in shown]
    names += [_OTHERS] if len(shown) < len(ranked) else []
    spreads = [
        Spread(len(column), column.null_count, tuple(row.tolist()))
        for column, row in zip(columns, bars, strict=True)
    ]
    return {
        "test": CHI_SQUARE,
        "statistic": statistic,
        "p": p,
        "measure": JENSEN_SHANNON,
        "effect": jensen_shannon(Sketch(tested[0]), Sketch(tested[1])),
        "before": spreads[0],
        "after": spreads[1],
        "categories": tuple(names),
        "words": _went(pair.name, ranked[:_CATEGORIES], tested),
    }


def _counted(kind: ColumnType, column: Any) -> dict[str, int]:
    found: Any = pc.value_counts(column.drop_null())
    if isinstance(found, pa.ChunkedArray):
        found = found.combine_chunks()
    values, counts = found.field("values").to_pylist(), found.field("counts").to_pylist()
    return {text_of(kind, value): count for value, count in zip(values, counts, strict=True)}


def _table(
    counted: Sequence[dict[str, int]],
    known: Sequence[int],
    columns: Sequence[Any],
    names: Sequence[str],
) -> Counts:
    """[2, names and others and missing]"""
    rows = []
    for counts, there, column in zip(counted, known, columns, strict=True):
        row = [counts.get(name, 0) for name in names]
        rows.append([*row, there - sum(row), column.null_count])
    return np.array(rows, np.int64)


def _went(name: str, names: Sequence[str], table: Counts) -> str:
    shares = table[:, :-2] / table.sum(axis=1, keepdims=True)
    if not shares.shape[1]:
        return f"`{name}` has no values"
    moved = np.abs(shares[1] - shares[0]).round(9)  # Of two, the more frequent one is told.
    most = int(moved.argmax())
    old, new = (percent(float(share)) for share in shares[:, most])
    if old == new:
        return f"`{name}` holds its values in the same shares"
    value = names[most] or "(empty)"
    return f"`{name}`: {value} went from {old} to {new} of the rows"
