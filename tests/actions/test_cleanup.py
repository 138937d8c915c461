"""Clean-up frees exactly what it says, and nothing that anything needs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from mlops_desktop.actions import cleanup, datasets, health, storage, versions
from mlops_desktop.actions.children import cleaning, scratch
from mlops_desktop.actions.lane import Context, DirectLane
from mlops_desktop.blobs import manifests, objects
from mlops_desktop.core.cleanup import Plan, Waste
from mlops_desktop.core.datasets import DatasetVersion, Source
from mlops_desktop.core.errors import Damaged, NotFound, UserError
from mlops_desktop.paths import Workspace
from mlops_desktop.store import datasets as dataset_rows
from mlops_desktop.store.references import referenced
from mlops_desktop.store.store import Store
from tests import registered
from tests.stored import stored_bytes, wide_mix


@pytest.fixture
def store(workspace_dir: Path) -> Iterator[Store]:
    store = Store.open(Workspace(workspace_dir))
    yield store
    store.close()


@pytest.fixture
def lane(store: Store) -> DirectLane:
    return DirectLane(store)


def add(lane: DirectLane, table: pa.Table, name: str = "mix") -> DatasetVersion:
    return datasets.add_table(lane, name, table, Source("table"))


def parts(plan: Plan) -> dict[str, int]:
    return {part.name: part.bytes for part in plan.parts}


def test_that_cleaning_frees_what_the_plan_says_and_no_other_version_notices(
    store: Store, lane: DirectLane
) -> None:
    table = wide_mix(20_000)
    add(lane, table)
    add(lane, wide_mix(20_000, seed=1))
    kept = add(lane, table.slice(0, 15_000), "other")
    versions.delete(store, "mix@2")
    before = stored_bytes(store.workspace)
    plan = cleanup.plan(store)
    assert parts(plan) == {Waste.BIN: plan.bytes}
    freed = cleanup.clean(lane, plan)
    assert freed.versions == ("mix@2",)
    assert freed.bytes == plan.bytes == before - stored_bytes(store.workspace)
    assert plan.bytes > 1_000_000
    assert health.fsck(store, Context()).clean
    assert datasets.load(store.workspace, kept).equals(table.slice(0, 15_000))
    assert cleanup.plan(store).bytes == 0


def test_that_a_cleaned_version_leaves_its_place_in_the_history(
    store: Store, lane: DirectLane
) -> None:
    version = add(lane, wide_mix(1_000))
    versions.delete(store, "mix")
    cleanup.clean(lane, cleanup.plan(store))
    gone = dataset_rows.by_id(store, version.id)
    assert (gone.rows, gone.content_hash) == (1_000, version.content_hash)
    for read in (datasets.load, datasets.profile):
        with pytest.raises(NotFound, match=r"mix@1 is deleted"):
            read(store.workspace, gone)
    with pytest.raises(NotFound, match=r"mix@1 is deleted. It was cleaned up on"):
        datasets.get_version(store, "mix@1")
    with pytest.raises(UserError, match=r"mix@1 cannot be restored"):
        versions.restore(store, "mix@1")
    with pytest.raises(NotFound, match="There is no dataset 'mix'"):
        datasets.get_version(store, "mix")
    assert add(lane, wide_mix(1_000)).ref == "mix@2"


def test_that_the_bin_says_what_each_alone_would_free(store: Store, lane: DirectLane) -> None:
    table = wide_mix(20_000)
    add(lane, table)
    add(lane, pa.concat_tables([table, wide_mix(20_000, seed=1)]))  # Shares the first half.
    add(lane, wide_mix(20_000, seed=2), "other")
    versions.delete(store, "mix@1")
    versions.delete(store, "other@1")
    other, shared = storage.binned(store)
    assert (other.version.ref, shared.version.ref) == ("other@1", "mix@1")
    assert shared.frees < 30_000 < other.frees
    assert other.frees + shared.frees == cleanup.plan(store).bytes


def test_that_a_pack_of_which_most_is_unneeded_is_rewritten(store: Store, lane: DirectLane) -> None:
    table = wide_mix(20_000)
    add(lane, table)
    few = table.drop_columns([f"float_{n}" for n in range(11)])
    kept = add(lane, few)  # Its chunks lie in the pack of the first.
    versions.delete(store, "mix@1")
    plan = cleanup.plan(store)
    assert parts(plan)[Waste.PACKS] > 1_000_000
    before = stored_bytes(store.workspace)
    freed = cleanup.clean(lane, plan)
    assert freed.bytes == before - stored_bytes(store.workspace)
    assert freed.bytes == pytest.approx(plan.bytes, abs=2_000)  # The manifest is written anew.
    moved = datasets.get_version(store, "mix@2")
    assert moved.manifest != kept.manifest
    assert datasets.load(store.workspace, moved).equals(few)
    assert health.fsck(store, Context()).clean
    assert cleanup.plan(store).bytes == 0


def test_that_a_pack_of_which_most_is_needed_is_kept_and_counted(
    store: Store, lane: DirectLane
) -> None:
    table = wide_mix(20_000)
    add(lane, table)
    most = add(lane, table.drop_columns(["float_0"]))
    versions.delete(store, "mix@1")
    plan = cleanup.plan(store)
    assert Waste.PACKS not in parts(plan)
    assert 100_000 < plan.kept_bytes < 300_000
    cleanup.clean(lane, plan)
    assert datasets.load(store.workspace, most).num_columns == 19
    assert cleanup.plan(store).kept_bytes == plan.kept_bytes


def test_that_only_versions_that_lie_long_enough_go(store: Store, lane: DirectLane) -> None:
    add(lane, wide_mix(1_000))
    versions.delete(store, "mix@1")
    assert cleanup.plan(store, older_than_days=1).versions == ()
    assert len(cleanup.plan(store).versions) == 1


def test_that_what_was_restored_since_the_plan_stays(store: Store, lane: DirectLane) -> None:
    version = add(lane, wide_mix(1_000))
    versions.delete(store, "mix@1")
    plan = cleanup.plan(store)
    versions.restore(store, "mix@1")
    freed = cleanup.clean(lane, plan)
    assert (freed.versions, freed.bytes) == ((), 0)
    assert datasets.load(store.workspace, version).num_rows == 1_000


def test_that_leftovers_old_backups_and_logs_of_failed_runs_go(
    store: Store, lane: DirectLane
) -> None:
    workspace = store.workspace
    objects.put_bytes(workspace, b"x" * 1000)  # As an import that was killed leaves it.
    dead = workspace.tmp / "import-999999999-abcd"
    dead.mkdir()
    (dead / "packs").write_bytes(b"y" * 200)
    workspace.backups.mkdir()
    for day in range(1, 6):
        (workspace.backups / f"workspace-2026110{day}T000000Z.db").write_bytes(b"z" * day)
    plan = cleanup.plan(store)
    assert parts(plan) == {Waste.LEFTOVERS: 1200, Waste.BACKUPS: 3}
    assert cleanup.clean(lane, plan).bytes == 1203
    assert len(list(workspace.backups.iterdir())) == cleanup.KEPT_BACKUPS
    assert not dead.exists()
    assert stored_bytes(workspace) == 0


def test_that_nothing_is_freed_while_somebody_writes_blobs(store: Store, lane: DirectLane) -> None:
    objects.put_bytes(store.workspace, b"of an import that has not yet told the database")
    with (
        scratch(store.workspace, "import"),
        pytest.raises(UserError, match=rf"An import is going on.*Process {os.getpid()}"),
    ):
        cleanup.clean(lane, cleanup.plan(store))
    assert stored_bytes(store.workspace) > 0
    cleanup.clean(lane, cleanup.plan(store))
    assert stored_bytes(store.workspace) == 0


def test_that_of_two_clean_ups_one_gives_way(store: Store, lane: DirectLane) -> None:
    with cleaning(store.workspace), pytest.raises(UserError, match="Another clean-up is going on"):
        cleanup.clean(lane, cleanup.plan(store))


def test_that_a_folder_of_a_dead_process_holds_nobody_up(store: Store) -> None:
    for name in ("cleanup-999999999-abcd", "import-999999999-abcd"):
        (store.workspace.tmp / name).mkdir()
    with scratch(store.workspace, "import"):
        pass
    with cleaning(store.workspace):
        pass


def test_that_a_damaged_version_that_stays_stops_a_clean_up_by_name(
    store: Store, lane: DirectLane
) -> None:
    version = add(lane, wide_mix(1_000))
    path = store.workspace.blob(version.manifest)
    path.chmod(0o600)
    path.write_bytes(b"rubbish")
    manifests.read.cache_clear()
    with pytest.raises(Damaged, match=r"mix@1 is damaged, so it is not known"):
        cleanup.plan(store)
    report = health.fsck(store, Context())
    assert {problem.where for problem in report.problems} == {"mix@1"}
    versions.delete(store, "mix@1")
    report = health.fsck(store, Context())
    assert {problem.where for problem in report.problems} == {"mix@1 (in the bin)"}
    cleanup.clean(lane, cleanup.plan(store))  # Its packs are nobody's then.
    assert stored_bytes(store.workspace) == 0
    assert health.fsck(store, Context()).clean


def test_that_what_nothing_needs_is_told_but_is_no_fault(store: Store) -> None:
    objects.put_bytes(store.workspace, b"left over")
    report = health.fsck(store, Context())
    assert report.clean
    assert (report.unneeded, report.unneeded_bytes) == (1, 9)


def test_that_an_identical_import_adds_next_to_nothing(store: Store, lane: DirectLane) -> None:
    first = add(lane, wide_mix(20_000))
    again = add(lane, wide_mix(20_000))
    elsewhere = add(lane, wide_mix(20_000), "other")
    assert first.stored_bytes == stored_bytes(store.workspace)
    assert (again.stored_bytes, elsewhere.stored_bytes) == (0, 0)


def test_that_every_blob_that_a_row_names_is_known_to_be_needed(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Add a table or column that names blobs, and this fails until references.py knows of it."""
    root = tmp_path_factory.mktemp("trained") / "workspace"
    registered.build(root)
    store = Store.open(Workspace(root))
    try:
        on_disk = set(objects.names(store.workspace))
        named: set[str] = set()
        for table in store.query("SELECT name FROM sqlite_schema WHERE type = 'table'"):
            for row in store.query(f'SELECT * FROM "{table["name"]}"'):
                for value in row.values():
                    named |= set(re.findall(r"[0-9a-f]{64}", str(value)))
        inside: set[str] = set()
        for name in named & on_disk:
            data = objects.get_bytes(store.workspace, name)
            text = str(manifests.expand_json(data)) if data[:4] == b"\x28\xb5\x2f\xfd" else ""
            inside |= set(re.findall(r"[0-9a-f]{64}", text))
        needed = (named | inside) & on_disk
        assert len(needed) > 10
        assert needed <= referenced(store)
        assert referenced(store) == on_disk  # And nothing was left over.
        assert cleanup.plan(store).bytes == 0
    finally:
        store.close()


def test_that_usage_counts_every_blob_once(store: Store, lane: DirectLane) -> None:
    add(lane, wide_mix(5_000))
    add(lane, wide_mix(5_000), "same")
    add(lane, wide_mix(5_000, seed=1), "third")
    versions.delete(store, "third@1")
    usage = storage.usage(store)
    named = {part.name: part.bytes for part in (*usage.datasets, *usage.rest)}
    assert named["same"] == 0
    assert named["mix"] + named["bin"] == stored_bytes(store.workspace)
    assert named["database"] >= cleanup.size_of(store.workspace.database)
