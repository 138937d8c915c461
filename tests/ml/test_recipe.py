"""Recipes on tables: what each step does, in what order, and how a wrong one is told."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pyarrow as pa
import pytest

from mlops_desktop.core.datasets import Column, ColumnType
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.ml import recipe
from mlops_desktop.ml.recipe_preview import preview

K = StepKind


def step(kind: StepKind, on: bool = True, **settings: object) -> Step:
    return Step(kind, settings, on)


@pytest.fixture
def table() -> pa.Table:
    moment = datetime.fromisoformat("2024-02-29T13:30")
    return pa.table(
        {
            "n": pa.array([1, 2, None, 4, 100], pa.int64()),
            "x": [0.5, None, -2.0, float("nan"), 8.0],
            "t": ["a", "a", "b", None, "c"],
            "raw": ["1,200.5", " ", "$7", "x", "-3"],
            "d": pa.array([moment, None, moment, moment, moment], pa.timestamp("us")),
        }
    )


def column(table: pa.Table, name: str, *steps: Step) -> list[Any]:
    return recipe.apply(table, steps).table[name].to_pylist()


def rows(table: pa.Table, *steps: Step) -> list[int]:
    return recipe.apply(table, steps).rows.tolist()


def test_that_rows_are_chosen(table: pa.Table) -> None:
    assert rows(table, step(K.FILTER, where="n > 1 and t != 'c'")) == [1]
    assert rows(table, step(K.FILTER, where="not n > 1")) == [0, 2]
    assert rows(table, step(K.FILTER, where="x is missing or t is missing")) == [1, 3]
    assert rows(table, step(K.FILTER, where="d > '2024-02-29 13:00' and n < 3")) == [0]
    assert rows(table, step(K.DROP_MISSING)) == [0, 4]
    assert rows(table, step(K.DROP_MISSING, columns=["x"])) == [0, 2, 4]
    assert rows(table, step(K.DROP_MISSING, columns=["x", "t"], how="all")) == [0, 1, 2, 4]
    assert rows(table, step(K.DROP_DUPLICATES, columns=["t"])) == [0, 2, 3, 4]
    assert rows(table, step(K.DROP_DUPLICATES, columns=["t"], keep="last")) == [1, 2, 3, 4]
    assert rows(table, step(K.DROP_DUPLICATES)) == [0, 1, 2, 3, 4]
    assert rows(table, step(K.DROP_OUTLIERS, columns=["n"], factor=1.5)) == [0, 1, 2, 3]
    assert rows(table, step(K.DROP_OUTLIERS, columns=["n"], method="zscore", factor=1.5)) == [
        *(0, 1, 2, 3)
    ]


def test_that_a_sample_is_the_same_for_one_seed(table: pa.Table) -> None:
    some = rows(table, step(K.SAMPLE, rows=3))
    assert len(some) == 3
    assert some == sorted(some) == rows(table, step(K.SAMPLE, rows=3, seed=0))
    assert len(rows(table, step(K.SAMPLE, share=0.4))) == 2
    assert rows(table, step(K.SAMPLE, rows=99)) == [0, 1, 2, 3, 4]


def test_that_rows_of_another_table_go_below(table: pa.Table) -> None:
    other = table.slice(3).select(["d", "raw", "t", "x", "n"])
    steps = [
        step(K.FILTER, where="n = 1"),
        step(K.CONCATENATE, dataset="more@1"),
        step(K.FILTER, where="t is not missing"),
    ]
    applied = recipe.apply(table, steps, {"more@1": other})
    assert applied.rows.tolist() == [0, 6]
    assert applied.table["n"].to_pylist() == [1, 100]
    assert applied.table.column_names == table.column_names


def test_that_values_are_mended_in_place(table: pa.Table) -> None:
    assert column(table, "raw", step(K.PARSE_NUMBER, columns=["raw"])) == [
        1200.5,
        None,
        7,
        None,
        -3,
    ]
    assert column(table, "n", step(K.FILL, columns=["n"])) == [1, 2, 2, 4, 100]
    assert column(table, "x", step(K.FILL, columns=["x"])) == [0.5, 0.5, -2, 0.5, 8]
    mean = {"with": "mean"}
    assert column(table, "n", step(K.FILL, columns=["n"], **mean)) == [1, 2, 26.75, 4, 100]
    often = {"with": "most_frequent"}
    assert column(table, "t", step(K.FILL, columns=["t"], **often)) == ["a", "a", "b", "a", "c"]
    value = {"with": "value", "value": "none"}
    assert column(table, "t", step(K.FILL, columns=["t"], **value))[3] == "none"
    assert column(table, "n", step(K.CLIP, columns=["n"], low=2, high=50)) == [2, 2, None, 4, 50]
    assert column(table, "n", step(K.CLIP, columns=["n"], high_share=0.5)) == [1, 2, None, 2, 2]
    assert column(table, "n", step(K.CAST, columns=["n"], to="text")) == [
        "1",
        "2",
        None,
        "4",
        "100",
    ]
    assert column(table, "raw", step(K.CAST, columns=["raw"], to="integer"))[4] == -3
    mapped = step(K.MAP_VALUES, column="t", values={"a": "A", "b": None})
    assert column(table, "t", mapped) == ["A", "A", None, None, "c"]
    only = step(K.MAP_VALUES, column="t", values={"a": 1}, other="missing")
    assert column(table, "t", only) == [1, 1, None, None, None]
    grouped = step(K.GROUP_RARE, column="t", share=0.3)
    assert column(table, "t", grouped) == ["a", "a", "(other)", None, "(other)"]
    logs = column(table, "x", step(K.LOG, columns=["x"]))
    assert logs[2] is None
    assert logs[0] == pytest.approx(0.405465)


def test_that_columns_are_made(table: pa.Table) -> None:
    assert column(table, "r", step(K.RATIO, column="n", by="x", into="r"))[0] == 2
    assert column(table, "s", step(K.SUM, columns=["n", "x"], into="s")) == [
        1.5,
        None,
        None,
        None,
        108,
    ]
    assert column(table, "g", step(K.DIFFERENCE, column="n", less="x", into="g"))[4] == 92
    binned = step(K.BIN, column="n", edges=[2, 10], into="b")
    assert column(table, "b", binned) == [0, 1, None, 1, 2]
    counted = step(K.BIN, column="n", count=2, into="b")
    assert column(table, "b", counted) == [0, 0, None, 1, 1]
    parts = recipe.apply(table, [step(K.DATE_PARTS, column="d", parts=["weekday", "quarter"])])
    assert parts.table["d_weekday"].to_pylist() == [3, None, 3, 3, 3]
    assert parts.table["d_quarter"].to_pylist()[0] == 1
    turned = recipe.apply(table, [step(K.CYCLIC, column="n", period=4)]).table
    assert turned["n_sin"].to_pylist()[0] == pytest.approx(1)
    assert turned["n_cos"].to_pylist()[1] == pytest.approx(-1)
    formula = step(K.FORMULA, into="f", formula="if(t = 'a', n * 10, coalesce(x, 0))")
    assert column(table, "f", formula) == [10, 20, -2, 0, 8]


def test_that_a_renamed_column_keeps_its_place_and_new_ones_come_last(table: pa.Table) -> None:
    steps = [
        step(K.RENAME, column="x", into="size"),
        step(K.FORMULA, into="double", formula="size * 2"),
        step(K.DROP_COLUMNS, columns=["raw", "d"]),
    ]
    assert recipe.apply(table, steps).table.column_names == ["n", "size", "t", "double"]


def test_that_a_step_that_is_off_does_nothing(table: pa.Table) -> None:
    off = step(K.FILTER, False, where="nonsense(")
    assert recipe.apply(table, [off]).rows.tolist() == [0, 1, 2, 3, 4]
    assert recipe.fit_features(table, [step(K.LOG, False, columns=["nothing"])]) == ()


def test_that_a_column_without_values_stays_empty() -> None:
    table = pa.table({"x": pa.array([None, None], pa.float64()), "t": pa.array([None] * 2, "str")})
    for how in ("median", "mean", "most_frequent"):
        assert column(table, "x", step(K.FILL, columns=["x"], **{"with": how})) == [None, None]
    assert column(table, "x", step(K.CLIP, columns=["x"], low_share=0.1)) == [None, None]
    assert column(table, "t", step(K.GROUP_RARE, column="t")) == [None, None]


def test_that_later_steps_learn_from_what_earlier_ones_made(table: pa.Table) -> None:
    steps = [
        step(K.PARSE_NUMBER, columns=["raw"]),
        step(K.CLIP, columns=["raw"], high=10),
        step(K.FILL, columns=["raw"]),
    ]
    fitted = recipe.fit_features(table, steps)
    assert fitted[-1].learnt == {"raw": 7.0}
    assert fitted == recipe.apply(table, steps).fitted


def test_that_only_what_an_output_needs_is_kept(table: pa.Table) -> None:
    steps = [
        step(K.FILL, columns=["n", "x"]),
        step(K.SUM, columns=["n", "x"], into="s"),
        step(K.LOG, columns=["n"]),
        step(K.RENAME, column="t", into="kind"),
        step(K.DROP_COLUMNS, columns=["raw"]),
    ]
    fitted = recipe.fit_features(table, steps)
    inputs, needed = recipe.needed(fitted, ["n", "kind"])
    assert set(inputs) == {"n", "t"}
    assert [one.kind for one in needed] == [K.FILL, K.LOG, K.RENAME]
    assert [made.column.name for made in needed[0].makes] == ["n"]
    assert needed[0].learnt == {"n": 2}
    whole = recipe.features_on_table(table, fitted).select(["n", "kind"])
    assert recipe.features_on_table(table.select(inputs), needed).select(["n", "kind"]) == whole
    assert recipe.needed(fitted, ["d"]) == (("d",), ())
    assert set(recipe.needed(fitted, ["s"])[0]) == {"n", "x"}


_BAD: list[tuple[Step, str]] = [
    (step(K.FILTER, where="prise > 0"), "no column 'prise' (at character 1). Did you mean price"),
    (step(K.FILTER, where="price + 1"), "gives a number, not true or false"),
    (step(K.FILTER, where="price > 'x'"), "is given a number and text"),
    (step(K.FILTER, where="city + 1 > 2"), "takes numbers. `city` is text"),
    (step(K.FILTER, where="sold > 'soon'"), "'soon' is not a date"),
    (step(K.FILTER, where="contains(city, city)"), "a text in quotes as the second argument"),
    (step(K.FILTER, where="price and city = 'x'"), "takes true or false. `price` is a number"),
    (step(K.FILTER, where="price > "), "ends too early"),
    (step(K.FILTER), "Condition is missing"),
    (step(K.FILTER, whre="a"), "no setting 'whre'. Did you mean where"),
    (step(K.LOG, columns="price"), "a list of columns"),
    (step(K.LOG, columns=["city"]), "city holds text, and the step takes a number. "),
    (step(K.LOG, columns=["Price"]), "Did you mean price"),
    (step(K.FILL, columns=["city"]), "holds text"),
    (step(K.FILL, columns=["city"], **{"with": "value"}), "Value is missing"),
    (step(K.FILL, columns=["city"], **{"with": "value", "value": 3}), "in quotes: '3'"),
    (step(K.FILL, columns=["rooms"], **{"with": "value", "value": 0.5}), "0.5 is none"),
    (step(K.FILL, columns=["sold"], **{"with": "value", "value": "x"}), "not a date"),
    (step(K.FILL, columns=["price"], **{"with": "mode"}), "median or mean or most_frequent"),
    (step(K.CLIP, columns=["price"]), "has no limit"),
    (step(K.CLIP, columns=["price"], low=3, high=1), "above the highest"),
    (step(K.CLIP, columns=["price"], low_share=0.9, high_share=0.1), "above the highest"),
    (step(K.CLIP, columns=["price"], low=3, low_share=0.1), "Both low and low_share"),
    (step(K.CLIP, columns=["price"], high_share=2), "between 0 and 1"),
    (step(K.RENAME, column="price", into="city"), "There is a column city already"),
    (step(K.CAST, columns=["sold"], to="number"), "cannot become a number"),
    (step(K.CAST, columns=["price"], to="date"), "integer or number or boolean"),
    (step(K.PARSE_DATE, columns=["city"], format="%Q"), "holds %Q"),
    (step(K.PARSE_DATE, columns=["city"], format="%Y-%Y-%d"), "%Y twice"),
    (step(K.PARSE_DATE, columns=["city"], format="%H:%M"), "the whole day"),
    (step(K.MAP_VALUES, column="city", values={"a": 1}), "Set other to missing"),
    (
        step(K.MAP_VALUES, column="city", values={"a": 1, "b": "x"}, other="missing"),
        "different types",
    ),
    (step(K.MAP_VALUES, column="rooms", values={"a": 1}), "the old value 'a' is none"),
    (step(K.MAP_VALUES, column="city", values={}), "old and new values"),
    (step(K.BIN, column="price", into="b"), "either edges or a count"),
    (step(K.BIN, column="price", edges=[2, 1], into="b"), "numbers that grow"),
    (step(K.BIN, column="price", count=1, into="b"), "Use 2 to 1000"),
    (step(K.DIFFERENCE, column="sold", less="price", into="g"), "the other does not"),
    (step(K.DATE_PARTS, column="sold", parts=["century"]), "a list of some of year"),
    (step(K.DATE_PARTS, column="price", parts=["year"]), "takes a date"),
    (step(K.CYCLIC, column="price", period=0), "period is 0"),
    (step(K.GROUP_RARE, column="city", share=2), "between 0 and 1"),
    (step(K.GROUP_RARE, column="price"), "takes text"),
    (step(K.DROP_COLUMNS, columns=["price", "city", "sold", "rooms"]), "drops all columns"),
    (step(K.FORMULA, into="city", formula="price * 2"), "There is a column city already"),
    (step(K.FORMULA, into="f", formula="round(price, rooms)"), "a whole number of digits"),
    (step(K.FORMULA, into="f", formula="min(city, 'a')"), "numbers or dates"),
    (step(K.SAMPLE), "either rows or a share"),
    (step(K.SAMPLE, rows=3, share=0.5), "either rows or a share"),
    (step(K.SAMPLE, rows=0), "Take 1 at least"),
    (step(K.SAMPLE, share=1.5), "at most 1"),
    (step(K.SAMPLE, rows=1, seed=-1), "seed is -1"),
    (step(K.DROP_OUTLIERS, columns=["price"], factor=0), "factor is 0"),
    (step(K.DROP_OUTLIERS, columns=["city"]), "holds text"),
    (step(K.DROP_MISSING, columns=["nothing"]), "There is no column 'nothing'"),
    (step(K.SUM, columns=["price"], into=" "), "Set into to a name"),
]


@pytest.mark.parametrize(("bad", "says"), _BAD, ids=[f"{s.kind}-{says}" for s, says in _BAD])
def test_that_a_wrong_step_is_named_with_what_to_do(bad: Step, says: str) -> None:
    columns = [
        Column("price", ColumnType.NUMBER),
        Column("city", ColumnType.TEXT),
        Column("sold", ColumnType.DATETIME),
        Column("rooms", ColumnType.INTEGER),
    ]
    steps = [step(K.FILTER, where="price > 0"), bad]
    with pytest.raises(UserError) as found:
        recipe.check(columns, steps)
    assert str(found.value).startswith(f"Step 2 ({bad.kind.form.title}): ")
    assert says in str(found.value)
    faults = [one.error for one in recipe.outline(columns, [*steps, steps[0]])]
    assert [fault is None for fault in faults] == [True, False, True]


def test_that_a_concatenation_comes_first_and_fits(table: pa.Table) -> None:
    add = step(K.CONCATENATE, dataset="more")
    columns = recipe.columns_of(table)
    with pytest.raises(UserError, match="comes after a feature step"):
        recipe.check(columns, [step(K.LOG, columns=["x"]), add])
    with pytest.raises(UserError, match="no column 'd' in the other version"):
        recipe.check(columns, [add], {"more": columns[:-1]})
    other = [Column(c.name, ColumnType.TEXT) for c in columns]
    with pytest.raises(UserError, match="n holds a whole number, in the other version text"):
        recipe.check(columns, [add], {"more": other})
    wider = [Column(c.name, ColumnType.INTEGER if c.name == "x" else c.type) for c in columns]
    recipe.check(columns, [add], {"more": wider})
    with pytest.raises(UserError, match="no version 'more'"):
        recipe.apply(table, [add])


def test_that_a_preview_shows_both_sides_and_marks_what_changes(table: pa.Table) -> None:
    steps = [
        step(K.PARSE_NUMBER, columns=["raw"]),
        step(K.FILL, columns=["raw"]),
        step(K.FILTER, where="n is not missing"),
    ]
    seen = preview(table, steps, {}, 5, start=0, rows=10, changes_only=False)
    assert (seen.rows_before, seen.rows_after, seen.is_whole) == (5, 4, True)
    assert seen.changed_cells == {"raw": 3}  # "-3" became -3, which shows the same.
    assert seen.kept.tolist() == [True, True, False, True, True]
    assert seen.before["raw"].to_pylist()[1] == " "
    assert seen.after["raw"].to_pylist()[1:3] == [7.0, None]
    last = preview(table, steps, {}, 9, start=2, rows=10, changes_only=True)
    assert last.rows.tolist() == [3]
    assert not last.is_whole


def test_that_a_preview_tells_of_columns_and_rows_that_come_and_go(table: pa.Table) -> None:
    steps = [
        step(K.CONCATENATE, dataset="more"),
        step(K.RENAME, column="n", into="count"),
        step(K.FORMULA, into="f", formula="count + 1"),
        step(K.DROP_COLUMNS, columns=["t"]),
    ]
    seen = preview(table, steps, {"more": table}, 10, start=0, rows=100, changes_only=True)
    assert (seen.added, seen.removed, seen.renamed) == (("f",), ("t",), {"count": "n"})
    assert seen.rows.tolist() == [6, 7, 8, 9, 10]
    assert not seen.was.any()
    assert seen.kept.all()
    assert seen.before["n"].null_count == 5
