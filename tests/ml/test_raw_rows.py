"""A recipe on rows that come in blocks does what its steps do one by one on whole tables."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlops_desktop.core.datasets import Column
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.ml import recipe
from mlops_desktop.ml.raw_rows import whole

K = StepKind


@dataclass
class Blocks:
    """A table in blocks of so many rows; asked: the columns that were asked for together."""

    table: pa.Table
    size: int
    asked: list[list[str]] = field(default_factory=list)

    @property
    def columns(self) -> tuple[Column, ...]:
        return recipe.columns_of(self.table)

    @property
    def num_rows(self) -> int:
        return self.table.num_rows

    def blocks(self, names: Sequence[str]) -> Iterable[pa.Table]:
        self.asked.append(list(names))
        for start in range(0, self.num_rows, self.size):
            yield self.table.select(names).slice(start, self.size)


def made(rows: int, seed: int) -> pa.Table:
    chance = np.random.default_rng(seed)
    gaps = chance.random((4, rows)) < 0.15
    return pa.table(
        {
            "n": pa.array(chance.integers(0, 9, rows), pa.int64(), mask=gaps[0]),
            "x": pa.array(chance.normal(size=rows).round(1), pa.float64(), mask=gaps[1]),
            "t": pa.array(chance.choice(["a", "b", "b", "c"], rows), pa.string(), mask=gaps[2]),
            "d": pa.array(chance.integers(0, 10**15, rows), pa.timestamp("us"), mask=gaps[3]),
        }
    )


# Each can come after any other, several times; what is swapped keeps its type.
STEPS = (
    Step(K.FILTER, {"where": "n > 1 or x > 0"}),
    Step(K.FILTER, {"where": "1 < 2"}),
    Step(K.DROP_MISSING, {"columns": ["n", "t"], "how": "all"}),
    Step(K.DROP_MISSING, {"columns": ["d"]}),
    Step(K.DROP_DUPLICATES, {"columns": ["n", "t"], "keep": "last"}),
    Step(K.DROP_OUTLIERS, {"columns": ["n", "x"], "factor": 1.0}),
    Step(K.SAMPLE, {"share": 0.7}),
    Step(K.FILL, {"columns": ["n", "x"]}),
    Step(K.FILL, {"columns": ["t", "d"], "with": "most_frequent"}),
    Step(K.CLIP, {"columns": ["x"], "low_share": 0.2, "high_share": 0.8}),
    Step(K.GROUP_RARE, {"column": "t", "share": 0.3, "name": "rare"}),
    Step(K.RENAME, {"columns": {"n": "m", "x": "y"}}),
    Step(K.RENAME, {"columns": {"m": "n", "y": "x"}}),
    Step(K.FORMULA, {"into": "x", "formula": "x * 2 + 1"}),
    Step(K.DROP_COLUMNS, {"columns": ["d"]}),
)


@settings(deadline=None, max_examples=150)
@given(st.integers(0, 60), st.integers(1, 70), st.lists(st.sampled_from(STEPS), max_size=7))
def test_that_blocks_columns_and_whole_tables_agree(
    rows: int, size: int, steps: list[Step]
) -> None:
    raw = made(rows, seed=rows)
    one_by_one, used = raw, list[Step]()
    for step in steps:
        if recipe.outline(recipe.columns_of(one_by_one), [step])[0].error is None:
            one_by_one = recipe.apply(one_by_one, [step]).table
            used.append(step)
    found = recipe.fit(Blocks(raw, size), used, {})
    assert found.columns == recipe.columns_of(one_by_one)
    assert found.num_rows == one_by_one.num_rows
    assert whole(found.blocks(), found.columns).equals(one_by_one)
    for name in one_by_one.column_names:
        assert found[name].equals(one_by_one[name])
    assert recipe.apply(raw, used).table.equals(one_by_one)


@pytest.mark.parametrize("size", [3, 1000])
def test_that_rows_that_go_below_may_come_in_blocks(size: int) -> None:
    raw, other = made(40, 1), made(30, 2).select(["d", "t", "x", "n"])
    other = other.set_column(2, "x", pa.array(range(30), pa.int64()))
    steps = [
        Step(K.FILTER, {"where": "n > 2"}),
        Step(K.CONCATENATE, {"dataset": "more@1"}),
        Step(K.FILL, {"columns": ["x"]}),
        Step(K.SAMPLE, {"rows": 20}),
    ]
    found = recipe.fit(Blocks(raw, size), steps, {"more@1": Blocks(other, size)})
    whole_table = recipe.apply(raw, steps, {"more@1": other}).table
    assert whole(found.blocks(), found.columns).equals(whole_table)
    assert whole_table["x"].type == pa.float64()


def test_that_no_step_reads_columns_that_it_does_not_need() -> None:
    raw = Blocks(made(50, 1), 10)
    steps = [
        Step(K.FILTER, {"where": "n > 2"}),
        Step(K.FORMULA, {"into": "z", "formula": "x + n"}),
        Step(K.FILL, {"columns": ["z", "t"], "with": "most_frequent"}),
        Step(K.DROP_OUTLIERS, {"columns": ["x", "n"], "factor": 3}),
    ]
    recipe.fit(raw, steps, {})
    assert [sorted(names) for names in raw.asked] == [["n"], ["n", "x"], ["t"], ["x"], ["n"]]


@pytest.mark.parametrize("keep", ["first", "last"])
@pytest.mark.parametrize("size", [4, 1000])
def test_that_equal_rows_are_dropped_by_their_bits(keep: str, size: int) -> None:
    chance = np.random.default_rng(3)
    odd = [None, 0.0, -0.0, float("nan"), 1.5]
    table = pa.table(
        {
            "x": pa.array([odd[i] for i in chance.integers(0, 5, 300)], pa.float64()),
            "t": pa.array(chance.choice(["", "a", None], 300).tolist(), pa.string()),
            "b": pa.array(chance.choice([True, False, None], 300).tolist(), pa.bool_()),
            "n": pa.array(chance.choice([0, 2**62, None], 300).tolist(), pa.int64()),
            "d": pa.array(chance.integers(0, 2, 300), pa.timestamp("us")),
        }
    )
    last: dict[str, int] = {}
    first: dict[str, int] = {}
    for place, row in enumerate(table.to_pylist()):
        last[repr(row)] = place
        first.setdefault(repr(row), place)
    steps = [Step(K.DROP_DUPLICATES, {"keep": keep})]
    found = recipe.fit(Blocks(table, size), steps, {}).places
    assert found is not None
    assert found.tolist() == sorted((first if keep == "first" else last).values())
    assert len(found) < 300
