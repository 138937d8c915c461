"""Which rows changed, against a slow answer in plain Python; however the tables are cut."""

from __future__ import annotations

import struct
import tempfile
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings

from mlops_desktop.blobs import columnmatch
from mlops_desktop.blobs.changes import Alignment, align, key_repeats
from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.blobs.sides import Reader, Side, common_type
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.errors import Cancelled
from mlops_desktop.paths import Workspace
from tests.stored import changed, store_table, wide_mix

Row = tuple[Any, ...]
SCHEMA = pa.schema([("k", pa.int64()), ("x", pa.float64()), ("t", pa.string()), ("b", pa.bool_())])
VALUES = (
    st.none() | st.integers(0, 4),
    st.sampled_from([None, 0.0, -0.0, 1.5, float("nan")]),
    st.sampled_from([None, "", "a", "ä"]),
    st.none() | st.booleans(),
)
ROWS = st.lists(st.tuples(*VALUES), max_size=14)
KEYED = st.lists(st.tuples(st.integers(0, 12), *VALUES[1:]), max_size=12, unique_by=lambda r: r[0])
CUTS = st.lists(st.integers(0, 14), max_size=3)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def table_of(rows: Sequence[Row], schema: pa.Schema = SCHEMA) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [[]] * len(schema)
    return pa.table(
        [pa.array(list(c), f.type) for c, f in zip(columns, schema, strict=True)], schema=schema
    )


def cut(workspace: Workspace, table: pa.Table, places: Sequence[int]) -> Manifest:
    """The table as it would be stored with chunks that end at these rows."""
    edges = [0, *sorted({place for place in places if 0 < place < table.num_rows}), table.num_rows]
    parts = [
        store_table(workspace, table.slice(start, stop - start)) for start, stop in pairwise(edges)
    ]
    places_of = {name: place for part in parts for name, place in part.places.items()}
    found = tuple(chunk for part in parts for chunk in part.chunks)
    return Manifest(parts[0].columns, table.num_rows, "", found, places_of)


def aligned(
    workspace: Workspace, before: Manifest, after: Manifest, key: Sequence[str] = ()
) -> Alignment:
    reader = Reader(workspace, lambda: None)
    pairs = columnmatch.by_name(before, after)
    sides = Side(reader, before, pairs, first=True), Side(reader, after, pairs, first=False)
    place = {pair.name: number for number, pair in enumerate(pairs)}
    with reader.working():
        return align(reader, *sides, tuple(place[name] for name in key), lambda _: None)


def bits(row: Row) -> Row:
    """What tells values apart: -0.0 is not 0.0, and a NaN is itself."""
    return tuple(struct.pack("<d", v) if isinstance(v, float) else (type(v), v) for v in row)


@settings(max_examples=120, deadline=None)
@given(ROWS, ROWS, CUTS, CUTS)
def test_that_content_changes_agree_with_a_slow_comparison(
    before: list[Row], after: list[Row], cuts: list[int], other_cuts: list[int]
):
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace(Path(folder))
        found = aligned(
            space, cut(space, table_of(before), cuts), cut(space, table_of(after), other_cuts)
        )
    check_content(found, before, after)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*VALUES), min_size=1, max_size=14), st.data(), CUTS)
def test_that_edits_of_a_table_are_found_by_content(
    before: list[Row], data: st.DataObject, cuts: list[int]
):
    after = list(before)
    for _ in range(data.draw(st.integers(1, 4))):
        match data.draw(st.sampled_from(["edit", "insert", "delete", "move"])):
            case "insert":
                after.insert(data.draw(st.integers(0, len(after))), data.draw(st.tuples(*VALUES)))
            case "edit" if after:
                row, column = (
                    data.draw(st.integers(0, len(after) - 1)),
                    data.draw(st.integers(0, 3)),
                )
                new = list(after[row])
                new[column] = data.draw(VALUES[column])
                after[row] = tuple(new)
            case "move" if after:
                row = after.pop(data.draw(st.integers(0, len(after) - 1)))
                after.insert(data.draw(st.integers(0, len(after))), row)
            case _ if after:
                after.pop(data.draw(st.integers(0, len(after) - 1)))
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace(Path(folder))
        found = aligned(
            space, cut(space, table_of(before), cuts), cut(space, table_of(after), cuts)
        )
    check_content(found, before, after)


