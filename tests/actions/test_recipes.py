"""Recipes as a user has them: kept, applied, run again, followed back, previewed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

from mlops_desktop.actions import datasets, recipe_preview, recipes, versions
from mlops_desktop.actions.lane import Context, DirectLane
from mlops_desktop.blobs import manifests
from mlops_desktop.core.datasets import DatasetVersion, Source, WarningKind
from mlops_desktop.core.errors import Cancelled, NotFound, UserError
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.ml import recipe
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store

K = StepKind


def step(kind: StepKind, **settings: object) -> Step:
    return Step(kind, settings)


CLEAN = (
    step(K.PARSE_NUMBER, columns=["total"]),
    step(K.FILL, columns=["total"]),
    step(K.FILTER, where="months > 0"),
)


@pytest.fixture
def store(workspace_dir: Path) -> Iterator[Store]:
    store = Store.open(Workspace(workspace_dir))
    yield store
    store.close()


@pytest.fixture
def lane(store: Store) -> DirectLane:
    return DirectLane(store)


def bills(start: int = 0, rows: int = 60) -> pa.Table:
    numbers = range(start, start + rows)
    return pa.table(
        {
            "id": [f"c{n:04d}" for n in numbers],
            "months": [n % 13 for n in numbers],
            "total": [" " if n % 20 == 7 else f"{n * 1.5:,.2f}" for n in numbers],
        }
    )


def add(lane: DirectLane, name: str, table: pa.Table) -> DatasetVersion:
    return datasets.add_table(lane, name, table, Source("table"))


def test_that_a_recipe_has_versions_and_the_same_steps_add_none(store: Store) -> None:
    first = recipes.save(store, "clean", CLEAN, "to begin with")
    assert (first.ref, first.steps, first.note, first.by) == (
        "clean@1",
        CLEAN,
        "to begin with",
        store.actor,
    )
    assert recipes.save(store, "clean", list(CLEAN)) == first
    second = recipes.save(store, "clean", [replace(CLEAN[0], on=False), *CLEAN[1:]])
    assert second.version == 2
    assert recipes.get(store, "clean@1") == first
    assert recipes.get(store, "clean") == second
    assert recipes.versions(store, "clean") == [second, first]
    assert recipes.list_recipes(store) == [second]
    actions = [row["action"] for row in store.query("SELECT action FROM audit")]
    assert actions == ["recipe.saved", "recipe.saved"]
    assert "datasets" in store.take_changes()


def test_that_what_is_wrong_with_a_recipe_is_said(store: Store) -> None:
    with pytest.raises(UserError, match="no steps"):
        recipes.save(store, "clean", [])
    with pytest.raises(UserError, match=r"Step 1 \(Logarithm\): Columns is missing"):
        recipes.save(store, "clean", [step(K.LOG)])
    with pytest.raises(UserError, match="'a/b' holds"):
        recipes.save(store, "a/b", CLEAN)
    with pytest.raises(NotFound, match="Save one first"):
        recipes.get(store, "clean")
    recipes.save(store, "clean", CLEAN)
    with pytest.raises(NotFound, match="Did you mean clean"):
        recipes.get(store, "claen")
    with pytest.raises(NotFound, match="Its newest is clean@1"):
        recipes.get(store, "clean@7")
    with pytest.raises(NotFound, match="There are: clean"):
        recipes.versions(store, "zzz")


def test_that_a_recipe_makes_a_version_that_knows_where_it_comes_from(
    store: Store, lane: DirectLane
) -> None:
    raw = add(lane, "bills", bills())
    made = recipes.apply(lane, "bills@1", CLEAN)
    assert (made.ref, made.recipe, made.derived_from, made.parent) == (
        "bills@2",
        "clean-bills@1",
        raw.id,
        raw.id,
    )
    assert made.source.kind == "recipe"
    assert made.source.detail["recipe"] == "clean-bills@1"
    assert made.source.detail["parent"] == "bills@1"
    assert made.source.detail["rows_before"] == 60
    assert {"kind": "fill", "learnt": {"total": 45.0}} in made.source.detail["learnt"]  # type: ignore[operator]
    assert made.message == "clean-bills@1 on bills@1"
    expected = recipe.apply(bills(), CLEAN).table
    assert datasets.load(store.workspace, made).equals(expected)
    assert manifests.faults(store.workspace, made.manifest) == []
    entry = store.query("SELECT * FROM audit ORDER BY seq")[-1]
    assert (entry["action"], entry["subject"]) == ("dataset.derived", "bills@2")
    assert '"derived_from": "bills@1"' in entry["detail"]


def test_that_a_derived_version_shares_what_it_did_not_change(
    store: Store, lane: DirectLane
) -> None:
    raw = add(lane, "bills", bills(rows=30_000))
    made = recipes.apply(lane, raw.ref, [CLEAN[0]], "clean bills", "numbers")
    assert (made.ref, made.parent, made.message) == ("clean bills@1", None, "numbers")
    before, after = (manifests.read(store.workspace, v.manifest) for v in (raw, made))
    assert set(after.places.values()) & set(before.places.values())
    assert made.stored_bytes < raw.stored_bytes


def test_that_a_recipe_runs_again_on_a_newer_parent(store: Store, lane: DirectLane) -> None:
    add(lane, "bills", bills())
    first = recipes.apply(lane, "bills", CLEAN)
    assert recipes.newer_parent(store, first) is None
    with pytest.raises(UserError, match="no newer version to run clean-bills@1 on"):
        recipes.again(lane, "bills")
    add(lane, "bills", bills(rows=80))
    newer = recipes.newer_parent(store, first)
    assert newer is not None
    assert newer.ref == "bills@3"
    again = recipes.again(lane, "bills")
    assert (again.ref, again.recipe, again.derived_from) == ("bills@4", first.recipe, newer.id)
    assert datasets.load(store.workspace, again).equals(recipe.apply(bills(rows=80), CLEAN).table)
    other = recipes.again(lane, first.ref, "bills@1")
    assert other.content_hash == first.content_hash
    with pytest.raises(UserError, match="No recipe made bills@1"):
        recipes.again(lane, "bills@1")


def test_that_a_version_is_followed_back_to_the_raw_one(store: Store, lane: DirectLane) -> None:
    add(lane, "more", bills(100, 10))
    add(lane, "bills", bills())
    join = [step(K.CONCATENATE, dataset="more"), *CLEAN]
    first = recipes.apply(lane, "bills", join)
    add(lane, "more", bills(500, 5))
    second = recipes.apply(lane, first.ref, [step(K.LOG, columns=["total"])], "features")
    chain = recipes.chain(store, second)
    assert chain.root.ref == "bills@1"
    assert {name: other.ref for name, other in chain.others.items()} == {"more@1": "more@1"}
    assert chain.steps == (step(K.CONCATENATE, dataset="more@1"), *CLEAN, chain.steps[-1])
    raw, below = bills(), {"more@1": bills(100, 10)}
    assert recipe.apply(raw, chain.steps, below).table.equals(
        datasets.load(store.workspace, second)
    )
    assert recipes.chain(store, chain.root).steps == ()
    # Rows that are added after a feature step begin a chain of their own.
    third = recipes.apply(lane, second.ref, [step(K.CONCATENATE, dataset="features@1")], "both")
    assert recipes.chain(store, third).root == second


def test_that_a_chain_ends_where_rows_are_gone(store: Store, lane: DirectLane) -> None:
    raw = add(lane, "bills", bills())
    first = recipes.apply(lane, "bills", CLEAN, "clean")
    second = recipes.apply(lane, "clean", [step(K.LOG, columns=["total"])], "logs")
    assert recipes.chain(store, second).root == raw
    with store.write("datasets"):
        store.execute("UPDATE dataset_versions SET purged_at = 'x' WHERE id = ?", [raw.id])
    assert recipes.chain(store, second).root == first


def test_that_a_concatenated_version_in_use_is_named(store: Store, lane: DirectLane) -> None:
    more = add(lane, "more", bills(100, 10))
    add(lane, "bills", bills())
    recipes.apply(lane, "bills", [step(K.CONCATENATE, dataset="more")])
    assert "bills@2" in [use.name for use in versions.uses(store, more.ref)]


def test_that_a_recipe_that_does_not_fit_changes_nothing(store: Store, lane: DirectLane) -> None:
    add(lane, "bills", bills())
    with pytest.raises(UserError, match=r"Step 1 \(Logarithm\): There is no column 'totl'"):
        recipes.apply(lane, "bills", [step(K.LOG, columns=["totl"])])
    with pytest.raises(UserError, match="The steps leave no row"):
        recipes.apply(lane, "bills", [step(K.FILTER, where="months > 99")], "none")
    with pytest.raises(NotFound, match="no dataset 'mre'"):
        recipes.apply(lane, "bills", [step(K.CONCATENATE, dataset="mre")])
    assert [d.name for d in datasets.list_datasets(store)] == ["bills"]
    assert len(datasets.list_versions(store, "bills")) == 1
    assert [r.recipe for r in recipes.list_recipes(store)] == ["clean-none"]


def test_that_a_cancelled_recipe_leaves_nothing(store: Store, lane: DirectLane) -> None:
    add(lane, "bills", bills())
    blobs = sorted(store.workspace.objects.glob("*/*"))
    context = Context()
    context.cancelled.set()
    with pytest.raises(Cancelled):
        recipes.apply(lane, "bills", CLEAN, context=context)
    assert len(datasets.list_versions(store, "bills")) == 1
    assert sorted(store.workspace.objects.glob("*/*")) == blobs
    assert not list(store.workspace.tmp.iterdir())


def test_that_a_damaged_parent_is_told(store: Store, lane: DirectLane) -> None:
    raw = add(lane, "bills", bills())
    place = next(iter(manifests.read(store.workspace, raw.manifest).places.values()))
    store.workspace.blob(place.pack).unlink()
    with pytest.raises(UserError, match=r"missing|damaged"):
        recipes.apply(lane, "bills", CLEAN)
    assert len(datasets.list_versions(store, "bills")) == 1


def test_that_what_a_recipe_makes_is_no_leak(store: Store, lane: DirectLane) -> None:
    add(lane, "bills", bills(rows=400))
    steps = [step(K.CYCLIC, column="months", period=24), step(K.SUM, columns=["months"], into="m")]
    made = recipes.apply(lane, "bills", steps)
    assert not [w for w in made.warnings if w.kind is WarningKind.LEAK]
    later = recipes.apply(lane, made.ref, [step(K.FORMULA, into="two", formula="months_sin * 2")])
    assert not [w for w in later.warnings if w.kind is WarningKind.LEAK]


def test_that_a_preview_is_honest_about_its_sample(store: Store, lane: DirectLane) -> None:
    raw = add(lane, "bills", bills(rows=70_000))
    seen = recipe_preview.preview(store.workspace, raw, CLEAN, {}, upto=2, rows=5)
    assert (seen.sampled, seen.total, seen.is_whole) == (60_000, 70_000, False)
    assert seen.changed_cells == {"total": 3_000}
    assert seen.before.num_rows == seen.after.num_rows == 5
    faulty = [*CLEAN, step(K.LOG, columns=["id"])]
    found = recipe_preview.outline(raw, faulty, {})
    assert [one.error is None for one in found] == [True, True, True, False]
    others = recipes.concatenated(store, [step(K.CONCATENATE, dataset="bills")])
    both = [step(K.CONCATENATE, dataset="bills")]
    seen = recipe_preview.preview(store.workspace, raw, both, others, rows=5)
    assert (seen.rows_after, seen.total) == (120_000, 140_000)
