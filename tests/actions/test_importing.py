"""Files of every format as versions, looked at before, read again, and rows added to them."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
import pytest

from mlops_desktop.actions import datasets, importing
from mlops_desktop.actions.lane import Context, DirectLane
from mlops_desktop.core.datasets import ColumnType, ImportOptions, ImportSpec
from mlops_desktop.core.errors import Cancelled, UserError
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.stored import stored_bytes, wide_mix

ROWS = {"city": ["Bonn", "Köln", None], "size": [1.5, 2.0, 3.25], "rooms": [1, 2, 3]}


@pytest.fixture
def store(workspace_dir: Path) -> Iterator[Store]:
    store = Store.open(Workspace(workspace_dir))
    yield store
    store.close()


@pytest.fixture
def lane(store: Store) -> DirectLane:
    return DirectLane(store)


def write(path: Path, values: dict[str, list[Any]]) -> Path:
    """A table in the format that the name of the file tells."""
    table = pa.table(values)
    if path.suffix == ".parquet":
        pq.write_table(table, path)
    elif path.suffix == ".jsonl":
        lines = [json.dumps(row, ensure_ascii=False) for row in table.to_pylist()]
        path.write_text("\n".join(lines), encoding="utf-8")
    else:
        arrow_csv.write_csv(table, path)
    return path


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet", "rows.jsonl"])
def test_that_the_same_rows_are_the_same_version_in_any_format(
    store: Store, lane: DirectLane, tmp_path: Path, name: str
) -> None:
    path = write(tmp_path / name, ROWS)
    version = datasets.import_file(lane, ImportSpec(str(path), "homes"))
    assert datasets.load(store.workspace, version).to_pydict() == ROWS
    other = datasets.import_file(lane, ImportSpec(str(write(tmp_path / "x.csv", ROWS)), "other"))
    assert version.content_hash == other.content_hash
    assert version.source.bytes == path.stat().st_size


@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet", "rows.jsonl"])
def test_that_a_file_of_any_format_is_read_again_as_before_but_for_the_change(
    lane: DirectLane, tmp_path: Path, name: str
) -> None:
    path = write(tmp_path / name, ROWS)
    asked = ImportOptions(types={"size": ColumnType.TEXT})
    first = datasets.import_file(lane, ImportSpec(str(path), "homes", options=asked))
    changed = ImportOptions(types={"rooms": ColumnType.NUMBER})
    second = datasets.read_again(lane, first.ref, changed)
    assert [column.type.value for column in second.columns] == ["text", "text", "number"]
    assert second.message == "Read rooms as number"


def test_that_what_was_used_is_kept_for_reading_again(lane: DirectLane, tmp_path: Path) -> None:
    path = tmp_path / "prices.csv"
    path.write_text("d;p\n01/02/2026;1,5\n03/04/2026;2\n", encoding="utf-8")
    first = datasets.import_file(lane, ImportSpec(str(path), "prices"))
    used: Any = first.source.detail["options"]
    assert (used["delimiter"], used["decimal"], used["encoding"]) == (";", ",", "utf-8")
    [warning] = [w for w in first.warnings if w.day_first]
    second = datasets.read_again(lane, first.ref, ImportOptions(day_first=warning.day_first[0]))
    assert second.message == "Read with another day first"
    assert not [w for w in second.warnings if w.day_first]
    third = datasets.read_again(lane, second.ref, ImportOptions(types={"p": ColumnType.TEXT}))
    assert third.source.detail["options"]["day_first"] is False  # type: ignore[index]


def test_that_a_look_stores_nothing(store: Store, tmp_path: Path) -> None:
    path = write(tmp_path / "rows.csv", ROWS)
    found = importing.preview(store.workspace, path, ImportOptions())
    assert found.rows == (("Bonn", 1.5, 1), ("Köln", 2.0, 2), (None, 3.25, 3))
    assert not list(store.workspace.objects.glob("*/*"))
    assert not list(store.workspace.tmp.iterdir())


def test_that_a_look_takes_as_long_for_a_large_file(store: Store, tmp_path: Path) -> None:
    small, large = tmp_path / "small.csv", tmp_path / "large.csv"
    arrow_csv.write_csv(wide_mix(1000), small)
    arrow_csv.write_csv(wide_mix(200_000), large)

    def look(path: Path) -> float:
        begun = time.perf_counter()
        importing.preview(store.workspace, path, ImportOptions())
        return time.perf_counter() - begun

    # A busy machine is slow with both: the better of some tries.
    assert min(look(large) for _ in range(3)) < 2 * min(look(small) for _ in range(3)) + 0.3


def test_that_a_missing_file_is_said(store: Store) -> None:
    with pytest.raises(UserError, match="no file /nowhere"):
        importing.preview(store.workspace, Path("/nowhere"), ImportOptions())
    with pytest.raises(UserError, match="no file /nowhere"):
        importing.append(DirectLane(store), "x", Path("/nowhere"))


def test_that_a_look_can_be_cancelled(store: Store, tmp_path: Path) -> None:
    context = Context()
    context.cancelled.set()
    with pytest.raises(Cancelled):
        importing.preview(
            store.workspace, write(tmp_path / "r.csv", ROWS), ImportOptions(), context
        )


@pytest.mark.parametrize("name", ["more.csv", "more.parquet", "more.jsonl"])
def test_that_rows_are_added_from_any_format_and_order(
    store: Store, lane: DirectLane, tmp_path: Path, name: str
) -> None:
    first = datasets.import_file(lane, ImportSpec(str(write(tmp_path / "a.csv", ROWS)), "homes"))
    more = {"rooms": [4, None], "city": ["Ulm", "7"], "size": [4.0, 5.5]}
    second = importing.append(lane, "homes", write(tmp_path / name, more), message="June")
    wanted = {key: ROWS[key] + more[key] for key in ROWS}
    assert datasets.load(store.workspace, second).to_pydict() == wanted
    assert (second.ref, second.parent, second.message) == ("homes@2", first.id, "June")
    assert second.source.kind == "append"
    assert second.source.detail["to"] == "homes@1"
    assert second.source.detail["rows"] == 2
    whole = datasets.import_file(lane, ImportSpec(str(write(tmp_path / "w.csv", wanted)), "w"))
    assert whole.content_hash == second.content_hash


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"city": ["x"], "size": [1.0]}, r"it lacks 'rooms'"),
        ({**ROWS, "age": [1, 2, 3]}, r"it has 'age' besides"),
        (
            {"town": ["x"], "size": [1.0], "rooms": [1]},
            r"it lacks 'city', and it has 'town' besides",
        ),
        (
            {"city": ["x", "y"], "size": [1.0, 2.0], "rooms": ["3", "many"]},
            r"Column 'rooms' holds whole numbers so far, which row 2, 'many' of m\.csv is not",
        ),
        (
            {"city": ["x"], "size": [1.0], "rooms": [2.5]},
            r"Column 'rooms' holds whole numbers so far, which row 1, '2\.5'",
        ),
    ],
)
def test_that_rows_that_do_not_fit_change_nothing(
    store: Store, lane: DirectLane, tmp_path: Path, more: dict[str, list[Any]], message: str
) -> None:
    datasets.import_file(lane, ImportSpec(str(write(tmp_path / "a.csv", ROWS)), "homes"))
    before = stored_bytes(store.workspace)
    for name in ("m.csv", "m.parquet"):
        if name == "m.csv" or "many" not in str(more):
            expected = message if name == "m.csv" else message.replace(r"m\.csv", "m")
            with pytest.raises(UserError, match=expected):
                importing.append(lane, "homes", write(tmp_path / name, more))
    assert stored_bytes(store.workspace) == before
    assert [v.version for v in datasets.list_versions(store, "homes")] == [1]
    assert not list(store.workspace.tmp.iterdir())


def test_that_words_for_missing_are_missing_in_added_rows(
    store: Store, lane: DirectLane, tmp_path: Path
) -> None:
    datasets.import_file(lane, ImportSpec(str(write(tmp_path / "a.csv", ROWS)), "homes"))
    more = tmp_path / "more.csv"
    more.write_text("city,size,rooms\nUlm,NA,\n", encoding="utf-8")
    table = datasets.load(store.workspace, importing.append(lane, "homes", more))
    assert table.slice(3).to_pylist() == [{"city": "Ulm", "size": None, "rooms": None}]


def test_that_added_rows_add_only_themselves(
    store: Store, lane: DirectLane, tmp_path: Path
) -> None:
    table = wide_mix(60_000)
    arrow_csv.write_csv(table, tmp_path / "a.csv")
    first = datasets.import_file(lane, ImportSpec(str(tmp_path / "a.csv"), "mix"))
    for month in range(3):
        arrow_csv.write_csv(wide_mix(600, seed=month + 1), tmp_path / "more.csv")
        version = importing.append(lane, "mix", tmp_path / "more.csv")
        # The last chunk grows with them, so it is stored anew.
        assert version.stored_bytes < first.stored_bytes / 2
    assert version.rows == 61_800
    back = datasets.load(store.workspace, version)
    assert back.slice(0, 60_000).equals(datasets.load(store.workspace, first))
    assert back.slice(61_200).equals(wide_mix(600, seed=3))


def test_that_what_was_copied_becomes_a_version_and_can_be_added(
    store: Store, lane: DirectLane
) -> None:
    text = "city\tsize\nBonn\t1,5\nKöln\t2,25\n"
    found = importing.preview_text(store.workspace, text, ImportOptions())
    assert found.rows == (("Bonn", 1.5), ("Köln", 2.25))
    spec = ImportSpec("", "towns")
    first = importing.bring_in(lane, spec, text)
    assert (first.source.kind, first.source.path) == ("pasted", "")
    second = importing.bring_in(lane, replace(spec, message="more"), text, append_rows=True)
    assert (second.rows, second.source.kind) == (4, "append")
    with pytest.raises(UserError, match="was not read from a file"):
        datasets.read_again(lane, first.ref, ImportOptions(header=False))


class Meanwhile(Context):
    """Does something once, while a child works."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__()
        self._work: Callable[[], object] | None = work

    def progress(self, _fraction: float | None, _text: str) -> None:
        work, self._work = self._work, None
        if work is not None:
            work()


