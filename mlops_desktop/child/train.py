"""The program that trains one run: reads a dataset version, leaves the run's files in a folder."""

from __future__ import annotations

import io
import json
import platform
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from mlops_desktop import __version__
from mlops_desktop.blobs import manifests, modelfiles
from mlops_desktop.child.runner import Job, Reporter, run
from mlops_desktop.core.errors import UserError
from mlops_desktop.core.jsonable import from_plain, to_plain
from mlops_desktop.core.recipes import Step
from mlops_desktop.core.runs import Algorithm, TrainSpec
from mlops_desktop.paths import Workspace

_PACKAGES = ("numpy", "pandas", "pyarrow", "scikit-learn", "skops", "onnx", "onnxruntime")


THREADED_VALUES = 5_000_000


def main(job_file: Path) -> int:
    return run(work, job_file)


def work(job: Job, _folder: Path, reporter: Reporter) -> Job:
    """job: workspace, manifest, spec, algorithm, threads, budget_s, out (a folder for files).

    recipe: of a version that one made, the manifests of its root and of what was concatenated,
    and the steps from there; else None.

    The result: task, metric, value, low, high, metrics, warnings, files (names in out),
    environment, seconds.
    """
    begun = time.monotonic()
    threads, budget_s = int(str(job["threads"])), float(str(job["budget_s"]))
    spec = from_plain(TrainSpec, job["spec"])
    algorithm = Algorithm(str(job["algorithm"]))
    reporter.progress(0.0, "Reading the data")
    workspace = Workspace(Path(str(job["workspace"])))
    table = manifests.load(workspace, manifests.read(workspace, str(job["manifest"])))
    origin = _origin(workspace, table, job["recipe"])
    result, files = train_table(
        table, spec, algorithm, reporter, threads=threads, deadline=begun + budget_s, origin=origin
    )
    out = Path(str(job["out"]))
    for name, data in files.items():
        (out / name).write_bytes(data)
    return result | {"files": sorted(files), "seconds": time.monotonic() - begun}


def _origin(workspace: Workspace, table: Any, made_by: Any) -> Any:
    """What the version was made of, None where no recipe made it."""
    if made_by is None:
        return None
    from mlops_desktop.ml.origin import trace  # noqa: PLC0415  Only for these.

    def load(name: str) -> Any:
        return manifests.load(workspace, manifests.read(workspace, name))

    steps = tuple(from_plain(Step, step) for step in made_by["steps"])
    others = {name: load(manifest) for name, manifest in made_by["others"].items()}
    again, origin = trace(load(made_by["root"]), steps, others)
    if again.num_rows != table.num_rows or again.column_names != table.column_names:
        raise UserError(
            "The recipe of this version now gives another table.",
            why="It was made by another version of the app.",
            hint="Run the recipe again, and train on the version that it makes.",
        )
    return origin


def train_table(
    table: Any,
    spec: TrainSpec,
    algorithm: Algorithm,
    reporter: Reporter,
    *,
    threads: int,
    deadline: float,
    origin: Any = None,
) -> tuple[Job, dict[str, bytes]]:
    """Train on an Arrow table: the result for the run's row, and its files by name.

    origin: an `ml/origin.py` Origin, where a recipe made the table.
    """
    # scikit-learn takes over a second to import: the reader of the events should know.
    from threadpoolctl import (  # type: ignore[import-untyped]  # noqa: PLC0415
        threadpool_limits,
    )

    from mlops_desktop.ml import export, report, train  # noqa: PLC0415
    from mlops_desktop.ml.problem import pose  # noqa: PLC0415

    # On few values threads only wait for each other: boosting took 14 s with two, 4 s with one.
    # Linear algebra never gets more: its sums would differ with the number of threads.
    many = table.num_rows * table.num_columns >= THREADED_VALUES
    threadpool_limits({"openmp": threads if many else 1, "blas": 1})
    reporter.progress(0.02, "Checking the data")
    problem = pose(table, spec, origin)
    fitted = train.fit(
        problem,
        algorithm,
        threads=threads,
        deadline=deadline,
        tell=lambda part, text: reporter.progress(0.05 + 0.75 * part, text),
        measured=lambda fold, value: reporter.measured(problem.metric, fold, value),
    )
    reporter.progress(0.8, "Comparing the served form with the trained one")
    exported = export.export(problem, fitted.pipeline)
    reporter.progress(0.9, "Evaluating on held-out rows")
    evaluation = report.evaluation(problem, fitted, exported)
    reporter.progress(0.97, "Noting what monitoring compares with")
    files = {
        modelfiles.SKOPS: exported.skops,
        modelfiles.CARD: _json(export.card(problem, algorithm, exported)),
        modelfiles.EVALUATION: _json(to_plain(evaluation)),
        modelfiles.HELDOUT: _parquet(export.heldout_table(problem, exported)),
        modelfiles.REFERENCE: _json(export.reference(problem, fitted.pipeline, exported)),
        modelfiles.BACKGROUND: _json(export.background(problem)),
    }
    if exported.onnx is not None:
        files[modelfiles.ONNX] = exported.onnx
    if exported.whole is not None:
        files[modelfiles.WHOLE] = exported.whole
    goal = evaluation.metrics[problem.metric]
    return {
        "task": problem.task.value,
        "metric": problem.metric,
        "value": goal.value,
        "low": goal.low,
        "high": goal.high,
        "metrics": {name: item.value for name, item in evaluation.metrics.items()},
        "warnings": to_plain(problem.warnings + fitted.warnings),
        "environment": environment(threads),
    }, files


def environment(threads: int) -> dict[str, str]:
    """Where the run was computed, so far as its numbers may depend on it."""
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "mlops_desktop": __version__,
        "threads": str(threads),
        **{name: version(name) for name in _PACKAGES},
    }


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()


def _parquet(table: Any) -> bytes:
    from pyarrow import parquet  # noqa: PLC0415

    sink = io.BytesIO()
    parquet.write_table(table, sink, compression="zstd")
    return sink.getvalue()
