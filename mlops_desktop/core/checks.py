"""Checks: the rules of a dataset, what they found in a version, and whether that holds it up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Literal

from mlops_desktop.core.setting_fields import FieldKind, SettingField

KEPT_ROWS = 1000  # Of the failing rows of one rule, this many are remembered.


class RuleKind(StrEnum):
    """Named as a file of rules names them."""

    COLUMN = "column"
    NOT_MISSING = "not_missing"
    RANGE = "range"
    ALLOWED = "allowed"
    UNIQUE = "unique"
    PATTERN = "pattern"
    LENGTH = "length"
    RELATION = "relation"
    ROWS = "rows"
    FRESH = "fresh"
    DRIFT = "drift"

    @property
    def form(self) -> RuleForm:
        return RULES[self]


class Severity(StrEnum):
    """WARN shows; BLOCK also refuses training on the version."""

    WARN = "warn"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class RuleForm:
    """title is what menus call the kind, help one sentence for who does not know it.

    columns: whether a rule is about no column, one, or one and more.
    """

    title: str
    help: str
    columns: Literal["none", "one", "many"]
    fields: tuple[SettingField, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. settings go by the names of its form; what is left out takes its default.

    on: False keeps it without running it. note: how a proposed rule came to its limits.
    """

    kind: RuleKind
    columns: tuple[str, ...] = ()
    settings: dict[str, object] = field(default_factory=dict)
    severity: Severity = Severity.WARN
    on: bool = True
    note: str = ""

    def setting(self, name: str) -> Any:
        """The setting, or its default."""
        known = next(item for item in self.kind.form.fields if item.name == name)
        found = self.settings.get(name)
        return known.default if found is None else found

    @property
    def tested(self) -> str:
        """What names the test: the same for rules that differ in severity, switch or note."""
        return json.dumps([self.kind.value, self.columns, self.settings], sort_keys=True)

    @property
    def sentence(self) -> str:
        """The rule in words; names of columns stand between backticks."""
        from mlops_desktop.core.sentences import sentence  # noqa: PLC0415  It needs this file.

        return sentence(self)


class Verdict(StrEnum):
    """NOT_APPLICABLE: the rule is about columns that a recipe left out or made elsewhere."""

    PASSED = "passed"
    FAILED = "failed"
    COULD_NOT_RUN = "could not run"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule found. count: failing rows, 0 for a rule about the table as a whole.

    share: of all rows, 0..1. rows: the numbers of the first ones, counted from 1, at most
    KEPT_ROWS. columns: whose cells are at fault. worst: the values that are furthest off, or most
    frequent. message: the finding in a sentence.
    """

    rule: Rule
    verdict: Verdict
    message: str = ""
    count: int = 0
    share: float = 0.0
    rows: tuple[int, ...] = ()
    columns: tuple[str, ...] = ()
    worst: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.verdict is Verdict.PASSED

    @property
    def fails(self) -> bool:
        return self.verdict in (Verdict.FAILED, Verdict.COULD_NOT_RUN)

    @property
    def blocks(self) -> bool:
        """A rule that was to block and could not run has not said yes, so it blocks too."""
        return self.fails and self.rule.severity is Severity.BLOCK


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What the rules of a dataset found in one version. ref: NAME@VERSION.

    pending: so many rules that are on have not been run on it yet.
    """

    ref: str
    outcomes: tuple[Outcome, ...]
    at: str
    pending: int = 0

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """What did not pass, the blocking ones first."""
        return tuple(sorted((o for o in self.outcomes if o.fails), key=lambda o: not o.blocks))

    @property
    def blocking(self) -> tuple[Outcome, ...]:
        return tuple(outcome for outcome in self.outcomes if outcome.blocks)

    @property
    def summary(self) -> CheckSummary:
        return CheckSummary(len(self.failed), len(self.blocking))

    def under(self, rules: Sequence[Rule]) -> CheckReport:
        """The report in the light of other rules: an outcome holds as long as what it tested is
        asked, whatever the severity is now; what is off or gone is left out."""
        found = {outcome.rule.tested: outcome for outcome in self.outcomes}
        wanted = [rule for rule in rules if rule.on]
        kept = [replace(found[r.tested], rule=r) for r in wanted if r.tested in found]
        return replace(self, outcomes=tuple(kept), pending=len(wanted) - len(kept))


