"""A deployment with a reference and recorded predictions, without training or serving."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pyarrow as pa

from mlops_desktop.actions.lane import DirectLane
from mlops_desktop.blobs import modelfiles, objects
from mlops_desktop.blobs.segments import SegmentHeader
from mlops_desktop.core.datasets import ColumnType
from mlops_desktop.core.jsonable import to_plain
from mlops_desktop.core.models import Field, Signature
from mlops_desktop.core.runs import Task, TrainSpec
from mlops_desktop.ml.drift import make_reference
from mlops_desktop.paths import Workspace
from mlops_desktop.store.store import Store

START = datetime(2024, 1, 1, tzinfo=UTC)
COLUMNS = ("at", "x", "town")
HOUR_US = 3_600_000_000
SPAN_H = 336  # Two weeks: the shortest span that holds enough hourly rows.
NEXT = 3096  # The first hour after the reference at which a window begins.


@dataclass
class Watched:
    """An open store with one deployment, whose model says 10 x, off by noise."""

    store: Store
    lane: DirectLane
    model_version: int
    header: SegmentHeader
    classes: tuple[str, ...]
    segments: Path
    sent: int = 0

    def record(
        self,
        rows: Sequence[Sequence[Any]],
        answers: Sequence[Any],
        *,
        arrival_us: int = 1_800_000_000_000_000,
        file: str = "0001-1.jsonl",
        request: str | None = None,
    ) -> list[str]:
        """Append one request to a segment as the server does; the answer is its ids."""
        self.segments.mkdir(parents=True, exist_ok=True)
        path = self.segments / file
        lines = (
            b"" if path.exists() else orjson.dumps(to_plain(self.header) | {"format": 1}) + b"\n"
        )
        request = request or f"r{self.sent:06d}"
        self.sent += 1
        p = [[1 - a, a] for a in answers] if self.classes else None
        y = [self.classes[int(a > 0.5)] for a in answers] if self.classes else list(answers)
        line = {
            "id": request,
            "t": arrival_us,
            "us": 900,
            "x": [list(row) for row in rows],
            "y": y,
            "p": p,
        }
        with path.open("ab") as out:
            out.write(lines + orjson.dumps(line) + b"\n")
        return [f"{request}:{number}" for number in range(len(rows))]


def rows_of(
    start: datetime, count: int, seed: int, shift: float = 0.0
) -> tuple[list[list[Any]], Any]:
    """Hourly rows (ISO time, x, town) and what is true of them."""
    rng = np.random.default_rng(seed)
    x = rng.normal(0, 1, count) + shift
    town = rng.choice(["Ulm", "Bonn", "Kiel"], count, p=[0.5, 0.3, 0.2])
    times = [(start + timedelta(hours=n)).isoformat() for n in range(count)]
    rows = [[t, float(v), str(w)] for t, v, w in zip(times, x, town, strict=True)]
    return rows, 10 * x + rng.normal(0, 1, count)


@contextmanager
def watched(
    folder: Path, *, by_time: bool = True, classes: tuple[str, ...] = ()
) -> Iterator[Watched]:
    """A workspace with a deployment "d" of model "m", referenced by 3,000 hours from START on.

    Opens the one that is there already.
    """
    store = Store.open(Workspace(folder))
    try:
        yield _watched(store, by_time, classes)
    finally:
        store.close()


def _watched(store: Store, by_time: bool, classes: tuple[str, ...]) -> Watched:
    workspace = store.workspace
    ids = store.one(
        "SELECT d.id AS d, v.id AS mv FROM deployments d "
        "JOIN model_versions v ON v.id = d.model_version_id"
    ) or _make(store, by_time, classes)
    header = SegmentHeader(ids["d"], "m", 1, ids["mv"], COLUMNS, ("prediction", *classes))
    folder = workspace.segments(ids["d"])
    return Watched(store, DirectLane(store), ids["mv"], header, classes, folder)


def _make(store: Store, by_time: bool, classes: tuple[str, ...]) -> dict[str, int]:
    workspace = store.workspace
    rows, actual = rows_of(START, 3000, 0)
    said = np.array([10 * row[1] for row in rows])
    table = pa.table(
        {
            "at": pa.array([datetime.fromisoformat(row[0]) for row in rows], pa.timestamp("us")),
            "x": pa.array([row[1] for row in rows]),
            "town": pa.array([row[2] for row in rows]),
        }
    )
    signature = Signature(
        inputs=(
            Field("at", ColumnType.DATETIME),
            Field("x", ColumnType.NUMBER),
            Field("town", ColumnType.TEXT, categories=("Ulm", "Bonn", "Kiel")),
        ),
        target="y",
        task=Task.BINARY if classes else Task.REGRESSION,
        classes=classes,
        positive=classes[1] if classes else None,
        time_column="at" if by_time else None,
    )
    held = slice(2000, 3000)
    scores = said[held, None]
    truth: Any = actual[held]
    if classes:
        chance = 1 / (1 + np.exp(-said))
        said = np.array(classes)[(chance > 0.5).astype(int)]
        truth = np.array(classes)[(actual[held] > 0).astype(int)]
        scores = np.stack([1 - chance[held], chance[held]], axis=1)
    reference = make_reference(
        inputs=table,
        predictions=said,
        heldout_actual=truth,
        heldout_scores=scores,
        heldout_inputs=table.slice(2000, 1000),
        signature=signature,
        metric="roc_auc" if classes else "rmse",
    )
    blob = objects.put_bytes(workspace, json.dumps(reference).encode())
    return _rows(store, signature, {modelfiles.REFERENCE: blob})


def add_model_version(one: Watched) -> int:
    """A second version of the model, with the same reference."""
    store = one.store
    old = store.one("SELECT * FROM model_versions WHERE id = ?", [one.model_version])
    assert old is not None
    with store.write("models"):
        return store.insert(
            "model_versions", {**old, "id": old["id"] + 1, "version": old["version"] + 1}
        )


def serve_version(one: Watched, model_version: int) -> None:
    """Exchange the version of the deployment, as a swap does."""
    with one.store.write("deployments"):
        one.store.execute("UPDATE deployments SET model_version_id = ?", [model_version])


def _rows(store: Store, signature: Signature, files: dict[str, str]) -> dict[str, int]:
    now = datetime.now(UTC).isoformat()
    with store.write("models"):
        data = store.insert("datasets", {"name": "data", "created_at": now})
        version = store.insert(
            "dataset_versions",
            {
                "dataset_id": data,
                "version": 1,
                "rows": 1,
                "columns": "[]",
                "manifest": "",
                "profile": "",
                "content_hash": "",
                "stored_bytes": 0,
                "source": '{"kind": "file"}',
                "message": "",
                "warnings": "[]",
                "created_at": now,
            },
        )
        spec = TrainSpec("data", 1, signature.target, time_column=signature.time_column)
        experiment = store.insert(
            "experiments",
            {"dataset_version_id": version, "spec": json.dumps(to_plain(spec)), "created_at": now},
        )
        run = store.insert(
            "runs",
            {
                "experiment_id": experiment,
                "algorithm": "linear",
                "state": "done",
                "metric": "roc_auc" if signature.classes else "rmse",
                "value": 1.0,
                "low": 1.0,
                "high": 1.0,
                "owner_pid": 1,
                "owner_started": 0.0,
                "created_at": now,
            },
        )
        model = store.insert("models", {"name": "m", "created_at": now})
        mv = store.insert(
            "model_versions",
            {
                "model_id": model,
                "version": 1,
                "run_id": run,
                "signature": json.dumps(to_plain(signature)),
                "gates": "[]",
                "files": json.dumps(files),
                "created_at": now,
            },
        )
        d = store.insert(
            "deployments",
            {
                "name": "d",
                "model_version_id": mv,
                "state": "stopped",
                "token_file": "",
                "created_at": now,
            },
        )
    return {"mv": mv, "d": d}
