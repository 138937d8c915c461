"""Profiles of stored versions: by a target, in pairs, their traps; and the units of columns."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mlops_desktop.actions import datasets, profile, units
from mlops_desktop.actions.lane import Context, DirectLane
from mlops_desktop.child import profiling
from mlops_desktop.core.datasets import DatasetVersion, Source, WarningKind
from mlops_desktop.core.errors import Cancelled, NotFound, UserError
from mlops_desktop.ml import together
from mlops_desktop.paths import Workspace
from mlops_desktop.store import audit
from mlops_desktop.store.store import Store
from tests.stored import store_table, wide_mix

N = 600
random = np.random.default_rng(0)
X = random.normal(size=N)
LEFT = np.where(X + random.normal(size=N) > 0, "yes", "no")
TABLE = pa.table(
    {
        "size": pa.array(X, mask=np.arange(N) % 10 == 0),
        "left": LEFT,
        "spent": np.where(np.arange(N) == 7, 5000.0, 100 + 10 * X),
        "mail": [f"a{i}@example.org" for i in range(N)],
    }
)


@pytest.fixture
def store(workspace_dir: Path) -> Iterator[Store]:
    store = Store.open(Workspace(workspace_dir))
    yield store
    store.close()


@pytest.fixture
def version(store: Store) -> DatasetVersion:
    return datasets.add_table(DirectLane(store), "people", TABLE, Source("file", "people.csv"))


def test_that_a_version_keeps_what_its_columns_share(store: Store, version: DatasetVersion) -> None:
    found = datasets.profile(store.workspace, version)
    assert found.correlations is not None
    assert found.correlations.columns == ("size", "left", "spent")
    assert not found.correlations.sampled
    assert found.gaps is not None
    assert [(p.columns, p.rows) for p in found.gaps.patterns] == [((), 540), ((0,), 60)]


def test_that_a_warning_keeps_its_fix(store: Store, version: DatasetVersion) -> None:
    again = datasets.get_version(store, version.ref)
    assert again.warnings == version.warnings
    fixes = {w.kind: w.suggestion.steps[0].kind.value for w in again.warnings if w.suggestion}
    assert fixes == {WarningKind.OUTLIERS: "clip", WarningKind.PERSONAL: "drop_columns"}


def test_that_histograms_are_split_by_a_target(store: Store, version: DatasetVersion) -> None:
    found = profile.profile_by_target(store.workspace, version, "left")
    assert set(found) == {"size", "left", "spent", "mail"}
    whole = datasets.profile(store.workspace, version).column("size")
    assert whole is not None
    assert whole.numbers is not None
    assert np.sum(found["size"].counts, axis=0).tolist() == list(whole.numbers.counts)
    only = profile.profile_by_target(store.workspace, version, "spent", ["left"])
    assert set(only) == {"left"}
    assert only["left"].means[0] == pytest.approx(
        TABLE.column("spent").to_numpy()[found["left"].classes[0] == LEFT].mean()
    )


def test_that_what_cannot_split_says_why(store: Store, version: DatasetVersion) -> None:
    with pytest.raises(UserError, match="split by `mail`"):
        profile.profile_by_target(store.workspace, version, "mail")
    with pytest.raises(NotFound, match="no column 'age'"):
        profile.profile_by_target(store.workspace, version, "age")
    with pytest.raises(NotFound, match="no column 'age'"):
        profile.pair(store.workspace, version, "age", "left")


def test_that_a_split_can_be_cancelled(store: Store, version: DatasetVersion) -> None:
    context = Context()
    context.cancelled.set()
    with pytest.raises(Cancelled):
        profile.profile_by_target(store.workspace, version, "left", context=context)


def test_that_two_columns_are_compared(store: Store, version: DatasetVersion) -> None:
    assert len(profile.pair(store.workspace, version, "size", "spent").x) == 540
    boxes = profile.pair(store.workspace, version, "size", "left").boxes
    assert [box.name for box in boxes] == sorted(
        ("no", "yes"), key=lambda name: -(name == LEFT).sum()
    )


def test_that_a_large_table_is_compared_by_random_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "SAMPLE_ROWS", 2_000)
    monkeypatch.setattr(profiling, "_EXACT_ROWS", 10_000)
    table = wide_mix(60_000)
    gap = np.arange(60_000) % 5 == 0
    table = table.append_column("gap", pa.array(np.zeros(60_000), mask=gap))
    workspace = Workspace(tmp_path)
    manifest = store_table(workspace, table)
    found, some = profiling.profile_table(workspace, manifest, 0, lambda *_: None)
    assert found.correlations is not None
    assert (found.correlations.rows, found.correlations.sampled) == (2_000, True)
    assert abs(found.correlations.matrix()[0, 1]) < 0.1
    assert found.gaps is not None
    assert sum(pattern.rows for pattern in found.gaps.patterns) == 60_000
    assert found.gaps.patterns[1].rows == pytest.approx(12_000, rel=0.2)
    assert some.schema == table.schema
    column = found.column("float_0")
    assert column is not None
    assert column.numbers is not None
    assert column.numbers.highest[0] == column.numbers.high


def test_that_of_many_columns_the_first_are_compared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(together, "MOST_COLUMNS", 3)
    workspace = Workspace(tmp_path)
    manifest = store_table(workspace, wide_mix(500))
    found, _ = profiling.profile_table(workspace, manifest, 0, lambda *_: None)
    assert found.correlations is not None
    assert len(found.correlations.columns) == 3
    assert found.correlations.left_out > 10


def test_that_a_unit_holds_for_all_versions(store: Store, version: DatasetVersion) -> None:
    assert units.set_unit(store, "people", "size", " cm ") == {"size": "cm"}
    assert units.set_unit(store, "people", "size", "mm") == {"size": "mm"}
    assert units.units(store, "people") == {"size": "mm"}
    assert units.set_unit(store, "people", "size", "") == {}
    assert [row.action for row in audit.entries(store)][1:] == ["dataset.unit"] * 3


def test_that_a_unit_of_nothing_is_refused(store: Store, version: DatasetVersion) -> None:
    with pytest.raises(NotFound, match="no column 'siz'") as error:
        units.set_unit(store, "people", "siz", "cm")
    assert "size" in error.value.hint
    with pytest.raises(NotFound):
        units.set_unit(store, "nobody", "size", "cm")
    with pytest.raises(UserError, match="too long for a unit"):
        units.set_unit(store, "people", "size", "centimetres of the left foot")