@dataclass(frozen=True, slots=True)
class CheckSummary:
    """How many rules of a version's report did not pass, and how many of these block."""

    failed: int
    blocked: int


_TOLERATED = SettingField(
    "tolerated",
    FieldKind.NUMBER,
    "Tolerated share",
    optional=True,
    default=0.0,
    hint="0.05: up to 5 % of the rows may break the rule.",
)
TYPES = ("integer", "number", "boolean", "text", "datetime")
RULES: dict[RuleKind, RuleForm] = {
    RuleKind.COLUMN: RuleForm(
        "Columns and their type",
        "The columns are there and hold what they should.",
        "many",
        (SettingField("type", FieldKind.CHOICE, "Holds", optional=True, choices=TYPES),),
    ),
    RuleKind.NOT_MISSING: RuleForm(
        "Not missing", "No value of the columns is missing.", "many", (_TOLERATED,)
    ),
    RuleKind.RANGE: RuleForm(
        "Range",
        "The numbers or dates of a column lie between two limits; missing ones pass.",
        "one",
        (
            SettingField("low", FieldKind.VALUE, "At least", optional=True),
            SettingField(
                "high",
                FieldKind.VALUE,
                "At most",
                optional=True,
                hint="A number, or a date such as 2024-12-31.",
            ),
            _TOLERATED,
        ),
    ),
    RuleKind.ALLOWED: RuleForm(
        "Allowed values",
        "A column holds only values of a list; missing ones pass.",
        "one",
        (
            SettingField("values", FieldKind.CHOICES, "Values", hint="Yes, No"),
            _TOLERATED,
        ),
    ),
    RuleKind.UNIQUE: RuleForm(
        "No duplicates", "No two rows have the same value, or the same values together.", "many"
    ),
    RuleKind.PATTERN: RuleForm(
        "Pattern",
        "The whole text matches a regular expression (RE2); missing ones pass.",
        "one",
        (
            SettingField("pattern", FieldKind.TEXT, "Pattern", hint="[A-Z]{2}[0-9]{4}"),
            _TOLERATED,
        ),
    ),
    RuleKind.LENGTH: RuleForm(
        "Length of text",
        "Texts have so many characters; missing ones pass.",
        "one",
        (
            SettingField("low", FieldKind.INTEGER, "At least", optional=True),
            SettingField("high", FieldKind.INTEGER, "At most", optional=True),
            _TOLERATED,
        ),
    ),
    RuleKind.RELATION: RuleForm(
        "Relation of columns",
        "A condition between columns is true in each row; one with a missing value passes.",
        "none",
        (
            SettingField(
                "condition", FieldKind.EXPRESSION, "Condition", hint="casual + registered = cnt"
            ),
            _TOLERATED,
        ),
    ),
    RuleKind.ROWS: RuleForm(
        "Number of rows",
        "The table has so many rows, or nearly as many as the version before.",
        "none",
        (
            SettingField("low", FieldKind.INTEGER, "At least", optional=True),
            SettingField("high", FieldKind.INTEGER, "At most", optional=True),
            SettingField(
                "change",
                FieldKind.NUMBER,
                "Change by at most",
                optional=True,
                hint="0.2: a fifth more or fewer than in the version before.",
            ),
        ),
    ),
    RuleKind.FRESH: RuleForm(
        "Freshness",
        "The newest date of a column was not old when the version was imported.",
        "one",
        (SettingField("days", FieldKind.NUMBER, "Days at most", default=7.0),),
    ),
    RuleKind.DRIFT: RuleForm(
        "Drift",
        "The values are spread as in another version: Wasserstein distance in standard "
        "deviations for numbers, Jensen-Shannon distance for text.",
        "many",
        (
            SettingField(
                "version",
                FieldKind.DATASET,
                "As in",
                optional=True,
                hint="Such as telco@1. Empty: the version before.",
            ),
            SettingField("limit", FieldKind.NUMBER, "Limit", optional=True, default=0.1),
        ),
    ),
}
