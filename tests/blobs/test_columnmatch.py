"""Columns with a new name are known by what they hold."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from mlops_desktop.blobs import columnmatch
from mlops_desktop.blobs.changes import align
from mlops_desktop.blobs.manifests import Manifest
from mlops_desktop.blobs.sides import Reader, Side
from mlops_desktop.core.changes import ColumnPair
from mlops_desktop.paths import Workspace
from tests.stored import store_table, wide_mix


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> tuple[Workspace, pa.Table, Manifest]:
    """100,000 rows in several chunks, as a real import stores them."""
    workspace = Workspace(tmp_path_factory.mktemp("large"))
    table = wide_mix(100_000)
    return workspace, table, store_table(workspace, table)


def renamed(
    workspace: Workspace, before: Manifest, after: Manifest
) -> tuple[list[ColumnPair], list[ColumnPair]]:
    """The pairs that are found by chunks and values, and those that are found by equal rows."""
    reader = Reader(workspace, lambda: None)
    with reader.working():
        pairs = columnmatch.by_content(reader, before, after)
        known = columnmatch.by_name(before, after) + pairs
        sides = Side(reader, before, known, first=True), Side(reader, after, known, first=False)
        in_both = align(reader, *sides, (), lambda _: None).in_both()
        return pairs, columnmatch.by_rows(reader, before, after, known, in_both)


def names(pairs: list[ColumnPair]) -> set[tuple[str, str]]:
    return {(pair.before.name, pair.after.name) for pair in pairs}


def test_that_renamed_columns_are_recognised(large: tuple[Workspace, pa.Table, Manifest]):
    workspace, table, before = large
    new = table.rename_columns(
        ["f" + n[6:] if n.startswith("float_1") else n for n in table.column_names]
    )
    pairs, _ = renamed(workspace, before, store_table(workspace, new, [before]))
    assert names(pairs) == {("float_1", "f1"), ("float_10", "f10"), ("float_11", "f11")}


def test_that_a_renamed_column_is_recognised_in_other_rows(
    large: tuple[Workspace, pa.Table, Manifest],
):
    """Rows are shuffled and some are gone: rare values tell one column, equal rows the other."""
    workspace, table, before = large
    kept = np.random.default_rng(1).permutation(table.num_rows)[:90_000]
    renames = {"float_5": "income", "text_5": "segment", "target": "bought"}
    new = table.take(kept).rename_columns([renames.get(n, n) for n in table.column_names])
    pairs, more = renamed(workspace, before, store_table(workspace, new))
    assert names(pairs) == {("float_5", "income")}
    assert names(more) == {("text_5", "segment"), ("target", "bought")}


def test_that_two_columns_of_many_zeros_are_not_one(workspace: Workspace):
    rng = np.random.default_rng(0)
    base = {"id": np.arange(2000), "x": rng.normal(size=2000)}
    before = store_table(workspace, pa.table(base | {"a": (rng.random(2000) < 0.05).astype(int)}))
    after = store_table(workspace, pa.table(base | {"b": (rng.random(2000) < 0.05).astype(int)}))
    assert renamed(workspace, before, after) == ([], [])
