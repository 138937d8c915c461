"""How long two versions of 1,000,000 x 20 take to compare, by what changed between them."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa

from mlops_desktop.actions import changes, datasets
from mlops_desktop.actions.changed_rows import ChangedRows
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.core.changes import Changes
from mlops_desktop.core.datasets import Source
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.stored import changed, wide_mix

ROWS = 1_000_000
_TARGET = "2 s"


def main() -> list[tuple[str, str, str]]:
    """Lines of (what, measured, target)."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Workspace(Path(folder) / "workspace"))
        try:
            return _measure(store)
        finally:
            store.close()


def _measure(store: Store) -> list[tuple[str, str, str]]:
    lane = DirectLane(store)
    first = wide_mix(ROWS)
    edited = changed(first, "float_3", 0.01)
    shuffled = np.random.default_rng(1).permutation(ROWS)
    tables = {
        "1 % of one column changed": edited,
        "1 % of rows appended": pa.concat_tables([first, wide_mix(ROWS // 100, seed=5)]),
        "one row inserted on top": pa.concat_tables([first.slice(777, 1), first]),
        "all rows shuffled": first.take(shuffled),
        "both shuffled and changed": edited.take(shuffled),
    }
    datasets.add_table(lane, "bench", first, Source("retrain"))
    refs = {
        what: datasets.add_table(lane, "bench", table, Source("retrain")).ref
        for what, table in tables.items()
    }
    del tables, first, edited
    lines = []
    cases = [(what, ref, ()) for what, ref in refs.items()]
    cases += [
        (f"{what}, by a key", refs[what], ("float_0",))
        for what in ("1 % of one column changed", "both shuffled and changed")
    ]
    for what, ref, key in cases:
        found, seconds = _timed(lane, ref, key)
        lines.append((f"changes: {what} ({found})", f"{seconds:.2f} s", _TARGET))
    start = time.perf_counter()
    ChangedRows(store.workspace, found).changed(5_000, 200)
    page = time.perf_counter() - start
    return [*lines, ("a page of 200 changed rows that lie anywhere", f"{page:.2f} s", "")]


def _timed(lane: DirectLane, ref: str, key: tuple[str, ...]) -> tuple[Changes, float]:
    start = time.perf_counter()
    found = changes.changes(lane, "bench@1", ref, key)
    return found, time.perf_counter() - start
