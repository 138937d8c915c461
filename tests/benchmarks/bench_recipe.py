"""What a recipe of five feature steps takes on 1,000,000 x 20, and on one served row."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mlops_desktop.actions import datasets, recipe_preview, recipes
from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.core.datasets import Source
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.steps import StepKind
from mlops_desktop.ml import recipe
from mlops_desktop.ml.row_features import RowFeatures
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store
from tests.stored import wide_mix

ROWS = 1_000_000
T = TypeVar("T")
_CALLS = 20_000
_STEPS = (
    Step(StepKind.FILL, {"columns": ["float_0", "float_1"]}),
    Step(StepKind.CLIP, {"columns": ["float_2"], "low_share": 0.01, "high_share": 0.99}),
    Step(StepKind.LOG, {"columns": ["float_3"]}),
    Step(StepKind.GROUP_RARE, {"column": "text_500"}),
    Step(StepKind.FORMULA, {"into": "f", "formula": "float_4 * float_5 / (1 + abs(float_6))"}),
)


def main() -> list[tuple[str, str, str]]:
    """Lines of (what, measured, target)."""
    table = wide_mix(ROWS)
    applied, in_memory = _timed(lambda: recipe.apply(table, _STEPS))
    features = RowFeatures(applied.fitted, table.column_names, applied.table.column_names)
    row = [column[0].as_py() for column in table.columns]
    _, served = _timed(lambda: [features.row(row) for _ in range(_CALLS)])
    with tempfile.TemporaryDirectory() as folder:
        store = Store.open(Workspace(Path(folder) / "workspace"))
        lane = DirectLane(store)
        raw = datasets.add_table(lane, "wide", table, Source("table"))
        made, stored = _timed(lambda: recipes.apply(lane, raw.ref, _STEPS))
        look, seen = _timed(
            lambda: recipe_preview.preview(store.workspace, raw, _STEPS, {}, start=0)
        )
        store.close()
    return [
        (f"recipe of 5 feature steps on {ROWS:,} x 20, in memory", f"{in_memory:.2f} s", "3 s"),
        ("the same in a child: read, applied, stored, profiled", f"{stored:.2f} s", ""),
        ("bytes that the derived version added", f"{made.stored_bytes / 1e6:.1f} MB", ""),
        (f"preview of the recipe on the first {look.sampled:,} rows", f"{seen:.3f} s", "0.2 s"),
        ("the same 5 steps on one served row", f"{served / _CALLS * 1e6:.1f} us", "10 us"),
    ]


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    start = time.perf_counter()
    value = work()
    return value, time.perf_counter() - start
