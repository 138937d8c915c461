"""What a step of a recipe does, in one line for lists and reports."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind

_MOST = 4


def words(step: Step) -> str:
    """Such as `charges: with the median`. The kind's title says what is done; this says to what."""
    return _WORDS[step.kind](step.settings)


def _listed(names: object) -> str:
    found = [str(name) for name in names] if isinstance(names, list | tuple) else []
    more = f" and {len(found) - _MOST} more" if len(found) > _MOST else ""
    return ", ".join(found[:_MOST]) + more or "all columns"


def _outliers(s: dict[str, Any]) -> str:
    unit = "deviations" if s.get("method") == "zscore" else "quartile distances"
    return f"{_listed(s.get('columns'))}: beyond {s.get('factor') or 3:g} {unit}"


def _sample(s: dict[str, Any]) -> str:
    if s.get("rows"):
        return f"{s['rows']:,} rows"
    return f"{s['share']:.3g} of the rows" if s.get("share") else "how many?"


def _fill(s: dict[str, Any]) -> str:
    how = s.get("with") or "median"
    with_what = {
        "median": "with the median",
        "mean": "with the mean",
        "most_frequent": "with the most frequent value",
    }.get(how, f"with {s.get('value')}")
    return f"{_listed(s.get('columns'))}: {with_what}"


def _clip(s: dict[str, Any]) -> str:
    ends = [
        f"{sign} {s[key]:g}"
        for key, sign in (("low", "at least"), ("high", "at most"))
        if _is(s, key)
    ]
    shares = (("low_share", "from the share"), ("high_share", "up to the share"))
    ends += [f"{sign} {s[key]:g}" for key, sign in shares if _is(s, key)]
    return f"{_listed(s.get('columns'))}: {' and '.join(ends)}"


def _is(s: dict[str, Any], key: str) -> bool:
    return isinstance(s.get(key), int | float)


def _mapped(s: dict[str, Any]) -> str:
    values = s.get("values")
    pairs = [f"{old} becomes {_or_missing(new)}" for old, new in _items(values)]
    more = ", others missing" if s.get("other") == "missing" else ""
    return f"{s.get('column')}: {_listed(pairs)}{more}"


def _items(values: object) -> list[tuple[Any, Any]]:
    return list(values.items()) if isinstance(values, dict) else []


def _share(s: dict[str, Any]) -> str:
    return f"{s.get('share') or 0.01:.3g}"


def _or_missing(value: object) -> str:
    return "missing" if value is None else str(value)


def _binned(s: dict[str, Any]) -> str:
    how = f"{s['count']} bins" if s.get("count") else f"edges {_listed(s.get('edges'))}"
    return f"{s.get('column')} by {how}, as {s.get('into')}"


_WORDS: dict[StepKind, Callable[[dict[str, Any]], str]] = {
    StepKind.FILTER: lambda s: str(s.get("where", "")),
    StepKind.DROP_DUPLICATES: lambda s: (
        f"equal in {_listed(s.get('columns'))}; the {s.get('keep') or 'first'} one stays"
    ),
    StepKind.DROP_MISSING: lambda s: (
        f"{'all' if s.get('how') == 'all' else 'any'} of {_listed(s.get('columns'))}"
    ),
    StepKind.DROP_OUTLIERS: _outliers,
    StepKind.SAMPLE: _sample,
    StepKind.CONCATENATE: lambda s: str(s.get("dataset", "")),
    StepKind.PARSE_NUMBER: lambda s: _listed(s.get("columns")),
    StepKind.PARSE_DATE: lambda s: (
        _listed(s.get("columns")) + (f", written as {s['format']}" if s.get("format") else "")
    ),
    StepKind.FILL: _fill,
    StepKind.CLIP: _clip,
    StepKind.RENAME: lambda s: f"{s.get('column')} is now {s.get('into')}",
    StepKind.CAST: lambda s: f"{_listed(s.get('columns'))} to {s.get('to')}",
    StepKind.MAP_VALUES: _mapped,
    StepKind.BIN: _binned,
    StepKind.LOG: lambda s: _listed(s.get("columns")),
    StepKind.RATIO: lambda s: f"{s.get('column')} / {s.get('by')}, as {s.get('into')}",
    StepKind.SUM: lambda s: f"{' + '.join(map(str, s.get('columns') or ()))}, as {s.get('into')}",
    StepKind.DIFFERENCE: lambda s: f"{s.get('column')} - {s.get('less')}, as {s.get('into')}",
    StepKind.DATE_PARTS: lambda s: f"{s.get('column')}: {_listed(s.get('parts'))}",
    StepKind.CYCLIC: lambda s: f"{s.get('column')} with the period {s.get('period')}",
    StepKind.GROUP_RARE: lambda s: (
        f"{s.get('column')}: rarer than {_share(s)} as {s.get('name') or '(other)'}"
    ),
    StepKind.DROP_COLUMNS: lambda s: _listed(s.get("columns")),
    StepKind.FORMULA: lambda s: f"{s.get('into')} = {s.get('formula')}",
}
