"""A rule as the sentence that every screen, file and message shows."""

from __future__ import annotations

from collections.abc import Sequence

from mlops_desktop.core.checks import CheckReport, Rule, RuleKind, Verdict
from mlops_desktop.core.figures import percent

_NAMED = 4  # Columns that a sentence names before it counts the others.
_LISTED = 6
TYPE_WORDS = {
    "integer": "whole numbers",
    "number": "numbers",
    "boolean": "true or false",
    "text": "text",
    "datetime": "dates",
}


def sentence(rule: Rule) -> str:
    """One sentence without its full stop; names of columns stand between backticks."""
    names, several = listed(rule.columns), len(rule.columns) > 1
    match rule.kind:
        case RuleKind.COLUMN:
            kind = rule.setting("type")
            there = f"{names} {'are' if several else 'is'} there"
            holds = f" and {'hold' if several else 'holds'} {TYPE_WORDS.get(kind, kind)}"
            return f"{there}{holds}" if kind else there
        case RuleKind.NOT_MISSING:
            share = rule.setting("tolerated")
            verb = "are" if several else "is"
            if share:
                return f"{names} {verb} missing in at most {percent(share)} of the rows"
            return f"{names} {verb} never missing"
        case RuleKind.RANGE:
            return f"{names} {_between(rule, 'lies between', 'is')}{_but(rule)}"
        case RuleKind.ALLOWED:
            return f"{names} is {_any_of(list(rule.setting('values') or []))}{_but(rule)}"
        case RuleKind.UNIQUE:
            together = " together" if several else ""
            return f"No two rows have the same {names}{together}"
        case RuleKind.PATTERN:
            return f"{names} looks like {rule.setting('pattern')}{_but(rule)}"
        case RuleKind.LENGTH:
            return f"{names} has {_count(rule)} characters{_but(rule)}"
        case RuleKind.RELATION:
            return f"In each row, {rule.setting('condition')}{_but(rule)}"
        case RuleKind.ROWS:
            return _rows(rule)
        case RuleKind.FRESH:
            days = number(rule.setting("days"))
            return f"The newest {names} is at most {days} days older than the import"
        case RuleKind.DRIFT:
            other = rule.setting("version") or "the version before"
            limit = number(rule.setting("limit"))
            verb = "are" if several else "is"
            return f"{names} {verb} spread as in {other} (drift at most {limit})"


def headline(report: CheckReport) -> str:
    """The report in half a sentence."""
    rules = sum(outcome.verdict is not Verdict.NOT_APPLICABLE for outcome in report.outcomes)
    if rules == 0:
        return "no rule applies"
    if not report.failed:
        apply = " that apply" if rules < len(report.outcomes) else ""
        return f"all {rules} rules{apply} pass" if rules != 1 else "the rule passes"
    failed = len(report.failed)
    text = f"{failed} of {rules} rules {'does' if failed == 1 else 'do'} not pass"
    blocked = len(report.blocking)
    if rules == 1:
        return f"the rule does not pass{' and blocks training' if blocked else ''}"
    if not blocked:
        return f"{text}, none blocks training"
    return f"{text}, {blocked} {'blocks' if blocked == 1 else 'block'} training"


def listed(columns: Sequence[str]) -> str:
    """Names between backticks; of many, the first ones and how many more there are."""
    marked = [f"`{name.replace('`', '')}`" for name in columns]
    if len(marked) > _NAMED + 1:
        return f"{', '.join(marked[:_NAMED])} and {len(marked) - _NAMED} more"
    return (
        " and ".join([", ".join(marked[:-1]), marked[-1]]) if len(marked) > 1 else "".join(marked)
    )


def plain(text: str) -> str:
    """A sentence without the marks around its names."""
    return text.replace("`", "")


def number(value: object) -> str:
    """A limit as people write it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, float):
        return f"{value:,.10g}"
    return str(value)


def _but(rule: Rule) -> str:
    share = rule.setting("tolerated")
    return f", but for at most {percent(share)} of the rows" if share else ""


def _between(rule: Rule, both: str, one: str) -> str:
    low, high = rule.setting("low"), rule.setting("high")
    if low is not None and high is not None:
        return f"{both} {number(low)} and {number(high)}"
    if low is not None:
        return f"{one} at least {number(low)}"
    return f"{one} at most {number(high)}"


def _count(rule: Rule) -> str:
    low, high = rule.setting("low"), rule.setting("high")
    if low is not None and high is not None:
        return number(low) if low == high else f"{number(low)} to {number(high)}"
    return f"at least {number(low)}" if low is not None else f"at most {number(high)}"


def _any_of(values: list[object]) -> str:
    words = [number(value) or "(empty)" for value in values]
    if len(words) > _LISTED + 1:
        return f"one of {', '.join(words[:_LISTED])} and {len(words) - _LISTED} more values"
    if len(words) == 1:
        return f"always {words[0]}"
    return " or ".join([", ".join(words[:-1]), words[-1]])


def _rows(rule: Rule) -> str:
    parts = []
    if rule.setting("low") is not None or rule.setting("high") is not None:
        parts.append(f"{_count(rule)} rows")
    if (change := rule.setting("change")) is not None:
        rows = "" if parts else " rows"
        parts.append(f"at most {percent(change)} more or fewer{rows} than the version before")
    return f"The table has {', and '.join(parts)}"
