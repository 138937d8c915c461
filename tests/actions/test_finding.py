"""Names: everything that has one is found, the newest first, and says where it is shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from mlops_desktop.actions import finding, versions
from mlops_desktop.core.finding import Found, Thing
from mlops_desktop.core.places import DataPlace
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.monitored import watched


@pytest.fixture
def store(tmp_path: Path):  # type: ignore[no-untyped-def]
    root = tmp_path / "workspace"
    with watched(root):
        pass
    opened = Store.open(Workspace(root))
    yield opened
    opened.close()


def of(found: list[Thing], kind: Found) -> list[tuple[str, str, object]]:
    return [(thing.title, thing.panel, thing.place) for thing in found if thing.kind is kind]


def test_that_every_kind_of_thing_is_found_with_its_place(store: Store) -> None:
    versions.tag(store, "data@1", "golden")
    found = finding.things(store)
    assert of(found, Found.DEPLOYMENT) == [("d", "deploy", "d")]
    assert of(found, Found.MODEL) == [("m@1", "models", "m@1")]
    assert of(found, Found.RUN) == [("run 1", "train", 1)]
    assert of(found, Found.DATASET) == [("data", "data", DataPlace("data@1"))]
    assert of(found, Found.VERSION) == [("data@1", "data", DataPlace("data@1"))]
    about = {thing.title: thing.about for thing in found}
    assert about["data@1"] == "golden, 1 row"
    assert about["run 1"] == "Linear, data@1, done"


def test_that_columns_of_the_newest_version_are_found(store: Store) -> None:
    with store.write("datasets"):
        store.execute(
            """UPDATE dataset_versions SET columns = '[{"name": "hum"}, {"name": "temp"}]'"""
        )
    found = of(finding.things(store), Found.COLUMN)
    assert found == [
        ("hum", "data", DataPlace("data@1", column="hum")),
        ("temp", "data", DataPlace("data@1", column="temp")),
    ]


def test_that_what_is_in_the_bin_is_not_found(store: Store) -> None:
    with store.write("datasets"):
        store.execute("UPDATE dataset_versions SET deleted_at = '2026-01-01'")
    found = finding.things(store)
    assert not of(found, Found.DATASET)
    assert not of(found, Found.VERSION)
    assert not of(found, Found.COLUMN)