def check_content(found: Alignment, before: list[Row], after: list[Row]) -> None:
    old, new = [bits(row) for row in before], [bits(row) for row in after]
    gone, come = Counter(old) - Counter(new), Counter(new) - Counter(old)
    rows = found.rows
    assert len(rows.changed_before) == len(rows.changed_after)
    assert len(rows.removed) + len(rows.changed_before) == gone.total()
    assert len(rows.added) + len(rows.changed_after) == come.total()
    same = [(a, int(b)) for a, b in enumerate(found.partner) if b >= 0]
    assert all(old[a] == new[b] for a, b in same)
    mine = sorted([*rows.removed, *rows.changed_before, *(a for a, _ in same)])
    theirs = sorted([*rows.added, *rows.changed_after, *(b for _, b in same)])
    assert (mine, theirs) == (list(range(len(old))), list(range(len(new))))
    cells = np.zeros(4, int)
    for a, b in zip(rows.changed_before, rows.changed_after, strict=True):
        differs = np.array([x != y for x, y in zip(old[a], new[b], strict=True)])
        assert 1 <= differs.sum() <= 2, "at least half of the values are equal"
        cells += differs
    assert found.cells.tolist() == cells.tolist()


@settings(max_examples=120, deadline=None)
@given(KEYED, KEYED, CUTS, CUTS)
def test_that_keyed_changes_agree_with_a_slow_comparison(
    before: list[Row], after: list[Row], cuts: list[int], other_cuts: list[int]
):
    with tempfile.TemporaryDirectory() as folder:
        space = Workspace(Path(folder))
        found = aligned(
            space,
            cut(space, table_of(before), cuts),
            cut(space, table_of(after), other_cuts),
            ["k"],
        )
    old, new = {row[0]: bits(row) for row in before}, {row[0]: bits(row) for row in after}
    both = [key for key in (row[0] for row in after) if key in old and old[key] != new[key]]
    rows = found.rows
    assert [after[n][0] for n in rows.changed_after] == both
    assert [before[n][0] for n in rows.changed_before] == both
    assert [before[n][0] for n in rows.removed] == [r[0] for r in before if r[0] not in new]
    assert [after[n][0] for n in rows.added] == [r[0] for r in after if r[0] not in old]
    cells = [sum(old[key][c] != new[key][c] for key in both) for c in range(4)]
    assert found.cells.tolist() == cells


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, pa.Table, Manifest]:
    """100,000 rows in several chunks, as a real import stores them."""
    workspace = Workspace(tmp_path_factory.mktemp("large"))
    table = wide_mix(100_000)
    return workspace, table, store_table(workspace, table)


@pytest.mark.parametrize(
    ("edit", "added", "removed", "edited"),
    [
        (lambda t: changed(t, "float_3", 0.01), 0, 0, 1000),
        (lambda t: pa.concat_tables([t, wide_mix(1000, seed=5)]), 1000, 0, 0),
        (lambda t: pa.concat_tables([t.slice(777, 1), t]), 1, 0, 0),
        (lambda t: pa.concat_tables([wide_mix(1, seed=9), changed(t, "float_3", 1)]), 1, 0, 10**5),
        (lambda t: t.take(np.random.default_rng(1).permutation(100_000)), 0, 0, 0),
        (
            lambda t: changed(t, "float_9", 0.01).take(
                np.random.default_rng(1).permutation(100_000)
            ),
            0,
            0,
            1000,
        ),
        (lambda t: t.filter(pa.array(np.arange(100_000) % 10 > 0)), 0, 10_000, 0),
        (lambda t: wide_mix(500, seed=8), 500, 100_000, 0),
    ],
    ids=["edited", "appended", "inserted", "all edited", "shuffled", "both", "deleted", "another"],
)
def test_that_a_large_edit_is_understood_without_a_key(
    large: tuple[Workspace, pa.Table, Manifest], edit: Any, added: int, removed: int, edited: int
):
    workspace, table, before = large
    found = aligned(workspace, before, store_table(workspace, edit(table), [before]))
    rows = found.rows
    assert (len(rows.added), len(rows.removed), len(rows.changed_after)) == (added, removed, edited)
    assert found.cells.sum() == edited


def test_that_a_shuffle_is_no_change_but_is_told(large: tuple[Workspace, pa.Table, Manifest]):
    workspace, table, before = large
    moved = table.take(np.random.default_rng(3).permutation(table.num_rows))
    assert aligned(workspace, before, store_table(workspace, moved)).reordered
    assert not aligned(workspace, before, before).reordered


