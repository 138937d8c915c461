"""Rules as sentences and documents, and what a report says under other rules."""

from __future__ import annotations

import datetime

import pytest

from mlops_desktop.core.checks import CheckReport, Outcome, Rule, RuleKind, Severity, Verdict
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.core.rulebook import checked, from_documents, to_document
from mlops_desktop.core.sentences import headline

K = RuleKind
WORDED = [
    (Rule(K.COLUMN, ("a",)), "`a` is there"),
    (
        Rule(K.COLUMN, ("a", "b"), {"type": "integer"}),
        "`a` and `b` are there and hold whole numbers",
    ),
    (Rule(K.NOT_MISSING, tuple("abcdefg")), "`a`, `b`, `c`, `d` and 3 more are never missing"),
    (Rule(K.NOT_MISSING, ("a",), {"tolerated": 0.05}), "`a` is missing in at most 5 % of the rows"),
    (Rule(K.RANGE, ("tenure",), {"low": 0, "high": 72}), "`tenure` lies between 0 and 72"),
    (Rule(K.RANGE, ("a",), {"high": 1500}), "`a` is at most 1,500"),
    (Rule(K.ALLOWED, ("a",), {"values": ["No", "Yes"]}), "`a` is No or Yes"),
    (Rule(K.ALLOWED, ("a",), {"values": [1]}), "`a` is always 1"),
    (Rule(K.UNIQUE, ("a", "b")), "No two rows have the same `a` and `b` together"),
    (Rule(K.PATTERN, ("a",), {"pattern": "[0-9]+"}), "`a` looks like [0-9]+"),
    (
        Rule(K.LENGTH, ("a",), {"low": 1, "high": 8, "tolerated": 0.01}),
        "`a` has 1 to 8 characters, but for at most 1 % of the rows",
    ),
    (Rule(K.RELATION, (), {"condition": "a + b = c"}), "In each row, a + b = c"),
    (
        Rule(K.ROWS, (), {"low": 1000, "change": 0.2}),
        "The table has at least 1,000 rows, and at most 20 % more or fewer than the version before",
    ),
    (Rule(K.FRESH, ("day",)), "The newest `day` is at most 7 days older than the import"),
    (
        Rule(K.DRIFT, ("a",), {"version": "bike@1"}),
        "`a` is spread as in bike@1 (drift at most 0.1)",
    ),
]


@pytest.mark.parametrize(("rule", "words"), WORDED)
def test_that_a_rule_reads_as_a_sentence(rule: Rule, words: str):
    assert rule.sentence == words


@pytest.mark.parametrize("rule", [rule for rule, _ in WORDED])
def test_that_a_rule_survives_its_document_and_its_json(rule: Rule):
    assert from_documents([to_document(rule)]) == (rule,)
    assert from_plain(Rule, to_plain(rule)) == rule


def test_that_what_a_file_may_say_is_read():
    [rule] = from_documents(
        [
            {
                "rule": "range",
                "columns": "day",
                "low": datetime.date(2024, 1, 31),
                "severity": "block",
                True: False,  # YAML 1.1 reads the key `on` so.
            }
        ]
    )
    assert rule == Rule(K.RANGE, ("day",), {"low": "2024-01-31"}, Severity.BLOCK, on=False)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        ("text", "list of settings"),
        ({}, "'rule' is missing"),
        ({"rule": "rnage", "columns": "a"}, "Did you mean 'range'"),
        ({"rule": "range", "columns": "a", "lwo": 1}, "Did you mean 'low'"),
        ({"rule": "range", "columns": "a"}, "no limit"),
        ({"rule": "range", "columns": "a", "low": 3, "high": 1}, "above"),
        ({"rule": "range", "columns": "a", "low": 3, "high": "2024-01-01"}, "two of a kind"),
        ({"rule": "range", "columns": ["a", "b"], "low": 1}, "about one column"),
        ({"rule": "range", "low": 1}, "names no column"),
        ({"rule": "rows", "columns": "a", "low": 1}, "no column of its own"),
        ({"rule": "rows", "low": 1.5}, "not a whole number"),
        ({"rule": "rows", "low": -1}, "below 0"),
        ({"rule": "not_missing", "columns": "a", "tolerated": 5}, "a share"),
        ({"rule": "allowed", "columns": "a"}, "needs 'values'"),
        ({"rule": "allowed", "columns": "a", "values": [[1]]}, "texts and numbers"),
        ({"rule": "allowed", "columns": "a", "values": [float("nan")]}, "finite"),
        ({"rule": "column", "columns": "a", "type": "money"}, "one of integer"),
        ({"rule": "relation", "condition": "a +"}, "formula"),
        ({"rule": "unique", "columns": "a", "severity": "fatal"}, "one of warn, block"),
        ({"rule": "unique", "columns": "a", "on": "maybe"}, "true or false"),
        ({"rule": "unique", "columns": {"a": 1}}, "not a list"),
    ],
)
def test_that_a_wrong_rule_is_refused_by_its_place(document: object, says: str):
    with pytest.raises(UserError) as caught:
        from_documents([to_document(Rule(K.UNIQUE, ("x",))), document])
    assert str(caught.value).startswith("Rule 2: ")
    assert says.lower() in str(caught.value).lower()


def test_that_rules_which_are_no_list_are_refused():
    with pytest.raises(UserError, match="not a list"):
        from_documents({"rules": 1})
    with pytest.raises(UserError, match="20,001 rules"):
        from_documents([{}] * 20_001)


def test_that_repeated_columns_and_values_count_once():
    rule = checked(Rule(K.ALLOWED, ("a", "a"), {"values": [1, 1, True]}))
    assert rule.columns == ("a",)
    assert rule.settings["values"] == [1, True]


def test_that_a_report_is_judged_by_the_rules_of_now():
    tested, other = Rule(K.UNIQUE, ("a",)), Rule(K.UNIQUE, ("b",))
    report = CheckReport("x@1", (Outcome(tested, Verdict.FAILED, "", 2),), "")
    blocking = Rule(K.UNIQUE, ("a",), severity=Severity.BLOCK)
    assert not report.under([tested]).blocking
    assert report.under([blocking]).blocking[0].count == 2
    assert report.under([blocking, other]).pending == 1
    off = report.under([Rule(K.UNIQUE, ("a",), on=False)])
    assert (off.outcomes, off.pending) == ((), 0)


def test_that_a_blocking_rule_which_could_not_run_blocks():
    rule = Rule(K.UNIQUE, ("a",), severity=Severity.BLOCK)
    assert CheckReport("x@1", (Outcome(rule, Verdict.COULD_NOT_RUN),), "").blocking


def test_that_a_report_has_a_headline():
    passed = Outcome(Rule(K.UNIQUE, ("a",)), Verdict.PASSED)
    failed = Outcome(Rule(K.UNIQUE, ("b",), severity=Severity.BLOCK), Verdict.FAILED)
    assert headline(CheckReport("x@1", (passed, passed), "")) == "all 2 rules pass"
    report = CheckReport("x@1", (passed, failed), "")
    assert headline(report) == "1 of 2 rules does not pass, 1 blocks training"
