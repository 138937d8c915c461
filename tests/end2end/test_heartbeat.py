"""The window stays alive: no stall while a million rows are imported or compared, runs train, or
predictions are sealed."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv as arrow_csv
from PySide6.QtCore import QObject, Qt, QTimer
from pytestqt.qtbot import QtBot

from mlops_desktop.actions import changes, datasets, lookup, monitoring, runs, sealing
from mlops_desktop.actions.lane import Context, Lane
from mlops_desktop.actions.sealing import Sealed
from mlops_desktop.app import App
from mlops_desktop.core.changes import Changes
from mlops_desktop.core.datasets import ImportSpec, Source
from mlops_desktop.core.runs import Algorithm, Run, TrainSpec
from mlops_desktop.work.job import Job, JobState
from tests.monitored import START, rows_of, watched
from tests.stored import changed, wide_mix

ROWS = 1_000_000
STALL_MS = 100
_ATTEMPTS = 3
_PATIENCE_MS = 180_000


class Heartbeat(QObject):
    """A timer in the GUI thread; the longest time between two beats is the worst stall."""

    def __init__(self) -> None:
        super().__init__()
        self.gaps_ms: list[float] = []
        self._last = time.perf_counter()
        self._timer = QTimer(self, interval=5, timerType=Qt.TimerType.PreciseTimer)
        self._timer.timeout.connect(self._beat)
        self._timer.start()

    def _beat(self) -> None:
        now = time.perf_counter()
        self.gaps_ms.append(1000 * (now - self._last))
        self._last = now

    def restart(self) -> None:
        self.gaps_ms = []
        self._last = time.perf_counter()


def finish(qtbot: QtBot, *jobs: Job) -> None:
    qtbot.waitUntil(lambda: not any(job.active for job in jobs), timeout=_PATIENCE_MS)
    assert [job.state for job in jobs] == [JobState.DONE] * len(jobs)


def write_table(path: Path, rows: int) -> Path:
    """12 floats, 4 integers, 3 texts of 5, 50 and 500 values, a 0/1 target."""
    rng = np.random.default_rng(0)
    columns: dict[str, object] = {f"f{n}": rng.normal(size=rows).round(5) for n in range(12)}
    columns |= {f"i{n}": rng.integers(0, 1000, rows) for n in range(4)}
    for count in (5, 50, 500):
        names = pa.array([f"value {n}" for n in range(count)])
        columns[f"t{count}"] = names.take(pa.array(rng.integers(0, count, rows)))
    columns["target"] = (columns["f0"] + rng.normal(size=rows) > 0).astype(int)  # type: ignore[operator]
    arrow_csv.write_csv(pa.table(columns), path)
    return path


def stalls(qtbot: QtBot, work: Callable[[], None]) -> list[float]:
    """The times between two beats while the work went on.

    Other programs can take both cores away for a moment, which is no stall of ours and does not
    come again: of up to three measurements the calmest counts.
    """
    calmest: list[float] = []
    for _ in range(_ATTEMPTS):
        heart = Heartbeat()
        qtbot.waitUntil(lambda heart=heart: len(heart.gaps_ms) > 20, timeout=10_000)  # type: ignore[misc]
        heart.restart()
        work()
        if not calmest or max(heart.gaps_ms) < max(calmest):
            calmest = heart.gaps_ms
        if max(calmest) < STALL_MS:
            break
    return calmest


def test_that_the_window_never_stalls_while_a_million_rows_are_imported(
    qtbot: QtBot, app: App, tmp_path: Path
) -> None:
    file = write_table(tmp_path / "million.csv", ROWS)
    app.window.show_panel("activity")
    spec = ImportSpec(str(file), "million")

    def work() -> None:
        finish(
            qtbot,
            app.jobs.start(
                app, "Import", lambda lane, context: datasets.import_file(lane, spec, context)
            ),
        )

    gaps = stalls(qtbot, work)
    assert max(gaps) < STALL_MS
    assert float(np.quantile(gaps, 0.99)) < STALL_MS / 2


def test_that_the_window_never_stalls_while_two_runs_train(
    qtbot: QtBot, app: App, tmp_path: Path
) -> None:
    file = write_table(tmp_path / "some.csv", 20_000)
    spec = ImportSpec(str(file), "some")
    finish(
        qtbot,
        app.jobs.start(
            app, "Import", lambda lane, context: datasets.import_file(lane, spec, context)
        ),
    )
    app.jobs.set_training_workers(2)
    app.window.show_panel("train")
    asked = TrainSpec("some", 1, "target", budget_s=60, algorithms=(Algorithm.LINEAR,))

    def work() -> None:
        started: list[Run] = []
        app.jobs.run(app, lambda store: runs.start_experiment(store, asked), started.extend)
        qtbot.waitUntil(lambda: len(started) == 2, timeout=10_000)
        jobs = [
            app.jobs.start(
                app,
                run.title,
                lambda lane, context, number=run.id: runs.supervise(lane, number, context),
                pool="training",
            )
            for run in started
        ]
        finish(qtbot, *jobs)

    assert max(stalls(qtbot, work)) < STALL_MS


def test_that_the_window_never_stalls_while_a_million_rows_are_compared(
    qtbot: QtBot, app: App
) -> None:
    table = wide_mix(ROWS)
    other = changed(table, "float_3", 0.01).take(np.random.default_rng(1).permutation(ROWS))

    def store(lane: Lane, context: Context) -> None:
        for one in (table, other):
            datasets.add_table(lane, "million", one, Source("retrain"), context=context)

    finish(qtbot, app.jobs.start(app, "Store", store))
    app.window.show_panel("activity")
    found: list[Changes] = []

    def work() -> None:
        finish(
            qtbot,
            app.jobs.start(
                app,
                "Compare",
                lambda lane, context: changes.changes(
                    lane, "million@1", "million@2", None, context
                ),
                found.append,
            ),
        )

    gaps = stalls(qtbot, work)
    assert str(found[0]) == "10,000 rows changed in 1 column"
    assert max(gaps) < STALL_MS
    assert float(np.quantile(gaps, 0.99)) < STALL_MS / 2


def test_that_the_window_never_stalls_while_predictions_are_sealed(
    qtbot: QtBot, app: App, workspace_dir: Path, tmp_path: Path
) -> None:
    two_days_ago = time.time() - 2 * 24 * 3600
    names = [f"000{number}-{2**22 + 1}.jsonl" for number in range(3)]
    with watched(workspace_dir) as one:
        rows, _ = rows_of(START, 500, 0)
        for name in names:
            for _ in range(60):
                one.record(rows, [10 * row[1] for row in rows], file=name)
            os.utime(one.segments / name, (two_days_ago, two_days_ago))
        folder = shutil.copytree(one.segments, tmp_path / "as they were")
    app.window.show_panel("activity")
    finish(qtbot, app.jobs.start(app, "Count", lambda lane, _context: monitoring.fold(lane, "d")))
    sealed: list[Sealed] = []

    def work() -> None:
        def seal(lane: Lane, context: Context) -> Sealed:
            shutil.copytree(folder, one.segments, dirs_exist_ok=True)
            done = sealing.seal(lane, "d", context)
            lookup.find(lane, "d", "r000100:7", context)
            return done

        finish(qtbot, app.jobs.start(app, "Seal", seal, sealed.append))

    gaps = stalls(qtbot, work)
    assert (sealed[0].files, sealed[0].predictions) == (3, 90_000)
    assert max(gaps) < STALL_MS
    assert float(np.quantile(gaps, 0.99)) < STALL_MS / 2
