"""Each kind of rule on small tables: which rows break it, and what it says."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlops_desktop.core.checks import KEPT_ROWS, Outcome, Rule, RuleKind, Verdict
from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.profile import Profile
from mlops_desktop.ml import checks, proposals, shift
from mlops_desktop.ml.arrow_vectors import type_of
from mlops_desktop.ml.checks import Checked, Other
from mlops_desktop.ml.checks_of_rows import check_pattern
from mlops_desktop.ml.profile import profile_column
from tests.stored import wide_mix

K = RuleKind
NOW = datetime(2026, 1, 31, tzinfo=UTC)


def data_of(table: pa.Table, **more: Any) -> Checked:
    types = {field.name: type_of(field.type) for field in table.schema}
    return Checked(table.num_rows, types, table.column, NOW, **more)


def other_of(ref: str, table: pa.Table) -> Other:
    data = data_of(table)
    return Other(ref, data.rows, data.columns, data.load)


def outcome(table: pa.Table, kind: RuleKind, *columns: str, **settings: Any) -> Outcome:
    [found] = checks.run([Rule(kind, columns, settings)], data_of(table))
    return found


def january(*days: int) -> Any:
    moments = [datetime(2026, 1, day, tzinfo=UTC).replace(tzinfo=None) for day in days]
    return pa.array(moments, pa.timestamp("us"))


TABLE = pa.table(
    {
        "n": pa.array([1, 2, None, 2, 9], pa.int64()),
        "x": pa.array([0.5, float("nan"), 2.0, -1.0, None], pa.float64()),
        "t": pa.array(["a", "b", "b", None, "lo\nng"]),
        "b": pa.array([True, False, None, True, True]),
        "d": january(1, 2, 3, 4, 25),
    }
)


@pytest.mark.parametrize(
    ("kind", "columns", "settings", "rows"),
    [
        (K.NOT_MISSING, ("n",), {}, (3,)),
        (K.NOT_MISSING, ("n", "t", "d"), {}, (3, 4)),
        (K.RANGE, ("n",), {"low": 2, "high": 8}, (1, 5)),
        (K.RANGE, ("n",), {"low": 1.5, "high": 8.5}, (1, 5)),
        (K.RANGE, ("n",), {"high": 10**30}, ()),
        (K.RANGE, ("x",), {"low": 0}, (2, 4)),
        (K.RANGE, ("d",), {"low": "2026-01-02", "high": "2026-01-10"}, (1, 5)),
        (K.ALLOWED, ("n",), {"values": [1, 2]}, (5,)),
        (K.ALLOWED, ("x",), {"values": [0.5, 2]}, (2, 4)),
        (K.ALLOWED, ("t",), {"values": ["a", "b"]}, (5,)),
        (K.ALLOWED, ("b",), {"values": ["true"]}, (2,)),
        (K.ALLOWED, ("d",), {"values": ["2026-01-01", "2026-01-25"]}, (2, 3, 4)),
        (K.UNIQUE, ("n",), {}, (2, 4)),
        (K.UNIQUE, ("n", "t"), {}, ()),
        (K.UNIQUE, ("t", "b"), {}, ()),
        (K.UNIQUE, ("b",), {}, (1, 4, 5)),
        (K.PATTERN, ("t",), {"pattern": "[a-z]"}, (5,)),
        (K.PATTERN, ("t",), {"pattern": "a|b|l.*g"}, (5,)),
        (K.LENGTH, ("t",), {"low": 1, "high": 1}, (5,)),
        (K.RELATION, (), {"condition": "n >= 2"}, (1,)),
        (K.RELATION, (), {"condition": "n is missing or n >= 2"}, (1,)),
        (K.RELATION, (), {"condition": "n < 9 or t = 'a'"}, (5,)),
    ],
)
def test_that_a_rule_finds_the_rows_that_break_it(
    kind: RuleKind, columns: tuple[str, ...], settings: dict[str, object], rows: tuple[int, ...]
):
    found = outcome(TABLE, kind, *columns, **settings)
    assert found.rows == rows
    assert found.count == len(rows)
    assert found.verdict is (Verdict.FAILED if rows else Verdict.PASSED)


@pytest.mark.parametrize(
    ("kind", "columns", "settings", "says"),
    [
        (K.RANGE, ("gone",), {"low": 1}, "no column `gone`"),
        (K.RANGE, ("t",), {"low": 1}, "holds text"),
        (K.RANGE, ("n",), {"low": "2026-01-01"}, "holds numbers"),
        (K.RANGE, ("d",), {"low": "soon"}, "no date"),
        (K.ALLOWED, ("n",), {"values": ["x"]}, "whole numbers"),
        (K.PATTERN, ("n",), {"pattern": "1"}, "only text"),
        (K.PATTERN, ("t",), {"pattern": "("}, "not a regular expression"),
        (K.LENGTH, ("n",), {"low": 1}, "only text"),
        (K.RELATION, (), {"condition": "n > zz"}, "no column 'zz'"),
        (K.RELATION, (), {"condition": "n + 1"}, "not true or false"),
        (K.FRESH, ("n",), {}, "dates"),
        (K.DRIFT, ("n",), {"version": "x@9"}, "no x@9"),
    ],
)
def test_that_a_rule_which_cannot_run_says_why(
    kind: RuleKind, columns: tuple[str, ...], settings: dict[str, object], says: str
):
    found = outcome(TABLE, kind, *columns, **settings)
    assert found.verdict is Verdict.COULD_NOT_RUN
    assert says in found.message


def test_that_duplicates_are_found_across_chunks():
    n, t = (
        pa.chunked_array([[1, 2], [3, 1], [2]]),
        pa.chunked_array([["a", "b"], ["c", "a"], ["x"]]),
    )
    table = pa.table({"n": n, "t": t})
    assert outcome(table, K.UNIQUE, "n", "t").rows == (1, 4)
    assert outcome(table, K.UNIQUE, "t").rows == (1, 4)


def test_that_columns_and_their_types_are_compared():
    assert outcome(TABLE, K.COLUMN, "n", "x").passed
    assert outcome(TABLE, K.COLUMN, "n", type="integer").passed
    found = outcome(TABLE, K.COLUMN, "n", "t", "gone", type="integer")
    assert found.message == "`gone` is not there; `t` holds text."
    assert found.columns == ("gone", "t")


def test_that_a_tolerated_share_passes_and_still_tells():
    found = outcome(TABLE, K.NOT_MISSING, "n", tolerated=0.2)
    assert found.passed
    assert found.message == "1 of 5 rows (20 %) lacks a value. So many are tolerated."
    assert not outcome(TABLE, K.NOT_MISSING, "n", tolerated=0.19).passed


def test_that_the_worst_values_come_first():
    table = pa.table({"n": [5, -7, 3, 99, 120, -1], "t": ["x", "y", "y", " ", "z" * 80, "y"]})
    assert outcome(table, K.RANGE, "n", low=0, high=50).worst == ("-7", "120", "-1", "99")
    found = outcome(table, K.ALLOWED, "t", values=["x"])
    assert found.worst == ("y", "a blank", "z" * 60 + "\u2026")
    assert "such as y and a blank" in found.message


def test_that_the_number_of_rows_is_compared_with_the_version_before():
    few, many = TABLE, pa.table({"n": list(range(10))})
    rule = Rule(K.ROWS, (), {"change": 0.2})
    assert checks.run([rule], data_of(few))[0].passed
    [found] = checks.run([rule], data_of(few, before=other_of("x@1", many)))
    assert not found.passed
    assert found.message == "It has 5 rows, 50 % fewer than x@1."
    assert not outcome(TABLE, K.ROWS, low=6).passed
    assert outcome(TABLE, K.ROWS, low=5, high=5).passed


def test_that_freshness_is_judged_at_the_import():
    assert outcome(TABLE, K.FRESH, "d", days=7).passed
    found = outcome(TABLE, K.FRESH, "d", days=5)
    assert not found.passed
    assert found.message == "The newest is 2026-01-25, 6 days before the import."


def test_that_drift_is_found_against_the_version_before_or_a_named_one():
    random = np.random.default_rng(0)
    old = pa.table({"x": random.normal(size=2000), "t": ["a", "b"] * 1000})
    new = pa.table({"x": random.normal(0.5, 1, 2000), "t": ["a", "a", "a", "b"] * 500})
    same = pa.table({"x": random.normal(size=2000), "t": ["b", "a"] * 1000})
    rule, named = Rule(K.DRIFT, ("x", "t")), Rule(K.DRIFT, ("x",), {"version": "y@3"})
    before = other_of("y@4", old)
    [found] = checks.run([rule], data_of(new, before=before))
    assert found.columns == ("x", "t")
    assert "`x` 0.5" in found.message
    assert checks.run([rule], data_of(same, before=before))[0].passed
    others = {"y@3": other_of("y@3", new)}
    assert checks.run([named], data_of(new, before=before, others=others))[0].passed
    assert checks.run([rule], data_of(new))[0].passed


def test_that_the_distance_of_text_is_that_of_monitoring():
    a, b = pa.chunked_array([["x"] * 4]), pa.chunked_array([["y"] * 4])
    assert shift.moved(a, a, numeric=False) == 0
    assert shift.moved(a, b, numeric=False) == pytest.approx(1)


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|aa)+", "(.*a){20}"])
def test_that_a_catastrophic_pattern_takes_no_longer(pattern: str):
    table = pa.table({"t": ["a" * 5000 + "!"] * 50})
    begun = time.monotonic()
    assert outcome(table, K.PATTERN, "t", pattern=pattern).count == 50
    assert time.monotonic() - begun < 5


def test_that_a_pattern_is_tried_as_it_will_run():
    assert check_pattern("[0-9]+") == ""
    for wrong in ("(", "a(?=b)", r"(a)\1", "a)(b", "(" + "a{1000}" * 50 + "){1000}"):
        assert check_pattern(wrong)


def test_that_an_empty_table_breaks_nothing():
    empty = TABLE.slice(0, 0)
    rules = [
        Rule(K.NOT_MISSING, ("n", "t")),
        Rule(K.RANGE, ("n",), {"low": 1}),
        Rule(K.ALLOWED, ("t",), {"values": ["a"]}),
        Rule(K.UNIQUE, ("n", "t")),
        Rule(K.PATTERN, ("t",), {"pattern": "a"}),
        Rule(K.RELATION, (), {"condition": "n > 1"}),
        Rule(K.DRIFT, ("n",)),
    ]
    found = checks.run(rules, data_of(empty, before=other_of("x@1", TABLE)))
    assert all(o.passed for o in found), found


def test_that_of_a_million_failing_rows_a_thousand_numbers_are_kept():
    table = wide_mix(1_000_000)
    data = data_of(table)
    rules = [Rule(K.NOT_MISSING, (name,)) for name in table.column_names]
    for name, kind in data.columns.items():
        limits: dict[str, object] = {"low": 0, "high": 3}
        values: dict[str, object] = {"values": ["value_1", "value_2"]}
        rules.append(
            Rule(K.RANGE, (name,), limits) if kind.is_numeric else Rule(K.ALLOWED, (name,), values)
        )
    found = checks.run(rules, data)
    assert len(found) == 40
    assert max(len(o.rows) for o in found) == KEPT_ROWS


def test_that_a_rule_that_is_off_is_not_run():
    assert checks.run([Rule(K.UNIQUE, ("n",), on=False)], data_of(TABLE)) == ()


def proposed(table: pa.Table) -> dict[str, Rule]:
    profile = Profile(
        table.num_rows,
        0,
        tuple(
            profile_column(Column(field.name, type_of(field.type)), table[field.name])
            for field in table.schema
        ),
    )
    rules = proposals.propose(profile, data_of(table))
    assert all(o.passed for o in checks.run(rules, data_of(table)))
    return {rule.sentence: rule for rule in rules}


def test_that_rules_are_proposed_from_a_good_version():
    rows = 400
    day = np.datetime64("2025-01-01T00:00:00", "us") + np.arange(rows).astype("timedelta64[D]")
    one, two = np.arange(rows) % 37, np.arange(rows) % 13
    table = pa.table(
        {
            "id": [f"{i:04d}-AB" for i in range(rows)],
            "plan": ["basic", "gold"] * (rows // 2),
            "free": [f"text number {i} of many" for i in range(rows)],
            "month": [i % 12 + 1 for i in range(rows)],
            "one": one,
            "two": two,
            "both": one + two,
            "amount": [10.0 + i * 0.37 for i in range(rows)],
            "gaps": [None if i % 10 == 0 else i % 97 for i in range(rows)],
            "day": pa.array(day),
            "end": pa.array(day + np.timedelta64(1, "h")),
            "mostly": [1.5 if i % 10 == 0 else None for i in range(rows)],
            "flag": [i % 2 for i in range(rows)],
        }
    )
    found = proposed(table)
    assert "No two rows have the same `id`" in found
    assert "`id` looks like [0-9]{4}-[A-Z]{2}" in found
    assert "`plan` is basic or gold" in found
    assert "`month` lies between 1 and 12" in found
    assert "`flag` is 0 or 1" in found
    assert "`amount` lies between 0 and 173" in found
    assert "Seen: 10 to 157.63" in found["`amount` lies between 0 and 173"].note
    assert "`gaps` is missing in at most 15 % of the rows" in found
    assert "In each row, one + two = both" in found
    assert "In each row, day <= end" in found
    assert "In each row, end <= day" not in found
    assert not any("`mostly` is missing" in sentence for sentence in found)
    assert any("never missing" in sentence for sentence in found)
    assert any("hold whole numbers" in sentence for sentence in found)
    assert not any(sentence.startswith("`free` is") for sentence in found)


def test_that_a_fresh_date_is_proposed_to_stay_fresh():
    table = pa.table({"day": january(*range(1, 29)), "n": list(range(28))})
    assert "The newest `day` is at most 6 days older than the import" in proposed(table)


def test_that_an_empty_version_proposes_its_columns():
    found = proposed(TABLE.slice(0, 0))
    assert any("hold" in sentence for sentence in found)


def test_that_types_of_the_test_data_are_what_they_should_be():
    assert data_of(TABLE).columns["d"] is ColumnType.DATETIME


_INTS = st.lists(st.none() | st.integers(-5, 5), max_size=30)
_WORDS = st.lists(st.none() | st.text("ab\n", max_size=3), max_size=30)


def chunked(values: list[Any], kind: Any, cut: int) -> Any:
    return pa.chunked_array([values[:cut], values[cut:]], kind)


@given(_INTS, st.integers(-6, 6), st.integers(-6, 6), st.integers(0, 30))
def test_that_numbers_are_judged_as_plain_python_would(
    values: list[int | None], low: int, high: int, cut: int
):
    table = pa.table({"n": chunked(values, pa.int64(), cut)})

    def places(bad: Callable[[int], bool]) -> tuple[int, ...]:
        return tuple(n for n, v in enumerate(values, 1) if v is not None and bad(v))

    there = [value for value in values if value is not None]
    ranged = outcome(table, K.RANGE, "n", low=low, high=high)
    assert ranged.rows == places(lambda v: v < low or v > high)
    assert outcome(table, K.ALLOWED, "n", values=[low, high]).rows == places(
        lambda v: v not in (low, high)
    )
    assert outcome(table, K.UNIQUE, "n").rows == places(lambda v: there.count(v) > 1)
    assert outcome(table, K.RELATION, condition=f"n >= {low}").rows == places(lambda v: v < low)
    gaps = tuple(n for n, value in enumerate(values, 1) if value is None)
    assert outcome(table, K.NOT_MISSING, "n").rows == gaps


@given(_WORDS, _INTS, st.integers(0, 30))
def test_that_text_is_judged_as_plain_python_would(
    words: list[str | None], values: list[int | None], cut: int
):
    rows = min(len(words), len(values))
    words, values = words[:rows], values[:rows]
    table = pa.table({"t": chunked(words, pa.string(), cut), "n": chunked(values, pa.int64(), cut)})
    for pattern in ("a+", "a|b", ".*", "(ab)*", ""):
        bad = tuple(
            n for n, w in enumerate(words, 1) if w is not None and not re.fullmatch(pattern, w)
        )
        found = outcome(table, K.PATTERN, "t", pattern=pattern)
        assert found.rows == bad
    long = tuple(n for n, w in enumerate(words, 1) if w is not None and not 1 <= len(w) <= 2)
    assert outcome(table, K.LENGTH, "t", low=1, high=2).rows == long
    pairs = list(zip(words, values, strict=True))
    again = tuple(
        n for n, pair in enumerate(pairs, 1) if None not in pair and pairs.count(pair) > 1
    )
    assert outcome(table, K.UNIQUE, "t", "n").rows == again
