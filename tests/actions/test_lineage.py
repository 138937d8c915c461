"""Lineage: what came from what, from any thing, both ways."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pytest

from mlops_desktop.actions import datasets, lineage, recipes, versions
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.core.datasets import ImportSpec, Source
from mlops_desktop.core.errors import NotFound, UserError
from mlops_desktop.core.lineage import Graph, Kind
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests import registered
from tests.end2end.command import write_customers


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """customers@1 from a file, two experiments on it, three registered versions of `leaving`."""
    root = tmp_path_factory.mktemp("registered") / "workspace"
    registered.build(root)
    return root


@pytest.fixture
def store(trained: Path, workspace_dir: Path) -> Iterator[Store]:
    shutil.copytree(trained, workspace_dir)
    store = Store.open(Workspace(workspace_dir))
    yield store
    store.close()


def titles(nodes: tuple[object, ...]) -> list[str]:
    return [Path(node.title).name for node in nodes]  # type: ignore[attr-defined]


def test_that_a_model_leads_back_to_its_file(store: Store) -> None:
    graph = lineage.graph(store, "leaving@1")
    assert [node.kind for node in graph.before()] == [
        Kind.FILE,
        Kind.DATA,
        Kind.RUN,
        Kind.MODEL,
    ]
    assert titles(graph.before()) == ["customers.csv", "customers@1", "run 2", "leaving@1"]
    file = graph.nodes[0]
    assert file.sha256 == datasets.get_version(store, "customers@1").source.sha256
    assert file.at
    assert file.by == store.actor


def test_that_a_version_leads_on_to_models_and_what_serves_them(store: Store) -> None:
    with store.write("deployments"):
        row = {"name": "live", "model_version_id": 1, "state": "stopped"}
        row |= {"second_version_id": 2, "second_role": "shadow"}
        store.insert("deployments", row | {"token_file": "", "created_at": "2026-11-24T10:00:00Z"})
    after = titles(lineage.graph(store, "customers").after())
    assert {"leaving@1", "leaving@2", "leaving@3", "live"} <= set(after)
    before = titles(lineage.graph(store, "deployment:live").before())
    assert before == [
        "customers.csv",
        "customers@1",
        "run 2",
        "leaving@1",
        "run 3",
        "leaving@2",
        "live",
    ]


def test_that_unregistered_runs_are_one_box_unless_asked_for(store: Store) -> None:
    graph = lineage.graph(store, "customers@1")
    (box,) = [node for node in graph.nodes if node.count > 1]
    assert (box.title, box.count) == ("2 runs", 2)
    assert ("data:1", box.key) in graph.edges
    assert titles(lineage.graph(store, "run:1").before()) == [
        "customers.csv",
        "customers@1",
        "run 1",
    ]


def test_that_a_recipe_stands_between_its_versions(store: Store) -> None:
    step = Step(StepKind.DROP_COLUMNS, {"columns": ["left_on"]})
    made = recipes.apply(DirectLane(store), "customers@1", [step], "clean")
    graph = lineage.graph(store, made.ref)
    assert [node.kind for node in graph.before()] == [Kind.FILE, Kind.DATA, Kind.RECIPE, Kind.DATA]
    assert titles(lineage.graph(store, f"recipe:{made.recipe}").after())[-1] == made.ref
    assert made.ref in titles(lineage.graph(store, "customers@1").after())


def test_that_appended_rows_come_from_the_version_before_and_new_imports_do_not(
    store: Store, tmp_path: Path
) -> None:
    lane = DirectLane(store)
    file = write_customers(tmp_path / "more.csv", rows=100)
    datasets.import_file(lane, ImportSpec(str(file), "customers"))
    assert titles(lineage.graph(store, "customers@2").before()) == ["more.csv", "customers@2"]
    table = datasets.load(store.workspace, datasets.get_version(store, "customers@2"))
    datasets.add_table(lane, "customers", table, Source("retrain"))
    before = titles(lineage.graph(store, "customers@3").before())
    assert before == ["more.csv", "customers@2", "customers@3"]


def test_that_a_file_is_found_by_its_path_its_name_or_its_hash(store: Store) -> None:
    source = datasets.get_version(store, "customers@1").source
    for name in (source.path, "customers.csv", source.sha256, source.sha256[:8]):
        graph = lineage.graph(store, f"file:{name}")
        assert titles(graph.before()) == ["customers.csv"]
        assert "leaving@3" in titles(graph.after())


def test_that_a_deleted_version_keeps_its_box(store: Store) -> None:
    lane = DirectLane(store)
    datasets.add_table(lane, "few", pa.table({"n": list(range(60))}), Source("table"))
    few = datasets.get_version(store, "few@1")
    table = datasets.load(store.workspace, few)
    datasets.add_table(lane, "few", table, Source("append"), parent=few.id)
    versions.delete(store, "few@1")
    box = lineage.graph(store, "few@2").nodes[0]
    assert (box.title, box.detail, box.gone, box.ref) == ("few@1", "in the bin", True, "")


def test_that_a_name_of_two_things_asks_which(store: Store) -> None:
    lane = DirectLane(store)
    datasets.add_table(lane, "leaving", pa.table({"n": [1, 2]}), Source("table"))
    with pytest.raises(UserError, match="Write data:leaving or model:leaving"):
        lineage.graph(store, "leaving")
    assert titles(lineage.graph(store, "data:leaving").nodes) == ["leaving@1"]


@pytest.mark.parametrize("name", ["nothing", "run:99", "run:x", "deployment:x", "file:x.csv"])
def test_that_what_is_not_there_is_said(store: Store, name: str) -> None:
    with pytest.raises(NotFound):
        lineage.graph(store, name)


def test_that_every_box_stands_after_what_it_came_from(store: Store) -> None:
    graph: Graph = lineage.graph(store, "customers@1")
    place = {node.key: number for number, node in enumerate(graph.nodes)}
    assert all(place[a] < place[b] for a, b in graph.edges)