def test_that_equal_chunks_are_not_read(large: tuple[Workspace, pa.Table, Manifest]):
    workspace, table, before = large
    after = store_table(workspace, changed(table, "float_3", 0.01), [before])
    pairs = columnmatch.by_name(before, after)
    read: list[tuple[int, int]] = []

    class Counting(Reader):
        def array(self, manifest: Manifest, chunk: int, position: int) -> Any:
            read.append((chunk, position))
            return super().array(manifest, chunk, position)

    reader = Counting(workspace, lambda: None)
    sides = Side(reader, before, pairs, first=True), Side(reader, before, pairs, first=False)
    with reader.working():
        align(reader, *sides, (), lambda _: None)
    assert not read


def test_that_a_comparison_can_be_stopped(large: tuple[Workspace, pa.Table, Manifest]):
    workspace, table, before = large
    after = store_table(workspace, changed(table, "float_3", 0.01))
    left = iter(range(5))

    def checkpoint() -> None:
        if next(left, None) is None:
            raise Cancelled

    reader = Reader(workspace, checkpoint)
    pairs = columnmatch.by_name(before, after)
    sides = Side(reader, before, pairs, first=True), Side(reader, after, pairs, first=False)
    with pytest.raises(Cancelled), reader.working():
        align(reader, *sides, (), lambda _: None)


def test_that_a_key_that_repeats_is_counted(workspace: Workspace):
    manifest = store_table(workspace, table_of([(1, 0.0, "a", True), (2, 0.0, "a", None)] * 2))
    pairs = columnmatch.by_name(manifest, manifest)
    reader = Reader(workspace, lambda: None)
    side = Side(reader, manifest, pairs, first=True)
    with reader.working():
        assert key_repeats(side, (0,)) == 2
        assert key_repeats(side, (1, 2)) == 3


def test_that_values_of_two_types_are_compared_by_what_they_are(workspace: Workspace):
    before = store_table(workspace, pa.table({"n": [1, 2, 3, None], "t": ["1.5", "x", " ", None]}))
    after = store_table(
        workspace, pa.table({"n": [1.0, 2.5, 3.0, None], "t": [1.5, None, None, None]})
    )
    found = aligned(workspace, before, after)
    assert found.same_rows == 2
    assert found.rows.changed_before.tolist() == [2], "a blank text is not a missing number"
    assert found.cells.tolist() == [0, 1]
    assert found.rows.removed.tolist() == found.rows.added.tolist() == [1]


@pytest.mark.parametrize(
    ("before", "after", "common"),
    [
        (ColumnType.INTEGER, ColumnType.NUMBER, ColumnType.NUMBER),
        (ColumnType.TEXT, ColumnType.INTEGER, ColumnType.INTEGER),
        (ColumnType.BOOLEAN, ColumnType.INTEGER, ColumnType.NUMBER),
        (ColumnType.DATETIME, ColumnType.TEXT, ColumnType.DATETIME),
        (ColumnType.DATETIME, ColumnType.NUMBER, ColumnType.TEXT),
        (ColumnType.TEXT, ColumnType.TEXT, ColumnType.TEXT),
    ],
)
def test_that_two_types_have_a_common_one(
    before: ColumnType, after: ColumnType, common: ColumnType
):
    assert common_type(before, after) is common


def test_that_rows_changed_twice_are_found_below_rows_that_are_gone(workspace: Workspace):
    """No row is equal, and the first ones differ in two columns: what stands above the rows that
    are known stays together with it."""
    rng = np.random.default_rng(0)
    old = {f"c{n}": rng.integers(0, 9, 300) for n in range(6)} | {"x": rng.normal(size=300)}
    new = {name: values[50:].copy() for name, values in old.items()}
    new["x"] += 1
    new["c0"][:20] = 99
    found = aligned(
        workspace, store_table(workspace, pa.table(old)), store_table(workspace, pa.table(new))
    )
    assert found.rows.removed.tolist() == list(range(50))
    assert found.rows.changed_before.tolist() == list(range(50, 300))
    assert found.cells.tolist() == [20, 0, 0, 0, 0, 0, 250]


def test_that_a_version_without_rows_or_common_columns_is_all_new(workspace: Workspace):
    empty = store_table(workspace, table_of([]))
    some = store_table(workspace, table_of([(1, 0.0, "a", True)]))
    other = store_table(workspace, pa.table({"z": [1, 2]}))
    assert len(aligned(workspace, empty, some).rows.added) == 1
    assert len(aligned(workspace, some, empty).rows.removed) == 1
    found = aligned(workspace, some, other)
    assert (len(found.rows.added), len(found.rows.removed)) == (2, 1)