def test_that_rows_added_meanwhile_are_kept_before_these(
    store: Store, lane: DirectLane, tmp_path: Path
) -> None:
    first = write(tmp_path / "first.csv", {"n": [1]})
    datasets.import_file(lane, ImportSpec(str(first), "numbers"))
    second = write(tmp_path / "second.csv", {"n": [2]})
    third = write(tmp_path / "third.csv", {"n": [3]})
    context = Meanwhile(lambda: importing.append(lane, "numbers", second))
    made = importing.append(lane, "numbers", third, context=context)
    assert (made.ref, made.source.detail["to"]) == ("numbers@3", "numbers@2")
    assert datasets.load(store.workspace, made).to_pydict() == {"n": [1, 2, 3]}
    assert made.source.detail["rows"] == 1


def test_that_rows_are_not_added_to_another_table_than_was_meant(
    store: Store, lane: DirectLane, tmp_path: Path
) -> None:
    first = write(tmp_path / "first.csv", {"n": [1]})
    datasets.import_file(lane, ImportSpec(str(first), "numbers"))
    more = write(tmp_path / "more.csv", {"n": [2]})
    context = Meanwhile(lambda: datasets.import_file(lane, ImportSpec(str(more), "numbers")))
    with pytest.raises(UserError, match="The newest version of numbers is numbers@2 now"):
        importing.append(lane, "numbers", more, context=context)
    assert [version.rows for version in datasets.list_versions(store, "numbers")] == [1, 1]
