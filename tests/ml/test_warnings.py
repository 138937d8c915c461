"""Traps in tables, found without being told what will be predicted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlops_desktop.blobs.chunks import ARROW_TYPES
from mlops_desktop.core.datasets import Column, DataWarning, WarningKind
from mlops_desktop.core.profile import Profile
from mlops_desktop.ml.profile import profile_column
from mlops_desktop.ml.warnings import data_warnings

random = np.random.default_rng(0)
N = 400
NOISE = random.normal(size=N).round(3)
KINDS = {arrow: kind for kind, arrow in ARROW_TYPES.items()}


def warnings(duplicates: int = 0, **columns: Any) -> list[DataWarning]:
    table = pa.table(columns)

    def load(names: Sequence[str]) -> pa.Table:
        return table.select(list(names))

    profile = Profile(
        table.num_rows,
        duplicates,
        tuple(
            profile_column(Column(field.name, KINDS[field.type]), table.column(field.name))
            for field in table.schema
        ),
    )
    return data_warnings(profile, table.slice(0, 100), load, 7 if duplicates else None)


def kinds(found: list[DataWarning]) -> list[tuple[WarningKind, tuple[str, ...]]]:
    return [(warning.kind, warning.columns) for warning in found]


def test_that_harmless_columns_raise_nothing() -> None:
    found = warnings(
        a=NOISE,
        b=random.normal(size=N),
        c=random.integers(0, 5, N),
        d=random.choice(["x", "y"], N),
        e=random.random(N) < 0.5,
    )
    assert found == []


def test_that_two_columns_which_add_up_to_a_third_are_a_leak() -> None:
    casual, registered = random.integers(0, 99, N), random.integers(0, 99, N)
    found = warnings(casual=casual, registered=registered, cnt=casual + registered, x=NOISE)
    assert kinds(found) == [(WarningKind.LEAK, ("casual", "registered", "cnt"))]
    assert found[0].what == "`casual` + `registered` = `cnt` in all 400 rows."


def test_that_three_prices_which_add_up_are_a_leak() -> None:
    parts = [random.normal(size=N).round(2) for _ in range(3)]
    found = warnings(fare=parts[0], tip=parts[1], tolls=parts[2], total=sum(parts))
    assert kinds(found) == [(WarningKind.LEAK, ("fare", "tip", "tolls", "total"))]


def test_that_a_sum_with_one_exception_is_no_sum() -> None:
    a, b = random.integers(0, 99, N), random.integers(0, 99, N)
    total = a + b
    total[-1] += 1
    assert warnings(a=a, b=b, total=total) == []


def test_that_a_sum_holds_where_values_are_missing() -> None:
    a, b = random.integers(0, 99, N).astype(float), random.integers(0, 99, N)
    total = a + b
    missing = np.arange(N) % 10 == 0
    found = warnings(a=pa.array(a, mask=missing), b=b, total=total)
    assert "in all 360 rows where none is missing" in found[0].what


def test_that_a_column_that_repeats_another_is_a_leak() -> None:
    survived = random.integers(0, 2, N)
    found = warnings(survived=survived, x=NOISE, alive=np.where(survived == 1, "yes", "no"))
    assert kinds(found) == [(WarningKind.LEAK, ("survived", "alive"))]


def test_that_a_repeat_with_one_exception_is_none() -> None:
    survived = random.integers(0, 2, N)
    alive = np.where(survived == 1, "yes", "no")
    alive[-1] = "no" if survived[-1] else "yes"
    assert warnings(survived=survived, alive=alive) == []


def test_that_a_copied_column_of_different_numbers_is_a_leak() -> None:
    values = random.normal(size=N)
    found = warnings(price=values, cost=values.copy(), other=random.normal(size=N))
    assert kinds(found) == [(WarningKind.LEAK, ("price", "cost"))]


@pytest.mark.parametrize(
    "ids", [np.arange(1, N + 1), np.array([f"k{i * 7919 % 1000:04}" for i in range(N)])]
)
def test_that_identifiers_are_named(ids: Any) -> None:
    assert kinds(warnings(key=ids, x=NOISE)) == [(WarningKind.IDENTIFIER, ("key",))]


def test_that_unique_numbers_out_of_order_are_no_identifier() -> None:
    assert warnings(n=random.permutation(N), x=NOISE) == []


@pytest.mark.parametrize("value", [3, "same", None])
def test_that_a_column_that_never_changes_is_named(value: object) -> None:
    kind = {int: pa.int64(), str: pa.string()}.get(type(value), pa.string())
    found = warnings(k=pa.array([value] * N, kind), x=NOISE)
    assert kinds(found) == [(WarningKind.CONSTANT, ("k",))]


def test_that_many_missing_values_are_counted() -> None:
    deck = pa.array(random.choice(["A", "B"], N), mask=np.arange(N) % 4 != 0)
    found = warnings(deck=deck, x=NOISE)
    assert found[0].what == "`deck`: 300 of 400 values (75%) are missing."


def test_that_zeros_which_stand_apart_are_named() -> None:
    x = random.normal(6, 0.5, N)
    x[[5, 9]] = 0.0
    found = warnings(x=x)
    assert "2 of 400 values are 0 (first: row 6)" in found[0].what
    assert warnings(x=np.abs(random.normal(size=N)).round(1)) == []


def test_that_categories_which_are_nearly_unique_are_named() -> None:
    names = np.array([f"name {i // 2}" for i in range(N)])
    assert kinds(warnings(name=names, x=NOISE)) == [(WarningKind.CATEGORIES, ("name",))]


def test_that_the_most_harmful_comes_first() -> None:
    a, b = random.integers(0, 99, N), random.integers(0, 99, N)
    found = warnings(3, k=np.ones(N), id=np.arange(N), a=a, b=b, total=a + b)
    assert [warning.kind.value for warning in found] == [
        "leak",
        "identifier",
        "duplicates",
        "constant",
    ]
    assert "(first: row 7)" in found[2].what
