"""What profiling a table of 1,000,000 x 20 takes: whole, by a target, and two columns of it."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from mlops_desktop.actions import datasets, profile
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.blobs import manifests
from mlops_desktop.child.profiling import profile_table
from mlops_desktop.core.datasets import Source
from mlops_desktop.ml.warnings import data_warnings
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.stored import wide_mix

ROWS = 1_000_000


def main() -> list[tuple[str, str, str]]:
    """Lines of (what, measured, target)."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Workspace(Path(folder) / "workspace"))
        workspace = store.workspace
        source = Source("file", "table.csv")
        version = datasets.add_table(DirectLane(store), "bench", wide_mix(ROWS), source)
        store.close()
        manifest = manifests.read(workspace, version.manifest)
        found, some = profile_table(workspace, manifest, 0, lambda *_: None)
        whole = _best(lambda: profile_table(workspace, manifest, 0, lambda *_: None))
        traps = _best(
            lambda: data_warnings(
                found, some, lambda names: manifests.load(workspace, manifest, names), None
            )
        )
        split = _best(lambda: profile.profile_by_target(workspace, version, "target"))
        means = _best(lambda: profile.profile_by_target(workspace, version, "float_0"))
        pair = _best(lambda: profile.pair(workspace, version, "float_1", "text_50"))
    return [
        (f"profile of {ROWS:,} x 20, with correlations", f"{whole:.2f} s", "3 s"),
        ("its traps", f"{traps:.2f} s", ""),
        ("its 20 histograms by a class", f"{split:.2f} s", ""),
        ("its 20 histograms by a number", f"{means:.2f} s", ""),
        ("two columns against each other", f"{pair:.2f} s", ""),
    ]


def _best(work: Callable[[], object]) -> float:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)
