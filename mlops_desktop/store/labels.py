"""Labels, and the batches that brought them, as rows."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mlops_desktop.core import clock

if TYPE_CHECKING:
    from mlops_desktop.store.store import Row, Store

_AT_ONCE = 500  # Ids in one question to SQLite.


@dataclass(frozen=True, slots=True)
class Label:
    """window_us: the start of the window that counts the prediction. scores: probabilities in the
    order of the classes, or the number alone."""

    prediction_id: str
    model_version: int
    window_us: int
    actual: str
    predicted: str
    scores: tuple[float, ...]


def add_batch(
    store: Store, deployment_id: int, source: str, sha256: str, rows: int, matched: int
) -> int:
    return store.insert(
        "label_batches",
        {
            "deployment_id": deployment_id,
            "source": source,
            "sha256": sha256,
            "rows": rows,
            "matched": matched,
            "created_at": clock.now(),
        },
    )


def batches(store: Store, deployment_id: int) -> list[int]:
    sql = "SELECT id FROM label_batches WHERE deployment_id = ? ORDER BY id"
    return [row["id"] for row in store.query(sql, [deployment_id])]


def add_labels(store: Store, deployment_id: int, batch: int, labels: Sequence[Label]) -> None:
    """Add labels; a newer label of the same prediction replaces the older one."""
    store.execute_many(
        "INSERT OR REPLACE INTO labels VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                deployment_id,
                label.prediction_id,
                batch,
                label.model_version,
                label.window_us,
                label.actual,
                label.predicted,
                json.dumps(label.scores),
            )
            for label in labels
        ],
    )


def labelled(store: Store, deployment_id: int) -> int:
    sql = "SELECT count(*) FROM labels WHERE deployment_id = ?"
    return int(store.scalar(sql, [deployment_id]))


def labels_of(store: Store, deployment_id: int, model_version: int, window_us: int) -> list[Label]:
    """The labels of the predictions of one window."""
    rows = store.query(
        "SELECT * FROM labels WHERE deployment_id = ? AND model_version_id = ? AND window_us = ?",
        [deployment_id, model_version, window_us],
    )
    return [_label(row) for row in rows]


def actuals(store: Store, deployment_id: int, ids: Sequence[str] | None = None) -> dict[str, str]:
    """True values by prediction id: of these ids, or all that are known."""
    sql = "SELECT prediction_id, actual FROM labels WHERE deployment_id = ?"
    if ids is None:
        rows = store.query(sql, [deployment_id])
    else:
        rows = []
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            marks = ", ".join("?" * len(some))
            rows += store.query(f"{sql} AND prediction_id IN ({marks})", [deployment_id, *some])
    return {row["prediction_id"]: row["actual"] for row in rows}


def _label(row: Row) -> Label:
    return Label(
        row["prediction_id"],
        row["model_version_id"],
        row["window_us"],
        row["actual"],
        row["predicted"],
        tuple(json.loads(row["scores"])),
    )
