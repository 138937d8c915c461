"""Running rules on a table: vectorised on Arrow, a column at a time, so that memory is bounded."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import pyarrow.compute as pc

from mlops_desktop.core.checks import KEPT_ROWS, Outcome, Rule, RuleKind, Verdict
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.figures import percent
from mlops_desktop.core.sentences import TYPE_WORDS, listed, number
from mlops_desktop.ml import checks_of_recipes, shift
from mlops_desktop.ml import checks_of_rows as rows_of
from mlops_desktop.ml.checks_of_rows import CannotRun

Load = Callable[[str], Any]


@dataclass(frozen=True, slots=True)
class Other:
    """Another version that rules compare with."""

    ref: str
    rows: int
    columns: Mapping[str, ColumnType]
    load: Load


@dataclass(frozen=True, slots=True)
class Checked:
    """A version as its rules see it. load(name) gives a column as a ChunkedArray.

    imported_at: what freshness is judged by. before: the version that this one follows. others:
    the versions that drift is compared with, by the name in the rule. elsewhere: columns that a
    recipe left out, made or retyped, and what it did to them.
    """

    rows: int
    columns: Mapping[str, ColumnType]
    load: Load
    imported_at: datetime
    before: Other | None = None
    others: Mapping[str, Other] = field(default_factory=dict)
    elsewhere: Mapping[str, str] = field(default_factory=dict)


def run(
    rules: Sequence[Rule], data: Checked, progress: Callable[[float], None] = lambda _part: None
) -> tuple[Outcome, ...]:
    """The outcomes of the rules that are on, in their order.

    A rule that cannot be run (its column is not there, its type is another) fails nothing but
    itself: it says why.
    """
    asked = [rule for rule in rules if rule.on]
    groups: dict[str, list[int]] = {}
    for number_, rule in enumerate(asked):
        key = rule.columns[0] if len(rule.columns) == 1 else f"\0{number_}"
        groups.setdefault(key, []).append(number_)
    found: dict[int, Outcome] = {}

    def one(numbers: list[int]) -> list[tuple[int, Outcome]]:
        kept: dict[str, Any] = {}

        def load(name: str) -> Any:
            if name not in kept:
                kept.clear()  # One column at a time.
                kept[name] = data.load(name)
            return kept[name]

        return [(n, _outcome(asked[n], data, load)) for n in numbers]

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        for outcomes in pool.map(one, groups.values()):
            found.update(outcomes)
            progress(len(found) / len(asked))
    return tuple(found[n] for n in range(len(asked)))


def _outcome(rule: Rule, data: Checked, load: Load) -> Outcome:
    applying, words = checks_of_recipes.applying(rule, data.columns, data.elsewhere)
    if applying is None:
        return Outcome(rule, Verdict.NOT_APPLICABLE, words)
    found = _judged(applying, data, load)
    known = [name for name in checks_of_recipes.read_by(applying) if name in data.elsewhere]
    if found.verdict is Verdict.COULD_NOT_RUN and known:
        words = checks_of_recipes.why(known, data.elsewhere)
        return Outcome(rule, Verdict.NOT_APPLICABLE, words)
    return replace(found, rule=rule, message=" ".join(filter(None, (found.message, words))))


def _judged(rule: Rule, data: Checked, load: Load) -> Outcome:
    try:
        gone = [name for name in rule.columns if name not in data.columns]
        if gone and rule.kind is not RuleKind.COLUMN:
            raise CannotRun(f"There is no column {listed(gone)}.")
        match rule.kind:
            case RuleKind.COLUMN:
                return _columns(rule, data)
            case RuleKind.ROWS:
                return _row_count(rule, data)
            case RuleKind.FRESH:
                return _freshness(rule, data, load)
            case RuleKind.DRIFT:
                return _drift(rule, data, load)
            case _:
                return _of_rows(rule, data, load)
    except CannotRun as error:
        return Outcome(rule, Verdict.COULD_NOT_RUN, str(error), columns=rule.columns)


def _of_rows(rule: Rule, data: Checked, load: Load) -> Outcome:
    """A rule that each row keeps or breaks."""
    bad, columns = rows_of.broken(rule, data.columns, data.rows, load)
    count = pc.sum(bad).as_py() or 0
    share = count / data.rows if data.rows else 0.0
    if not count:
        return Outcome(rule, Verdict.PASSED, "", columns=columns)
    worst = rows_of.worst(rule, data.columns, load, bad)
    numbers: Any = pc.indices_nonzero(bad).slice(0, KEPT_ROWS)
    tolerated = rule.kind is not RuleKind.UNIQUE and share <= rule.setting("tolerated")
    message = f"{_of_all(count, data.rows)} {_found(rule.kind, count, worst)}."
    if tolerated:
        message = f"{message} So many are tolerated."
    return Outcome(
        rule=rule,
        verdict=Verdict.PASSED if tolerated else Verdict.FAILED,
        message=message,
        count=count,
        share=share,
        rows=tuple(int(place) + 1 for place in numbers.to_pylist()),
        columns=columns,
        worst=worst,
    )


def _of_all(count: int, rows: int) -> str:
    return f"{count:,} of {rows:,} {'row' if rows == 1 else 'rows'} ({percent(count / rows)})"


def _found(kind: RuleKind, count: int, worst: tuple[str, ...]) -> str:
    """What so many rows do, and their worst values."""
    few = " and ".join(worst[:2])
    match kind:
        case RuleKind.NOT_MISSING:
            lack = "lacks a value" if count == 1 else "lack a value"
            return f"{lack}: {', '.join(worst)}" if worst else lack
        case RuleKind.UNIQUE:
            return f"have the same as another{f': {few}' if few else ''}"
        case _:
            breaks = "breaks it" if count == 1 else "break it"
            return f"{breaks}, such as {few}" if few else breaks


def _columns(rule: Rule, data: Checked) -> Outcome:
    gone = [name for name in rule.columns if name not in data.columns]
    wanted = rule.setting("type")
    wrong = [name for name in rule.columns if name in data.columns and data.columns[name] != wanted]
    parts = []
    if gone:
        parts.append(f"{listed(gone)} {'are' if len(gone) > 1 else 'is'} not there")
    if wanted:
        for kind in dict.fromkeys(data.columns[name] for name in wrong):
            names = [name for name in wrong if data.columns[name] is kind]
            holds = "hold" if len(names) > 1 else "holds"
            parts.append(f"{listed(names)} {holds} {TYPE_WORDS[kind]}")
    if not parts:
        return Outcome(rule, Verdict.PASSED)
    return Outcome(
        rule, Verdict.FAILED, f"{'; '.join(parts)}.", columns=(*gone, *(wrong if wanted else ()))
    )


def _row_count(rule: Rule, data: Checked) -> Outcome:
    low, high, change = (rule.setting(name) for name in ("low", "high", "change"))
    rows = data.rows
    passed = (low is None or rows >= low) and (high is None or rows <= high)
    words = "It has 1 row" if rows == 1 else f"It has {rows:,} rows"
    if change is not None and data.before is not None:
        before = data.before.rows
        moved = abs(rows - before) / before if before else float(rows > 0)
        passed = passed and moved <= change
        way = "more" if rows > before else "fewer"
        than = f"{percent(moved)} {way} than" if rows != before else "as many as"
        words += f", {than} {data.before.ref}"
    elif change is not None:
        words += ", and there is no version before it"
    return Outcome(rule, Verdict.PASSED if passed else Verdict.FAILED, f"{words}.")


def _freshness(rule: Rule, data: Checked, load: Load) -> Outcome:
    name = rule.columns[0]
    if data.columns[name] is not ColumnType.DATETIME:
        raise CannotRun(rows_of.of_another_type(name, data.columns[name], "dates are fresh or old"))
    newest = pc.max(load(name)).as_py()
    if newest is None:
        raise CannotRun(f"`{name}` has no value.")
    age = (data.imported_at.replace(tzinfo=None) - newest.replace(tzinfo=None)).total_seconds()
    days = age / 86_400
    passed = days <= rule.setting("days")
    ago = f"{days:,.0f} days before the import" if days >= 1 else "less than a day before it"
    if days < 0:
        ago = "after the import"
    message = f"The newest is {newest:%Y-%m-%d}, {ago}."
    return Outcome(rule, Verdict.PASSED if passed else Verdict.FAILED, message, columns=(name,))


def _drift(rule: Rule, data: Checked, load: Load) -> Outcome:
    wanted = rule.setting("version")
    other = data.others.get(wanted) if wanted else data.before
    if other is None and wanted:
        raise CannotRun(f"There is no {wanted} to compare with.")
    if other is None:
        return Outcome(rule, Verdict.PASSED, "There is no version before to compare with.")
    limit, moved = rule.setting("limit"), {}
    for name in rule.columns:
        kind = data.columns[name]
        if kind is ColumnType.DATETIME:
            raise CannotRun(rows_of.of_another_type(name, kind, "time always moves on"))
        if name not in other.columns or other.columns[name].is_numeric != kind.is_numeric:
            raise CannotRun(f"{other.ref} has no such column `{name}`.")
        moved[name] = shift.moved(other.load(name), load(name), numeric=kind.is_numeric)
    drifted = {name: value for name, value in moved.items() if value > limit}
    shown = sorted(drifted or moved, key=lambda name: -moved[name])[:3]
    words = ", ".join(f"`{name}` {moved[name]:.3g}" for name in shown)
    message = f"The distance from {other.ref}: {words}; the limit is {number(limit)}."
    if not drifted:
        return Outcome(rule, Verdict.PASSED, message)
    return Outcome(rule, Verdict.FAILED, message, columns=tuple(drifted))
