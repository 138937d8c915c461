"""What filtering, sorting and paging take at 1,000,000 and 10,000,000 rows of 20 columns."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa

from mlops_desktop.actions import table_views
from mlops_desktop.paths import Workspace
from tests.stored import store_version, wide_mix

_MILLION = 1_000_000
_TARGETS = {1: ("0.3 s", "0.3 s", "0.3 s"), 10: ("3 s", "5 s", "1 s")}


def main() -> list[tuple[str, str, str]]:
    """Lines of (what, measured, target)."""
    lines = []
    for millions in _TARGETS:
        with tempfile.TemporaryDirectory() as folder:
            lines += _measure(Workspace(Path(folder)), millions)
    return lines


def _measure(workspace: Workspace, millions: int) -> list[tuple[str, str, str]]:
    parts = [wide_mix(_MILLION, seed) for seed in range(millions)]
    version = store_version(workspace, pa.concat_tables(parts), rows=50_000)
    del parts
    filters = {"float_0": ">0", "text_50": "7", "integer_2": "1..500"}
    filtered = _best(lambda: table_views.view(workspace, version, filters))
    keys = [("text_5", True), ("float_1", False)]
    ordered = _best(lambda: table_views.view(workspace, version, {}, keys))
    seen = table_views.view(workspace, version, {}, keys)
    columns = [column.name for column in version.columns[:12]]
    begun = time.perf_counter()  # Once: a second time it would be kept.
    table_views.rows(workspace, version, seen, version.rows // 2, 32, columns)
    page = time.perf_counter() - begun
    rows, targets = f"{millions},000,000 rows", _TARGETS[millions]
    return [
        (f"{rows}: filter by three columns", f"{filtered:.2f} s", targets[0]),
        (f"{rows}: sort by text, then a number", f"{ordered:.2f} s", targets[1]),
        (f"{rows}: a sorted page of 32 rows, 12 columns", f"{page:.2f} s", targets[2]),
    ]


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        work()
        times.append(time.perf_counter() - begun)
    return min(times)
