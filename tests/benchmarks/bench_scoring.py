"""Batch scoring of 1,000,000 x 20 against reading, predicting and writing by themselves.

Predicting is taken twice: the bare session on rows that are encoded already, which no program that
starts from raw columns can reach, and scikit-learn's pipeline from the raw columns.
"""

from __future__ import annotations

import re
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import numpy as np
import psutil
import pyarrow.compute as pc
import pyarrow.parquet as parquet

from mlops_desktop.actions import datasets, models, runs, scoring
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.blobs import modelfiles, objects
from mlops_desktop.core.datasets import DatasetVersion, Source
from mlops_desktop.core.models import ModelVersion
from mlops_desktop.core.runs import Algorithm, TrainSpec
from mlops_desktop.ml import modelio, pipeline
from mlops_desktop.ml.export import session
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.stored import wide_mix

ROWS = 1_000_000
_LEARNT = 8_000
T = TypeVar("T")
Line = tuple[str, str, str]


def main() -> list[Line]:
    """Lines of (what, measured, target)."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Workspace(Path(folder) / "workspace"))
        try:
            return _measure(DirectLane(store), Path(folder))
        finally:
            store.close()


def _measure(lane: DirectLane, folder: Path) -> list[Line]:
    workspace = lane(lambda store: store.workspace)
    table = wide_mix(ROWS)
    target = table.column_names[-1]
    high = pc.greater(pc.add(table[table.column_names[0]], table[table.column_names[1]]), 0)
    table = table.set_column(table.num_columns - 1, target, pc.fill_null(high, False))
    datasets.add_table(lane, "few", table.slice(0, _LEARNT), Source("table"))
    wide = datasets.add_table(lane, "wide", table, Source("table"))
    del table
    algorithms = (Algorithm.LINEAR, Algorithm.GRADIENT_BOOSTING)
    spec = TrainSpec("few", 1, target, algorithms=algorithms, budget_s=60)
    lines = []
    for run in runs.train(lane, spec, workers=1)[1:]:
        version = lane(lambda store, run=run: models.register(store, run.id, "wide"))
        lane(lambda store, ref=version.ref: models.approve(store, ref, "To be measured."))
        with _peak() as peak_mb:
            took = _scored(lane, version.ref, wide.ref, folder / "answers.parquet")
        parts, usual = _parts(workspace, version, wide, folder)
        what = f"scoring {ROWS:,} x 20 with {run.algorithm.title.lower()}, to Parquet"
        said = f"{took:.1f} s = {took / parts:.1f}x its parts"
        lines.append((what, said, "reading + bare session on encoded rows + writing"))
        said = f"{usual:.1f} s, so {took / usual:.2f}x"
        lines.append(("  reading + scikit-learn's pipeline + writing", said, "<= 1x"))
        lines.append(
            ("  the most memory that its child had", f"{max(peak_mb):.0f} MB", "<= 500 MB")
        )
    return lines


@contextmanager
def _peak() -> Iterator[list[float]]:
    """The most memory that each scoring child of ours had, in MB, as Linux counts it."""
    found, ended = [0.0], threading.Event()

    def watch() -> None:
        while not ended.wait(0.01):
            for child in psutil.Process().children(recursive=True):
                try:
                    if "score" in child.cmdline():
                        status = Path(f"/proc/{child.pid}/status").read_text(encoding="ascii")
                        found.extend(
                            int(kb) * 1024 / 1e6 for kb in re.findall(r"VmHWM:\s+(\d+)", status)
                        )
                except (OSError, psutil.Error):
                    continue  # It has ended.

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield found
    finally:
        ended.set()
        watching.join()


def _scored(lane: DirectLane, model: str, data: str, target: Path) -> float:
    _, took = _timed(lambda: scoring.score_to_file(lane, model, data, target))
    return took


def _parts(
    workspace: Workspace, version: ModelVersion, wide: DatasetVersion, folder: Path
) -> tuple[float, float]:
    """Seconds of reading the version, predicting and writing it: by the bare session on encoded
    rows, and by scikit-learn's pipeline from raw columns."""
    table, reading = _timed(lambda: datasets.load(workspace, wide))
    onnx = objects.get_bytes(workspace, version.files[modelfiles.ONNX])
    card = modelfiles.read_card(workspace, version.files)
    encoded = np.random.default_rng(0).normal(size=(ROWS, card["width"])).astype(np.float32)
    bare = session(onnx)
    _, predicting = _timed(lambda: bare.run(["y"], {"x": encoded}))
    path = folder / "copy.parquet"
    _, writing = _timed(lambda: parquet.write_table(table, path, compression="zstd"))
    trained = modelio.load(objects.get_bytes(workspace, version.files[modelfiles.SKOPS]))
    raw = table.select([field.name for field in version.signature.inputs])
    features = pipeline.features_of(raw)
    _, usual = _timed(lambda: trained.predict(pipeline.prepare(raw, features)))
    return reading + predicting + writing, reading + usual + writing


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    value = work()
    return value, time.perf_counter() - start
