"""Storing tables: what comes back, what versions share, what damage is found."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings

from mlops_desktop.blobs import chunks, manifests
from mlops_desktop.blobs.rowhash import row_hashes
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.errors import Damaged, NotFound
from mlops_desktop.paths import Workspace
from tests.stored import changed, store_table, stored_bytes, wide_mix

ROWS = 100_000
VALUES = {
    pa.int64(): st.integers(-(2**63), 2**63 - 1) | st.integers(-3, 3),
    pa.float64(): st.floats() | st.integers(-(10**6), 10**6).map(lambda i: i / 1000),
    pa.bool_(): st.booleans(),
    pa.string(): st.text(st.characters(exclude_categories=["Cs"]))
    | st.sampled_from(["", "a", "ä"]),
    pa.timestamp("us"): st.integers(-(2**62), 2**62),
}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@st.composite
def arrays(draw: Any, rows: int) -> pa.Array:
    kind = draw(st.sampled_from(list(VALUES)))
    return pa.array(
        draw(st.lists(st.none() | VALUES[kind], min_size=rows, max_size=rows)), type=kind
    )


@st.composite
def tables(draw: Any) -> pa.Table:
    rows = draw(st.integers(0, 40))
    columns = draw(st.lists(arrays(rows), min_size=1, max_size=5))
    return pa.table({f"c{i}": column for i, column in enumerate(columns)})


def same(a: pa.Table, b: pa.Table) -> bool:
    """Equal to the last bit, NaN and -0.0 included."""
    return a.schema == b.schema and all(
        chunks.chunk_name(x.combine_chunks()) == chunks.chunk_name(y.combine_chunks())
        and x.is_valid().equals(y.is_valid())
        for x, y in zip(a.columns, b.columns, strict=True)
    )


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(tables(), st.integers(1, 50))
def test_that_storing_and_loading_gives_the_same_table(
    workspace: Workspace, table: pa.Table, batch: int
) -> None:
    manifest = store_table(workspace, table, rows=batch)
    assert same(manifests.load(workspace, manifest), table)
    assert not manifests.faults(workspace, manifests.save(workspace, manifest))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(list(VALUES)), st.data())
def test_that_a_chunk_and_a_difference_decode_to_the_same_bits(kind: Any, data: Any) -> None:
    values = data.draw(st.lists(st.none() | VALUES[kind], min_size=40, max_size=40))
    base = pa.array(values, type=kind)
    values[data.draw(st.integers(0, 39))] = data.draw(st.none() | VALUES[kind])
    array = pa.array(values, type=kind)
    column = next(name for name, arrow in chunks.ARROW_TYPES.items() if arrow == kind)
    name = chunks.chunk_name(array)
    assert chunks.chunk_name(chunks.decode(chunks.encode(array), name, column)) == name
    difference = chunks.difference(base, array)
    assert difference is not None
    assert chunks.chunk_name(chunks.decode(difference, name, column, base)) == name


@pytest.mark.parametrize(
    "values",
    [
        [0.1, 0.25, 1e15, -0.0, float("nan"), float("inf"), 5e-324, 1.7976931348623157e308],
        [round(i * 0.37, 2) for i in range(1000)],
        [round(i * 0.37, 2) if i % 7 else None for i in range(1000)],
        [1 / 3 * i for i in range(1000)],
        [-0.0] * 1000,
        [123456789.123456] * 3 + [None] * 5,
    ],
)
def test_that_floats_come_back_to_the_bit(values: list[float | None]) -> None:
    array = pa.array(values, type=pa.float64())
    name = chunks.chunk_name(array)
    back = chunks.decode(chunks.encode(array), name, ColumnType.NUMBER)
    assert chunks.chunk_name(back) == name


def test_that_decimals_take_half_the_room_of_floats() -> None:
    floats = np.random.default_rng(0).normal(size=20_000)
    assert len(chunks.encode(pa.array(floats.round(5)))) < 0.5 * len(
        chunks.encode(pa.array(floats))
    )


def test_that_a_chunk_can_be_read_with_pyarrow_alone(workspace: Workspace) -> None:
    manifest = store_table(workspace, pa.table({"a": ["x", None, ""]}))
    place = manifest.places[manifest.chunks[0].columns[0]]
    pack = workspace.blob(place.pack).read_bytes()
    data = pack[place.offset : place.offset + place.length]
    assert pq.read_table(pa.BufferReader(data)).column("value").to_pylist() == ["x", None, ""]


def test_that_a_name_ignores_offsets_and_what_lies_under_nulls() -> None:
    for array in (
        pa.array([9, 1, None, 3]),
        pa.array(["zz", "a", None, "b"]),
        pa.array([True, False, None, True]),
        pa.array([0.0, 1.5, None, 2.0]),
    ):
        fresh = pa.array(array.to_pylist()[1:], type=array.type)
        assert chunks.chunk_name(array.slice(1)) == chunks.chunk_name(fresh)
    hidden = pa.Array.from_buffers(
        pa.int64(), 2, [pa.py_buffer(b"\x01"), pa.array([1, 77]).buffers()[1]]
    )
    assert chunks.chunk_name(hidden) == chunks.chunk_name(pa.array([1, None]))


@pytest.mark.parametrize(
    ("a", "b"),
    [
        (pa.array([0.0]), pa.array([-0.0])),
        (pa.array([None], pa.float64()), pa.array([float("nan")])),
        (pa.array([0.0]), pa.array([None], pa.float64())),
        (pa.array([""]), pa.array([None], pa.string())),
        (pa.array(["ab", "c"]), pa.array(["a", "bc"])),
        (pa.array([1]), pa.array([1.0])),
        (pa.array([0, 0]), pa.array([0])),
    ],
)
def test_that_different_columns_have_different_names(a: pa.Array, b: pa.Array) -> None:
    assert chunks.chunk_name(a) != chunks.chunk_name(b)


def test_that_the_content_hash_ignores_the_cuts(workspace: Workspace) -> None:
    table = wide_mix(60_000)
    first = store_table(workspace, table, rows=60_000)
    moved = store_table(workspace, pa.concat_tables([table.slice(9, 1), table]), [first])
    again = store_table(workspace, table, [moved], rows=777)
    assert first.content_hash == again.content_hash != moved.content_hash


@pytest.fixture(scope="module")
def mix() -> pa.Table:
    return wide_mix(ROWS)


def test_that_chunks_have_the_size_they_should(workspace: Workspace) -> None:
    table = pa.table({"a": np.random.default_rng(0).integers(0, 99, 2_000_000)})
    sizes = [chunk.rows for chunk in store_table(workspace, table, rows=50_000).chunks]
    assert min(sizes[:-1]) >= 12_288
    assert max(sizes) <= 4 * 12_288
    assert 16_000 < np.mean(sizes) < 32_000


@pytest.mark.parametrize("known_to_itself", [True, False])
def test_that_the_same_table_again_adds_only_a_manifest(
    workspace: Workspace, mix: pa.Table, *, known_to_itself: bool
) -> None:
    first = store_table(workspace, mix)
    before = stored_bytes(workspace)
    store_table(workspace, mix, [first] if known_to_itself else [])
    # Without its parent the writer makes the same packs again, byte for byte.
    assert stored_bytes(workspace) - before < 0.001 * before


@pytest.mark.parametrize("column", ["float_0", "float_11"])
def test_that_changing_a_hundredth_of_a_column_adds_under_a_hundredth(
    workspace: Workspace, mix: pa.Table, column: str
) -> None:
    first = store_table(workspace, mix)
    before = stored_bytes(workspace)
    table = changed(mix, column, 0.01)
    second = store_table(workspace, table, [first], rows=3_000)
    assert stored_bytes(workspace) - before < 0.01 * before
    assert same(manifests.load(workspace, second), table)


def test_that_differences_never_pile_up(workspace: Workspace, mix: pa.Table) -> None:
    table, known = mix, [store_table(workspace, mix)]
    for seed in range(30):
        table = changed(table, "float_3", 0.01, seed)
        known.insert(0, store_table(workspace, table, known))
    for manifest in known:
        bases = {place.base for place in manifest.places.values() if place.base}
        assert all(manifest.places[base].base is None for base in bases)
    assert same(manifests.load(workspace, known[0]), table)
    assert same(manifests.load(workspace, known[-1]), mix)


def test_that_a_new_column_leaves_the_others_where_they_are(
    workspace: Workspace, mix: pa.Table
) -> None:
    first = store_table(workspace, mix)
    before = stored_bytes(workspace)
    store_table(workspace, mix.append_column("new", mix.column("target")), [first])
    assert stored_bytes(workspace) - before < 0.001 * before  # Even the new one was known.


@pytest.mark.parametrize("where", [0, 50_000, ROWS])
def test_that_an_inserted_row_rewrites_one_chunk(
    workspace: Workspace, mix: pa.Table, where: int
) -> None:
    first = store_table(workspace, mix)
    before = stored_bytes(workspace)
    table = pa.concat_tables([mix.slice(0, where), mix.slice(5, 1), mix.slice(where)])
    second = store_table(workspace, table, [first])
    rows = max(chunk.rows for chunk in first.chunks)
    assert stored_bytes(workspace) - before < 2.2 * rows / ROWS * before
    assert same(manifests.load(workspace, second), table)


def test_that_appended_rows_add_only_themselves(workspace: Workspace, mix: pa.Table) -> None:
    first = store_table(workspace, mix)
    before = stored_bytes(workspace)
    store_table(workspace, pa.concat_tables([mix, wide_mix(1_000, seed=9)]), [first])
    small = first.chunks[-1].rows if first.chunks[-1].rows < 12_288 else 0
    assert stored_bytes(workspace) - before < 1.3 * (1_000 + small) / ROWS * before


def test_that_many_small_appends_do_not_leave_many_small_chunks(workspace: Workspace) -> None:
    table, known = wide_mix(100), []
    for seed in range(20):
        table = pa.concat_tables([table, wide_mix(700, seed)])
        known.insert(0, store_table(workspace, table, known))
    assert len(known[0].chunks) <= 2


def test_that_a_page_reads_only_its_chunks(workspace: Workspace, mix: pa.Table) -> None:
    manifest = store_table(workspace, mix)
    ends = np.cumsum([chunk.rows for chunk in manifest.chunks])
    for name in manifest.chunks[0].columns:
        place = manifest.places[name]
        _overwrite(workspace.blob(place.pack), place.offset + 20)
    for start, count in [
        (int(ends[0]), 10),
        (int(ends[1]) - 5, 10),
        (ROWS - 3, 100),
        (ROWS + 5, 9),
    ]:
        page = manifests.read_rows(workspace, manifest, start, count)
        assert page.equals(mix.slice(start, count))
    with pytest.raises(Damaged):
        manifests.read_rows(workspace, manifest, int(ends[0]) - 1, 2)


def test_that_columns_come_in_the_order_asked_for(workspace: Workspace) -> None:
    manifest = store_table(workspace, pa.table({"a": [1, 2], "b": ["x", "y"]}))
    assert manifests.load(workspace, manifest, ["b", "a"]).column_names == ["b", "a"]
    with pytest.raises(NotFound, match="'c'"):
        manifests.load(workspace, manifest, ["c"])


@pytest.mark.parametrize("damage", ["flip", "truncate", "delete"])
def test_that_damage_is_found_and_named(workspace: Workspace, damage: str) -> None:
    table = pa.table({"a": list(range(500)), "b": [i / 7 for i in range(500)]})
    manifest = store_table(workspace, table)
    name = manifests.save(workspace, manifest)
    place = manifest.places[manifest.chunks[0].columns[1]]
    path = workspace.blob(place.pack)
    if damage == "flip":
        _overwrite(path, place.offset + place.length // 2)
    elif damage == "truncate":
        path.chmod(0o600)
        path.write_bytes(path.read_bytes()[: place.offset + 9])
    else:
        path.unlink()
    found = manifests.faults(workspace, name)
    assert any("column 'b'" in fault for fault in found)
    assert any("pack" in fault for fault in found)
    with pytest.raises(Damaged):
        manifests.load(workspace, manifest)


def test_that_memory_that_ends_is_no_damage(monkeypatch: pytest.MonkeyPatch) -> None:
    array = pa.array([1.5, 2.5])
    data, name = chunks.encode(array), chunks.chunk_name(array)

    def no_memory(*_: object, **__: object) -> None:
        raise pa.ArrowMemoryError("malloc of size 8 failed")

    monkeypatch.setattr(pq, "ParquetFile", no_memory)
    with pytest.raises(MemoryError):
        chunks.decode(data, name, ColumnType.NUMBER)


def test_that_a_stopped_writer_leaves_nothing_among_the_blobs(workspace: Workspace) -> None:
    def stopped() -> None:
        from mlops_desktop.blobs.tables import TableWriter

        workspace.tmp.mkdir()
        table = wide_mix(60_000)
        columns = store_table(workspace, table.slice(0, 0)).columns
        with TableWriter(workspace, workspace.tmp, columns) as writer:
            for batch in table.to_batches():
                writer.write(batch)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        stopped()
    assert not list(workspace.tmp.iterdir())
    assert stored_bytes(workspace) < 2_000  # The empty table's manifest.


def test_that_pack_names_are_the_hash_of_their_bytes(workspace: Workspace, mix: pa.Table) -> None:
    manifest = store_table(workspace, mix)
    for pack in {place.pack for place in manifest.places.values()}:
        assert hashlib.sha256(workspace.blob(pack).read_bytes()).hexdigest() == pack


def test_that_equal_rows_and_only_they_hash_alike() -> None:
    table = pa.table(
        {
            "a": pa.array([1, 1, 1, None, None, 0]),
            "b": pa.array(["x", "x", "", None, None, None]),
            "c": pa.array([0.5, 0.5, 0.5, 0.5, 0.5, 0.5]),
        }
    )
    hashes = row_hashes(table).tolist()
    assert hashes[0] == hashes[1]
    assert hashes[3] == hashes[4]
    assert len(set(hashes)) == 4
    swapped = pa.table({"a": ["ab", "a"], "b": ["c", "bc"]})
    assert len(set(row_hashes(swapped).tolist())) == 2


def test_that_row_hashes_do_not_depend_on_the_batch(mix: pa.Table) -> None:
    whole = row_hashes(mix.slice(0, 3_000))
    assert np.array_equal(whole[1_000:1_010], row_hashes(mix.slice(1_000, 10)))


def _overwrite(path: Path, offset: int) -> None:
    path.chmod(0o600)
    data = bytearray(path.read_bytes())
    data[offset] ^= 0xFF
    path.write_bytes(data)
