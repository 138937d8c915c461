"""Tags, notes and the bin: names move with a record, and what is used is not lost by accident."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from mlops_desktop.actions import datasets, models, recipes, run_details, runs, versions
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.core.datasets import DatasetVersion, Source
from mlops_desktop.core.errors import CheckFailed, NotFound, UserError
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.runs import RunState, TrainSpec
from mlops_desktop.core.steps import StepKind
from mlops_desktop.core.versions import Use, in_words
from mlops_desktop.paths import Workspace
from mlops_desktop.store import audit
from mlops_desktop.store.store import Store


@pytest.fixture
def store(workspace_dir: Path) -> Iterator[Store]:
    store = Store.open(Workspace(workspace_dir))
    yield store
    store.close()


def add(store: Store, name: str = "bike", rows: int = 60, first: int = 0) -> DatasetVersion:
    """A version with a number that counts on from `first`, and a target."""
    numbers = list(range(first, first + rows))
    table = pa.table({"n": numbers, "t": [n % 2 for n in numbers]})
    return datasets.add_table(DirectLane(store), name, table, Source("table"))


def register(store: Store, version: DatasetVersion) -> None:
    """demand@1, as if it had been trained on a version."""
    run = runs.start_experiment(store, TrainSpec(version.dataset, version.version, "t"))[0]
    with store.write("models"):
        store.execute("UPDATE runs SET state = ?", [RunState.DONE.value])
        model = store.insert("models", {"name": "demand", "created_at": "2026"})
        one = {"model_id": model, "version": 1, "run_id": run.id, "created_at": "2026"}
        store.insert("model_versions", one | {"signature": "{}", "gates": "[]", "files": "{}"})


def last_entry(store: Store) -> tuple[str, str, dict[str, object]]:
    entry = audit.entries(store, 1)[0]
    return entry.action, entry.subject, json.loads(entry.detail)


def test_that_a_tag_names_a_version_wherever_one_is_named(store: Store) -> None:
    add(store)
    add(store, first=5)
    assert versions.tag(store, "bike@1", "golden").tags == ("golden",)
    assert datasets.get_version(store, "bike:golden").ref == "bike@1"
    assert datasets.get_version(store, "bike@golden").ref == "bike@1"


def test_that_a_tag_moves_with_a_record_of_it(store: Store) -> None:
    add(store)
    add(store, first=5)
    versions.tag(store, "bike@1", "golden")
    versions.tag(store, "bike@2", "golden")
    assert datasets.get_version(store, "bike:golden").ref == "bike@2"
    assert datasets.get_version(store, "bike@1").tags == ()
    moved = {"tag": "golden", "moved_from": "bike@1"}
    assert last_entry(store) == ("dataset.tagged", "bike@2", moved)


def test_that_the_same_tag_names_another_version_in_another_dataset(store: Store) -> None:
    add(store)
    add(store, "boat")
    versions.tag(store, "bike@1", "golden")
    versions.tag(store, "boat@1", "golden")
    assert datasets.get_version(store, "bike:golden").ref == "bike@1"


def test_that_a_removed_tag_names_nothing(store: Store) -> None:
    add(store)
    versions.tag(store, "bike", "golden")
    versions.remove_tag(store, "bike", "golden")
    assert last_entry(store) == ("dataset.untagged", "bike@1", {"tag": "golden"})
    with pytest.raises(NotFound, match=r"No version of bike is tagged 'golden'"):
        datasets.get_version(store, "bike:golden")
    with pytest.raises(NotFound, match="It has no tags"):
        versions.remove_tag(store, "bike", "golden")


@pytest.mark.parametrize("tag", ["7", "v7", "a@b", "a/b", " "])
def test_that_a_tag_that_reads_as_something_else_is_refused(store: Store, tag: str) -> None:
    add(store)
    with pytest.raises(UserError):
        versions.tag(store, "bike", tag)


def test_that_a_note_can_be_rewritten_and_the_record_keeps_the_old_one(store: Store) -> None:
    add(store)
    versions.note(store, "bike@1", "First look.")
    assert versions.note(store, "bike@1", " Checked by hand. ").note == "Checked by hand."
    detail = {"note": "Checked by hand.", "before": "First look."}
    assert last_entry(store) == ("dataset.noted", "bike@1", detail)
    with pytest.raises(UserError, match=r"2,001 characters long"):
        versions.note(store, "bike@1", "x" * 2001)


def test_that_a_version_knows_who_made_it_and_when(store: Store) -> None:
    version = add(store)
    assert version.by == store.actor
    assert version.created_at


def test_that_a_deleted_version_is_in_no_list_and_says_where_it_is(store: Store) -> None:
    add(store)
    add(store, first=5)
    versions.delete(store, "bike@2")
    assert [v.ref for v in datasets.list_versions(store, "bike")] == ["bike@1"]
    assert datasets.list_datasets(store)[0].versions == 1
    assert datasets.get_version(store, "bike").ref == "bike@1"
    with pytest.raises(NotFound, match=r"bike@2 is in the bin. Restore it with: data restore"):
        datasets.get_version(store, "bike@2")


def test_that_the_next_version_does_not_take_the_number_of_a_deleted_one(store: Store) -> None:
    add(store)
    versions.delete(store, "bike@1")
    assert add(store, first=5).ref == "bike@2"


def test_that_a_restored_version_is_as_it_was(store: Store) -> None:
    add(store)
    before = versions.tag(store, "bike@1", "golden")
    versions.delete(store, "bike@1", force=True)
    with pytest.raises(NotFound, match="bike@1 is in the bin"):
        datasets.get_version(store, "bike:golden")
    assert versions.restore(store, "bike:golden") == [before]
    assert datasets.load(store.workspace, before).num_rows == 60
    with pytest.raises(NotFound, match="not in the bin"):
        versions.restore(store, "bike@1")


def test_that_a_whole_dataset_goes_to_the_bin_and_comes_back(store: Store) -> None:
    add(store)
    add(store, first=5)
    versions.delete(store, "bike")
    assert datasets.list_datasets(store) == []
    with pytest.raises(NotFound, match=r"'bike' is in the bin. Restore it with"):
        datasets.list_versions(store, "bike")
    assert [v.ref for v in versions.restore(store, "bike")] == ["bike@2", "bike@1"]


def test_that_what_a_tag_a_run_or_a_child_needs_is_deleted_only_by_force(store: Store) -> None:
    parent, other = add(store), add(store, first=5)
    versions.tag(store, "bike@1", "golden")
    queued = runs.start_experiment(store, TrainSpec("bike", 1, "t"))
    with store.write("datasets"):
        store.execute(
            "UPDATE dataset_versions SET derived_from_id = ? WHERE id = ?", [parent.id, other.id]
        )
    with pytest.raises(CheckFailed, match=r"used by runs .*Wait until its training has ended"):
        versions.delete(store, "bike@1", force=True)
    for run in queued:
        runs.cancel_queued(store, run.id)
    with pytest.raises(CheckFailed) as refused:
        versions.delete(store, "bike@1")
    assert refused.value.what == "bike@1 is in use, so it was not deleted."
    assert refused.value.why == "It is used by runs 1, 2, 3 and 4, bike@2, the tag golden."
    assert refused.value.hint == "Delete it all the same with --force."
    assert versions.delete(store, "bike@1", force=True)[0].deleted_at
    assert run_details.details(store, queued[0].id).data.ref == "bike@1"  # It can be looked at.


def test_that_what_a_registered_model_was_trained_on_is_never_deleted(store: Store) -> None:
    register(store, add(store))
    assert Use("model", "demand@1", binding=True) in versions.uses(store, "bike@1")
    with pytest.raises(CheckFailed, match=r"the model demand@1.*as long as it is registered"):
        versions.delete(store, "bike@1", force=True)
    with pytest.raises(CheckFailed, match="demand@1"):
        versions.delete(store, "bike", force=True)
    assert models.list_models(store)[0].name == "demand"


def test_that_what_recipes_made_a_models_data_of_is_never_deleted(store: Store) -> None:
    lane = DirectLane(store)
    add(store)
    add(store, "more", first=5)
    steps = [
        Step(StepKind.CONCATENATE, {"dataset": "more"}),
        Step(StepKind.DROP_DUPLICATES, {}),
    ]
    made = recipes.apply(lane, "bike@1", steps, "clean")
    found = versions.uses(store, "more@1")
    assert found == [Use("version", made.ref)] == versions.uses(store, "bike@1")
    register(store, made)
    for ref in ("bike@1", "more@1", made.ref):
        with pytest.raises(CheckFailed, match="the model demand@1"):
            versions.delete(store, ref, force=True)


def test_that_what_checks_compare_with_is_named(store: Store) -> None:
    version = add(store)
    add(store, first=5)
    dataset = store.scalar("SELECT dataset_id FROM dataset_versions WHERE id = ?", [version.id])
    with store.write("datasets"):
        rules = json.dumps([{"kind": "drift", "settings": {"reference": "bike@1"}}])
        suite = {"dataset_id": dataset, "rules": rules, "actor": "me", "changed_at": "2026"}
        store.insert("check_suites", suite)
    with pytest.raises(CheckFailed, match="used by the checks of bike"):
        versions.delete(store, "bike@1")
    assert versions.uses(store, "bike") == []  # They go with the whole dataset.


def test_that_many_uses_are_told_in_one_line() -> None:
    many = [Use("run", str(n)) for n in range(1, 13)]
    assert in_words([*many, Use("tag", "a"), Use("tag", "b")]) == (
        "runs 1, 2, 3 and 9 more, the tags a and b"
    )
