"""Changes between versions as a user asks for them: keys, columns, rows, words, pages."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from mlops_desktop.actions import changed_rows, changes, datasets
from mlops_desktop.actions.lane import Context, DirectLane
from mlops_desktop.blobs import manifests
from mlops_desktop.core.changes import Changes, ColumnChangeKind, fields
from mlops_desktop.core.datasets import DatasetVersion, Source
from mlops_desktop.core.errors import Cancelled, Damaged, NotFound, UserError
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.stored import changed, wide_mix

ROWS = 500


@pytest.fixture
def store(workspace_dir: Path) -> Iterator[Store]:
    store = Store.open(Workspace(workspace_dir))
    yield store
    store.close()


@pytest.fixture
def lane(store: Store) -> DirectLane:
    return DirectLane(store)


def customers(rows: int = ROWS) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "customerID": [f"c{n:05d}" for n in range(rows)],
        "tenure": rng.integers(1, 72, rows),
        "charges": rng.normal(65, 20, rows).round(2),
        "contract": np.array(["month", "year"])[rng.integers(0, 2, rows)],
    }


def add(lane: DirectLane, columns: dict[str, Any] | pa.Table, name: str = "x") -> DatasetVersion:
    table = columns if isinstance(columns, pa.Table) else pa.table(columns)
    return datasets.add_table(lane, name, table, Source("retrain"))


def of(lane: DirectLane, *tables: Any, key: Any = None) -> Changes:
    before, after = (add(lane, table) for table in tables)
    return changes.changes(lane, before.ref, after.ref, key)


def test_that_edited_added_and_removed_rows_are_found_by_a_guessed_key(
    lane: DirectLane, store: Store
):
    old, new = customers(), customers(ROWS + 2)
    for name in new:
        new[name] = list(old[name]) + list(new[name])[ROWS:]
    new["tenure"][7] = 99
    new["charges"][7] = 1.5
    new["charges"][9] = None
    table = pa.table(new).slice(3)
    found = of(lane, old, table.take(np.random.default_rng(2).permutation(table.num_rows)))
    assert str(found) == "2 rows added, 3 removed, 2 changed in 2 columns"
    assert (found.key, found.key_guessed) == (("customerID",), True)
    assert found.matched_words() == "rows are told apart by `customerID` (guessed)"
    assert found.cells == {"tenure": 1, "charges": 2}
    assert found.same_rows == ROWS - 5
    pages = changed_rows.ChangedRows(store.workspace, found)
    rows = {row.after[0]: row for row in pages.changed(0, 10)}
    assert rows["c00007"].before[1:3] == (old["tenure"][7], old["charges"][7])
    assert rows["c00007"].after[1:3] == (99, 1.5)
    assert rows["c00007"].differs == (False, True, True, False)
    assert rows["c00009"].after[2] is None
    assert rows["c00009"].before_row == 9
    assert {row.after[0] for row in pages.added(0, 10)} == {"c00500", "c00501"}
    assert [row.before[0] for row in pages.removed(1, 5)] == ["c00001", "c00002"]
    assert pages.removed(7, 5) == []


def test_that_rows_without_a_key_are_compared_by_content(lane: DirectLane):
    old = {name: values for name, values in customers().items() if name != "customerID"}
    new = {name: list(values) for name, values in old.items()}
    new["charges"][7] = 0.25
    found = of(lane, old, new)
    assert str(found) == "1 row changed in 1 column"
    assert (found.key, found.keys) == ((), ())
    assert found.matched_words() == "rows are told apart by all their values"


def test_that_moved_rows_are_no_change(lane: DirectLane):
    table = pa.table(customers())
    found = of(lane, table, table.take(np.arange(ROWS)[::-1]), key=())
    assert found.nothing
    assert found.reordered
    assert str(found) == "The same rows in another order"
    assert found.shifts == ()


def test_that_a_version_does_not_differ_from_itself(lane: DirectLane):
    version = add(lane, customers())
    found = changes.changes(lane, version.ref, version.ref)
    assert str(found) == "Nothing changed"


def test_that_columns_are_added_removed_renamed_and_retyped(lane: DirectLane):
    old = customers()
    new = {
        "id": old["customerID"],
        "tenure": [float(n) for n in old["tenure"]],
        "charges": old["charges"],
        "age": list(range(ROWS)),
    }
    found = of(lane, old, new)
    assert str(found) == "1 column added, 1 removed, 1 renamed, 1 retyped"
    assert [str(change) for change in found.columns] == [
        "`age` is new (integer)",
        "`contract` is gone (text)",
        "`customerID` is now called `id`; all values are the same",
        "`tenure` was integer and is number; all values are the same",
    ]
    assert found.key == ("id",)
    names = [(b.name if b else None, a.name if a else None) for b, a in fields(found)]
    assert names == [
        ("customerID", "id"),
        ("tenure", "tenure"),
        ("charges", "charges"),
        (None, "age"),
        ("contract", None),
    ]


def test_that_a_renamed_column_is_seen_though_all_rows_changed(lane: DirectLane):
    old = customers()
    new = dict(old)
    new["kind"] = new.pop("contract")
    new["charges"] = old["charges"] * 2
    found = of(lane, old, new)
    renamed = [c for c in found.columns if c.kind is ColumnChangeKind.RENAMED]
    assert [str(change) for change in renamed] == [
        "`contract` is now called `kind`; all values are the same"
    ]
    assert found.cells == {"charges": ROWS}


def test_that_a_text_column_read_as_numbers_shows_what_was_lost(lane: DirectLane, store: Store):
    old = customers() | {"total": [" " if n == 4 else str(n) for n in range(ROWS)]}
    new = customers() | {"total": [None if n == 4 else n for n in range(ROWS)]}
    found = of(lane, old, new)
    (change,) = found.columns
    assert str(change) == "`total` was text and is integer; 99.8 % of the values are the same"
    (row,) = changed_rows.ChangedRows(store.workspace, found).changed(0, 5)
    assert (row.before[4], row.after[4]) == (" ", None)


def test_that_a_key_of_several_columns_can_be_given(lane: DirectLane):
    old = {"day": [1, 1, 2, 2], "hour": [0, 1, 0, 1], "count": [5, 6, 7, 8]}
    new = old | {"count": [5, 6, 70, 80]}
    found = of(lane, old, new, key=["day", "hour"])
    assert (found.key, found.key_guessed) == (("day", "hour"), False)
    assert found.changed == 2


def test_that_a_key_that_repeats_is_refused_by_name(lane: DirectLane):
    with pytest.raises(UserError, match="contract is no key: 498 of the 500 rows of x@1") as error:
        of(lane, customers(), customers(), key=["contract"])
    assert error.value.hint == "Add a column to the key, or compare by content."


def test_that_a_key_that_is_no_column_is_refused_with_what_is_near(lane: DirectLane):
    with pytest.raises(NotFound, match="'customerid' is no column of both") as error:
        of(lane, customers(), customers(), key=["customerid"])
    assert error.value.hint == "Did you mean customerID?"


def test_that_row_numbers_given_anew_are_not_taken_for_a_key(lane: DirectLane):
    old = customers() | {"customerID": list(range(ROWS))}
    new = {name: [values[3], *values] for name, values in old.items()}
    new["customerID"] = list(range(ROWS + 1))
    found = of(lane, old, new)
    assert found.key == ()
    assert found.keys == ("customerID",)
    assert (found.added, found.changed, found.cells) == (1, ROWS, {"customerID": ROWS})


def test_that_versions_of_two_datasets_are_compared(lane: DirectLane):
    before = add(lane, customers(), "raw")
    after = add(lane, pa.table(customers()).slice(0, 400), "clean")
    found = changes.changes(lane, before.ref, after.ref)
    assert str(found) == "100 rows removed"


def test_that_versions_without_a_common_column_say_so(lane: DirectLane):
    found = of(lane, {"a": [1, 2]}, {"b": ["x"]})
    assert str(found) == "1 row added, 2 removed; 1 column added, 1 removed"
    assert found.matched_words() == "they have no column in common"


def test_that_the_spread_of_a_changed_column_is_tested_and_no_other(lane: DirectLane):
    old = customers()
    found = of(lane, old, old | {"charges": old["charges"] + 10})
    (shift,) = found.shifts
    assert shift.words.startswith("`charges` moved up by 10 on average")
    assert (shift.size, shift.sure) == ("large", True)
    assert math.isclose(shift.effect, 0.5, abs_tol=0.05)


@pytest.mark.parametrize(("words", "compared"), [(0, True), (3, True), (150, False), (ROWS, False)])
def test_that_words_which_became_numbers_are_a_new_type_and_no_shift(
    lane: DirectLane, words: int, compared: bool
):
    numbers = [float(n % 50) for n in range(ROWS)]
    texts = ["none" if n < words else str(number) for n, number in enumerate(numbers)]
    found = of(lane, {"x": texts}, {"x": [*numbers, 7.0]})
    assert [change.kind.value for change in found.columns] == ["retyped"]
    assert ("x" in [shift.column for shift in found.shifts]) == compared


def test_that_a_missing_version_is_named(lane: DirectLane):
    add(lane, customers())
    with pytest.raises(NotFound, match="has no version 7"):
        changes.changes(lane, "x@1", "x@7")


class Stopping(Context):
    """A user who asks to stop at the third word of progress."""

    def __init__(self) -> None:
        super().__init__()
        self.told: list[float] = []

    def progress(self, fraction: float | None, text: str) -> None:
        assert text
        self.told.append(fraction or 0.0)
        if len(self.told) == 3:
            self.cancelled.set()


def test_that_a_comparison_tells_how_far_it_is_and_can_be_stopped(lane: DirectLane):
    table = wide_mix(30_000)
    before, after = add(lane, table), add(lane, changed(table, "float_3", 0.5))
    context = Stopping()
    with pytest.raises(Cancelled):
        changes.changes(lane, before.ref, after.ref, None, context)
    assert context.told == sorted(context.told)


def test_that_empty_versions_are_compared(lane: DirectLane):
    empty = pa.table(customers()).slice(0, 0)
    assert str(of(lane, empty, customers())) == "500 rows added"
    assert str(of(lane, customers(), empty)) == "500 rows removed"
    assert of(lane, empty, empty).nothing


def test_that_changed_rows_are_found_by_the_column_that_changed(lane: DirectLane, store: Store):
    old = customers()
    new = {name: list(values) for name, values in old.items()}
    new["charges"] = [value + 1 for value in old["charges"]]
    new["tenure"][3] = 99
    found = of(lane, old, new)
    some = changed_rows.where_changed(store.workspace, found, "tenure", Context())
    assert (some.changed, some.added, some.removed) == (1, 0, 0)
    (row,) = changed_rows.ChangedRows(store.workspace, some).changed(0, 10)
    assert row.after[:2] == ("c00003", 99)


def test_that_the_likeliest_version_to_compare_with_comes_first(lane: DirectLane, store: Store):
    raw = add(lane, customers(), "raw")
    others = [add(lane, customers(n), "mine") for n in (10, 20, 30)]
    refs = [one.ref for one in changes.comparable(store, others[1])]
    assert refs == ["mine@1", "mine@3", "raw@1"]
    assert [one.ref for one in changes.comparable(store, raw)] == ["mine@3"]


def test_that_a_damaged_version_is_not_compared(lane: DirectLane, store: Store):
    old = customers()
    before, after = add(lane, old), add(lane, old | {"charges": old["charges"] * 2})
    manifest = manifests.read(store.workspace, after.manifest)
    lost = manifest.places[manifest.chunks[0].columns[2]].pack
    store.workspace.blob(lost).unlink()
    with pytest.raises(Damaged, match="is missing"):
        changes.changes(lane, before.ref, after.ref)
